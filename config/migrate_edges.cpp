// Names, sockets, DNS and the log: what is at the edges of the daemon.

#include <algorithm>
#include <array>

#include "config/checks.h"
#include "config/migrate_work.h"
#include "config/units.h"
#include "resolver/settings.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// `name` as assayd takes it; empty if it cannot be one.
std::string authserv_name(const std::string& name) {
  if (check_authserv_id(name)) {
    return {};
  }
  const auto domain = Domain::parse(name);
  return domain && !iequals(domain->str(), name) ? domain->str() : name;
}

constexpr const char* kHostName = "HOSTNAME";

/// Collects names for authserv_aliases.
class Aliases {
 public:
  Aliases(Work& work, std::string id) : work_(work), id_(std::move(id)) {}

  /// Adds a name; false if it is the own one already, or no name.
  bool add(const std::string& name) {
    const std::string alias = authserv_name(name);
    if (alias.empty() || iequals(alias, id_) || has(alias)) {
      return false;
    }
    names_.push_back(alias);
    work_.draft.set("authserv_aliases", flow_list(names_));
    return true;
  }
  [[nodiscard]] bool is_known(const std::string& name) const {
    const std::string alias = authserv_name(name);
    return iequals(alias, id_) || has(alias);
  }

 private:
  [[nodiscard]] bool has(const std::string& name) const {
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& other) { return iequals(other, name); });
  }

  Work& work_;
  std::string id_;
  std::vector<std::string> names_;
};

/// The lines that name this host in the fields, the first of which is taken: hosts behind this one believe OpenDMARC's
/// field before all others.
std::vector<PeerLine*> id_lines(Work& work) {
  std::vector<PeerLine*> lines;
  for (const auto& [peer, option] :
       {std::pair{Peer::OpenDmarc, "AuthservID"}, std::pair{Peer::OpenDkim, "AuthservID"},
        std::pair{Peer::OpenArc, "AuthservID"}, std::pair{Peer::PolicydSpf, "Authserv_Id"}}) {
    if (PeerLine* const line = work.find(peer, option); line != nullptr) {
      if (line->result.value != kHostName && authserv_name(line->result.value).empty()) {
        Work::no_equal(*line, "the value " + *check_authserv_id(line->result.value));
      } else {
        lines.push_back(line);
      }
    }
  }
  return lines;
}

/// A list of names, in an option of `peer` whose names become aliases.
void add_names(Work& work, PeerLine& line, Aliases& aliases, const std::string& why) {
  std::string left_out;
  bool has_added = false;
  for (const std::string& name : split_commas(line.result.value)) {
    if (name == kHostName || aliases.is_known(name)) {
      continue;
    }
    if (aliases.add(name)) {
      has_added = true;
    } else {
      left_out += (left_out.empty() ? "" : ", ") + name;
    }
  }
  if (!left_out.empty()) {
    left_out = "not a name that a field can carry: " + left_out;
  }
  if (has_added) {
    work.migrated(line, "authserv_aliases", left_out.empty() ? why : why + "; " + left_out);
  } else if (left_out.empty()) {
    Work::same(line, "names no other than authserv_id and its aliases");
  } else {
    Work::no_equal(line, left_out);
  }
}

void migrate_job_id(Work& work, Peer peer) {
  if (PeerLine* const line = work.find(peer, "AuthservIDWithJobID"); line != nullptr) {
    if (work.flag(peer, "AuthservIDWithJobID")) {
      Work::no_equal(*line, line->known->why);
    } else {
      Work::same(*line);
    }
  }
}

/// `Socket` in libmilter's notation; empty for a unix socket.
std::string tcp_socket(const std::string& value) {
  return istarts_with(value, "inet:") || istarts_with(value, "inet6:") ? value : std::string();
}

/// Seconds of `line` as a duration between 10ms and `most` seconds; 0 becomes the most.
std::string to_seconds(int value, int most) {
  return format_duration(std::chrono::seconds(value == 0 ? most : std::min(value, most)));
}

void migrate_timeout(Work& work) {
  constexpr int kMostSeconds = 60;
  PeerLine* longest = nullptr;
  int seconds = -1;
  std::vector<PeerLine*> lines;
  for (const Peer peer : {Peer::OpenDkim, Peer::OpenDmarc}) {
    PeerLine* const line = work.find(peer, "DNSTimeout");
    if (line == nullptr) {
      continue;
    }
    const int value = *work.number(peer, "DNSTimeout");
    if (value < 0) {
      Work::no_equal(*line, "is no time");
      continue;
    }
    lines.push_back(line);
    const int capped = value == 0 ? kMostSeconds : std::min(value, kMostSeconds);
    if (capped > seconds) {
      longest = line;
      seconds = capped;
    }
  }
  for (PeerLine* const line : lines) {
    if (line == longest) {
      work.draft.set("dns.timeout", to_seconds(seconds, kMostSeconds));
      work.migrated(*line, "dns.timeout", lines.size() > 1 ? "the longer of two" : "");
    } else if (longest != nullptr) {
      Work::no_equal(*line, "the longer or equal timeout of " + Work::origin(*longest) + " is taken");
    }
  }
}

void migrate_servers(Work& work) {
  PeerLine* const line = work.find(Peer::OpenDkim, "Nameservers");
  if (line == nullptr) {
    return;
  }
  std::vector<std::string> servers;
  std::string left_out;
  for (const std::string& text : split_commas(line->result.value)) {
    if (const auto server = resolver::parse_forwarder(text)) {
      servers.push_back(server->address.to_string() + (server->port == 53 ? "" : "@" + std::to_string(server->port)));
    } else {
      left_out += (left_out.empty() ? "no address: " : ", ") + text;
    }
  }
  if (servers.empty()) {
    Work::no_equal(*line, left_out.empty() ? "names no server" : left_out);
    return;
  }
  work.draft.set("dns.forward", flow_list(servers));
  work.migrated(*line, "dns.forward",
                left_out.empty() ? "they answer all questions, those of SPF and DMARC too" : left_out);
}

}  // namespace

void migrate_names(Work& work) {
  const auto lines = id_lines(work);
  std::string id;
  if (!lines.empty()) {
    PeerLine& taken = *lines.front();
    if (taken.result.value == kHostName) {
      Work::same(taken, "authserv_id is the name of the host by default");
    } else {
      id = authserv_name(taken.result.value);
      work.draft.set("authserv_id", quoted_scalar(id));
      work.migrated(taken, "authserv_id");
    }
  }
  Aliases aliases(work, id);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    PeerLine& line = *lines[i];
    const std::string taken = Work::origin(*lines.front());
    if (iequals(line.result.value, lines.front()->result.value) ||
        (line.result.value != kHostName && aliases.is_known(line.result.value))) {
      Work::same(line, "the same name as " + taken);
    } else if (line.result.value == kHostName) {
      Work::no_equal(line, taken +
                               " is taken: if other hosts believe fields under the name of this host, list it in "
                               "authserv_aliases");
    } else {
      aliases.add(line.result.value);
      work.migrated(line, "authserv_aliases", "differs from " + taken + ", which is authserv_id");
    }
  }
  if (lines.empty() && (work.has(Peer::OpenDmarc) || work.has(Peer::OpenDkim))) {
    work.silent(work.has(Peer::OpenDmarc) ? Peer::OpenDmarc : Peer::OpenDkim, "AuthservID", "the MTA's name ($j)", "",
                "assayd takes the name of the host: set authserv_id if that is another");
  }
  if (PeerLine* const line = work.find(Peer::OpenDmarc, "TrustedAuthservIDs"); line != nullptr) {
    add_names(work, *line, aliases,
              "assayd believes no field, and removes those that claim these names; a host of this site that stamps "
              "mail before it comes here belongs into local.trusted_authserv");
  }
  if (PeerLine* const line = work.find(Peer::OpenDkim, "RemoveARFrom"); line != nullptr) {
    add_names(work, *line, aliases, "");
  }
  if (PeerLine* const line = work.find(Peer::OpenDkim, "KeepAuthResults"); line != nullptr) {
    if (work.flag(Peer::OpenDkim, "KeepAuthResults")) {
      Work::no_equal(*line, line->known->why);
    } else {
      Work::same(*line);
    }
  }
  if (PeerLine* const line = work.find(Peer::OpenArc, "PermitAuthenticationOverrides"); line != nullptr) {
    if (work.flag(Peer::OpenArc, "PermitAuthenticationOverrides")) {
      Work::no_equal(*line, line->known->why);
    } else {
      Work::same(*line);
    }
  }
  migrate_job_id(work, Peer::OpenDkim);
  migrate_job_id(work, Peer::OpenDmarc);
}

void migrate_sockets(Work& work) {
  const PeerLine* taken = nullptr;
  for (const Peer peer : {Peer::OpenDmarc, Peer::OpenDkim, Peer::OpenArc, Peer::PolicydSpf}) {
    PeerLine* const line = work.find(peer, "Socket");
    if (line == nullptr) {
      continue;
    }
    const std::string socket = tcp_socket(line->result.value);
    if (work.signs(peer)) {
      Work::signing(*line, "stays the socket of " + std::string(to_string(peer)) +
                               ", which goes on to sign: assayd listens at listen, which smtpd_milters must name, too");
    } else if (taken != nullptr) {
      Work::no_equal(*line, "assayd listens at one socket, that of " + Work::origin(*taken) +
                                ": take this one out of smtpd_milters");
    } else if (socket.empty()) {
      Work::no_equal(*line,
                     "its folder belongs to the other program: put listen (inet:8893@127.0.0.1 by default) in "
                     "its place in smtpd_milters");
    } else if (const auto complaint = check_listen(socket)) {
      Work::no_equal(*line, "it " + *complaint);
    } else {
      taken = line;
      work.draft.set("listen", quoted_scalar(socket));
      work.migrated(*line, "listen", "stop the other program first; Postfix writes it inet:HOST:PORT");
    }
  }
}

void migrate_dns(Work& work) {
  migrate_servers(work);
  migrate_timeout(work);
  if (PeerLine* const line = work.find(Peer::PolicydSpf, "Lookup_Time"); line != nullptr) {
    constexpr int kMostSeconds = 240;
    const int seconds = *work.number(Peer::PolicydSpf, "Lookup_Time");
    if (seconds < 0) {
      Work::no_equal(*line, "is no time");
    } else {
      work.draft.set("dns.message_deadline", to_seconds(seconds, kMostSeconds));
      work.migrated(
          *line, "dns.message_deadline",
          seconds == 0 || seconds > kMostSeconds ? "240s is the most" : "for all checks of a message together");
    }
  }
  if (PeerLine* const line = work.find(Peer::OpenDkim, "TrustAnchorFile"); line != nullptr) {
    if (work.verifies(Peer::OpenDkim)) {
      work.draft.set("dns.dnssec", "on");
      work.migrated(*line, "dns.dnssec", "the keys are those of /usr/share/dns/root.key (package dns-root-data)");
    } else {
      Work::signing(*line, "OpenDKIM does not verify in this mode");
    }
  }
  if (PeerLine* const line = work.find(Peer::PolicydSpf, "Void_Limit"); line != nullptr) {
    if (work.number(Peer::PolicydSpf, "Void_Limit") == 2) {
      Work::same(*line);
    } else {
      Work::no_equal(*line, "assayd allows 2 (RFC 7208 section 4.6.4), and cannot be told otherwise");
    }
  }
  if (PeerLine* const line = work.find(Peer::OpenDkim, "ClockDrift"); line != nullptr) {
    if (work.number(Peer::OpenDkim, "ClockDrift") == 300) {
      Work::same(*line);
    } else {
      Work::no_equal(*line, "assayd allows 300 seconds, and cannot be told otherwise");
    }
  }
}

void migrate_log(Work& work) {
  for (const Peer peer : {Peer::OpenDkim, Peer::OpenDmarc, Peer::OpenArc}) {
    if (PeerLine* const line = work.find(peer, "Syslog"); line != nullptr) {
      if (work.flag(peer, "Syslog")) {
        work.draft.set("log.target", "syslog");
        work.migrated(*line, "log.target");
      } else {
        Work::no_equal(*line, "assayd cannot be silent; log.level: error is the least");
      }
    }
    if (PeerLine* const line = work.find(peer, "SyslogFacility"); line != nullptr) {
      if (iequals(line->result.value, "mail")) {
        Work::same(*line);
      } else {
        Work::no_equal(*line, "assayd logs to the facility mail");
      }
    }
  }
  if (PeerLine* const line = work.find(Peer::PolicydSpf, "debugLevel"); line != nullptr) {
    const int level = *work.number(Peer::PolicydSpf, "debugLevel");
    if (level == 1) {
      Work::same(*line);
    } else {
      work.draft.set("log.level", level > 1 ? "debug" : "error");
      work.migrated(*line, "log.level", level < 0 ? "assayd cannot be silent" : "");
    }
  }
}

}  // namespace assay::config
