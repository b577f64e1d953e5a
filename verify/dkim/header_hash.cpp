#include "verify/dkim/header_hash.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "verify/message/canonical.h"

namespace assay::dkim {
namespace {

using message::Canonicalization;
using message::FieldName;

/// Octets that are hashed at a time: all of nearly every header.
constexpr std::size_t kPieceOctets = 8192;

}  // namespace

/// Sorted rather than hashed: the cost of a look-up then does not depend on names that an attacker chose.
void HeaderHashes::sort_fields() {
  by_name_.resize(headers_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0U);
  std::sort(by_name_.begin(), by_name_.end(), [this](std::uint32_t a, std::uint32_t b) {
    const auto order = headers_.name(a) <=> headers_.name(b);
    return order != 0 ? order < 0 : a > b;  // The lowest field of a name first.
  });
  groups_.reserve(by_name_.size());
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) {
    const FieldName name = headers_.name(by_name_[i]);
    if (groups_.empty() || groups_.back().name != name) {
      groups_.push_back({name, i, i});
    }
    groups_.back().end = i + 1;
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
