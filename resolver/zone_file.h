#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resolver/backend.h"
#include "verify/dns/answer.h"

struct ldns_struct_rr;

namespace assay::resolver {

/// The largest zone file that is read, octets.
inline constexpr std::size_t kMaxZoneFileOctets = std::size_t{64} << 20U;
/// The TTL of records before any $TTL (RFC 2308 section 4) in a file that names none.
inline constexpr std::chrono::seconds kDefaultZoneTtl{3600};

/// The records of some RFC 1035 master files, merged, as all there is in DNS: a name outside them does not exist.
/// Names above a record exist and are empty; wildcards work (RFC 4592 section 3.3.1), CNAMEs are followed. Records of
/// types that nobody here asks for only make their name exist; NS records delegate nothing. Immutable once filled.
class Zones {
 public:
  /// Adds the records of `text`. A relative name is relative to $ORIGIN, at first the root. The error says what is
  /// wrong as "file:line: reason"; the zones are then incomplete and not to be used. $INCLUDE and DNAME are refused.
  [[nodiscard]] std::optional<std::string> add(std::string_view text, const std::string& file);
  /// Reads and adds a file.
  [[nodiscard]] std::optional<std::string> add_file(const std::string& path);

  /// `question` must be askable. What a name holds is always the same object, unless an alias shortens its TTL.
  [[nodiscard]] dns::AnswerPtr answer(const dns::Question& question) const;

 private:
  struct Node {
    std::map<dns::Type, std::shared_ptr<dns::Answer>>
        records;              ///< Shared with who asked, with what was read from them.
    bool has_others = false;  ///< Records of types that are not in `records`.
    std::string alias;        ///< CNAME target; empty if none.
    std::chrono::seconds alias_ttl{0};
    std::optional<std::chrono::seconds> negative_ttl;  ///< Where there is an SOA record.
    std::set<std::pair<dns::Type, std::string>> seen;  ///< Type and data of those in `records`.
  };

  class Reader;

  std::optional<std::string> add_record(const ldns_struct_rr& record);
  static bool add_answer(Node& node, const ldns_struct_rr& record);
  const Node* find(const std::string& name) const;
  std::chrono::seconds negative_ttl(std::string_view name) const;

  /// By name in wire format, lower case; names that only exist above others included.
  std::map<std::string, Node, std::less<>> nodes_;
};

/// Answers from these files alone, at once. The error names file and line.
[[nodiscard]] Parsed<std::shared_ptr<Backend>, std::string> make_zone_backend(const std::vector<std::string>& files);

}  // namespace assay::resolver
