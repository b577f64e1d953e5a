#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace assay::test {

/// The ways in which one octet of a text is changed.
enum class Change : std::uint8_t { Bit, Case, Space, Remove, Double };

inline std::string changed(std::string octets, std::size_t at, Change change) {
  switch (change) {
    case Change::Bit: octets[at] = static_cast<char>(octets[at] ^ 1); break;
    case Change::Case: octets[at] = static_cast<char>(octets[at] ^ 0x20); break;
    case Change::Space: octets[at] = ' '; break;
    case Change::Remove: octets.erase(at, 1); break;
    case Change::Double: octets.insert(at, 1, octets[at]); break;
  }
  return octets;
}

/// Calls `visit` with every text that differs from `octets` in one octet by one of the changes, and with every prefix.
template <class Visit>
void for_each_change(const std::string& octets, const Visit& visit) {
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (const auto change : {Change::Bit, Change::Case, Change::Space, Change::Remove, Change::Double}) {
      visit(changed(octets, at, change));
    }
    visit(octets.substr(0, at));
  }
}

}  // namespace assay::test
