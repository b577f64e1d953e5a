#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/arc/verify.h"
#include "verify/dkim/verify.h"

namespace assay::test {

/// A message cut in its parts. Every line end (LF or CRLF) of the text becomes CRLF.
struct SignedMessage {
  message::HeaderBlock headers;
  std::string body;
};

/// Cuts at the first empty line. A line of the header that is no field and continues none is left out.
[[nodiscard]] SignedMessage read_signed_message(std::string_view text);

/// The file's octets; throws std::runtime_error if it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// What every DKIM signature of the message comes to.
[[nodiscard]] std::vector<dkim::Outcome> verify_dkim(const SignedMessage& message, dns::Resolver& dns,
                                                     const Limits& limits, Time now,
                                                     const std::vector<Domain>& authors = {}, bool wants_trace = false);

[[nodiscard]] arc::Outcome verify_arc(const SignedMessage& message, dns::Resolver& dns, const Limits& limits, Time now,
                                      bool wants_trace = false);

}  // namespace assay::test
