#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::config {

/// What is wrong with a text and how to mend it, worded to follow the text: `has no port: ...`; nullopt if it is fine.
using Complaint = std::optional<std::string>;

/// An identifier that Authentication-Results can carry bare (RFC 8601 section 2.2): a host name, or a token of RFC 2045
/// section 5.1. At most 253 octets.
[[nodiscard]] Complaint check_authserv_id(std::string_view text);
/// A socket in libmilter's notation: inet:PORT@HOST, inet6:PORT@HOST, unix:PATH (also local:PATH, or an absolute path
/// alone), fd:NUMBER.
[[nodiscard]] Complaint check_listen(std::string_view text);
/// unix:PATH.
[[nodiscard]] Complaint check_control(std::string_view text);
/// ADDRESS:PORT, an IPv6 address in brackets.
[[nodiscard]] Complaint check_metrics(std::string_view text);
/// A header field name (RFC 5322 section 3.6.8) that may be added: none that mail itself uses.
[[nodiscard]] Complaint check_field_name(std::string_view text);
/// Printable ASCII on one line, not empty, no blank at either end, at most 200 octets.
[[nodiscard]] Complaint check_field_value(std::string_view text);
/// One address, local@domain, in ASCII, without quotes.
[[nodiscard]] Complaint check_address(std::string_view text);
/// An absolute path of at most 4095 octets.
[[nodiscard]] Complaint check_path(std::string_view text);
/// stderr, syslog, journald or an absolute path.
[[nodiscard]] Complaint check_log_target(std::string_view text);
/// A group name as useradd(8) allows it.
[[nodiscard]] Complaint check_group(std::string_view text);

}  // namespace assay::config
