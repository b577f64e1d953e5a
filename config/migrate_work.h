#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/migrate.h"
#include "config/migrate_draft.h"
#include "config/migrate_lines.h"

namespace assay::config {

/// Clients that a program lets through unchecked, as rules ask for them.
struct Passed {
  std::vector<std::string> networks;
  std::vector<std::string> names;     ///< client_name with iprev: pass
  std::vector<std::string> comments;  ///< Where they come from.
};

/// A migration on its way.
class Work {
 public:
  explicit Work(const std::vector<PeerFile>& files);

  [[nodiscard]] bool has(Peer peer) const;
  [[nodiscard]] std::size_t program_count() const;
  /// Whether the program verifies inbound mail, by its Mode; one whose file is not given does nothing.
  [[nodiscard]] bool verifies(Peer peer);
  /// Whether the program signs or seals, so that it must stay.
  [[nodiscard]] bool signs(Peer peer);

  /// The line of an option that counts; nullptr if there is none.
  [[nodiscard]] PeerLine* find(Peer peer, const char* option);
  [[nodiscard]] bool flag(Peer peer, const char* option);  ///< false if it is not set.
  [[nodiscard]] std::optional<int> number(Peer peer, const char* option);
  [[nodiscard]] std::string text(Peer peer, const char* option);  ///< Empty if it is not set.

  /// Notes that the line is in the YAML at `key`, and says there where it comes from. `why` as in MigratedLine.
  void migrated(PeerLine& line, const std::string& key, const std::string& why = {});
  /// As above, for lines that are told elsewhere (in a rule's own comments).
  static void noted(PeerLine& line, const std::string& key, const std::string& why = {});
  /// As noted(), of a line that says how the rules of `peer` are. It has no effect if none is written.
  static void noted_in_rules(PeerLine& line, Peer peer, const std::string& why = {});
  /// A rule that comes from `peer`.
  void add_rule(Peer peer, const std::string& name, const std::string& when, const std::string& then, bool observe,
                std::vector<std::string> comments);
  // None of these changes a line that is noted as migrated.
  static void same(PeerLine& line, const std::string& why = {});
  static void no_equal(PeerLine& line, const std::string& why);
  static void signing(PeerLine& line, const std::string& why);
  /// `line`, as a comment: opendmarc.conf:14 RejectFailures true
  [[nodiscard]] static std::string origin(const PeerLine& line);
  /// Notes what a program does without a line for it, at `key`. Returns it as a comment.
  std::string silent(Peer peer, const char* option, const std::string& value, const std::string& key,
                     const std::string& why);
  /// The name of the file of `peer`.
  [[nodiscard]] std::string file(Peer peer) const;

  [[nodiscard]] Migration finish();

  Draft draft;
  std::vector<PeerLine> lines;
  std::vector<std::string> host_files;  ///< Names of the files of Peer::Hosts.
  std::map<Peer, Passed> passed;        ///< Beyond local.networks.

 private:
  std::vector<SilentDefault> silent_;
  std::set<Peer> with_rules_;
  std::vector<std::string> files_;
};

// What becomes of the options, subject by subject. Each gives the lines that it reads their status.
void migrate_names(Work& work);    ///< authserv_id, authserv_aliases
void migrate_sockets(Work& work);  ///< listen
void migrate_dns(Work& work);
void migrate_log(Work& work);
void migrate_hosts(Work& work);  ///< local.networks; what is left over for rules
void migrate_limits(Work& work);
void migrate_dmarc(Work& work);  ///< policy but its rules; local.authenticated
void migrate_dkim(Work& work);   ///< Rules, and the options about signing and verifying
void migrate_spf(Work& work);    ///< Rules

}  // namespace assay::config
