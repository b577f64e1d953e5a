#include "policy/names.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "verify/base/text.h"

namespace assay::policy {
namespace {

constexpr std::string_view kBelow = "*.";
constexpr std::size_t kMaxNameOctets = 253;  // RFC 1035 section 2.3.4, in the form for people.

/// The name one label up; nullopt for a single label.
std::optional<std::string_view> parent_of(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::nullopt : std::optional(name.substr(dot + 1));
}

/// Up to that many names it costs less to compare each than to hash what is looked for.
constexpr std::size_t kFewNames = 8;

bool holds(const NameSet& names, std::string_view name) {
  return names.size() <= kFewNames ? std::find(names.begin(), names.end(), name) != names.end() : names.contains(name);
}

bool is_below(std::string_view name, std::string_view ancestor) {
  return name.size() > ancestor.size() && name.ends_with(ancestor) && name[name.size() - ancestor.size() - 1] == '.';
}

bool has_ancestor_in(std::string_view name, const NameSet& names) {
  if (names.size() <= kFewNames) {
    return std::any_of(names.begin(), names.end(),
                       [name](const std::string& ancestor) { return is_below(name, ancestor); });
  }
  for (auto up = parent_of(name); up; up = parent_of(*up)) {
    if (names.contains(*up)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string normal_name(std::string_view name) {
  auto domain = Domain::parse(name);
  return domain ? domain->str() : to_lower(name);
}

Parsed<void> NameList::add(std::string_view pattern) {
  const bool is_below = pattern.substr(0, kBelow.size()) == kBelow;
  const std::string_view name = is_below ? pattern.substr(kBelow.size()) : pattern;
  if (name.empty()) {
    return parse_error("names nothing");
  }
  if (name.find('*') != std::string_view::npos) {
    return parse_error("has a * that is not in front of the first dot: write *.example.com for all names below");
  }
  if (name.size() > kMaxNameOctets) {
    return parse_error("is longer than a domain name can be (" + std::to_string(kMaxNameOctets) + " octets)");
  }
  if (std::any_of(name.begin(), name.end(), [](char c) { return is_control(c) || is_wsp(c); })) {
    return parse_error("has a blank or a control character in it");
  }
  (is_below ? below_ : exact_).insert(normal_name(name));
  if (!is_in_file_) {
    written_.emplace_back(pattern);
  }
  return {};
}

void NameList::begin_file(std::string path, std::string digest) {
  is_in_file_ = true;
  written_.push_back("@" + std::move(path));
  digests_.push_back(std::move(digest));
}

bool NameList::contains(std::string_view name) const {
  return !empty() && contains_normal(normal_name(name));
}

bool NameList::contains_normal(std::string_view name) const noexcept {
  // No list holds a longer name; HELO may be any length and have a dot in every other octet.
  return name.size() <= kMaxNameOctets && (holds(exact_, name) || has_ancestor_in(name, below_));
}

bool NameList::covers(const NameList& other) const {
  // Cheap for two rules with one long file.
  if (written_ == other.written_ && digests_ == other.digests_) {
    return true;
  }
  const auto has_below = [this](const std::string& name) {
    return below_.contains(name) || has_ancestor_in(name, below_);
  };
  return std::all_of(
             other.exact_.begin(), other.exact_.end(),
             [this](const std::string& name) { return exact_.contains(name) || has_ancestor_in(name, below_); }) &&
         std::all_of(other.below_.begin(), other.below_.end(), has_below);
}

bool NameList::overlaps(const NameList& other) const {
  const auto meets = [](const NameList& a, const NameList& b) {
    return std::any_of(a.exact_.begin(), a.exact_.end(), [&b](const std::string& name) { return b.contains(name); }) ||
           std::any_of(a.below_.begin(), a.below_.end(), [&b](const std::string& name) {
             return b.below_.contains(name) || has_ancestor_in(name, b.below_);
           });
  };
  return meets(*this, other) || meets(other, *this);
}

}  // namespace assay::policy
