#include <algorithm>
#include <string>

#include "observe/record_reader.h"
#include "policy/decide.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

using namespace assay;

namespace {

bool is_one_clean_line(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) { return is_control(c); });
}

}  // namespace

/// Input: a line of a log.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static observe::RecordReader reader;
  static observe::Record used;  // by the inputs before
  const auto text = fuzz::as_text(data, size);
  const observe::Line line = reader.read(text, used);
  fuzz::require(!reader.why().empty() || line == observe::Line::Record || line == observe::Line::Other);
  if (line == observe::Line::Other || line == observe::Line::Malformed) {
    return 0;
  }
  observe::Record record;
  fuzz::require(reader.read(text, record) == line);
  // What is decided does not depend on the lines before it.
  const policy::Rules rules;
  const auto decision = decide(record.verdict, record.facts, rules, record.time);
  fuzz::require(line == observe::Line::Incomplete || decide(used.verdict, used.facts, rules, used.time) == decision);
  // Whatever was read can be written, on one line each.
  const std::string written = to_json(record);
  const std::string shown = to_text(record);
  fuzz::require(is_one_clean_line(written) && is_one_clean_line(shown) && shown.size() <= observe::kMaxTextOctets);
  if (line == observe::Line::Record) {
    // Written again it is the same message, unless it is longer than what the writer would have let stand.
    const observe::Line again = reader.read(written, used);
    fuzz::require(again == observe::Line::Incomplete ||
                  (again == observe::Line::Record && decide(used.verdict, used.facts, rules, used.time) == decision));
  }
  return 0;
}
