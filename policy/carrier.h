#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "policy/facts.h"
#include "verify/base/ip_address.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Who brought a message here, by the best of what its sender cannot make up.
struct Carrier {
  enum class Kind : std::uint8_t {
    Domain,   ///< d= of a passing signature, else the sealer of a passing ARC chain, else MAIL FROM that passes SPF.
    Host,     ///< The domain of the client's name, which iprev confirmed.
    Network,  ///< The client's network: /24 or /48.
    Unknown,  ///< No client address: nothing is known.
  };
  Kind kind = Kind::Unknown;
  std::string name;  ///< In lower case, A-labels; a network as 192.0.2.0/24. Empty for Unknown.
  friend auto operator<=>(const Carrier&, const Carrier&) = default;
};

/// The carrier of a message. Signatures and a MAIL FROM domain that are aligned with the author count as the author's
/// word, not as a carrier, so that what passes DMARC and what fails it by the same way has the same one. Among several
/// signatures that of the mailing list goes first, then that of the MAIL FROM domain, then the topmost.
[[nodiscard]] Carrier find_carrier(const Verdict& verdict, const Facts& facts);

/// The network in which the neighbours of a client are: /24 for IPv4, /48 for IPv6.
[[nodiscard]] IpNetwork network_of(const IpAddress& ip);
/// "192.0.2.0/24"
[[nodiscard]] std::string to_string(const IpNetwork& network);

/// The one domain that seals a passing ARC chain from the oldest-pass hop on, as an arc_sealer condition asks; empty if
/// there is none, or several.
[[nodiscard]] std::string only_sealer(const arc::Outcome& chain);

/// The client's name as iprev confirmed it, in lower case and A-labels; empty if it did not, or it is no domain name.
[[nodiscard]] std::string confirmed_name(const Verdict& verdict);

/// The MAIL FROM domain if SPF passes for it; empty otherwise, and for the null sender.
[[nodiscard]] std::string passing_mail_from(const Verdict& verdict, const Facts& facts);

}  // namespace assay::policy
