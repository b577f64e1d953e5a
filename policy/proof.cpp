#include "policy/proof.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::policy {
namespace {

// Why the answer is sound. A rule does its action only when its conditions are true, never when they are unknown. A
// tree with `not` in it says the same as one in which each `not` stands at a single test: `all` and `any` change places
// below it, in three-valued logic, too (De Morgan). In that tree, by induction from the leaves:
//   a test is proven if it is itself a proof;
//   `all` holds only if each part does, so one proven part will do, and what one part says may complete another;
//   `any` holds if one part does, whichever, so each must be proven.
// A negated test proves nothing: being from elsewhere than 192.0.2.1 is no origin. Only `not` over the DMARC results
// that fail leaves those that do not.

/// Halves of a proof that the conditions around a place say of each message that comes so far.
struct Held {
  bool client_name = false;
  bool iprev_pass = false;
  bool mail_from_domain = false;
  bool spf_pass = false;

  [[nodiscard]] bool is_proof() const { return (client_name && iprev_pass) || (mail_from_domain && spf_pass); }
};

/// Prefixes behind which any IPv4 host may stand (IANA IPv6 Special-Purpose Address Registry), and the bit at which its
/// address begins.
struct Translation {
  IpNetwork prefix;
  unsigned v4_begins = 0;
};

const std::array<Translation, 4>& translations() {
  static const std::array<Translation, 4> all{{
      {IpNetwork::parse("64:ff9b::/96").value(), 96},    // RFC 6052 section 2.1.
      {IpNetwork::parse("64:ff9b:1::/48").value(), 96},  // RFC 8215: prefixes of a site's own in it, of up to 96 bits.
      {IpNetwork::parse("2001::/32").value(), 96},       // Teredo (RFC 4380 section 4).
      {IpNetwork::parse("2002::/16").value(), 16},       // 6to4 (RFC 3056 section 2).
  }};
  return all;
}

/// The shortest prefix that still names somebody there.
unsigned least_bits(const IpNetwork& network) {
  if (network.address.is_v4()) {
    return kMinProofBitsV4;
  }
  unsigned least = kMinProofBitsV6;
  for (const Translation& translation : translations()) {
    if (translation.prefix.contains(network.address) || network.contains(translation.prefix.address)) {
      least = std::max(least, translation.v4_begins + kMinProofBitsV4);
    }
  }
  return least;
}

bool is_narrow(std::string_view name_after_pattern) {
  return static_cast<std::size_t>(std::count(name_after_pattern.begin(), name_after_pattern.end(), '.')) + 1 >=
         kMinOwnedLabels;
}

bool all_name_somebody(const NetworkList& list) {
  return std::all_of(list.networks.begin(), list.networks.end(),
                     [](const IpNetwork& network) { return names_somebody(network); });
}

bool all_name_somebody(const NameList& list) {
  return std::all_of(list.below().begin(), list.below().end(), [](const std::string& name) { return is_narrow(name); });
}

bool has_word(const WordList& list, std::string_view word) {
  return std::find(list.words.begin(), list.words.end(), word) != list.words.end();
}

bool is_exactly_pass(const Condition& test) {
  const auto* const list = std::get_if<WordList>(&test.values);
  return list != nullptr && !list->words.empty() &&
         std::all_of(list->words.begin(), list->words.end(), [](const std::string& word) { return word == "pass"; });
}

bool has_narrow_names(const Condition& test) {
  const auto* const list = std::get_if<NameList>(&test.values);
  return list != nullptr && all_name_somebody(*list);
}

bool is_login(const Condition& test) {
  const bool* const flag = std::get_if<bool>(&test.values);
  return flag == nullptr || *flag;
}

/// Whether the test says that DMARC is pass or none. permerror is not among them: an unusable From counts as that.
bool leaves_no_failure(const Condition& test, bool is_negated) {
  const auto* const list = std::get_if<WordList>(&test.values);
  if (test.fact != Fact::Dmarc || list == nullptr) {
    return false;
  }
  if (is_negated) {
    return has_word(*list, "fail") && has_word(*list, "temperror") && has_word(*list, "permerror");
  }
  return std::all_of(list->words.begin(), list->words.end(),
                     [](const std::string& word) { return word == "pass" || word == "none"; });
}

/// Whether the test alone is a proof.
bool is_proof(const Condition& test) {
  switch (test.fact) {
    case Fact::ClientIp: {
      const auto* const list = std::get_if<NetworkList>(&test.values);
      return list != nullptr && all_name_somebody(*list);
    }
    case Fact::DkimDomain:
    case Fact::ArcSealer: return has_narrow_names(test);
    case Fact::Authenticated: return is_login(test);
    case Fact::FromDomain:
    case Fact::OrgDomain:
    case Fact::Dmarc:
    case Fact::DmarcPublished:
    case Fact::MailFromDomain:
    case Fact::Helo:
    case Fact::ClientName:
    case Fact::Spf:
    case Fact::SpfHelo:
    case Fact::Dkim:
    case Fact::DkimTesting:
    case Fact::Arc:
    case Fact::ArcClaims:
    case Fact::Iprev:
    case Fact::RcptDomain:
    case Fact::Rcpt:
    case Fact::ListId:
    case Fact::Indirect:
    case Fact::Tls:
    case Fact::Reason: break;
  }
  return false;
}

bool is_conjunction(const Condition& condition, bool is_negated) {
  return condition.kind == (is_negated ? Condition::Kind::Any : Condition::Kind::All);
}

/// Adds to `held` what `condition` (negated or not) says of each message for which it holds.
void gather(const Condition& condition, bool is_negated, Held& held) {
  if (condition.kind == Condition::Kind::Not) {
    std::for_each(condition.parts.begin(), condition.parts.end(),
                  [&](const Condition& part) { gather(part, !is_negated, held); });
  } else if (condition.kind == Condition::Kind::Test) {
    if (is_negated) {
      return;
    }
    held.client_name |= condition.fact == Fact::ClientName && has_narrow_names(condition);
    held.mail_from_domain |= condition.fact == Fact::MailFromDomain && has_narrow_names(condition);
    held.iprev_pass |= condition.fact == Fact::Iprev && is_exactly_pass(condition);
    held.spf_pass |= condition.fact == Fact::Spf && is_exactly_pass(condition);
  } else if (is_conjunction(condition, is_negated)) {
    for (const Condition& part : condition.parts) {
      gather(part, is_negated, held);
    }
  }
}

/// What `is_enough(test, is_negated)` says of single tests, worked out for the tree; `held` is what the conditions
/// around `condition` say. Halves of a proof count if `with_halves`.
template <class IsEnough>
bool is_sure(const Condition& condition, bool is_negated, Held held, bool with_halves, const IsEnough& is_enough) {
  gather(condition, is_negated, held);
  if (with_halves && held.is_proof()) {
    return true;
  }
  const auto is_part_sure = [&](const Condition& part) {
    return is_sure(part, is_negated, held, with_halves, is_enough);
  };
  switch (condition.kind) {
    case Condition::Kind::Test: return is_enough(condition, is_negated);
    case Condition::Kind::Not:
      return !condition.parts.empty() && is_sure(condition.parts.front(), !is_negated, held, with_halves, is_enough);
    case Condition::Kind::All:
    case Condition::Kind::Any: break;
  }
  return is_conjunction(condition, is_negated)
             ? std::any_of(condition.parts.begin(), condition.parts.end(), is_part_sure)
             : std::all_of(condition.parts.begin(), condition.parts.end(), is_part_sure);
}

/// What the administrator may have meant as a proof, and why it is none.
struct Misses {
  std::string from;  ///< A name in from_domain or org_domain.
  std::vector<std::string> reasons;
  bool has_any = false;      ///< Some branch of `any` is proven, so that another lacks it.
  bool has_negated = false;  ///< Something under `not` would be a proof.

  void add(std::string reason) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(std::move(reason));
    }
  }
};

bool is_part_of_proof(Fact fact) {
  return fact == Fact::ClientIp || fact == Fact::ClientName || fact == Fact::DkimDomain ||
         fact == Fact::MailFromDomain || fact == Fact::ArcSealer || fact == Fact::Authenticated;
}

void explain_test(const Condition& test, Misses& misses) {
  const std::string key = info(test.fact).key;
  if (const auto* const names = std::get_if<NameList>(&test.values)) {
    if (test.fact == Fact::FromDomain || test.fact == Fact::OrgDomain) {
      if (misses.from.empty() && !names->written().empty()) {
        misses.from = names->written().front();
      }
      return;
    }
    if (!is_part_of_proof(test.fact)) {
      return;
    }
    std::vector<std::string> wide;
    std::copy_if(names->below().begin(), names->below().end(), std::back_inserter(wide),
                 [](const std::string& name) { return !is_narrow(name); });
    if (!wide.empty()) {
      misses.add(key + ": *." + *std::min_element(wide.begin(), wide.end()) + " covers names that anybody can have");
    } else if (test.fact == Fact::ClientName) {
      misses.add("client_name counts only with iprev: pass beside it, since anybody can give an address any name");
    } else if (test.fact == Fact::MailFromDomain) {
      misses.add(
          "mail_from_domain counts only with spf: pass beside it (pass alone), since anybody can write any "
          "MAIL FROM");
    }
  } else if (const auto* const networks = std::get_if<NetworkList>(&test.values)) {
    const auto wide = std::find_if(networks->networks.begin(), networks->networks.end(),
                                   [](const IpNetwork& network) { return !names_somebody(network); });
    if (wide != networks->networks.end()) {
      misses.add(key + ": " + wide->address.to_string() + "/" + std::to_string(wide->prefix_bits) + " is wider than /" +
                 std::to_string(least_bits(*wide)) + ", which names nobody");
    }
  }
}

void explain(const Condition& condition, bool is_negated, Misses& misses) {
  const auto proves = [](const Condition& test, bool negated) { return !negated && is_proof(test); };
  switch (condition.kind) {
    case Condition::Kind::Test:
      if (is_negated) {
        misses.has_negated = misses.has_negated || is_part_of_proof(condition.fact);
      } else {
        explain_test(condition, misses);
      }
      return;
    case Condition::Kind::Not:
      for (const Condition& part : condition.parts) {
        explain(part, !is_negated, misses);
      }
      return;
    case Condition::Kind::All:
    case Condition::Kind::Any:
      for (const Condition& part : condition.parts) {
        misses.has_any =
            misses.has_any || (!is_conjunction(condition, is_negated) && is_sure(part, is_negated, {}, true, proves));
        explain(part, is_negated, misses);
      }
      return;
  }
}

}  // namespace

bool names_somebody(const IpNetwork& network) {
  return network.prefix_bits >= least_bits(network);
}

bool needs_proof(const Rule& rule) {
  return rule.then.action == Action::Accept && !is_sure(rule.when, false, {}, false, leaves_no_failure);
}

bool is_proven(const Rule& rule) {
  return is_sure(rule.when, false, {}, true, [](const Condition& test, bool is_negated) {
    return leaves_no_failure(test, is_negated) || (!is_negated && is_proof(test));
  });
}

std::optional<std::string> find_missing_proof(const Rule& rule) {
  if (rule.then.action != Action::Accept || is_proven(rule)) {
    return std::nullopt;
  }
  Misses misses;
  explain(rule.when, false, misses);
  std::string text = misses.from.empty() ? "anybody can send a message that this rule matches"
                                         : "anybody can write " + misses.from + " in From";
  text += ": a forged message that fails DMARC would be accepted";
  if (misses.has_any) {
    misses.add("one branch of any names what cannot be forged, but each must");
  }
  if (misses.has_negated) {
    misses.add("what stands under not says where a message is not from, which proves nothing");
  }
  for (const std::string& reason : misses.reasons) {
    text += "; " + reason;
  }
  // The signer and the server to name are the administrator's to know; the author's own domain is a good guess.
  const bool is_name = !misses.from.empty() && misses.from.front() != '@' && misses.from.front() != '*';
  text += ". Name what cannot be forged, beside the rest: dkim_domain: " +
          (is_name ? misses.from : std::string("example.com")) +
          " (whoever signs it), client_ip: 192.0.2.1 (the server it comes from), client_name with iprev: pass, "
          "mail_from_domain with spf: pass, or arc_sealer; or, if you accept that, say unproven: true";
  return text;
}

}  // namespace assay::policy
