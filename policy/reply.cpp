#include "policy/reply.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "verify/base/text.h"

namespace assay::policy {
namespace {

bool is_permanent(const Ruling& ruling) {
  return ruling.action != Action::TempFail;
}

const char* describe_bound(Bound bound) {
  switch (bound) {
    case Bound::HeaderOctets: return "Message header too large to verify";
    case Bound::HeaderFields: return "Message header has too many fields to verify";
  }
  return "Message too large to verify";
}

const char* describe_from(dmarc::Reason reason) {
  switch (reason) {
    case dmarc::Reason::FromMissing: return "No usable From field: there is none";
    case dmarc::Reason::FromRepeated: return "No usable From field: there is more than one";
    case dmarc::Reason::FromUnparsable: return "No usable From field: it cannot be read as addresses";
    case dmarc::Reason::FromWithoutDomain: return "No usable From field: it has no address with a domain";
    case dmarc::Reason::TooManyAuthors: return "No usable From field: it names too many domains";
    case dmarc::Reason::None:
    case dmarc::Reason::NoRecord:
    case dmarc::Reason::NotAligned:
    case dmarc::Reason::UnusableRecord:
    case dmarc::Reason::DnsFailure:
    case dmarc::Reason::DnssecBogus: break;
  }
  return "No usable From field";
}

std::string author_of(const Ruling& ruling) {
  return ruling.author != nullptr && ruling.author->author ? ruling.author->author->str() : "the From domain";
}

/// Which checks a condition asks about.
struct Checks {
  bool spf = false;
  bool spf_helo = false;
  bool dkim = false;
  bool dmarc = false;
  bool arc = false;
  bool iprev = false;
  bool other = false;  ///< `reason`, which any check may give.
};

void add_checks(Checks& checks, const Condition& condition) {
  for (const Condition& part : condition.parts) {
    add_checks(checks, part);
  }
  if (condition.kind != Condition::Kind::Test) {
    return;
  }
  switch (condition.fact) {
    case Fact::Spf: checks.spf = true; break;
    case Fact::SpfHelo: checks.spf_helo = true; break;
    case Fact::Dkim:
    case Fact::DkimDomain:
    case Fact::DkimTesting: checks.dkim = true; break;
    case Fact::Dmarc:
    case Fact::DmarcPublished:
    case Fact::OrgDomain: checks.dmarc = true; break;
    case Fact::Arc:
    case Fact::ArcSealer:
    case Fact::ArcClaims: checks.arc = true; break;
    case Fact::Iprev:
    case Fact::ClientName: checks.iprev = true; break;
    case Fact::Reason: checks.other = true; break;
    case Fact::FromDomain:
    case Fact::MailFromDomain:
    case Fact::Helo:
    case Fact::ClientIp:
    case Fact::RcptDomain:
    case Fact::Rcpt:
    case Fact::ListId:
    case Fact::Indirect:
    case Fact::Authenticated:
    case Fact::Tls: break;
  }
}

bool passes(const std::vector<dkim::Outcome>& signatures) {
  return std::any_of(signatures.begin(), signatures.end(),
                     [](const dkim::Outcome& signature) { return signature.status == dkim::Status::Pass; });
}

bool is_error(spf::Status status) {
  return status == spf::Status::TempError || status == spf::Status::PermError;
}

/// The last two numbers of the enhanced status code.
std::string subject_and_detail(const Checks& asked, const Verdict& verdict) {
  constexpr const char* kNotAuthorized = "7.1";  // RFC 3463: security, delivery not authorized.
  if (asked.dmarc || asked.other) {
    return kNotAuthorized;
  }
  // RFC 7372 section 3.2: X.7.23 is for the result fail, X.7.24 for an error. Softfail, neutral and none have no code.
  const bool spf_fails = (asked.spf && verdict.spf_mail_from.status == spf::Status::Fail) ||
                         (asked.spf_helo && verdict.spf_helo.status == spf::Status::Fail);
  const bool spf_errs =
      (asked.spf && is_error(verdict.spf_mail_from.status)) || (asked.spf_helo && is_error(verdict.spf_helo.status));
  const bool iprev_fails = asked.iprev && (!verdict.iprev || verdict.iprev->status != iprev::Status::Pass);
  const bool arc_fails = asked.arc && verdict.arc.status != arc::Status::Pass;
  // That a signature passes does not clear DKIM: the rule asks for another one.
  const std::array<std::pair<bool, const char*>, 4> failures{{
      {spf_fails || spf_errs, spf_fails ? "7.23" : "7.24"},
      {asked.dkim, passes(verdict.dkim) ? "7.21" : "7.20"},
      {iprev_fails, "7.25"},
      {arc_fails, "7.29"},
  }};
  const auto count = std::count_if(failures.begin(), failures.end(), [](const auto& failure) { return failure.first; });
  if (count > 1) {
    return "7.26";
  }
  const auto* const only =
      std::find_if(failures.begin(), failures.end(), [](const auto& failure) { return failure.first; });
  return only != failures.end() ? only->second : kNotAuthorized;
}

/// The reason's word, else METHOD=RESULT.
template <class Outcome>
std::string reason_of(const char* method, const Outcome& outcome) {
  const char* const word = to_string(outcome.reason);
  return word != nullptr ? std::string(word) : std::string(method) + '=' + to_string(outcome.status);
}

/// {reason}: of the first check that the rule asks about, of DMARC if it asks about none.
std::string reason_of(const Checks& asked, const Verdict& verdict, const dmarc::Outcome& author) {
  if (asked.dmarc) {
    return reason_of("dmarc", author);
  }
  if (asked.spf) {
    return reason_of("spf", verdict.spf_mail_from);
  }
  if (asked.spf_helo) {
    return reason_of("spf", verdict.spf_helo);
  }
  if (asked.dkim) {
    return verdict.dkim.empty() ? "dkim=none" : reason_of("dkim", verdict.dkim.front());
  }
  if (asked.iprev && verdict.iprev) {
    return std::string("iprev=") + to_string(verdict.iprev->status);
  }
  if (asked.arc) {
    return reason_of("arc", verdict.arc);
  }
  return reason_of("dmarc", author);
}

/// The text of RFC 9989 section 7.2, which asks for the word DMARC, where that is what the rule is about.
const char* default_text(const Ruling& ruling, const Checks& asked) {
  const bool fails = asked.dmarc && ruling.author != nullptr && ruling.author->status == dmarc::Status::Fail;
  if (is_permanent(ruling)) {
    return fails ? "Email rejected per DMARC policy for {from_domain} (rule {rule})"
                 : "Rejected by local policy (rule {rule})";
  }
  return fails ? "Email deferred per DMARC policy for {from_domain} (rule {rule})"
               : "Deferred by local policy (rule {rule})";
}

Reply rule_reply(const Ruling& ruling, const Verdict& verdict) {
  constexpr int kHundred = 100;
  const char klass = is_permanent(ruling) ? '5' : '4';
  const ReplyTemplate& own = ruling.rule->then.reply;
  Checks asked;
  add_checks(asked, ruling.rule->when);
  Reply reply;
  reply.code = is_permanent(ruling) ? 550 : 451;
  if (own.code && *own.code / kHundred == reply.code / kHundred) {
    reply.code = *own.code;
  }
  reply.enhanced = !own.enhanced.empty() && own.enhanced.front() == klass
                       ? own.enhanced
                       : std::string(1, klass) + '.' + subject_and_detail(asked, verdict);
  const std::string_view text = own.text.empty() ? default_text(ruling, asked) : std::string_view(own.text);
  const dmarc::Outcome& author = ruling.author != nullptr ? *ruling.author : verdict.dmarc;
  reply.text = expand_reply(text, author_of(ruling), reason_of(asked, verdict, author), ruling.rule->name);
  return reply;
}

/// RFC 9989 section 7.2 has the word DMARC in the text. The code stays 5.7.1, as in its example: 5.7.26 of RFC 7372
/// section 4 is for several checks that each warrant the rejection, and here neither SPF nor DKIM ever does. Texts are
/// fixed words and at most one Domain (253 octets of letters, digits, '-', '_' and '.').
std::string built_in_text(const Ruling& ruling, const Verdict& verdict) {
  switch (ruling.ground) {
    case Ground::Exceeded: return describe_bound(verdict.exceeded.value_or(Bound::HeaderOctets));
    case Ground::BadFrom: return describe_from(verdict.dmarc.reason);
    case Ground::TempError:
      return "DMARC policy for " + author_of(ruling) + " could not be checked" +
             (is_permanent(ruling) ? "" : ", try again later");
    case Ground::Indirect:
    case Ground::PublishedReject:
    case Ground::PublishedQuarantine:
    case Ground::PublishedNone:
      return (is_permanent(ruling) ? "Email rejected per DMARC policy for " : "Email deferred per DMARC policy for ") +
             author_of(ruling);
    case Ground::Undecided:
    case Ground::UndecidedChain:
      return expand_reply("A check that rule {rule} needs failed for now, try again later", {}, {}, name_of(ruling));
    case Ground::Default:
    case Ground::Local:
    case Ground::TrustedChain:
    case Ground::OwnRule: break;
  }
  return "Refused by local policy";
}

void append_printable(std::string& text, std::string_view more) {
  for (const char c : more) {
    text += is_ascii(c) && !is_control(c) ? c : '?';
  }
}

/// What is cut last, first.
enum class Weight : std::uint8_t { Name, Own, Filled };

struct Piece {
  std::string_view octets;
  Weight weight = Weight::Own;
  bool is_rule = false;
};

using Values = std::array<std::pair<std::string_view, std::string_view>, 3>;

/// The text's own octets, and for each placeholder of `values` its value.
std::vector<Piece> split(std::string_view text, const Values& values) {
  std::vector<Piece> pieces;
  std::size_t own = 0;
  while (own < text.size()) {
    const auto* const value = std::find_if(values.begin(), values.end(), [rest = text.substr(own)](const auto& pair) {
      return rest.starts_with(pair.first);
    });
    if (value == values.end()) {
      ++own;
      continue;
    }
    pieces.push_back({text.substr(0, own)});
    pieces.push_back({value->second, Weight::Filled, value->first == "{rule}"});
    text.remove_prefix(own + value->first.size());
    own = 0;
  }
  pieces.push_back({text});
  return pieces;
}

}  // namespace

Reply make_reply(const Ruling& ruling, const Verdict& verdict) {
  if (ruling.ground == Ground::OwnRule) {
    return rule_reply(ruling, verdict);
  }
  Reply reply;
  if (ruling.ground == Ground::Exceeded) {  // RFC 3463: message too big for system.
    reply = is_permanent(ruling) ? Reply{552, "5.3.4", {}} : Reply{452, "4.3.4", {}};
  } else {
    reply = is_permanent(ruling) ? Reply{550, "5.7.1", {}} : Reply{451, "4.7.1", {}};
  }
  reply.text = built_in_text(ruling, verdict);
  if (ruling.action == Action::Quarantine) {
    reply.text += " (quarantined mail is refused here)";
  }
  return reply;
}

std::string expand_reply(std::string_view text, std::string_view from_domain, std::string_view reason,
                         std::string_view rule) {
  const std::string suffix = " (rule " + std::string(rule) + ")";
  std::vector<Piece> pieces = split(text, {{{"{from_domain}", from_domain}, {"{reason}", reason}, {"{rule}", rule}}});
  // The rule is named once in any case; where it stands again it is like anything that is filled in.
  const auto named = std::find_if(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.is_rule; });
  if (named == pieces.end()) {
    pieces.push_back({suffix, Weight::Name, true});
  } else {
    named->weight = Weight::Name;
  }
  std::size_t left = kMaxReplyOctets;
  for (const Weight weight : {Weight::Name, Weight::Own, Weight::Filled}) {
    for (Piece& piece : pieces) {
      if (piece.weight == weight) {
        piece.octets = piece.octets.substr(0, left);
        left -= piece.octets.size();
      }
    }
  }
  std::string expanded;
  for (const Piece& piece : pieces) {
    append_printable(expanded, piece.octets);
  }
  return expanded;
}

}  // namespace assay::policy
