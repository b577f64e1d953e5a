#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/carrier.h"
#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/tally.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Names told apart in each set of a stream.
inline constexpr std::size_t kMaxStreamNames = 32;
/// Streams that are kept; beyond, the smaller half is only counted.
inline constexpr std::size_t kMaxStreams = 5'000;
/// Authors of whom dropped streams by hosts that prove nothing are added up, so that a forgery from many networks
/// shows.
inline constexpr std::size_t kMaxUnnamedAuthors = 1'000;
/// Clients whose passing authors are kept.
inline constexpr std::size_t kMaxClients = 50'000;
/// Authors kept of one client: one that has more is shared, and vouches for nobody.
inline constexpr std::size_t kMaxClientOwners = 5;
/// Recipient domains that are kept.
inline constexpr std::size_t kMaxOwnDomains = 1'000;

/// What is known of the messages that one carrier brought in one author domain's name, or, added up, of several such.
struct Stream {
  Carrier carrier;
  Tally authors{kMaxStreamNames};

  // Messages that fail DMARC and that the published policy does not let in.
  std::uint64_t messages = 0;
  std::uint64_t signed_by_carrier = 0;  ///< A passing signature with d= carrier.
  std::uint64_t sealed_by_carrier = 0;  ///< arc_sealer: carrier holds.
  std::uint64_t sent_by_carrier = 0;    ///< MAIL FROM of the carrier, SPF passes.
  std::uint64_t claims_dmarc_pass = 0;  ///< Of the sealed: the carrier claims dmarc=pass for the author.
  std::uint64_t iprev_pass = 0;
  std::uint64_t spf_pass = 0;
  std::uint64_t arc_pass = 0;
  std::uint64_t signed_headers = 0;     ///< Indirect::SignedHeaders
  std::uint64_t arc_origin = 0;         ///< Indirect::ArcOrigin
  std::uint64_t list = 0;               ///< Indirect::List
  std::uint64_t forwarder = 0;          ///< Indirect::Forwarder
  std::uint64_t hidden_recipients = 0;  ///< Whose recipients log.redact took away: `recipients` are not all.
  std::uint64_t author_signed = 0;      ///< Signed header fields, by a signature that `signatures` counts.
  Tally days{kMaxStreamNames};
  Tally recipients{kMaxStreamNames};
  Tally clients{kMaxStreamNames};
  Tally networks{kMaxStreamNames};
  Tally names{kMaxStreamNames};         ///< Confirmed client names.
  Tally mail_from{kMaxStreamNames};     ///< Domains that pass SPF.
  Tally dkim_domains{kMaxStreamNames};  ///< d= that pass.
  Tally sealers{kMaxStreamNames};       ///< Newest sealers of passing chains.
  Tally list_ids{kMaxStreamNames};
  Tally actions{kMaxStreamNames};    ///< What was decided.
  Tally own_names{kMaxStreamNames};  ///< Those of `names` in the author's domain and not made of an address.
  /// Domains that pass by DKIM or SPF, belong to the author's owner and fail strict alignment alone.
  Tally related_dkim{kMaxStreamNames};
  Tally related_mail_from{kMaxStreamNames};
  /// The author's own whose header part verifies, by domain, selector and algorithm, then first octets of b=.
  Tally signatures{kMaxStreamNames};
  Tally signature_days{kMaxStreamNames};  ///< Those on which one of `signatures` came for the first time.

  // Messages that pass DMARC by DKIM alone on the same way.
  std::uint64_t passes = 0;
  Tally pass_authors{kMaxStreamNames};
  Tally pass_signatures{kMaxStreamNames};

  /// Adds what `other` counted.
  void add(const Stream& other);
};

/// Groups messages by carrier and author, one after the other, in bounded memory. Pure; for one thread.
class Streams {
 public:
  explicit Streams(std::size_t max_streams = kMaxStreams) : max_streams_(max_streams) {}

  /// Takes note of any message of a stranger, passing or not: of what its author's SPF record says of the client, and
  /// to whom it went.
  void add_context(const Verdict& verdict, const Facts& facts);
  /// Counts a message whose DMARC check fails for its only author. `evidence` is what find_indirect() says; `decided`
  /// what was done with it.
  void add_failure(const Verdict& verdict, const Facts& facts, const std::vector<Indirect>& evidence, Time time,
                   Action decided);

  /// One for each carrier and author, by carrier, then author; those without failures, too.
  [[nodiscard]] std::vector<const Stream*> all() const;
  /// Dropped streams of carriers that are no domain, added up by author.
  [[nodiscard]] const std::map<std::string, Stream>& dropped_by_author() const noexcept { return unnamed_; }
  /// Failures of other streams that were dropped for want of room.
  [[nodiscard]] std::uint64_t dropped_messages() const noexcept { return dropped_; }
  /// Whether `domain` was among the recipients' domains of strangers' mail: it is one of this site's.
  [[nodiscard]] bool is_own(const std::string& domain) const { return own_domains_.contains(domain); }
  /// How often `author` passed DMARC by SPF from the client of this address (IpAddress::to_string); 0 if it never did,
  /// or more than kMaxClientOwners authors did. Of the very address: the next one may be rented by anybody.
  [[nodiscard]] std::uint64_t passes_from(const std::string& client, std::string_view author) const;

 private:
  Stream& stream_of(const Verdict& verdict, const Facts& facts);
  void make_room();
  void drop(const Stream& stream);

  std::size_t max_streams_;
  std::unordered_map<std::string, Stream> streams_;
  std::unordered_map<std::string, Tally> owners_;  ///< Authors that pass by SPF, by client.
  std::unordered_map<std::string, std::uint64_t> own_domains_;
  std::map<std::string, Stream> unnamed_;
  std::uint64_t dropped_ = 0;
  std::string key_;
};

/// Whether the confirmed name of a client looks made from its address, as names of dial-up customers are.
[[nodiscard]] bool is_generic_name(std::string_view name, const IpAddress& ip);

}  // namespace assay::policy
