#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"
#include "verify/spf/macro.h"

using namespace assay;

namespace {

bool has_macro(const spf::MacroString& text) {
  return std::any_of(text.parts.begin(), text.parts.end(),
                     [](const auto& part) { return std::holds_alternative<spf::Macro>(part); });
}

}  // namespace

/// Input: a domain-spec or explanation; then, each behind an octet 0, local part, domain and HELO for its macros.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::as_text(data, size);
  const std::string text(fuzz::take_part(rest));
  spf::MacroValues values;
  values.local_part = fuzz::take_part(rest);
  values.domain = values.sender_domain = fuzz::take_part(rest);
  values.helo = fuzz::take_part(rest);
  values.sender = values.local_part + "@" + values.sender_domain;
  values.validated_name = "unknown";
  values.receiver = "mx.example.net";

  const auto in_record = spf::parse_macro_string(text, spf::MacroPlace::Record);
  if (const auto spec = spf::parse_domain_spec(text)) {
    fuzz::require(in_record.has_value());  // RFC 7208 section 7.1: a domain-spec is a macro-string.
    const std::string name = spf::expand_domain(*spec, values);
    // What is too long loses labels on the left, unless its last one alone is too long: then nobody can be asked for
    // it.
    fuzz::require((name.size() <= 253 || name.size() - (name.rfind('.') + 1) > 253) && name == to_lower(name));
    // Letters that a record may not use stand in none.
    fuzz::require(spec->count('c') + spec->count('r') + spec->count('t') == 0);
  }
  const auto explanation = spf::parse_macro_string(text, spf::MacroPlace::Explanation);
  fuzz::require(explanation.has_value() || !in_record.has_value());
  if (explanation) {
    constexpr std::size_t kMost = 500;
    const std::string whole = spf::expand_text(*explanation, values, std::size_t{1} << 20U);
    const std::string cut = spf::expand_text(*explanation, values, kMost);
    fuzz::require(cut.size() <= kMost && cut == whole.substr(0, cut.size()) && (whole.size() > kMost || cut == whole));
    fuzz::require(has_macro(*explanation) || whole.size() <= 3 * text.size());
  }
  return 0;
}
