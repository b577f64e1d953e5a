#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/base/ip_address.h"

namespace assay::policy {

/// What is known about a message besides the Verdict: who sent it to whom, by which connection. All of it goes into the
/// decision record. Strings come from the MTA or the client: escape before writing.
struct Facts {
  std::optional<IpAddress> client_ip;
  std::string client_name;  ///< As the MTA resolved it; not evidence of anything.
  std::string helo;
  /// The reverse-path as message::read_smtp_path() returns it: without angle brackets, empty for <>; with them, and all
  /// that was beside them, if it cannot be read.
  std::string mail_from;
  bool has_envelope = false;      ///< A MAIL FROM was given, even an empty one.
  std::vector<std::string> rcpt;  ///< Forward-paths, read likewise.
  std::string queue_id;
  std::string tls;                 ///< TLS version; empty without TLS.
  std::string authenticated;       ///< SASL login; empty without.
  bool local = false;              ///< Local or authenticated mail: not verified.
  bool internationalized = false;  ///< SMTPUTF8.
  std::size_t size = 0;            ///< Octets of header and body seen.
  bool resent = false;             ///< A Resent-From field is present.
};

}  // namespace assay::policy
