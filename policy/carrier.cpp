#include "policy/carrier.h"

#include <algorithm>
#include <array>
#include <optional>

#include "policy/claims.h"
#include "policy/names.h"
#include "policy/trusted_chain.h"
#include "verify/base/domain.h"

namespace assay::policy {
namespace {

constexpr unsigned kNeighbourBitsV4 = 24;
constexpr unsigned kNeighbourBitsV6 = 48;

/// How much a signature says about who passed the message on; 0 for one that says nothing.
int rank(const dkim::Outcome& signature, const Verdict& verdict, const std::optional<Domain>& list,
         const std::string& mail_from) {
  if (signature.status != dkim::Status::Pass || !signature.signing_domain ||
      is_aligned(*signature.signing_domain, verdict.dmarc, verdict.dmarc.strict_dkim, Unknown::Author)) {
    return 0;
  }
  const Domain& name = *signature.signing_domain;
  if (list && (name == *list || is_ancestor(name, *list))) {
    return 3;
  }
  return name.str() == mail_from ? 2 : 1;
}

/// d= of the signature that speaks for the carrier; empty if none does.
std::string signing_carrier(const Verdict& verdict, const std::string& mail_from) {
  const auto list = Domain::parse(verdict.list_id.empty() ? verdict.list_post_host : verdict.list_id);
  const std::optional<Domain> host = list ? std::optional(*list) : std::nullopt;
  int best = 0;
  std::string domain;
  for (const dkim::Outcome& signature : verdict.dkim) {
    if (const int here = rank(signature, verdict, host, mail_from); here > best) {
      best = here;
      domain = signature.signing_domain->str();
    }
  }
  return domain;
}

}  // namespace

std::string only_sealer(const arc::Outcome& chain) {
  if (chain.status != arc::Status::Pass || chain.sealers.empty()) {
    return {};
  }
  const auto newest = Domain::parse(chain.sealers.back());
  if (!newest) {
    return {};
  }
  const auto is_newest = [&newest](std::string_view sealer) { return normal_name(sealer) == newest->str(); };
  return find_trusted_end(chain, is_newest) != 0 ? newest->str() : std::string();
}

std::string confirmed_name(const Verdict& verdict) {
  if (!verdict.iprev || verdict.iprev->status != iprev::Status::Pass) {
    return {};
  }
  const auto name = Domain::parse(verdict.iprev->name);
  return name ? name->str() : std::string();
}

std::string passing_mail_from(const Verdict& verdict, const Facts& facts) {
  if (verdict.spf_mail_from.status != spf::Status::Pass || facts.mail_from.empty()) {
    return {};
  }
  const auto domain = Domain::parse(verdict.spf_mail_from.domain);
  return domain ? domain->str() : std::string();
}

Carrier find_carrier(const Verdict& verdict, const Facts& facts) {
  const std::string mail_from = passing_mail_from(verdict, facts);
  if (std::string domain = signing_carrier(verdict, mail_from); !domain.empty()) {
    return {Carrier::Kind::Domain, std::move(domain)};
  }
  if (std::string sealer = only_sealer(verdict.arc); !sealer.empty()) {
    return {Carrier::Kind::Domain, std::move(sealer)};
  }
  if (!mail_from.empty() &&
      !is_aligned(*Domain::parse(mail_from), verdict.dmarc, verdict.dmarc.strict_spf, Unknown::Author)) {
    return {Carrier::Kind::Domain, mail_from};
  }
  if (const std::string name = confirmed_name(verdict); !name.empty()) {
    const Domain domain = *Domain::parse(name);
    const auto parent = domain.label_count() > 2 ? domain.parent() : std::nullopt;
    return {Carrier::Kind::Host, parent ? parent->str() : name};
  }
  if (facts.client_ip) {
    return {Carrier::Kind::Network, to_string(network_of(*facts.client_ip))};
  }
  return {};
}

IpNetwork network_of(const IpAddress& ip) {
  const unsigned bits = ip.is_v4() ? kNeighbourBitsV4 : kNeighbourBitsV6;
  std::array<std::uint8_t, 16> octets{};
  std::copy_n(ip.octets().begin(), bits / 8, octets.begin());
  if (ip.is_v4()) {
    return {IpAddress::from_v4(std::span<const std::uint8_t, 4>(octets.data(), 4)), bits};
  }
  return {IpAddress::from_v6(octets), bits};
}

std::string to_string(const IpNetwork& network) {
  return network.address.to_string() + "/" + std::to_string(network.prefix_bits);
}

}  // namespace assay::policy
