#pragma once

#include <string>

#include "config/option_kinds.h"

// The texts that are values of options, and the elements of their lists.

namespace assay::config {

// A pattern refuses nothing that the check takes; it may take what the check refuses.

inline constexpr TextForm kAuthservId{check_authserv_id, "NAME", R"(^\S{1,253}$)"};
inline constexpr TextForm kListen{
    check_listen, "inet:PORT@HOST | inet6:PORT@HOST | unix:PATH | fd:NUMBER",
    R"(^([Ii][Nn][Ee][Tt]6?:[0-9]+(@.+)?|([Uu][Nn][Ii][Xx]:|[Ll][Oo][Cc][Aa][Ll]:)?/.*|[Ff][Dd]:[0-9]+)$)"};
inline constexpr TextForm kGroup{check_group, "GROUP", R"(^[A-Za-z0-9._][A-Za-z0-9._-]{0,31}$)"};
inline constexpr TextForm kFieldName{check_field_name, "FIELD", R"(^[!-9;-~]{1,60}$)"};
inline constexpr TextForm kFieldValue{check_field_value, "TEXT", R"(^[!-~]([ -~]{0,198}[!-~])?$)", true};
inline constexpr TextForm kAddress{check_address, "ADDRESS", R"(^[^@\s]{1,64}@[^@\s]+$)"};
inline constexpr TextForm kLogTarget{check_log_target, "stderr | syslog | journald | /PATH",
                                     R"(^(stderr|syslog|journald|/.*)$)"};
inline constexpr TextForm kMetricsListen{check_metrics, "ADDRESS:PORT", R"(^(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]+$)"};
inline constexpr TextForm kControl{check_control, "unix:PATH", R"(^[Uu][Nn][Ii][Xx]:/.*$)"};

/// U-labels become A-labels, since an ASCII message can carry no others, and a trailing dot goes. Letter case stays.
[[nodiscard]] std::string normalize_authserv_id(const std::string& text);

[[nodiscard]] Element<std::string> authserv_ids();
[[nodiscard]] Element<IpNetwork> networks();
[[nodiscard]] Element<resolver::Forwarder> servers();
[[nodiscard]] Element<Domain> sealers();
[[nodiscard]] Element<std::string> zone_files();

}  // namespace assay::config
