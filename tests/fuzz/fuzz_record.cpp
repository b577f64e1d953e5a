#include <string>

#include "observe/record_reader.h"
#include "policy/decide.h"
#include "tests/fuzz/fuzz.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static observe::RecordReader reader;
  static observe::Record used;  // by the inputs before
  const auto text = fuzz::as_text(data, size);
  const observe::Line line = reader.read(text, used);
  if (line != observe::Line::Record) {
    return 0;
  }
  observe::Record record;
  fuzz::require(reader.read(text, record) == observe::Line::Record);
  // What is decided does not depend on the lines before it.
  const policy::Rules rules;
  const auto decision = decide(record.verdict, record.facts, rules, record.time);
  fuzz::require(decide(used.verdict, used.facts, rules, used.time) == decision);
  // Written again it is the same message, unless it is longer than what the writer would have let stand.
  const observe::Line again = reader.read(to_json(record), used);
  fuzz::require(again == observe::Line::Incomplete ||
                (again == observe::Line::Record && decide(used.verdict, used.facts, rules, used.time) == decision));
  return 0;
}
