#include "policy/suggest_rule.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "policy/suggest.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

Condition test_of(Fact fact, decltype(Condition::values) values) {
  Condition test;
  test.kind = Condition::Kind::Test;
  test.fact = fact;
  test.values = std::move(values);
  return test;
}

/// nullopt if one of the names is none: a text with a `*`, say, would be a pattern.
std::optional<Condition> names_test(Fact fact, const std::vector<std::string>& names) {
  NameList list;
  for (const std::string& name : names) {
    if (!Domain::parse(name) || !list.add(name)) {
      return std::nullopt;
    }
  }
  return test_of(fact, std::move(list));
}

Condition word_test(Fact fact, const char* word) {
  return test_of(fact, WordList{{word}});
}

Condition networks_test(const std::vector<IpNetwork>& networks) {
  NetworkList list;
  for (const IpNetwork& network : networks) {
    list.networks.push_back(network);
    const bool is_one = network.prefix_bits == (network.address.is_v4() ? 32U : 128U);
    list.written.push_back(is_one ? network.address.to_string() : to_string(network));
  }
  return test_of(Fact::ClientIp, std::move(list));
}

/// The most frequent names that together cover a stream, at most kMaxRuleValues; empty if they do not. Names beyond
/// those it needs are left out: a rule without them lets in less.
std::vector<std::string> covering(const Tally& tally, std::uint64_t messages, std::uint64_t& covered) {
  std::vector<std::string> names;
  covered = 0;
  for (const Tally::Entry& entry : tally.sorted()) {
    if (names.size() == kMaxRuleValues || covers(covered, messages)) {
      break;
    }
    covered += entry.messages;
    names.push_back(entry.name);
  }
  return covers(covered, messages) ? names : std::vector<std::string>();
}

/// The smallest IPv4 network that holds all of the addresses, which are in one /24.
IpNetwork smallest_network(const std::vector<IpAddress>& clients) {
  unsigned bits = 32;
  while (!std::all_of(clients.begin(), clients.end(),
                      [&](const IpAddress& client) { return client.is_in(clients.front(), bits); })) {
    --bits;
  }
  std::array<std::uint8_t, 4> octets{};
  std::copy_n(clients.front().octets().begin(), 4, octets.begin());
  octets[3] = static_cast<std::uint8_t>(octets[3] & ~((1U << (32U - bits)) - 1U));
  return {IpAddress::from_v4(octets), bits};
}

/// A network of which so large a part was seen that the rest is the same owner's.
bool is_dense(const IpNetwork& network, std::size_t clients) {
  constexpr std::size_t kSeenPart = 4;
  return clients * kSeenPart >= (std::size_t{1} << (32U - network.prefix_bits));
}

/// Networks that hold all clients of a stream with more of them than a rule can list; empty if there are none.
std::vector<IpNetwork> dense_networks(const Tally& clients) {
  std::map<std::string, std::vector<IpAddress>> neighbours;
  for (const Tally::Entry& entry : clients.entries()) {
    const auto ip = IpAddress::parse(entry.name);
    if (!ip || !ip->is_v4()) {
      return {};
    }
    neighbours[to_string(network_of(*ip))].push_back(*ip);
  }
  std::vector<IpNetwork> networks;
  for (const auto& [name, members] : neighbours) {
    networks.push_back(smallest_network(members));
    if (!is_dense(networks.back(), members.size())) {
      return {};
    }
  }
  return clients.is_whole() && networks.size() <= kMaxRuleValues ? networks : std::vector<IpNetwork>();
}

/// Characters that mean nothing in YAML or in a list of addresses: no `*`, no quotes.
bool is_plain_address(const std::string& address) {
  const auto at = address.rfind('@');
  return at != std::string::npos && at != 0 && at + 1 < address.size() &&
         std::all_of(
             address.begin(), address.end(),
             [](char c) { return is_alnum(c) || std::string_view("@._+=-").find(c) != std::string_view::npos; }) &&
         address.find('@') == at;
}

}  // namespace

bool covers(std::uint64_t part, std::uint64_t whole) noexcept {
  return part * 100 >= whole * kMinCoverage;
}

std::optional<StreamProof> find_related_proof(const Stream& stream) {
  std::uint64_t covered = 0;
  if (const auto names = covering(stream.related_dkim, stream.messages, covered); !names.empty()) {
    if (auto test = names_test(Fact::DkimDomain, names)) {
      return StreamProof{{*std::move(test)}, covered};
    }
  }
  if (const auto names = covering(stream.related_mail_from, stream.messages, covered); !names.empty()) {
    if (auto test = names_test(Fact::MailFromDomain, names)) {
      return StreamProof{{*std::move(test), word_test(Fact::Spf, "pass")}, covered};
    }
  }
  return std::nullopt;
}

std::optional<StreamProof> find_name_proof(const Tally& names, std::uint64_t messages) {
  std::uint64_t covered = 0;
  if (const auto best = covering(names, messages, covered); !best.empty()) {
    if (auto test = names_test(Fact::ClientName, best)) {
      return StreamProof{{*std::move(test), word_test(Fact::Iprev, "pass")}, covered};
    }
  }
  return std::nullopt;
}

std::optional<StreamProof> find_address_proof(const Tally& clients, std::uint64_t messages) {
  std::uint64_t covered = 0;
  if (const auto best = covering(clients, messages, covered); !best.empty()) {
    std::vector<IpNetwork> networks;
    networks.reserve(best.size());
    for (const std::string& client : best) {
      networks.push_back(*IpNetwork::parse(client));
    }
    return StreamProof{{networks_test(networks)}, covered};
  }
  std::uint64_t all = 0;
  for (const Tally::Entry& client : clients.entries()) {
    all += client.messages;
  }
  if (const auto networks = dense_networks(clients); !networks.empty() && covers(all, messages)) {
    return StreamProof{{networks_test(networks)}, all};
  }
  return std::nullopt;
}

Condition from_domain(const std::set<std::string>& authors) {
  NameList list;
  for (const std::string& author : authors) {
    static_cast<void>(list.add(author));
  }
  return test_of(Fact::FromDomain, std::move(list));
}

std::optional<StreamProof> find_proof(const Stream& stream, bool of_carrier) {
  const std::vector<std::string> carrier{stream.carrier.name};
  if (of_carrier && stream.carrier.kind == Carrier::Kind::Domain) {
    if (covers(stream.signed_by_carrier, stream.messages)) {
      if (auto test = names_test(Fact::DkimDomain, carrier)) {
        return StreamProof{{*std::move(test)}, stream.signed_by_carrier};
      }
    }
    // A seal says who passed the message on. That the message was what it seems before is what the sealer claims.
    if (covers(stream.claims_dmarc_pass, stream.messages)) {
      if (auto test = names_test(Fact::ArcSealer, carrier)) {
        return StreamProof{{*std::move(test), word_test(Fact::ArcClaims, "dmarc=pass")}, stream.claims_dmarc_pass};
      }
    }
    if (covers(stream.sent_by_carrier, stream.messages)) {
      if (auto test = names_test(Fact::MailFromDomain, carrier)) {
        return StreamProof{{*std::move(test), word_test(Fact::Spf, "pass")}, stream.sent_by_carrier};
      }
    }
  }
  auto by_name = find_name_proof(stream.names, stream.messages);
  return by_name ? by_name : find_address_proof(stream.clients, stream.messages);
}

std::vector<Condition> find_scope(const Stream& stream) {
  std::vector<Condition> scope;
  const auto& lists = stream.list_ids;
  if (lists.is_whole() && lists.entries().size() == 1 && lists.entries().front().messages == stream.messages) {
    if (auto test = names_test(Fact::ListId, {lists.entries().front().name})) {
      scope.push_back(*std::move(test));
    }
  }
  const auto& recipients = stream.recipients;
  if (stream.hidden_recipients == 0 && recipients.is_whole() && !recipients.entries().empty() &&
      recipients.entries().size() <= kMaxRuleValues &&
      std::all_of(recipients.entries().begin(), recipients.entries().end(),
                  [](const Tally::Entry& entry) { return is_plain_address(entry.name); })) {
    AddressList list;
    for (const Tally::Entry& entry : recipients.sorted()) {
      list.addresses.push_back(entry.name);
    }
    scope.push_back(test_of(Fact::Rcpt, std::move(list)));
  }
  return scope;
}

}  // namespace assay::policy
