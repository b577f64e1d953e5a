#include "verify/dkim/header_hash.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "verify/message/canonical.h"

namespace assay::dkim {
namespace {

using message::FieldName;

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Finds the fields that h= may mean. Sorted by name rather than hashed: the cost of a look-up then does not depend on
/// names that an attacker chose.
class FieldIndex {
 public:
  /// `field`, the one being verified, is never among the signed ones (RFC 6376 section 3.5, h=).
  FieldIndex(const std::vector<std::string>& names, const message::HeaderBlock& headers, std::size_t field)
      : above_(headers.size(), kNone) {
    entries_.reserve(names.size());
    for (const std::string& name : names) {
      entries_.push_back({FieldName(name), kNone});
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    entries_.erase(
        std::unique(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.name == b.name; }),
        entries_.end());
    for (std::size_t i = 0; i < headers.size(); ++i) {
      if (Entry* entry = i == field ? nullptr : find(headers.name(i))) {
        above_[i] = entry->lowest;
        entry->lowest = i;
      }
    }
  }

  /// The lowest field of that name that was not taken before; kNone if there is none.
  std::size_t take(std::string_view name) {
    Entry* const entry = find(FieldName(name));
    const std::size_t field = entry == nullptr ? kNone : entry->lowest;
    if (field != kNone) {
      entry->lowest = above_[field];
    }
    return field;
  }

 private:
  /// A name that h= mentions.
  struct Entry {
    FieldName name;
    std::size_t lowest;  ///< Field of that name that is still to be taken; kNone if there is none.
  };

  Entry* find(const FieldName& name) {
    const auto entry = std::lower_bound(entries_.begin(), entries_.end(), name,
                                        [](const Entry& e, const FieldName& n) { return e.name < n; });
    return entry != entries_.end() && entry->name == name ? &*entry : nullptr;
  }

  std::vector<Entry> entries_;      ///< By name.
  std::vector<std::size_t> above_;  ///< For each field the next one of its name above it; kNone if there is none.
};

/// Octets that are hashed at a time: all of nearly every header.
constexpr std::size_t kPieceOctets = 8192;

}  // namespace

crypto::DigestValue header_hash(const Signature& signature, const message::HeaderBlock& headers, std::size_t field,
                                std::string* octets) {
  FieldIndex index(signature.signed_headers, headers, field);
  crypto::Digest digest(signature.hash);
  // Not of the thread, which would save some time: where there is no memory to note its destructor the C library ends
  // the process.
  std::string text;
  text.reserve(kPieceOctets);
  const auto hash = [&] {
    digest.update(text);
    if (octets != nullptr) {
      *octets += text;
    }
    text.clear();
  };
  for (const std::string& name : signature.signed_headers) {
    const std::size_t taken = index.take(name);
    if (taken == kNone) {
      continue;  // "Nonexistent header fields do not contribute": not even a CRLF.
    }
    message::append_canonical(text, headers[taken], signature.header_canonicalization);
    text += "\r\n";
    if (text.size() > kPieceOctets / 2) {
      hash();
    }
  }
  message::append_canonical_without_b(text, headers[field], signature.header_canonicalization);
  hash();
  if (text.capacity() > 2 * kPieceOctets) {
    text = {};  // Some field was huge.
  }
  return digest.finish();
}

}  // namespace assay::dkim
