#include "policy/redact.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "policy/indirect.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"

namespace assay::policy {
namespace {

/// A longer one in other characters than ASCII is no name, and would take time to be told for none.
constexpr std::size_t kMaxNameOctets = 255;

/// Octets of a domain name, and of an address literal with its brackets.
bool is_name_octet(char c) {
  return is_alnum(c) || std::string_view("-_.:[]").find(c) != std::string_view::npos;
}

bool is_name(std::string_view text) {
  return is_ascii(text) ? std::all_of(text.begin(), text.end(), is_name_octet)
                        : text.size() <= kMaxNameOctets && Domain::parse(text).has_value();
}

void redact_name(std::string& text) {
  if (!is_name(text)) {
    text = kRedactedName;
  }
}

/// Of text with a grammar of its own, in which an address has no place: empty unless all octets are letters, digits, or
/// of `others`.
void keep_if_only(std::string_view others, std::string& text) {
  if (!std::all_of(text.begin(), text.end(),
                   [others](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; })) {
    text.clear();
  }
}

/// A directive as published, its macros not expanded (RFC 7208 section 7.1); "%40" is none of them.
void redact_mechanism(std::string& text) {
  keep_if_only("-_.:/%{}", text);
  for (auto at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    if (text.compare(at, 2, "%{") != 0) {
      text.clear();
      return;
    }
  }
}

void redact(spf::Outcome& outcome) {
  redact_name(outcome.domain);
  redact_mechanism(outcome.mechanism);
  outcome.detail.clear();
  outcome.explanation.clear();
  outcome.trace.clear();
}

void redact(dkim::Outcome& outcome) {
  redact_name(outcome.domain);
  redact_name(outcome.selector);
  redact_name(outcome.algorithm);
  outcome.identity = redact_address(outcome.identity);
  keep_if_only("+/=", outcome.signature_start);
  outcome.detail.clear();
  outcome.trace.reset();
}

bool is_author(const Domain& name, const Verdict& verdict) {
  const auto is_it = [&name](const dmarc::Outcome& outcome) { return outcome.author == name; };
  return is_it(verdict.dmarc) || std::any_of(verdict.other_authors.begin(), verdict.other_authors.end(), is_it);
}

/// The properties whose domain counts in a decision (claimed_domain).
bool has_domain(std::string_view property) {
  static constexpr std::array<std::string_view, 5> kWithDomain{"header.from", "header.d", "header.i", "smtp.mailfrom",
                                                               "smtp.mfrom"};
  return std::find(kWithDomain.begin(), kWithDomain.end(), property) != kWithDomain.end();
}

/// Its domain is the same as before, or as little a domain. A single label may be a local part alone.
void redact_claimed(const std::string& property, std::string& value, const Verdict& verdict) {
  if (!has_domain(property)) {
    value = kRedacted;
    return;
  }
  const bool is_readable = value.size() <= kMaxNameOctets || is_ascii(value);
  const auto at = value.rfind('@');
  const auto name = Domain::parse(is_readable ? std::string_view(value).substr(at + 1) : std::string_view());
  if (!name) {
    value = std::string(kRedacted) + '@';
  } else if (at != std::string::npos) {
    value = std::string(kRedacted) + '@' + name->str();
  } else {
    value = name->label_count() > 1 || is_author(*name, verdict) ? name->str() : std::string(kRedacted);
  }
}

void redact(std::vector<arc::Claim>& claims, const Verdict& verdict) {
  for (arc::Claim& claim : claims) {
    redact_name(claim.method);
    redact_name(claim.result);
    for (auto& [property, value] : claim.properties) {
      redact_name(property);
      redact_claimed(property, value, verdict);
    }
  }
}

void redact(arc::Outcome& outcome, const Verdict& verdict) {
  std::for_each(outcome.sealers.begin(), outcome.sealers.end(), redact_name);
  redact(outcome.claims, verdict);
  for (arc::Hop& hop : outcome.hops) {
    redact_name(hop.selector);
    redact_name(hop.signer);
    redact(hop.claims, verdict);
  }
  outcome.detail.clear();
  outcome.trace.reset();
}

void redact(dmarc::Outcome& outcome) {
  outcome.detail.clear();
  outcome.walk.clear();
  outcome.trace.reset();
  if (outcome.rfc7489) {
    outcome.rfc7489->detail.clear();
  }
}

void redact(Facts& facts) {
  redact_name(facts.client_name);
  redact_name(facts.helo);
  facts.mail_from = redact_address(facts.mail_from);
  facts.authenticated = redact_address(facts.authenticated);
  for (std::string& recipient : facts.rcpt) {
    recipient = redact_address(recipient);
  }
}

/// Whatever a macro takes of the local part, at whatever delimiters it splits it and however it writes other octets,
/// has at least one run of its letters and digits whole, or none of them.
bool may_hold_local_part_of(std::string_view path, std::string_view lower_name) {
  const std::string_view domain = message::domain_of_path(path);
  const std::string_view text = path.substr(0, path.size() - std::min(path.size(), domain.size()));
  bool has_run = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_alnum(text[end])) {
      ++end;
    }
    if (end > i) {
      has_run = true;
      if (lower_name.find(to_lower(text.substr(i, end - i))) != std::string_view::npos) {
        return true;
      }
    }
    i = end + 1;
  }
  return !has_run && text.find_first_not_of('@') != std::string_view::npos;
}

}  // namespace

std::string redact_address(std::string_view address) {
  if (address.empty()) {
    return {};
  }
  const std::string_view domain = message::domain_of_path(address);
  const bool has_domain = !domain.empty() && is_name(domain);
  if (has_domain && address.size() == domain.size() + 1) {
    return std::string(address);  // There is no local part.
  }
  std::string redacted(srs_tag(address));
  redacted += kRedacted;
  if (has_domain) {
    redacted.append(1, '@').append(domain);
  }
  return redacted;
}

void redact_local_parts(Verdict& verdict, Facts& facts) {
  redact(verdict.spf_mail_from);
  redact(verdict.spf_helo);
  for (dkim::Outcome& signature : verdict.dkim) {
    redact(signature);
  }
  redact(verdict.arc, verdict);
  redact(verdict.dmarc);
  for (dmarc::Outcome& other : verdict.other_authors) {
    redact(other);
  }
  if (verdict.iprev) {
    redact_name(verdict.iprev->name);
  }
  for (std::string& author : verdict.from) {
    author = redact_address(author);
  }
  redact_name(verdict.list_id);
  redact_name(verdict.list_post_host);
  redact(facts);
}

void redact_local_parts(Decision& decision) {
  if (decision.override) {
    keep_if_only("-_.:,[]= ", decision.override->comment);  // It may name the seals of a chain.
  }
}

bool may_hold_local_part(std::string_view name, const Facts& facts) {
  const std::string lower_name = to_lower(name);
  return may_hold_local_part_of(facts.mail_from, lower_name) ||
         (!is_name(facts.helo) && may_hold_local_part_of(facts.helo, lower_name));
}

}  // namespace assay::policy
