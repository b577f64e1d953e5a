#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/names.h"
#include "policy/rules.h"
#include "resolver/settings.h"
#include "verify/base/domain.h"
#include "verify/base/ip_address.h"
#include "verify/limits.h"

namespace assay::config {

/// Mail that is not inbound (configuration: local).
struct LocalMail {
  /// Clients whose mail is not verified; forged fields still go. A loaded configuration that does not say has the
  /// loopback networks here.
  std::vector<IpNetwork> networks;
  bool skip_authenticated = true;           ///< authenticated: skip | verify
  std::vector<IpNetwork> trusted_authserv;  ///< Clients whose Authentication-Results fields are kept.
  policy::NameList domains;                 ///< Names of this site: for metrics alone.
  friend bool operator==(const LocalMail&, const LocalMail&) = default;
};

/// How DMARC is evaluated (configuration: dmarc).
struct Dmarc {
  bool compare_psl = false;  ///< Record what RFC 7489 with a public suffix list would have said, too.
  friend bool operator==(const Dmarc&, const Dmarc&) = default;
};

/// The greatest log.sample.
inline constexpr std::size_t kMaxSample = 10'000;

struct Log {
  enum class Format : std::uint8_t { Text, Json };
  Format format = Format::Text;
  std::string level = "info";       ///< debug, info, warn, error
  std::string target = "stderr";    ///< stderr, syslog, journald, or an absolute path
  bool redact_local_parts = false;  ///< redact: off | local_parts
  std::size_t sample = 1;           ///< Of so many ordinary messages one is logged.
  friend bool operator==(const Log&, const Log&) = default;
};

struct Socket {
  std::string address = "inet:8893@127.0.0.1";  ///< libmilter's notation.
  unsigned mode = 0660;                         ///< unix sockets alone.
  std::string group;                            ///< unix sockets alone; empty leaves it.
  friend bool operator==(const Socket&, const Socket&) = default;
};

/// The whole configuration, immutable once loaded. A reload makes a new one.
struct Settings {
  std::string authserv_id;
  std::vector<std::string> authserv_aliases;
  Socket listen;
  resolver::Settings dns;
  LocalMail local;
  Dmarc dmarc;
  Limits limits;
  /// Messages in flight at a time; one more is deferred (configuration: limits.messages). Postfix has 100 smtpd
  /// processes by default, each with one message. With the largest header that the defaults allow each holds 1.5 MiB.
  std::size_t messages = 1000;
  policy::Rules policy;
  Log log;
  std::string metrics_listen = "127.0.0.1:9893";         ///< empty: off
  std::string control = "unix:/run/assay/control.sock";  ///< empty: off
  std::chrono::seconds stop_timeout{30};
  std::string fingerprint;  ///< First 12 hex digits of the SHA-256 of the normalised configuration.
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace assay::config
