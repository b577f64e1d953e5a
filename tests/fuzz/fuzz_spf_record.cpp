#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/spf/record.h"

using namespace assay;

/// Input: what follows "v=spf1 " in a record.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = "v=spf1 " + std::string(fuzz::as_text(data, size));
  fuzz::require(spf::is_spf_record(text));
  const auto record = spf::parse_record(text);
  if (!record) {
    fuzz::require(record.error().offset <= text.size() && record.error().term.size() <= 255);
    fuzz::require(!record.error().what.empty());
    // RFC 7208 section 4.6: one malformed term anywhere is an error, whatever follows.
    fuzz::require(!spf::parse_record(text + " -all").has_value());
    return 0;
  }
  fuzz::require(record->text == text && record->directives.size() + record->unknown_modifiers.size() <= spf::kMaxTerms);
  std::size_t end = 6;  // "v=spf1"
  for (const auto& directive : record->directives) {
    fuzz::require(directive.text.offset > end);
    end = directive.text.offset + directive.text.octets;
    fuzz::require(end <= text.size() && record->term(directive.text).find(' ') == std::string_view::npos);
    // Each term by itself is a record that says the same.
    const auto alone = spf::parse_record("v=spf1 " + std::string(record->term(directive.text)));
    fuzz::require(alone && alone->directives.size() == 1 && alone->directives[0].qualifier == directive.qualifier &&
                  alone->directives[0].mechanism.index() == directive.mechanism.index());
  }
  // Sections 4.6.4 and 6: modifiers stand at most once, and white space at the end says nothing.
  const auto longer = spf::parse_record(text + " ");
  fuzz::require(longer && longer->directives.size() == record->directives.size() &&
                longer->redirect.has_value() == record->redirect.has_value());
  fuzz::require(!record->redirect || !spf::parse_record(text + " redirect=example.com"));
  fuzz::require(!record->explanation || !spf::parse_record(text + " exp=example.com"));
  return 0;
}
