#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/names.h"
#include "policy/rule.h"
#include "policy/streams.h"

namespace assay::policy {

/// What a stream of messages that fail DMARC is.
enum class StreamKind : std::uint8_t { Forwarder, MailingList, BrokenSender, OwnHost, Forger, Unclear };
[[nodiscard]] const char* to_string(StreamKind kind) noexcept;  ///< "forwarder", "mailing list", "broken sender" ...

/// A stream, what it is held for, and what could be done.
struct Suggestion {
  StreamKind kind = StreamKind::Unclear;
  Stream evidence;
  std::string author;             ///< The one author domain; empty if the stream has several.
  std::set<std::string> authors;  ///< All author domains of the stream.
  std::string reason;             ///< Why it is held for that, in words.
  std::string ask;                ///< What only people can say, and whom to ask; empty if there is nothing.
  std::optional<Rule> rule;       ///< Proven, under observe, with an end.
  std::uint64_t covered = 0;      ///< Messages of the stream that show the rule's proof.
  std::string sealer;  ///< Another way than the rule: this domain in arc.trusted_sealers. Empty if there is none.
};

struct SuggestOptions {
  std::uint64_t min_messages = 10;  ///< Smaller streams are only counted.
  Time now;                         ///< Rules end kRuleDays later.
  NameSet taken;                    ///< Names of rules that are there already.
};

struct Suggestions {
  std::vector<Suggestion> list;      ///< Those with the most messages first.
  std::uint64_t small_messages = 0;  ///< Messages of streams below min_messages.
};

/// Tells forwarders, mailing lists and broken senders from forgers, and makes the narrowest rule that lets in a stream
/// and nobody else. A rule is made only where something that its sender cannot make up shows that the author's domain
/// has to do with the stream: a client that the author's SPF record names, a client of our own name where the author is
/// our own, a signature of a domain of the author's owner above it, or many different signatures of the author's whose
/// header part verifies, in the failing messages themselves. What passes beside them says nothing of them. Who merely
/// proves its own name, and writes another in From, gets no rule.
/// Everything in the texts is in printable ASCII.
[[nodiscard]] Suggestions suggest(const Streams& streams, const SuggestOptions& options);

/// Whether the message is one of the stream's.
[[nodiscard]] bool belongs(const Suggestion& suggestion, const Verdict& verdict, const Facts& facts);

/// Percent of a stream's messages that must show a proof.
inline constexpr std::uint64_t kMinCoverage = 95;
/// Different failing messages that an author signed, authors that have as many (of a list or forwarder), and days on
/// which signatures came that had not come before, from which on signatures count as the authors' word: a forger has to
/// collect as many.
inline constexpr std::size_t kMinSignatures = 10;
inline constexpr std::size_t kMinSigners = 3;
inline constexpr std::size_t kMinDays = 3;
/// Messages that one signature speaks for, to however many recipients; more of them count as unsigned.
inline constexpr std::uint64_t kMaxCopies = 5;
/// Messages that passed DMARC by SPF from a client before it counts as the author's.
inline constexpr std::uint64_t kMinPasses = 5;
/// Authors from which on a carrier serves many.
inline constexpr std::size_t kManyAuthors = 5;
/// Networks from which on messages in one author's name come from everywhere.
inline constexpr std::size_t kManyNetworks = 10;
/// Values in one condition of a suggested rule, but for author domains.
inline constexpr std::size_t kMaxRuleValues = 8;
inline constexpr std::size_t kMaxRuleAuthors = 32;
inline constexpr int kRuleDays = 90;

}  // namespace assay::policy
