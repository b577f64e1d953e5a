#include "policy/values.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "verify/base/text.h"
#include "verify/message/smtp_path.h"

namespace assay::policy {
namespace {

bool is_within(const IpNetwork& inner, const IpNetwork& outer) {
  return inner.prefix_bits >= outer.prefix_bits && outer.contains(inner.address);
}

bool covers(const NetworkList& wide, const NetworkList& narrow) {
  return std::all_of(narrow.networks.begin(), narrow.networks.end(), [&wide](const IpNetwork& inner) {
    return std::any_of(wide.networks.begin(), wide.networks.end(),
                       [&inner](const IpNetwork& outer) { return is_within(inner, outer); });
  });
}

bool overlaps(const NetworkList& a, const NetworkList& b) {
  return std::any_of(a.networks.begin(), a.networks.end(), [&b](const IpNetwork& one) {
    return std::any_of(b.networks.begin(), b.networks.end(),
                       [&one](const IpNetwork& other) { return is_within(one, other) || is_within(other, one); });
  });
}

constexpr std::string_view kAnyAt = "*@";

/// Whether each address that the pattern `narrow` stands for is one that `wide` stands for.
bool covers_address(std::string_view wide, std::string_view narrow) {
  return iequals(wide, narrow) || message::is_same_mailbox(wide, narrow) ||
         (wide.starts_with(kAnyAt) && message::is_same_domain(domain_part(wide), domain_part(narrow)));
}

bool covers(const AddressList& wide, const AddressList& narrow) {
  return std::all_of(narrow.addresses.begin(), narrow.addresses.end(), [&wide](const std::string& inner) {
    return std::any_of(wide.addresses.begin(), wide.addresses.end(),
                       [&inner](const std::string& outer) { return covers_address(outer, inner); });
  });
}

bool overlaps(const AddressList& a, const AddressList& b) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&b](const std::string& one) {
    return std::any_of(b.addresses.begin(), b.addresses.end(), [&one](const std::string& other) {
      return covers_address(one, other) || covers_address(other, one);
    });
  });
}

bool covers(const WordList& wide, const WordList& narrow) {
  return std::all_of(narrow.words.begin(), narrow.words.end(),
                     [&wide](const std::string& word) { return has_word(wide, word); });
}

bool overlaps(const WordList& a, const WordList& b) {
  return std::any_of(a.words.begin(), a.words.end(), [&b](const std::string& word) { return has_word(b, word); });
}

bool covers(const NameList& wide, const NameList& narrow) {
  return wide.covers(narrow);
}

bool overlaps(const NameList& a, const NameList& b) {
  return a.overlaps(b);
}

}  // namespace

bool covers(const Condition& wide, const Condition& narrow) {
  const bool* const flag = std::get_if<bool>(&wide.values);
  if (flag != nullptr) {
    const bool* const other = std::get_if<bool>(&narrow.values);
    return other != nullptr ? *flag == *other : *flag;
  }
  return std::visit(
      [&narrow](const auto& list) {
        using List = std::decay_t<decltype(list)>;
        if constexpr (std::is_same_v<List, bool>) {
          return false;
        } else {
          const auto* const other = std::get_if<List>(&narrow.values);
          return other != nullptr && covers(list, *other);
        }
      },
      wide.values);
}

bool may_overlap(const Condition& a, const Condition& b) {
  const bool* const flag_a = std::get_if<bool>(&a.values);
  const bool* const flag_b = std::get_if<bool>(&b.values);
  if (flag_a != nullptr || flag_b != nullptr) {
    // Words of a fact are among what `true` stands for.
    return (flag_a == nullptr || *flag_a) == (flag_b == nullptr || *flag_b);
  }
  return std::visit(
      [&b](const auto& one) {
        using List = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<List, bool>) {
          return true;
        } else {
          const auto* const other = std::get_if<List>(&b.values);
          return other == nullptr || overlaps(one, *other);
        }
      },
      a.values);
}

bool is_empty(const Condition& test) {
  struct Visitor {
    bool operator()(const NameList& list) const { return list.empty(); }
    bool operator()(const NetworkList& list) const { return list.networks.empty(); }
    bool operator()(const AddressList& list) const { return list.addresses.empty(); }
    bool operator()(const WordList& list) const { return list.words.empty(); }
    bool operator()(bool /*flag*/) const { return false; }
  };
  return std::visit(Visitor{}, test.values);
}

bool has_word(const WordList& list, std::string_view word) {
  return std::any_of(list.words.begin(), list.words.end(),
                     [word](const std::string& other) { return iequals(other, word); });
}

std::string_view domain_part(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

std::vector<std::string> values_of(const Condition& test) {
  struct Visitor {
    std::vector<std::string> operator()(const NameList& list) const { return list.written(); }
    std::vector<std::string> operator()(const NetworkList& list) const { return list.written; }
    std::vector<std::string> operator()(const AddressList& list) const { return list.addresses; }
    std::vector<std::string> operator()(const WordList& list) const { return list.words; }
    std::vector<std::string> operator()(bool flag) const { return {flag ? "true" : "false"}; }
  };
  return std::visit(Visitor{}, test.values);
}

}  // namespace assay::policy
