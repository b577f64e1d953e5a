#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/write_verdict.h"
#include "verify/base/ip_address.h"
#include "verify/base/time.h"
#include "verify/message/split.h"
#include "verify/verification.h"

namespace assay::test {

/// A message of tests/vectors/dkim or tests/vectors/samples with what is known of its way and expected of it.
struct Vector {
  std::string name;  ///< "dkim/arc-2"
  std::string octets;
  message::SplitMessage message;  ///< `octets`, cut.
  std::shared_ptr<FakeResolver> dns;
  Time now;
  std::optional<IpAddress> client;       ///< Absent in tests/vectors/dkim, as are the next two.
  std::string helo;                      ///< Empty if absent.
  std::optional<std::string> mail_from;  ///< Without angle brackets.
  std::vector<std::string> dkim;         ///< Statuses that another implementation or the RFC gives, top first.
  std::string arc;                       ///< The same of the chain; empty if nothing is said of it.
};

/// All of them, read once.
[[nodiscard]] const std::vector<Vector>& vectors();

/// Shows a Verification the connection and the envelope.
void feed_envelope(Verification& verification, const Vector& vector);
/// Shows it the header fields and their end.
void feed_headers(Verification& verification, const message::SplitMessage& message);

}  // namespace assay::test
