#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/migrate.h"

namespace assay::config {

/// How an option's value is written.
enum class PeerType : std::uint8_t { Text, Boolean, Integer };

/// What becomes of an option that its program's manual or source names.
struct PeerOption {
  Peer peer;
  const char* name;
  PeerType type;
  LineStatus status;  ///< Unless its value decides otherwise. Migrated: only its value can say (migrate_*.cpp).
  const char* key;    ///< What it becomes; empty if it becomes nothing.
  const char* why;    ///< How, or why not. A sentence without its stop.
};

/// Every option of the four programs, ordered by program and name.
[[nodiscard]] const std::vector<PeerOption>& peer_options();
/// nullptr: the program knows no such option. Letter case counts for policyd-spf alone, as in the programs.
[[nodiscard]] const PeerOption* find_peer_option(Peer peer, std::string_view name);

}  // namespace assay::config
