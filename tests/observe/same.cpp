#include "tests/observe/same.h"

#include <algorithm>
#include <tuple>

namespace assay::test {
namespace {

bool same(const spf::Outcome& a, const spf::Outcome& b) {
  return std::tie(a.status, a.reason, a.domain) == std::tie(b.status, b.reason, b.domain);
}

bool same(const dkim::Outcome& a, const dkim::Outcome& b) {
  return std::tie(a.status, a.reason, a.domain, a.signing_domain, a.testing, a.headers_verified) ==
         std::tie(b.status, b.reason, b.domain, b.signing_domain, b.testing, b.headers_verified);
}

bool same(const arc::Claim& a, const arc::Claim& b) {
  return std::tie(a.method, a.result, a.properties) == std::tie(b.method, b.result, b.properties);
}

template <class T>
bool all_same(const std::vector<T>& a, const std::vector<T>& b);

bool same(const arc::Hop& a, const arc::Hop& b) {
  return std::tie(a.selector, a.signer, a.signs_from, a.signs_part, a.readable) ==
             std::tie(b.selector, b.signer, b.signs_from, b.signs_part, b.readable) &&
         all_same(a.claims, b.claims);
}

/// The record does not say which field marks a message.
bool same(const std::optional<policy::Quarantine>& a, const std::optional<policy::Quarantine>& b) {
  return a.has_value() == b.has_value() &&
         (!a || (a->how == b->how && (a->how != policy::QuarantineHow::Redirect || a->to == b->to)));
}

bool same(const policy::Decision& a, const policy::Decision& b) {
  return same(a.quarantine, b.quarantine) &&
         std::tie(a.action, a.rule, a.would, a.would_rule, a.unavailable_form, a.headers, a.observed, a.indirect) ==
             std::tie(b.action, b.rule, b.would, b.would_rule, b.unavailable_form, b.headers, b.observed, b.indirect);
}

bool same(const dmarc::Outcome& a, const dmarc::Outcome& b) {
  return std::tie(a.status, a.reason, a.author, a.published, a.policy, a.policy_domain, a.organizational_domain,
                  a.testing, a.strict_dkim, a.strict_spf, a.spf_aligned, a.dkim_aligned) ==
         std::tie(b.status, b.reason, b.author, b.published, b.policy, b.policy_domain, b.organizational_domain,
                  b.testing, b.strict_dkim, b.strict_spf, b.spf_aligned, b.dkim_aligned);
}

bool same(const std::optional<iprev::Outcome>& a, const std::optional<iprev::Outcome>& b) {
  return a.has_value() == b.has_value() && (!a || std::tie(a->status, a->name) == std::tie(b->status, b->name));
}

template <class T>
bool all_same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same(x, y); });
}

std::string difference(const arc::Outcome& a, const arc::Outcome& b) {
  if (std::tie(a.status, a.reason, a.instances, a.failed_instance) !=
      std::tie(b.status, b.reason, b.instances, b.failed_instance)) {
    return "arc";
  }
  if (std::tie(a.sealers, a.oldest_pass, a.from_signed) != std::tie(b.sealers, b.oldest_pass, b.from_signed)) {
    return "arc.sealers, oldest_pass or from_signed";
  }
  return all_same(a.claims, b.claims) && all_same(a.hops, b.hops) ? "" : "arc.claims or hops";
}

std::string difference(const Verdict& a, const Verdict& b) {
  if (!same(a.spf_mail_from, b.spf_mail_from) || !same(a.spf_helo, b.spf_helo)) {
    return "spf";
  }
  if (!all_same(a.dkim, b.dkim)) {
    return "dkim";
  }
  if (!same(a.dmarc, b.dmarc) || !all_same(a.other_authors, b.other_authors)) {
    return "dmarc";
  }
  if (!same(a.iprev, b.iprev)) {
    return "iprev";
  }
  if (a.from != b.from || a.resent_from != b.resent_from) {
    return "from or resent_from";
  }
  if (a.list_id != b.list_id || a.list_post_host != b.list_post_host) {
    return "list_id or list_post_host";
  }
  return a.exceeded == b.exceeded ? difference(a.arc, b.arc) : "exceeded";
}

std::string difference(const policy::Facts& a, const policy::Facts& b) {
  if (a.client_ip != b.client_ip || a.client_name != b.client_name || a.helo != b.helo) {
    return "client";
  }
  if (a.mail_from != b.mail_from || a.has_envelope != b.has_envelope || a.rcpt != b.rcpt) {
    return "mail_from or rcpt";
  }
  if (a.queue_id != b.queue_id || a.tls != b.tls || a.authenticated != b.authenticated) {
    return "queue_id, tls or authenticated";
  }
  return std::tie(a.local, a.internationalized, a.size, a.resent) ==
                 std::tie(b.local, b.internationalized, b.size, b.resent)
             ? ""
             : "local, smtputf8, size or resent";
}

}  // namespace

std::string first_difference(const observe::Record& a, const observe::Record& b) {
  if (std::tie(a.time, a.settings, a.is_redacted, a.sample) != std::tie(b.time, b.settings, b.is_redacted, b.sample)) {
    return "time, settings, redacted or sample";
  }
  if (!same(a.decision, b.decision)) {
    return "decision or indirect";
  }
  const std::string found = difference(a.facts, b.facts);
  return found.empty() ? difference(a.verdict, b.verdict) : found;
}

}  // namespace assay::test
