#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "observe/record_filter.h"
#include "verify/base/parsed.h"

namespace assay::observe {

/// What a client of the control socket asks: {"command":"status"}, {"command":"top"}, or {"command":"tail"} with or
/// without "filter", an object of lists of strings: from_domain, action, rule, result, client_ip (RecordFilter).
struct ControlRequest {
  enum class Command : std::uint8_t { Status, Top, Tail };
  Command command = Command::Status;
  RecordFilter filter;
};

/// Reads one line. The error says in words what is wrong with it.
[[nodiscard]] Parsed<ControlRequest, std::string> read_control_request(std::string_view line);

/// {"error":"..."}: the answer to a request that cannot be served.
[[nodiscard]] std::string control_error(std::string_view words);

/// Octets of the words.
inline constexpr std::size_t kMaxErrorOctets = 1000;

/// The first line that a client gets that follows the records.
inline constexpr const char* kTailBegins = R"({"tail":true})";

}  // namespace assay::observe
