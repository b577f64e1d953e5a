#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/migrate.h"
#include "config/migrate_options.h"
#include "verify/base/domain.h"

namespace assay::config {

/// A line of a peer's file on its way through the migration.
struct PeerLine {
  Peer peer = Peer::OpenDkim;
  MigratedLine result;  ///< Its option's row says what it starts with.
  const PeerOption* known = nullptr;
  /// Whether it is in force: known, well formed, and not replaced by a later one.
  bool counts = false;
  std::optional<Peer> in_rules_of{};  ///< It only says what the rules of a program are, if there are any.
  bool is_hidden = false;             ///< Its value was, or may hold, a password, and is left out.
};

/// Reads a file as its program does: what is behind a # is a comment, the last of several lines counts. Every line that
/// says anything is in the result, in order.
[[nodiscard]] std::vector<PeerLine> read_peer_lines(const PeerFile& file);

/// The elements of a list that is divided by commas, without white space around them; empty ones are left out.
[[nodiscard]] std::vector<std::string> split_commas(std::string_view text);

/// A domain of at least `least_labels` labels, as rules take it; nullopt for anything else, addresses too.
[[nodiscard]] std::optional<Domain> read_peer_domain(const std::string& text, std::size_t least_labels = 1);

/// A number as its program reads it: decimal, for the milters also with 0x or 0 in front. False for anything else.
[[nodiscard]] bool parse_peer_number(Peer peer, std::string_view text, int& number);

/// A file's name as it stands in a comment: what comes after the last '/'.
[[nodiscard]] std::string base_name(std::string_view path);

/// `text` as printable ASCII on one line, at most `max_octets` of it: everything else becomes \xHH, also the line ends
/// that YAML sees beyond ASCII (U+0085, U+2028), so that nothing can leave a comment.
[[nodiscard]] std::string comment_text(std::string_view text, std::size_t max_octets = kMaxShownOctets);

}  // namespace assay::config
