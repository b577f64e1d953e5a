#include "verify/dkim/header_hash.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/text.h"
#include "verify/message/canonical.h"

namespace assay::dkim {
namespace {

/// The fields of one name that h= mentions.
struct NamedFields {
  std::string_view name;
  std::vector<std::size_t> fields;  ///< Bottom first.
  std::size_t used = 0;             ///< How many of them earlier mentions took.
};

bool is_before(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return to_lower(x) < to_lower(y); });
}

/// Finds the fields that h= may mean. Sorted by name rather than hashed: the cost of a look-up then does not depend on
/// names that an attacker chose.
class FieldIndex {
 public:
  explicit FieldIndex(const std::vector<std::string>& names) {
    entries_.reserve(names.size());
    for (const std::string& name : names) {
      entries_.push_back({name, {}, 0});
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const NamedFields& a, const NamedFields& b) { return is_before(a.name, b.name); });
    entries_.erase(std::unique(entries_.begin(), entries_.end(),
                               [](const NamedFields& a, const NamedFields& b) { return iequals(a.name, b.name); }),
                   entries_.end());
  }

  /// The entry of a name; nullptr if h= does not mention it.
  NamedFields* find(std::string_view name) {
    const auto entry = std::lower_bound(entries_.begin(), entries_.end(), name,
                                        [](const NamedFields& e, std::string_view n) { return is_before(e.name, n); });
    return entry != entries_.end() && iequals(entry->name, name) ? &*entry : nullptr;
  }

 private:
  std::vector<NamedFields> entries_;
};

}  // namespace

crypto::DigestValue header_hash(const Signature& signature, const message::HeaderBlock& headers, std::size_t field,
                                std::string* octets) {
  FieldIndex index(signature.signed_headers);
  for (std::size_t i = headers.size(); i-- > 0;) {
    if (i == field) {
      continue;  // Section 3.5, h=: the field being verified is never among the signed ones.
    }
    if (NamedFields* entry = index.find(headers[i].name)) {
      entry->fields.push_back(i);
    }
  }
  crypto::Digest digest(signature.hash);
  const auto hash = [&digest, octets](const std::string& part) {
    digest.update(part);
    if (octets != nullptr) {
      *octets += part;
    }
  };
  std::string text;
  for (const std::string& name : signature.signed_headers) {
    NamedFields& entry = *index.find(name);
    if (entry.used == entry.fields.size()) {
      continue;  // "Nonexistent header fields do not contribute": not even a CRLF.
    }
    text.clear();
    message::append_canonical(text, headers[entry.fields[entry.used++]], signature.header_canonicalization);
    text += "\r\n";
    hash(text);
  }
  text.clear();
  message::append_canonical_without_b(text, headers[field], signature.header_canonicalization);
  hash(text);
  return digest.finish();
}

}  // namespace assay::dkim
