#include "tests/support/write_verdict.h"

#include <nlohmann/json.hpp>

#include "verify/base/escape.h"

namespace assay::test {
namespace {

using nlohmann::json;

json word(const char* text) {
  return text == nullptr ? json(nullptr) : json(text);
}

template <class T>
json optional(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}
json optional(const std::optional<Domain>& value) {
  return value ? json(value->str()) : json(nullptr);
}
json optional(const std::optional<dmarc::Policy>& value) {
  return value ? json(dmarc::to_string(*value)) : json(nullptr);
}

std::string text(const std::string& octets) {
  return escape(octets, octets.size());
}

json to_json(const spf::Outcome& outcome) {
  json trace = json::array();
  for (const auto& step : outcome.trace) {
    trace.push_back(
        {step.depth, text(step.domain), text(step.term), text(step.outcome), step.lookups, step.void_lookups});
  }
  return {spf::to_string(outcome.status),
          word(spf::to_string(outcome.reason)),
          text(outcome.domain),
          text(outcome.mechanism),
          text(outcome.detail),
          text(outcome.explanation),
          outcome.lookups,
          outcome.void_lookups,
          trace};
}

json to_json(const dkim::Outcome& outcome) {
  return {dkim::to_string(outcome.status),
          word(dkim::to_string(outcome.reason)),
          text(outcome.domain),
          optional(outcome.signing_domain),
          text(outcome.selector),
          text(outcome.identity),
          text(outcome.algorithm),
          text(outcome.signature_start),
          optional(outcome.key_bits),
          outcome.testing,
          outcome.headers_verified,
          text(outcome.detail)};
}

json to_json(const std::vector<arc::Claim>& list) {
  json claims = json::array();
  for (const auto& claim : list) {
    json properties = json::array();
    for (const auto& [name, value] : claim.properties) {
      properties.push_back({text(name), text(value)});
    }
    claims.push_back({text(claim.method), text(claim.result), properties});
  }
  return claims;
}

json to_json(const arc::Outcome& outcome) {
  json sealers = json::array();
  for (const auto& sealer : outcome.sealers) {
    sealers.push_back(text(sealer));
  }
  json hops = json::array();
  for (const auto& hop : outcome.hops) {
    hops.push_back(
        {text(hop.selector), text(hop.signer), hop.signs_from, hop.signs_part, hop.readable, to_json(hop.claims)});
  }
  return {arc::to_string(outcome.status),
          word(arc::to_string(outcome.reason)),
          outcome.instances,
          sealers,
          optional(outcome.oldest_pass),
          to_json(outcome.claims),
          hops,
          outcome.failed_instance,
          text(outcome.detail)};
}

json to_json(const dmarc::Outcome& outcome) {
  json walk = json::array();
  for (const auto& step : outcome.walk) {
    walk.push_back({text(step.name), dns::to_string(step.status), text(step.record), step.records});
  }
  return {dmarc::to_string(outcome.status),
          word(dmarc::to_string(outcome.reason)),
          optional(outcome.author),
          optional(outcome.published),
          optional(outcome.policy),
          optional(outcome.policy_domain),
          optional(outcome.organizational_domain),
          dmarc::to_string(outcome.discovery),
          outcome.testing,
          outcome.strict_dkim,
          outcome.strict_spf,
          outcome.spf_aligned,
          outcome.dkim_aligned,
          text(outcome.detail),
          walk};
}

template <class Outcome>
json to_json(const std::vector<Outcome>& outcomes) {
  json out = json::array();
  for (const Outcome& outcome : outcomes) {
    out.push_back(to_json(outcome));
  }
  return out;
}

}  // namespace

std::string write(const Verdict& verdict) {
  json from = json::array();
  for (const auto& address : verdict.from) {
    from.push_back(text(address));
  }
  json resent = json::array();
  for (const auto& domain : verdict.resent_from) {
    resent.push_back(domain.str());
  }
  const json out{{"spf_mail_from", to_json(verdict.spf_mail_from)},
                 {"spf_helo", to_json(verdict.spf_helo)},
                 {"dkim", to_json(verdict.dkim)},
                 {"arc", to_json(verdict.arc)},
                 {"dmarc", to_json(verdict.dmarc)},
                 {"other_authors", to_json(verdict.other_authors)},
                 {"iprev", verdict.iprev ? json{iprev::to_string(verdict.iprev->status), text(verdict.iprev->name)}
                                         : json(nullptr)},
                 {"from", from},
                 {"list_id", text(verdict.list_id)},
                 {"list_post_host", text(verdict.list_post_host)},
                 {"resent_from", resent},
                 {"exceeded", verdict.exceeded ? word(to_string(*verdict.exceeded)) : json(nullptr)},
                 {"dns_queries", verdict.dns_queries}};
  return out.dump();
}

}  // namespace assay::test
