#include "verify/dkim/header_hash.h"

#include <algorithm>
#include <limits>

#include "verify/message/canonical.h"

namespace assay::dkim {
namespace {

using message::Canonicalization;
using message::FieldName;

/// Octets that are hashed at a time: all of nearly every header.
constexpr std::size_t kPieceOctets = 8192;
/// What bringing a field into relaxed form may take beyond its octets while it does.
constexpr std::size_t kSlackOctets = 2;

}  // namespace

/// Sorted rather than hashed: the cost of a look-up then does not depend on names that an attacker chose.
void HeaderHashes::sort_fields() {
  struct Named {
    FieldName name;
    std::uint32_t field;
  };
  std::vector<Named> sorted;
  sorted.reserve(headers_.size());
  for (std::uint32_t field = 0; field < headers_.size(); ++field) {
    sorted.push_back({headers_.name(field), field});
  }
  std::sort(sorted.begin(), sorted.end(), [](const Named& a, const Named& b) {
    const auto order = a.name <=> b.name;
    return order != 0 ? order < 0 : a.field > b.field;  // The lowest field of a name first.
  });
  by_name_.reserve(sorted.size());
  groups_.reserve(sorted.size());
  for (const Named& next : sorted) {
    const auto begin = static_cast<std::uint32_t>(by_name_.size());
    by_name_.push_back(next.field);
    if (groups_.empty() || groups_.back().name != next.name) {
      groups_.push_back({next.name, begin, begin});
    }
    groups_.back().end = begin + 1;
  }
}

HeaderHashes::Group* HeaderHashes::find_group(const std::string& text) {
  const FieldName name(text);
  const auto group = std::lower_bound(groups_.begin(), groups_.end(), name,
                                      [](const Group& g, const FieldName& n) { return g.name < n; });
  return group != groups_.end() && group->name == name ? &*group : nullptr;
}

/// Finds what `signature` covers besides its own field.
void HeaderHashes::choose(const Signature& signature, std::size_t field) {
  if (by_name_.empty()) {
    sort_fields();
  }
  ++hash_number_;
  chosen_.clear();
  chosen_.reserve(signature.signed_headers.size());
  for (const std::string& name : signature.signed_headers) {
    Group* const group = find_group(name);
    if (group == nullptr) {
      continue;  // "Nonexistent header fields do not contribute": not even a CRLF.
    }
    if (group->hash_number != hash_number_) {
      group->hash_number = hash_number_;
      group->next = group->begin;
    }
    // The field being verified is never among the signed ones (RFC 6376 section 3.5, h=).
    if (group->next != group->end && by_name_[group->next] == field) {
      ++group->next;
    }
    if (group->next != group->end) {
      chosen_.push_back(by_name_[group->next++]);
    }
  }
}

std::string_view HeaderHashes::relaxed(std::size_t field) {
  if (parts_.empty()) {
    parts_.resize(headers_.size());
    relaxed_.reserve(std::min(headers_.octets(), kPieceOctets));
  }
  Part& part = parts_[field];
  if (part.size == 0) {
    const std::size_t begin = relaxed_.size();
    if (relaxed_.capacity() - begin < headers_[field].raw.size() + kSlackOctets) {
      relaxed_.reserve(headers_.octets() + kSlackOctets);  // All of it, rather than to grow into it.
    }
    message::append_canonical(relaxed_, headers_[field], Canonicalization::Relaxed);
    part = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(relaxed_.size() - begin)};
  }
  return std::string_view(relaxed_).substr(part.begin, part.size);
}

std::optional<crypto::DigestValue> HeaderHashes::hash(const Signature& signature, std::size_t field,
                                                      std::size_t& budget, std::string* octets) {
  choose(signature, field);
  std::size_t cost = headers_[field].raw.size() + signature.signed_headers.size() * Limits::kOctetsPerName;
  for (const std::uint32_t chosen : chosen_) {
    cost += headers_[chosen].raw.size();
  }
  if (cost > budget) {
    return std::nullopt;
  }
  budget -= cost;
  crypto::Digest digest(signature.hash);
  // Not of the thread, which would save some time: where there is no memory to note its destructor the C library ends
  // the process.
  std::string text;
  text.reserve(kPieceOctets);
  const auto hash = [&](std::string_view piece) {
    digest.update(piece);
    if (octets != nullptr) {
      *octets += piece;
    }
  };
  const auto add = [&](std::string_view piece) {
    if (text.size() + piece.size() > kPieceOctets) {
      hash(text);
      text.clear();
    }
    if (piece.size() > kPieceOctets) {
      hash(piece);  // Not copied.
    } else {
      text += piece;
    }
  };
  for (const std::uint32_t chosen : chosen_) {
    add(signature.header_canonicalization == Canonicalization::Relaxed ? relaxed(chosen) : headers_[chosen].raw);
    add("\r\n");
  }
  message::append_canonical_without_b(text, headers_[field], signature.header_canonicalization);
  hash(text);
  return digest.finish();
}

crypto::DigestValue HeaderHashes::hash(const Signature& signature, std::size_t field, std::string* octets) {
  std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  return hash(signature, field, unlimited, octets).value();
}

crypto::DigestValue header_hash(const Signature& signature, const message::HeaderBlock& headers, std::size_t field,
                                std::string* octets) {
  return HeaderHashes(headers).hash(signature, field, octets);
}

}  // namespace assay::dkim
