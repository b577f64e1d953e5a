#include "verify/spf/evaluate.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/spf/macro.h"
#include "verify/spf/record.h"

namespace assay::spf {
namespace {

/// Octets of a term that an Outcome repeats.
constexpr std::size_t kMaxTermOctets = 255;

/// What an answer means before the term that asked has its say.
enum class Meaning : std::uint8_t { Records, Void, TempFail, Bogus };

/// The one reading of dns::Status in SPF. Where a section says otherwise (ptr, %{p}, exp), the caller does.
Meaning meaning(dns::Status status) {
  switch (status) {
    // RCODE 0 with records. An answer that says Found and holds nothing comes from planning, which runs this code
    // before the answers are there: it matches nothing, and it is not void.
    case dns::Status::Found: return Meaning::Records;
    case dns::Status::NoData:                              // RFC 7208 section 4.6.4: RCODE 0, answer count 0
    case dns::Status::NxDomain: return Meaning::Void;      // section 5: RCODE 3 is as if RCODE 0 and no records
    case dns::Status::TempFail: return Meaning::TempFail;  // sections 4.4 and 5: temperror
    case dns::Status::Bogus: return Meaning::Bogus;        // RFC 4035 section 5.5: SERVFAIL to us, so temperror too
  }
  return Meaning::TempFail;
}

/// Why an evaluation ends before any mechanism matches.
struct Failure {
  Status status = Status::PermError;
  Reason reason = Reason::None;
  std::string detail;
};

/// A record that lives as long as its answer.
using RecordPtr = std::shared_ptr<const Record>;

/// Whether a mechanism matches, or why that cannot be said.
using Match = Parsed<bool, Failure>;
using Counted = Parsed<void, Failure>;

Failure permerror(Reason reason, std::string detail) {
  return {Status::PermError, reason, std::move(detail)};
}

Failure no_record(const std::string& domain) {
  return {Status::None, Reason::NoRecord, domain};
}

/// The exp= that speaks for a fail, and the domain of its record.
struct Explanation {
  std::shared_ptr<const MacroString> target;  ///< Part of its answer.
  std::string domain;
};

/// The result of one check_host(), also inside include and redirect.
struct Judgement {
  Status status = Status::None;
  Reason reason = Reason::None;
  std::string detail;
  std::string_view mechanism;
  std::optional<Explanation> explanation;
  RecordPtr record = nullptr;  ///< What `mechanism` is a part of.
};

Judgement judgement(Failure cause) {
  return {cause.status, cause.reason, std::move(cause.detail), {}, std::nullopt};
}

Status result_of(Qualifier qualifier) {
  switch (qualifier) {  // section 4.6.2
    case Qualifier::Pass: return Status::Pass;
    case Qualifier::Fail: return Status::Fail;
    case Qualifier::SoftFail: return Status::SoftFail;
    case Qualifier::Neutral: return Status::Neutral;
  }
  return Status::Neutral;
}

std::string_view without_qualifier(std::string_view term) {
  return !term.empty() && is_alpha(term.front()) ? term : term.substr(1);
}

/// A-labels where the text is a name (RFC 8616 section 4), else the text.
std::string in_a_labels(const std::string& text) {
  const auto name = Domain::parse(text);
  return name ? name->str() : text;
}

bool has_macros(const MacroString& text) {
  return std::any_of(text.parts.begin(), text.parts.end(),
                     [](const auto& part) { return std::holds_alternative<Macro>(part); });
}

bool is_multi_label(std::string_view name) {
  return name.find('.') != std::string_view::npos;
}

bool is_same_or_below(std::string_view name, std::string_view ancestor) {
  return name.size() >= ancestor.size() && name.substr(name.size() - ancestor.size()) == ancestor &&
         (name.size() == ancestor.size() || name[name.size() - ancestor.size() - 1] == '.');
}

bool is_in(const IpAddress& client, const Ip6& mechanism) {
  if (client.is_v4()) {
    return false;  // IPv4 is listed by ip4 alone (section 5)
  }
  const std::size_t octets = mechanism.prefix / 8;
  const unsigned bits = mechanism.prefix % 8;
  const auto address = client.octets();
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(octets), mechanism.network.begin())) {
    return false;
  }
  return bits == 0 || ((address[octets] ^ mechanism.network[octets]) >> (8 - bits)) == 0;
}

/// One run of check_host() with everything that is global to it: <ip>, <sender> and the counters (section 4.1).
/// include and redirect recurse; since each counts as a term, the depth is at most Limits::spf_dns_terms.
class Evaluation {
 public:
  Evaluation(const Query& query, dns::Resolver& dns, const Limits& limits)
      : query_(query), dns_(dns), limits_(limits), sender_is_ascii_(is_ascii(query.local_part)) {}

  Outcome run() {
    Outcome outcome;
    const auto domain = Domain::parse(query_.domain);
    outcome.domain = domain ? domain->str() : query_.domain;
    if (!domain || domain->label_count() < 2) {
      outcome.status = Status::None;  // section 4.3
      outcome.reason = Reason::InvalidDomain;
      return outcome;
    }
    Judgement result = check_host({domain->str(), dns::Type::TXT}, 0);
    outcome.status = result.status;
    outcome.reason = result.reason;
    outcome.detail = std::move(result.detail);
    outcome.mechanism = result.mechanism;
    if (result.explanation) {
      outcome.explanation = explain(*result.explanation);
    }
    outcome.lookups = lookups_;
    outcome.void_lookups = void_lookups_;
    outcome.trace = std::move(trace_);
    return outcome;
  }

 private:
  /// Where a term stands.
  struct Place {
    const std::string& domain;  ///< <domain>
    unsigned depth;
    std::string_view term;  ///< As published.

    [[nodiscard]] std::string in_words() const { return domain + ": " + std::string(term.substr(0, kMaxTermOctets)); }
  };

  /// Sections 4.4 to 4.7. The question is for the record of <domain>, which is askable and in lower case.
  Judgement check_host(const dns::Question& question, unsigned depth) {
    const std::string& domain = question.name;
    auto fetched = fetch_record(question, depth);
    if (!fetched) {
      return judgement(std::move(fetched.error()));
    }
    const Record& record = **fetched;
    for (const Directive& directive : record.directives) {
      const Place place{domain, depth, record.term(directive.text)};
      const std::size_t step = begin_step(place);
      auto match = std::visit([&](const auto& mechanism) { return matches(mechanism, place); }, directive.mechanism);
      end_step(step, [&match] { return in_words(match); });
      if (!match) {
        return judgement(std::move(match.error()));
      }
      if (*match) {
        Judgement result;
        result.status = result_of(directive.qualifier);
        result.mechanism = without_qualifier(place.term).substr(0, kMaxTermOctets);
        // Only a fail by a mechanism has an explanation, that of the record which holds the mechanism (section 6.2).
        if (result.status == Status::Fail && record.explanation) {
          result.explanation = Explanation{{*fetched, &record.explanation->target}, domain};
        }
        result.record = *std::move(fetched);
        return result;
      }
    }
    // "all" anywhere makes redirect void (section 5.1): it would have matched.
    if (record.redirect) {
      return follow_redirect(record.redirect->target, {domain, depth, record.term(record.redirect->text)});
    }
    return {Status::Neutral, Reason::NoMatch, {}, {}, std::nullopt};  // section 4.7
  }

  /// Sections 4.4, 4.5 and the first half of 4.6: asks, selects and parses. "No record" is a Failure with Status::None.
  Parsed<RecordPtr, Failure> fetch_record(const dns::Question& question, unsigned depth) {
    const std::size_t step = begin_step({question.name, depth, {}});
    auto record = read_record(question);
    end_step(step, [&record] { return record ? (*record)->text : in_words(record.error()); });
    return record;
  }

  Parsed<RecordPtr, Failure> read_record(const dns::Question& question) {
    const std::string& domain = question.name;
    const dns::AnswerPtr answer = dns_.lookup(question);
    switch (meaning(answer->status)) {
      case Meaning::Records: break;
      case Meaning::Void: return failure(no_record(domain));  // sections 4.3, 4.5
      case Meaning::TempFail:
      case Meaning::Bogus: return failure(dns_failure(*answer, domain, dns::Type::TXT));  // section 4.4
    }
    const Published& published = record_of(*answer);
    if (const auto* record = std::get_if<Record>(&published)) {
      return RecordPtr(answer, record);
    }
    if (std::holds_alternative<NoRecord>(published)) {
      return failure(no_record(domain));  // section 4.5
    }
    if (std::holds_alternative<SeveralRecords>(published)) {
      return failure(permerror(Reason::SeveralRecords, domain));  // section 4.5
    }
    if (const auto* overlong = std::get_if<OverlongRecord>(&published)) {
      return failure(permerror(Reason::RecordTooLong, domain + ": " + std::to_string(overlong->octets) + " octets"));
    }
    const auto& error = std::get<RecordError>(published);  // section 4.6: anywhere, before anything is evaluated
    return failure(permerror(Reason::SyntaxError, domain + ": \"" + error.term + "\": " + error.what + " (at octet " +
                                                      std::to_string(error.offset) + ")"));
  }

  /// Section 6.1. <domain> becomes the target, the result becomes ours.
  Judgement follow_redirect(const MacroString& target, const Place& place) {
    const std::size_t step = begin_step(place);
    Judgement result;
    if (const auto counted = count_term(&target, place); !counted) {
      result = judgement(counted.error());
    } else if (never_matches(target)) {
      // RFC 8616 section 4: such a term does not match anything, so that the default result stands
      result = {Status::Neutral, Reason::NoMatch, {}, {}, std::nullopt};
    } else {
      const dns::Question question{expand_term(target, place.domain), dns::Type::TXT};
      const std::string& name = question.name;
      if (!dns::is_askable(name) || !is_multi_label(name)) {
        result = judgement(permerror(Reason::RedirectWithoutRecord, name));  // malformed target
      } else {
        result = check_host(question, place.depth + 1);
        if (result.status == Status::None) {
          result = judgement(permerror(Reason::RedirectWithoutRecord, name));
        }
      }
    }
    end_step(step, [&result] { return std::string(to_string(result.status)); });
    return result;
  }

  // The mechanisms of section 5.

  [[nodiscard]] static Match matches(const All& /*all*/, const Place& /*place*/) { return true; }

  Match matches(const Include& include, const Place& place) {
    if (auto counted = count_term(&include.target, place); !counted) {
      return failure(counted.error());
    }
    if (never_matches(include.target)) {
      return false;
    }
    const dns::Question question{expand_term(include.target, place.domain), dns::Type::TXT};
    const std::string& name = question.name;
    if (!dns::is_askable(name) || !is_multi_label(name)) {
      return failure(permerror(Reason::IncludeWithoutRecord, name));  // section 4.3 gives none, which is permerror here
    }
    Judgement inner = check_host(question, place.depth + 1);
    switch (inner.status) {  // the table of section 5.2
      case Status::Pass: return true;
      case Status::Fail:
      case Status::SoftFail:
      case Status::Neutral: return false;
      case Status::TempError:
      case Status::PermError: return failure(Failure{inner.status, inner.reason, std::move(inner.detail)});
      case Status::None: break;
    }
    return failure(permerror(Reason::IncludeWithoutRecord, name));
  }

  Match matches(const A& a, const Place& place) {
    const auto name = begin_term(a.target, place);
    if (!name) {
      return failure(name.error());
    }
    if (!*name) {
      return false;
    }
    const auto answer = ask(**name, address_type(), place);
    if (!answer) {
      return failure(answer.error());
    }
    return holds_client(**answer, a.prefix4, a.prefix6);
  }

  Match matches(const Mx& mx, const Place& place) {
    const auto name = begin_term(mx.target, place);
    if (!name) {
      return failure(name.error());
    }
    if (!*name) {
      return false;
    }
    const auto answer = ask(**name, dns::Type::MX, place);
    if (!answer) {
      return failure(answer.error());
    }
    // A null MX (RFC 7505) has no host to look up; there is no falling back to the name's own addresses (section 5.4).
    const auto& exchanges = (*answer)->exchanges;
    const auto is_host = [](const dns::MailExchange& exchange) { return dns::is_askable(exchange.host); };
    const auto hosts = static_cast<std::size_t>(std::count_if(exchanges.begin(), exchanges.end(), is_host));
    if (hosts > limits_.spf_mx_hosts) {
      // Before any of them is asked, so that the order of the answer does not matter (section 4.6.4).
      return failure(permerror(Reason::TooManyMxHosts, **name));
    }
    for (const dns::MailExchange& exchange : exchanges) {
      if (!is_host(exchange)) {
        continue;
      }
      const auto addresses = ask(exchange.host, address_type(), place);
      if (!addresses) {
        return failure(addresses.error());
      }
      if (holds_client(**addresses, mx.prefix4, mx.prefix6)) {
        return true;
      }
    }
    return false;
  }

  Match matches(const Ptr& ptr, const Place& place) {
    const auto name = begin_term(ptr.target, place);
    if (!name) {
      return failure(name.error());
    }
    if (!*name) {
      return false;
    }
    const dns::AnswerPtr answer = dns_.lookup({query_.client.reverse_name(), dns::Type::PTR});
    switch (meaning(answer->status)) {
      case Meaning::Records: break;
      case Meaning::Void: {
        const auto counted = count_void(place);
        return counted ? Match(false) : failure(counted.error());
      }
      case Meaning::TempFail:
      case Meaning::Bogus: return false;  // section 5.5: a DNS error while looking up the PTR RR
    }
    const auto names = first_ptr_names(*answer);
    return std::any_of(names.begin(), names.end(), [&](const std::string& candidate) {
      // Only a name that would match needs to be validated.
      return is_same_or_below(candidate, **name) && is_validated(candidate);
    });
  }

  Match matches(const Ip4& ip4, const Place& /*place*/) const { return ip4.network.contains(query_.client); }
  Match matches(const Ip6& ip6, const Place& /*place*/) const { return is_in(query_.client, ip6); }

  Match matches(const Exists& exists, const Place& place) {
    const auto name = begin_term(exists.target, place);
    if (!name) {
      return failure(name.error());
    }
    if (!*name) {
      return false;
    }
    const auto answer = ask(**name, dns::Type::A, place);  // A even for an IPv6 client (section 5.7)
    if (!answer) {
      return failure(answer.error());
    }
    return !(*answer)->addresses.empty();  // "any A record is returned"; planning's Found holds none
  }

  // What the mechanisms share.

  /// Counts the term and gives its <target-name>; none if it can match nothing: for RFC 8616's reason, or since it is
  /// no name that DNS can carry, of which section 4.8 leaves open whether it is an error.
  Parsed<std::optional<std::string>, Failure> begin_term(const std::optional<MacroString>& target, const Place& place) {
    if (auto counted = count_term(target ? &*target : nullptr, place); !counted) {
      return failure(counted.error());
    }
    if (!target) {
      return place.domain;
    }
    if (never_matches(*target)) {
      return std::nullopt;
    }
    std::string name = expand_term(*target, place.domain);
    if (!dns::is_askable(name)) {
      return std::nullopt;
    }
    return name;
  }

  /// Section 4.6.4: a term that asks DNS is one of ten, and so is each %{p} in it.
  Counted count_term(const MacroString* target, const Place& place) {
    term_is_void_ = false;
    lookups_ += 1 + static_cast<unsigned>(target != nullptr ? target->count('p') : 0);
    if (lookups_ > limits_.spf_dns_terms) {
      return failure(permerror(Reason::TooManyLookups, place.in_words()));
    }
    return {};
  }

  /// Section 4.6.4 limits the terms whose queries come back empty. An mx with several empty hosts is one such term.
  Counted count_void(const Place& place) {
    if (!std::exchange(term_is_void_, true) && ++void_lookups_ > limits_.spf_void_lookups) {
      return failure(permerror(Reason::TooManyVoidLookups, place.in_words()));
    }
    return {};
  }

  /// Asks for a term and counts an empty answer. Errors are those of section 5.
  Parsed<dns::AnswerPtr, Failure> ask(const std::string& name, dns::Type type, const Place& place) {
    dns::AnswerPtr answer = dns_.lookup({name, type});
    switch (meaning(answer->status)) {
      case Meaning::Records: break;
      case Meaning::Void:
        if (auto counted = count_void(place); !counted) {
          return failure(counted.error());
        }
        break;
      case Meaning::TempFail:
      case Meaning::Bogus: return failure(dns_failure(*answer, name, type));
    }
    return answer;
  }

  static Failure dns_failure(const dns::Answer& answer, const std::string& name, dns::Type type) {
    const bool is_bogus = meaning(answer.status) == Meaning::Bogus;
    return {Status::TempError, is_bogus ? Reason::DnssecBogus : Reason::DnsFailure,
            name + " " + dns::to_string(type) + ": " + answer.detail};
  }

  /// Section 5: A for an IPv4 client, AAAA for IPv6.
  [[nodiscard]] dns::Type address_type() const { return query_.client.is_v4() ? dns::Type::A : dns::Type::AAAA; }

  [[nodiscard]] bool holds_client(const dns::Answer& answer, unsigned prefix4, unsigned prefix6) const {
    const unsigned prefix = query_.client.is_v4() ? prefix4 : prefix6;
    return std::any_of(answer.addresses.begin(), answer.addresses.end(),
                       [&](const IpAddress& address) { return query_.client.is_in(address, prefix); });
  }

  /// The names of the client that may be looked up. More than the limit are ignored, which is no error: they are the
  /// client's, not the domain's (section 4.6.4; section 5.5 has it otherwise).
  [[nodiscard]] std::span<const std::string> first_ptr_names(const dns::Answer& answer) const {
    return std::span(answer.names).first(std::min(answer.names.size(), limits_.spf_ptr_names));
  }

  /// Section 5.5: whether the client's address is among the name's. A failed lookup skips the name. Not counted as
  /// void: the names are the client's.
  [[nodiscard]] bool is_validated(const std::string& name) {
    if (!dns::is_askable(name)) {
      return false;
    }
    const dns::AnswerPtr answer = dns_.lookup({name, address_type()});
    return answer->addresses.end() != std::find(answer->addresses.begin(), answer->addresses.end(), query_.client);
  }

  /// %{p} (section 7.3): of the validated names, `domain` itself, else one below it, else any; else "unknown".
  [[nodiscard]] std::string validated_name(const std::string& domain) {
    const dns::AnswerPtr answer = dns_.lookup({query_.client.reverse_name(), dns::Type::PTR});
    const auto names = first_ptr_names(*answer);  // none for NXDOMAIN and for errors
    const auto rank = [&domain](const std::string& name) {
      return name == domain ? 0 : (is_same_or_below(name, domain) ? 1 : 2);
    };
    for (const int wanted : {0, 1, 2}) {
      for (const std::string& name : names) {
        if (rank(name) == wanted && is_validated(name)) {
          return name;
        }
      }
    }
    return "unknown";
  }

  /// RFC 8616 section 4: a term that puts a local part into a name matches nothing if that part is not ASCII.
  [[nodiscard]] bool never_matches(const MacroString& target) const {
    return !sender_is_ascii_ && (target.count('s') != 0 || target.count('l') != 0);
  }

  /// What the macros in `text` stand for; most records have none.
  const MacroValues& values_for(const MacroString& text, const std::string& domain) {
    if (!has_macros(text)) {
      return values_;
    }
    if (values_.sender.empty()) {
      values_.client = query_.client;
      // section 4.3: a <sender> without local part is postmaster's
      values_.local_part = query_.local_part.empty() ? "postmaster" : query_.local_part;
      values_.sender_domain = in_a_labels(query_.sender_domain);
      values_.sender = values_.local_part + "@" + values_.sender_domain;
      // "as given", but for U-labels, which must not get into domain names (RFC 8616 section 4)
      values_.helo = is_ascii(query_.helo) ? query_.helo : in_a_labels(query_.helo);
      values_.receiver = query_.receiver.empty() ? "unknown" : query_.receiver;
      values_.now = query_.now;
    }
    values_.domain = domain;
    if (text.count('p') != 0) {
      values_.validated_name = validated_name(domain);
    }
    return values_;
  }

  [[nodiscard]] std::string expand(const MacroString& target, const std::string& domain) {
    return expand_domain(target, values_for(target, domain));
  }

  /// The <target-name> of the term at hand.
  [[nodiscard]] std::string expand_term(const MacroString& target, const std::string& domain) {
    std::string name = expand(target, domain);
    if (query_.trace && has_macros(target)) {
      trace_.back().target = name;  // Nothing was begun since: a record is fetched only once its name is known.
    }
    return name;
  }

  /// Section 6.2. Empty wherever the RFC says "as if no exp modifier was given". Counts towards no limit.
  [[nodiscard]] std::string explain(const Explanation& explanation) {
    if (never_matches(*explanation.target)) {
      return {};
    }
    const std::string name = expand(*explanation.target, explanation.domain);
    if (!dns::is_askable(name)) {
      return {};
    }
    const dns::AnswerPtr answer = dns_.lookup({name, dns::Type::TXT});
    if (meaning(answer->status) != Meaning::Records || answer->texts.size() != 1 ||
        answer->texts.front().size() > Limits::kRecordOctets) {
      return {};
    }
    const auto text = parse_macro_string(answer->texts.front(), MacroPlace::Explanation);
    if (!text) {
      return {};
    }
    std::string expanded = expand_text(*text, values_for(*text, explanation.domain), limits_.spf_explanation_octets);
    // The result must be US-ASCII, whatever the local part or HELO brought in.
    std::replace_if(
        expanded.begin(), expanded.end(), [](char c) { return !is_ascii(c) || is_control(c); }, '?');
    return expanded;
  }

  // The trace. A step is begun before and ended after its term, so that the steps of an included record follow it.

  std::size_t begin_step(const Place& place) {
    if (query_.trace) {
      note_counts();
      trace_.push_back({place.depth, place.domain, std::string(place.term), {}, 0, 0, {}});
    }
    return trace_.size();
  }

  /// `step` is what begin_step returned, `outcome` a function that gives the text, called only if it is wanted.
  template <class Words>
  void end_step(std::size_t step, const Words& outcome) {
    if (query_.trace) {
      note_counts();
      trace_[step - 1].outcome = outcome();
    }
  }

  /// The counts of the newest step, unless it has ended.
  void note_counts() {
    if (!trace_.empty() && trace_.back().outcome.empty()) {
      trace_.back().lookups = lookups_;
      trace_.back().void_lookups = void_lookups_;
    }
  }

  static std::string in_words(const Match& match) {
    return match ? std::string(*match ? "match" : "no match") : in_words(match.error());
  }

  static std::string in_words(const Failure& cause) {
    const char* reason = to_string(cause.reason);
    return std::string(to_string(cause.status)) + ": " + (reason != nullptr ? reason : "") + ", " + cause.detail;
  }

  const Query& query_;
  dns::Resolver& dns_;
  const Limits& limits_;
  MacroValues values_;  ///< Filled when a macro needs it; `sender` is empty until then.
  const bool sender_is_ascii_;
  unsigned lookups_ = 0;
  unsigned void_lookups_ = 0;
  bool term_is_void_ = false;  ///< The term at hand has been counted.
  std::vector<TraceStep> trace_;
};

}  // namespace

Outcome evaluate(const Query& query, dns::Resolver& dns, const Limits& limits) {
  return Evaluation(query, dns, limits).run();
}

}  // namespace assay::spf
