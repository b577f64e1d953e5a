#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "resolver/question_hash.h"
#include "resolver/zone_file.h"
#include "verify/base/ip_address.h"
#include "verify/base/time.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/message/split.h"
#include "verify/verdict.h"

namespace assay::bench {

/// What make_corpus says of one DKIM signature.
struct ExpectedSignature {
  dkim::Status status = dkim::Status::Neutral;
  std::string domain;
  std::string selector;
  std::string algorithm;
};

/// The results that are right for a message, by how it was made.
struct Expected {
  spf::Status spf = spf::Status::None;
  spf::Status spf_helo = spf::Status::None;
  std::vector<ExpectedSignature> dkim;  ///< Top first.
  arc::Status arc = arc::Status::None;
  dmarc::Status dmarc = dmarc::Status::None;
  std::optional<dmarc::Policy> published;
  iprev::Status iprev = iprev::Status::PermError;
};

/// One message as a milter is shown it: fields apart, the body in one piece.
struct Message {
  std::string file;
  std::string size_class;  ///< "10k"
  std::string kind;        ///< "good", or what was done to it.
  std::size_t octets = 0;
  std::size_t signatures = 0;  ///< DKIM-Signature fields.
  std::size_t arc_sets = 0;
  std::optional<IpAddress> client;
  std::string helo;
  std::string mail_from;
  std::vector<message::SplitMessage::Field> fields;
  std::string body;
  Expected expected;
};

struct Corpus {
  std::vector<Message> messages;
  Time now{};  ///< When to verify.
  resolver::Zones zones;
};

/// Reads what make_corpus wrote to `folder`. Throws std::runtime_error that says what is wrong.
[[nodiscard]] Corpus read_corpus(const std::string& folder);

/// A warm cache: the answers of the zones, each made when it is first asked for and shared from then on. One thread.
class WarmResolver final : public dns::Resolver {
 public:
  explicit WarmResolver(const resolver::Zones& zones) : zones_(zones) {}

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;

 private:
  const resolver::Zones& zones_;
  /// That of the daemon, but with the same key in each run, so that counts repeat. Not noexcept: libstdc++ keeps the
  /// hash with each entry then, as the daemon's cache does.
  struct Hash {
    std::size_t operator()(const dns::Question& question) const {
      return resolver::sip_hash(question.name, {static_cast<std::uint64_t>(question.type), 0});
    }
  };
  std::unordered_map<dns::Question, dns::AnswerPtr, Hash> answers_;
};

/// The engine as the daemon runs it: everything shown, then the verdict.
[[nodiscard]] Verdict verify(const Message& message, dns::Resolver& dns, const Limits& limits, Time now);

/// Whether every result is the expected one. Costs next to nothing.
[[nodiscard]] bool is_right(const Verdict& verdict, const Expected& expected) noexcept;
/// What is not as expected, the names in the results included; empty if all is.
[[nodiscard]] std::string mistakes(const Verdict& verdict, const Expected& expected);

}  // namespace assay::bench
