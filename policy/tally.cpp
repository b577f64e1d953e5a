#include "policy/tally.h"

#include <algorithm>
#include <tuple>

namespace assay::policy {

void Tally::add(std::string_view name, std::uint64_t messages) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [name](const Entry& entry) { return entry.name == name; });
  if (found != entries_.end()) {
    found->messages += messages;
  } else if (entries_.size() < capacity_ && name.size() <= kMaxTallyNameOctets) {
    entries_.push_back({std::string(name), messages});
  } else {
    others_ += messages;
  }
}

void Tally::add(const Tally& other) {
  for (const Entry& entry : other.entries_) {
    add(entry.name, entry.messages);
  }
  others_ += other.others_;
}

std::vector<Tally::Entry> Tally::sorted() const {
  std::vector<Entry> entries = entries_;
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(b.messages, a.name) < std::tie(a.messages, b.name); });
  return entries;
}

}  // namespace assay::policy
