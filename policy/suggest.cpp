#include "policy/suggest.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>
#include <utility>

#include "policy/proof.h"
#include "policy/suggest_rule.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

/// What a configuration takes of a comment (config::kMaxCommentOctets).
constexpr std::size_t kMaxCommentOctets = 1000;
/// Of the messages of a stream that is no forger's for certain, one in so many at least shows an author's signature.
constexpr std::uint64_t kSignedPart = 2;
/// Messages for each network, up to which they come a few from each.
constexpr std::uint64_t kFewPerNetwork = 5;
/// Part of the messages that show what is said of the stream as a whole.
constexpr std::uint64_t kMostPercent = 80;

bool is_most(std::uint64_t part, std::uint64_t whole) {
  return part * 100 >= whole * kMostPercent;
}

std::string count(std::uint64_t number, const char* one, const char* many) {
  return std::to_string(number) + ' ' + (number == 1 ? one : many);
}

std::string at_least(const Tally& tally) {
  return tally.is_whole() ? std::to_string(tally.entries().size())
                          : "more than " + std::to_string(tally.entries().size());
}

/// Names come from mail: printable ASCII alone is written.
std::string plain(const std::string& name) {
  std::string text = name;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
  return text;
}

/// Different messages that the author signed, at least. A message may have a signature of each key, and somebody may
/// take away any of them: the key that signed the most messages tells how many there are.
std::size_t signed_messages(const Stream& stream) {
  std::map<std::string, std::size_t> by_key;
  std::size_t most = 0;
  for (const Tally::Entry& entry : stream.signatures.entries()) {
    most = std::max(most, ++by_key[entry.name.substr(0, entry.name.rfind(' '))]);
  }
  return most;
}

/// Messages beyond kMaxCopies of one signature: somebody kept signed header fields and sends them again.
std::uint64_t surplus_copies(const Stream& stream) {
  std::uint64_t surplus = 0;
  for (const Tally::Entry& entry : stream.signatures.entries()) {
    surplus += entry.messages > kMaxCopies ? entry.messages - kMaxCopies : 0;
  }
  return surplus;
}

/// Whether the author's signatures say that it wrote what fails. The same for one author alone and for one among those
/// of a list, so that no way is cheaper for a forger. Messages that pass count for nothing: anybody can send intact
/// ones on, and others without a signature beside them.
bool has_signed(const Stream& stream) {
  const std::uint64_t surplus = surplus_copies(stream);
  return stream.messages > 0 && signed_messages(stream) >= kMinSignatures && stream.signature_days.size() >= kMinDays &&
         stream.author_signed >= surplus && covers(stream.author_signed - surplus, stream.messages);
}

std::uint64_t told_apart(const Tally& tally) {
  std::uint64_t messages = 0;
  for (const Tally::Entry& entry : tally.entries()) {
    messages += entry.messages;
  }
  return messages;
}

/// What shows that an author's domain has to do with a stream, and how a rule can ask for just that.
struct Consent {
  std::string reason;
  bool is_of_content = false;        ///< Signatures of the messages. They say nothing of one way in, and give no proof.
  std::optional<StreamProof> proof;  ///< By what shows the consent; nullopt if a rule cannot ask for it.
};

/// nullopt if nothing shows anything.
std::optional<Consent> find_consent(const Stream& stream, const std::string& author, bool is_own,
                                    const Streams& streams) {
  if (auto proof = find_related_proof(stream)) {
    return Consent{"a domain above " + author +
                       ", of the same owner, signs it or passes SPF; only strict alignment "
                       "stands between",
                   false, std::move(proof)};
  }
  if (is_own && covers(told_apart(stream.own_names), stream.messages)) {
    return Consent{"the client's confirmed name lies in " + author, false,
                   find_name_proof(stream.own_names, stream.messages)};
  }
  Tally known(kMaxStreamNames);
  for (const Tally::Entry& client : stream.clients.entries()) {
    if (streams.passes_from(client.name, author) >= kMinPasses) {
      known.add(client.name, client.messages);
    }
  }
  if (covers(told_apart(known), stream.messages)) {
    return Consent{author + " passed DMARC by SPF from the same client addresses at other times", false,
                   find_address_proof(known, stream.messages)};
  }
  if (has_signed(stream)) {
    return Consent{"at least " + std::to_string(signed_messages(stream)) +
                       " different messages of it have signatures of " + author +
                       "'s that verify over the header fields",
                   true, std::nullopt};
  }
  return std::nullopt;
}

/// All that one carrier brings.
struct Bundle {
  Stream whole;
  std::vector<const Stream*> streams;  ///< One for each author, those without failures too.
  std::size_t failing = 0;             ///< Authors with failures.

  void add(const Stream& stream) {
    whole.carrier = stream.carrier;
    whole.add(stream);
    streams.push_back(&stream);
    failing += stream.messages > 0 ? 1U : 0U;
  }
};

std::string recipients_of(const Stream& stream) {
  return stream.hidden_recipients == 0 ? " to " + at_least(stream.recipients) + " recipient(s)" : "";
}

bool has_few_recipients(const Stream& stream) {
  return stream.hidden_recipients == 0 && stream.recipients.is_whole() &&
         stream.recipients.entries().size() <= kMaxRuleValues;
}

bool is_list(const Stream& stream) {
  return is_most(stream.list, stream.messages);
}

bool is_forwarder(const Bundle& bundle) {
  const Stream& whole = bundle.whole;
  return is_most(whole.forwarder, whole.messages) ||
         (bundle.failing >= kManyAuthors && has_few_recipients(whole) && covers(whole.iprev_pass, whole.messages));
}

class Suggesting {
 public:
  Suggesting(const Streams& streams, const SuggestOptions& options) : streams_(streams), options_(options) {}

  Suggestions run() {
    unnamed_ = streams_.dropped_by_author();
    std::map<Carrier, Bundle> bundles;
    for (const Stream* const stream : streams_.all()) {
      bundles[stream->carrier].add(*stream);
    }
    for (const auto& [carrier, bundle] : bundles) {
      if (bundle.whole.messages > 0) {
        judge(bundle);
      }
    }
    for (auto& [author, stream] : unnamed_) {
      judge_unnamed(author, std::move(stream));
    }
    auto& list = result_.list;
    const auto small = std::partition(list.begin(), list.end(), [this](const Suggestion& each) {
      return each.evidence.messages >= options_.min_messages;
    });
    std::for_each(small, list.end(),
                  [this](const Suggestion& each) { result_.small_messages += each.evidence.messages; });
    list.erase(small, list.end());
    std::sort(list.begin(), list.end(), [](const Suggestion& a, const Suggestion& b) {
      return std::tie(b.evidence.messages, a.evidence.carrier, a.author) <
             std::tie(a.evidence.messages, b.evidence.carrier, b.author);
    });
    for (Suggestion& each : list) {
      finish_rule(each);
    }
    return std::move(result_);
  }

 private:
  void judge(const Bundle& bundle) {
    const bool has_list = is_list(bundle.whole);
    if (bundle.failing >= kMinSigners && (has_list || is_forwarder(bundle))) {
      judge_redistributor(bundle, has_list);
      return;
    }
    Bundle silent;
    for (const Stream* const stream : bundle.streams) {
      if (stream->messages == 0) {
        continue;
      }
      const std::string& author = stream->authors.entries().front().name;
      if (auto consent = find_consent(*stream, author, is_own(author), streams_)) {
        add_sender(*stream, author, *std::move(consent), bundle);
      } else {
        silent.add(*stream);
      }
    }
    judge_silent_of(silent);
  }

  /// A mailing list or a forwarder: many authors by one carrier. Each author's own signatures must speak for it: what
  /// other authors sign says nothing of this one, and a forger can have as many domains as he likes.
  void judge_redistributor(const Bundle& bundle, bool has_list) {
    const std::string what = has_list ? "a mailing list" : "a forwarder";
    Bundle vouched;
    Bundle silent;
    for (const Stream* const stream : bundle.streams) {
      (has_signed(*stream) ? vouched : silent).add(*stream);
    }
    const Stream& whole = vouched.whole;
    if (vouched.failing < kMinSigners) {
      Suggestion each = start(bundle.whole, bundle.streams);
      each.reason = "looks like " + what + ", but nothing shows that the authors really wrote: there are not " +
                    std::to_string(kMinSigners) + " authors of whom " + std::to_string(kMinSignatures) +
                    " different failing messages have signatures that verify, and the rest a forger can make";
      each.ask = "Ask the recipients whether they know " + plain(bundle.whole.carrier.name) +
                 ". If they do, it should leave signatures intact, rewrite From, or seal with ARC; a sealer that you "
                 "trust goes into arc.trusted_sealers.";
      result_.list.push_back(std::move(each));
      return;
    }
    judge_silent_of(silent);
    Suggestion each = start(whole, vouched.streams);
    each.kind = has_list ? StreamKind::MailingList : StreamKind::Forwarder;
    each.reason = what + ": " + at_least(whole.signatures) + " different signatures of " +
                  std::to_string(vouched.failing) + " authors verify";
    auto scope = find_scope(whole);
    const bool can_name_authors = each.authors.size() <= kMaxRuleAuthors;
    const bool names_recipients =
        std::any_of(scope.begin(), scope.end(), [](const Condition& test) { return test.fact == Fact::Rcpt; });
    const bool is_narrow = whole.carrier.kind == Carrier::Kind::Domain || names_recipients;
    const auto proof = find_proof(whole, true);
    if (!proof) {
      each.ask = no_proof();
    } else if (!is_narrow || (!can_name_authors && !names_recipients)) {
      each.ask = "It goes to many recipients" +
                 std::string(can_name_authors ? " by hosts that prove nothing but their address"
                                              : " in the name of more authors than a rule can list") +
                 ": ask them whether they know it, and decide yourself whether " + plain(whole.carrier.name) +
                 " may speak for all of them.";
    } else {
      if (can_name_authors) {
        scope.insert(scope.begin(), from_domain(each.authors));
      }
      set_rule(each, *proof, std::move(scope));
    }
    if (each.rule && covers(whole.claims_dmarc_pass, whole.messages)) {
      each.sealer = whole.carrier.name;
    }
    result_.list.push_back(std::move(each));
  }

  /// One author, who has to do with the stream.
  void add_sender(const Stream& stream, const std::string& author, Consent consent, const Bundle& bundle) {
    Suggestion each = start(stream, {&stream});
    each.author = author;
    each.kind = is_own(author)                               ? StreamKind::OwnHost
                : is_list(stream)                            ? StreamKind::MailingList
                : is_most(stream.forwarder, stream.messages) ? StreamKind::Forwarder
                                                             : StreamKind::BrokenSender;
    each.reason = std::move(consent.reason);
    // What many share proves little of one of them: any other customer could write this author in From.
    const bool is_shared = consent.is_of_content && bundle.streams.size() >= kManyAuthors;
    const bool is_by_client = stream.carrier.kind != Carrier::Kind::Domain;
    // What shows consent for an address, a name or a domain is the proof; the carrier's name would let others in.
    const auto proof = consent.is_of_content ? find_proof(stream, !is_shared) : std::move(consent.proof);
    if (proof && (!is_shared || is_by_client)) {
      auto conditions = find_scope(stream);
      conditions.insert(conditions.begin(), from_domain(each.authors));
      set_rule(each, *proof, std::move(conditions));
    } else if (is_shared) {
      each.kind = StreamKind::Unclear;
      each.reason += "; but " + plain(stream.carrier.name) + " brings mail of " +
                     std::to_string(bundle.streams.size()) + " author domains, each of which could use the rule";
    } else {
      each.ask = no_proof();
    }
    if (each.ask.empty()) {
      each.ask = each.kind == StreamKind::OwnHost
                     ? "Better than a rule: name the host in the SPF record of " + author +
                           ", or sign there with d=" + author + "."
                     : "Tell the owner of " + author + " what fails; the rule is for the time until it is mended.";
    }
    result_.list.push_back(std::move(each));
  }

  /// Streams for which no author speaks.
  void judge_silent_of(const Bundle& silent) {
    if (silent.whole.carrier.kind == Carrier::Kind::Domain) {
      judge_silent(silent);
      return;
    }
    for (const Stream* const stream : silent.streams) {
      if (stream->messages > 0) {
        unnamed_[stream->authors.entries().front().name].add(*stream);
      }
    }
  }

  static Suggestion start(const Stream& evidence, const std::vector<const Stream*>& streams) {
    Suggestion each;
    each.evidence = evidence;
    for (const Stream* const stream : streams) {
      if (stream->messages > 0) {
        each.authors.insert(stream->authors.entries().front().name);
      }
    }
    return each;
  }

  static std::string no_proof() {
    return "No single proof covers " + std::to_string(kMinCoverage) + " % of it: a rule would be guessed.";
  }

  /// A carrier that proves its name and has no word of the authors.
  void judge_silent(const Bundle& silent) {
    const std::string carrier = plain(silent.whole.carrier.name);
    if (silent.failing >= kManyAuthors) {
      Suggestion each = start(silent.whole, silent.streams);
      each.reason = carrier + " writes in the name of " + std::to_string(silent.failing) +
                    " domains, and nothing shows that one of them knows of it";
      each.ask = "Ask the recipients whether they want it. A rule for it would let it write in anybody's name.";
      result_.list.push_back(std::move(each));
      return;
    }
    for (const Stream* const stream : silent.streams) {
      if (stream->messages == 0) {
        continue;
      }
      Suggestion each = start(*stream, {stream});
      each.author = stream->authors.entries().front().name;
      each.reason = carrier + " proves its own name, and nothing shows that " + each.author +
                    " lets it write: a forger " + "with a domain of its own looks the same" +
                    (surplus_copies(*stream) > 0 ? "; the same signed header fields came again and again" : "");
      each.ask = "Ask the owner of " + each.author + " whether " + carrier +
                 " sends for them. If so, they should sign with d=" + each.author +
                 " or name it in SPF with a MAIL FROM "
                 "of theirs.";
      result_.list.push_back(std::move(each));
    }
  }

  /// One author's mail by hosts that prove nothing but their address.
  void judge_unnamed(const std::string& author, Stream stream) {
    Suggestion each;
    each.author = author;
    each.authors = {author};
    const std::size_t networks = stream.networks.size();
    // Beyond the bound nobody counts networks any more, and so not the messages of each.
    const bool is_spread =
        networks >= kManyNetworks && (!stream.networks.is_whole() || stream.messages <= kFewPerNetwork * networks);
    const bool is_bulk = !stream.recipients.is_whole() && stream.iprev_pass * 2 < stream.messages;
    const bool is_signed = stream.signed_headers * kSignedPart >= stream.messages;
    if (is_spread && !is_signed) {
      each.kind = StreamKind::Forger;
      each.reason = "from " + at_least(stream.networks) + " networks, a few messages each, with nothing that passes";
    } else if (is_bulk && !is_signed) {
      each.kind = StreamKind::Forger;
      each.reason = "to more than " + std::to_string(stream.recipients.entries().size()) +
                    " recipients by hosts without a confirmed name, with nothing that passes";
    } else {
      each.reason = "nothing passes, and nothing shows that " + author + " knows the hosts";
      const std::string hosts =
          stream.clients.entries().empty() ? std::string("the hosts") : stream.clients.sorted().front().name;
      each.ask = is_own(author) ? "Is " + hosts + " a host of yours? Then name it in the SPF record of " + author +
                                      ", or sign there. If not, the mail is forged."
                                : "Ask the owner of " + author + " whether " + hosts + " sends for them.";
    }
    each.evidence = std::move(stream);
    result_.list.push_back(std::move(each));
  }

  /// The author's domain, or one above it, receives mail here.
  [[nodiscard]] bool is_own(const std::string& author) const {
    auto domain = Domain::parse(author);
    std::optional<Domain> name = domain ? std::optional(*domain) : std::nullopt;
    while (name && name->label_count() > 1) {
      if (streams_.is_own(name->str())) {
        return true;
      }
      name = name->parent();
    }
    return false;
  }

  static void set_rule(Suggestion& each, const StreamProof& proof, std::vector<Condition> scope) {
    Rule rule;
    rule.when.kind = Condition::Kind::All;
    rule.when.parts = std::move(scope);
    rule.when.parts.insert(rule.when.parts.end(), proof.conditions.begin(), proof.conditions.end());
    rule.observe = true;
    if (is_proven(rule)) {
      each.rule = std::move(rule);
      each.covered = proof.covered;
    }
  }

  /// Name, end and comment of the rule.
  void finish_rule(Suggestion& each) {
    if (!each.rule) {
      return;
    }
    const Stream& stream = each.evidence;
    std::string stem =
        std::string(to_string(each.kind)) + '-' +
        (each.author.empty() || stream.carrier.kind == Carrier::Kind::Domain ? stream.carrier.name : each.author);
    std::replace_if(
        stem.begin(), stem.end(), [](char c) { return !is_alnum(c) && c != '.' && c != '-' && c != '_'; }, '-');
    constexpr std::size_t kSuffixOctets = 8;
    stem.resize(std::min(stem.size(), kMaxRuleNameOctets - kSuffixOctets));
    std::string name = stem;
    for (std::size_t i = 2; !take(name); ++i) {
      name = stem + '-' + std::to_string(i);
    }
    each.rule->name = name;
    each.rule->expires = std::chrono::floor<std::chrono::days>(options_.now) + std::chrono::days(kRuleDays + 1);
    each.rule->comment = std::string(to_string(each.kind)) + "; " + count(stream.messages, "message", "messages") +
                         " on " + count(stream.days.size(), "day", "days") + " of " + at_least(stream.authors) +
                         " author domain(s)" + recipients_of(stream) + "; " + each.reason;
    each.rule->comment.resize(std::min(each.rule->comment.size(), kMaxCommentOctets));
  }

  /// False if the name is there already; else it is from now on.
  bool take(const std::string& name) { return !options_.taken.contains(name) && used_.insert(name).second; }

  const Streams& streams_;
  const SuggestOptions& options_;
  Suggestions result_;
  std::map<std::string, Stream> unnamed_;  ///< By author.
  NameSet used_;
};

}  // namespace

const char* to_string(StreamKind kind) noexcept {
  switch (kind) {
    case StreamKind::Forwarder: return "forwarder";
    case StreamKind::MailingList: return "mailing list";
    case StreamKind::BrokenSender: return "broken sender";
    case StreamKind::OwnHost: return "own host";
    case StreamKind::Forger: return "forger";
    case StreamKind::Unclear: return "unclear";
  }
  return "unclear";
}

Suggestions suggest(const Streams& streams, const SuggestOptions& options) {
  return Suggesting(streams, options).run();
}

bool belongs(const Suggestion& suggestion, const Verdict& verdict, const Facts& facts) {
  return verdict.dmarc.author && suggestion.authors.contains(verdict.dmarc.author->str()) &&
         find_carrier(verdict, facts) == suggestion.evidence.carrier;
}

}  // namespace assay::policy
