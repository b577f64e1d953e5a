#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/dns/answer.h"

using namespace assay;

/// Input: a name; behind an octet 0 another one.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::as_text(data, size);
  const std::string text(fuzz::take_part(rest));
  const auto name = Domain::parse(text);
  if (!name) {
    fuzz::require(!name.error().what.empty() && name.error().offset <= text.size());
    return 0;
  }
  // A name is read from its own text, and is one that DNS can be asked for; so is what people are shown.
  fuzz::require(Domain::parse(name->str()) == *name && Domain::parse(name->str() + ".") == *name);
  fuzz::require(dns::is_askable(name->str()) && name->str() == to_lower(name->str()) && is_ascii(name->str()));
  fuzz::require(Domain::parse(to_unicode(*name)) == *name);
  fuzz::require(!is_ascii(text) || iequals(name->str() + (text.ends_with('.') ? "." : ""), text));
  std::size_t labels = name->label_count();
  fuzz::require(name->rightmost(labels + 1) == *name);
  for (auto parent = name->parent(); parent; parent = parent->parent()) {
    fuzz::require(parent->label_count() == --labels && name->rightmost(labels) == *parent && name->is_within(*parent) &&
                  !parent->is_within(*name));
  }
  fuzz::require(labels == 1);
  if (const auto other = Domain::parse(rest)) {
    // Within means: the same labels on the right.
    fuzz::require(name->is_within(*other) ==
                  (name->label_count() >= other->label_count() && name->rightmost(other->label_count()) == *other));
    fuzz::require((*name == *other) == (name->is_within(*other) && other->is_within(*name)));
  }
  return 0;
}
