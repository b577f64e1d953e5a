#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"
#include "verify/dkim/tag_list.h"
#include "verify/limits.h"

using namespace assay;

/// Input: a tag-list (RFC 6376 section 3.2).
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const std::size_t most = Limits{}.tags;
  const auto list = dkim::TagList::parse(text, most);
  fuzz::require(list.tags().size() <= most);
  std::string written;
  for (const dkim::Tag& tag : list.tags()) {
    fuzz::require(fuzz::is_inside(tag.name, text) && fuzz::is_inside(tag.value, text));
    fuzz::require(trim_fws(tag.value) == tag.value && tag.name.find_first_of(";= \t\r\n") == std::string_view::npos);
    fuzz::require(tag.value.find(';') == std::string_view::npos);
    fuzz::require(list.error() || list.find(tag.name) == tag.value);
    written.append(tag.name).append(" =\t").append(tag.value).append(" ; ");
    // At most as many as asked for; no colon is left in any.
    const auto items = dkim::split_colons(tag.value, 4);
    fuzz::require(items.size() <= 4 && items.empty() == tag.value.empty());
    for (const std::string_view item : items) {
      fuzz::require(fuzz::is_inside(item, tag.value) && item.find(':') == std::string_view::npos);
    }
  }
  if (list.error()) {
    fuzz::require(list.error()->offset <= text.size() && !list.error()->what.empty());
    return 0;
  }
  // Well formed means: no name twice, and written again it reads the same.
  const auto again = dkim::TagList::parse(written, most);
  fuzz::require(!again.error() && again.tags().size() == list.tags().size());
  for (std::size_t i = 0; i < list.tags().size(); ++i) {
    fuzz::require(again.tags()[i].name == list.tags()[i].name && again.tags()[i].value == list.tags()[i].value);
    fuzz::require(std::count_if(list.tags().begin(), list.tags().end(),
                                [&](const dkim::Tag& tag) { return tag.name == list.tags()[i].name; }) == 1);
  }
  // One tag too many is an error of the entire list.
  fuzz::require(list.tags().empty() || dkim::TagList::parse(text, list.tags().size() - 1).error());
  return 0;
}
