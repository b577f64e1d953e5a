#include "config/checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

#include "verify/base/domain.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

constexpr std::size_t kMaxIdOctets = 253;
/// sockaddr_un::sun_path without its terminating zero.
constexpr std::size_t kMaxSocketPathOctets = 107;
/// PATH_MAX without its terminating zero.
constexpr std::size_t kMaxPathOctets = 4095;
/// Leaves room for the colon and a value on one line of 78 (RFC 5322 section 2.1.1).
constexpr std::size_t kMaxFieldNameOctets = 60;
constexpr std::size_t kMaxFieldValueOctets = 200;
constexpr std::size_t kMaxLocalPartOctets = 64;  // RFC 5321 section 4.5.3.1.1
constexpr std::size_t kMaxAddressOctets = 254;   // RFC 5321 section 4.5.3.1.3, without the angle brackets
constexpr std::size_t kMaxGroupOctets = 32;
constexpr unsigned kMaxPort = 65535;
constexpr unsigned kFirstPassedDescriptor = 3;  // sd_listen_fds(3)
constexpr unsigned kMaxDescriptor = 1023;

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

bool is_printable(char c) {
  return is_ascii(c) && !is_control(c);
}

/// A character of RFC 2045 section 5.1's token: no blank, no control character, no tspecial.
bool is_token_char(char c) {
  return is_printable(c) && c != ' ' && !is_one_of(c, "()<>@,;:\\\"/[]?=");
}

/// atext of RFC 5322 section 3.2.3.
bool is_atext(char c) {
  return is_alnum(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~");
}

bool is_dot_atom(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

bool is_number(std::string_view text, unsigned least, unsigned most) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stopped == end && value >= least && value <= most;
}

bool is_port(std::string_view text) {
  return is_number(text, 1, kMaxPort);
}

Complaint check_socket_path(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return "needs an absolute path, such as unix:/run/assay/assay.sock";
  }
  if (path.size() > kMaxSocketPathOctets) {
    return "has too long a path: a unix socket's is at most " + std::to_string(kMaxSocketPathOctets) + " octets";
  }
  if (!std::all_of(path.begin(), path.end(), is_printable)) {
    return "has a path with characters other than printable ASCII";
  }
  return std::nullopt;
}

Complaint check_inet(std::string_view rest, IpAddress::Family family) {
  const auto at = rest.find('@');
  if (!is_port(rest.substr(0, at))) {
    return "needs a port from 1 to 65535 before the @, such as inet:8893@127.0.0.1";
  }
  if (at == std::string_view::npos) {
    return std::nullopt;  // Every address of the host.
  }
  std::string_view host = rest.substr(at + 1);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) {
    host = host.substr(1, host.size() - 2);
  }
  if (const auto address = IpAddress::parse(host)) {
    if (address->family() == family) {
      return std::nullopt;
    }
    return family == IpAddress::Family::V4 ? "has an IPv6 address: write inet6: for it"
                                           : "has an IPv4 address: write inet: for it";
  }
  // A text of digits and dots is a mistyped address, not a host name.
  const bool looks_numeric = std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  if (has_brackets || looks_numeric || !Domain::parse(host)) {
    return "has no valid address or host name after the @";
  }
  return std::nullopt;
}

/// `prefix:` in any case, as libmilter reads it. Takes it off.
bool take_scheme(std::string_view& text, std::string_view prefix) {
  if (!istarts_with(text, prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// Whether mail itself gives the field a meaning, so that adding another would forge or break something.
bool is_reserved_field(std::string_view name) {
  constexpr std::array<std::string_view, 23> kNames{"Authentication-Results",
                                                    "Received",
                                                    "Received-SPF",
                                                    "Return-Path",
                                                    "Delivered-To",
                                                    "DKIM-Signature",
                                                    "DomainKey-Signature",
                                                    "From",
                                                    "Sender",
                                                    "Reply-To",
                                                    "To",
                                                    "Cc",
                                                    "Bcc",
                                                    "Message-ID",
                                                    "In-Reply-To",
                                                    "References",
                                                    "Subject",
                                                    "Comments",
                                                    "Keywords",
                                                    "Date",
                                                    "Encrypted",
                                                    "Apparently-To",
                                                    "MIME-Version"};
  constexpr std::array<std::string_view, 5> kPrefixes{"ARC-", "Resent-", "Content-", "List-", "BIMI-"};
  return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view other) { return iequals(name, other); }) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](std::string_view prefix) { return istarts_with(name, prefix); });
}

}  // namespace

Complaint check_authserv_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdOctets) {
    return "must have 1 to " + std::to_string(kMaxIdOctets) + " characters";
  }
  if (Domain::parse(text) || std::all_of(text.begin(), text.end(), is_token_char)) {
    return std::nullopt;
  }
  return "is not a host name such as mx.example.net";
}

Complaint check_listen(std::string_view text) {
  std::string_view rest = text;
  if (take_scheme(rest, "inet6:")) {
    return check_inet(rest, IpAddress::Family::V6);
  }
  if (take_scheme(rest, "inet:")) {
    // The order of Postfix's smtpd_milters, inet:host:port, is the usual slip.
    if (const auto colon = rest.find(':'); rest.find('@') == std::string_view::npos &&
                                           colon != std::string_view::npos && is_port(rest.substr(colon + 1))) {
      return "is Postfix's notation: write inet:" + std::string(rest.substr(colon + 1)) + "@" +
             std::string(rest.substr(0, colon));
    }
    return check_inet(rest, IpAddress::Family::V4);
  }
  if (take_scheme(rest, "unix:") || take_scheme(rest, "local:") || (!rest.empty() && rest.front() == '/')) {
    return check_socket_path(rest);
  }
  if (take_scheme(rest, "fd:")) {
    if (!is_number(rest, kFirstPassedDescriptor, kMaxDescriptor)) {
      return "needs the number of an open descriptor, 3 or more, such as fd:3";
    }
    return std::nullopt;
  }
  return "is not a socket: write inet:PORT@HOST, inet6:PORT@HOST, unix:PATH or fd:NUMBER";
}

Complaint check_control(std::string_view text) {
  std::string_view rest = text;
  if (!take_scheme(rest, "unix:")) {
    return "is not a unix socket: write unix:PATH, or off";
  }
  return check_socket_path(rest);
}

Complaint check_metrics(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) {
    return "needs an address and a port from 1 to 65535, such as 127.0.0.1:9893, or off";
  }
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  if (!address) {
    return "needs an IP address before the port, an IPv6 one in brackets, such as [::1]:9893";
  }
  if (address->is_v4() == has_brackets) {
    return has_brackets ? "has brackets around an IPv4 address: remove them"
                        : "needs brackets around the IPv6 address, such as [::1]:9893";
  }
  return std::nullopt;
}

Complaint check_field_name(std::string_view text) {
  const bool is_name = !text.empty() && std::all_of(text.begin(), text.end(),
                                                    [](char c) { return is_printable(c) && c != ' ' && c != ':'; });
  if (!is_name) {
    return "is not a header field name: printable ASCII without blanks and colons, such as X-Spam-Flag";
  }
  if (text.size() > kMaxFieldNameOctets) {
    return "is too long a header field name: at most " + std::to_string(kMaxFieldNameOctets) + " characters";
  }
  if (is_reserved_field(text)) {
    return "is a field with a meaning of its own: choose another, such as X-Spam-Flag";
  }
  return std::nullopt;
}

Complaint check_field_value(std::string_view text) {
  if (text.empty() || text.size() > kMaxFieldValueOctets) {
    return "must have 1 to " + std::to_string(kMaxFieldValueOctets) + " characters";
  }
  if (!std::all_of(text.begin(), text.end(), is_printable)) {
    return "may hold printable ASCII alone";
  }
  if (text.front() == ' ' || text.back() == ' ') {
    return "begins or ends with a blank: remove it";
  }
  return std::nullopt;
}

Complaint check_address(std::string_view text) {
  const auto at = text.rfind('@');
  const std::string_view local = text.substr(0, at);
  if (at == std::string_view::npos || text.size() > kMaxAddressOctets || local.size() > kMaxLocalPartOctets ||
      !is_dot_atom(local) || !is_ascii(text) || !Domain::parse(text.substr(at + 1))) {
    return "is not one mail address, such as quarantine@example.net";
  }
  return std::nullopt;
}

Complaint check_path(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return "is not an absolute path";
  }
  if (text.size() > kMaxPathOctets) {
    return "is too long a path: at most " + std::to_string(kMaxPathOctets) + " octets";
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return is_control(c); })) {
    return "holds control characters";
  }
  return std::nullopt;
}

Complaint check_log_target(std::string_view text) {
  if (text == "stderr" || text == "syslog" || text == "journald") {
    return std::nullopt;
  }
  if (const auto complaint = check_path(text)) {
    return text.empty() || text.front() != '/' ? "is not stderr, syslog, journald or an absolute path" : complaint;
  }
  return std::nullopt;
}

Complaint check_group(std::string_view text) {
  const bool is_name = !text.empty() && text.size() <= kMaxGroupOctets && text.front() != '-' &&
                       std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || is_one_of(c, "._-"); });
  return is_name ? std::nullopt : Complaint("is not a group name");
}

}  // namespace assay::config
