#include "policy/streams.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "policy/claims.h"
#include "policy/evaluate.h"
#include "policy/names.h"
#include "policy/redact.h"
#include "policy/trusted_chain.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

/// More digits than hosts that people name have.
constexpr std::size_t kGenericDigits = 4;

std::string day_of(Time time) {
  return std::to_string(std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
}

std::string lower_path(const std::string& path) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

void note(std::uint64_t& messages, bool is_so) {
  if (is_so) {
    ++messages;
  }
}

bool has(const std::vector<Indirect>& evidence, Indirect kind) {
  return std::find(evidence.begin(), evidence.end(), kind) != evidence.end();
}

bool signed_by(const Verdict& verdict, const std::string& domain) {
  return std::any_of(verdict.dkim.begin(), verdict.dkim.end(), [&domain](const dkim::Outcome& signature) {
    return signature.status == dkim::Status::Pass && signature.signing_domain &&
           signature.signing_domain->str() == domain;
  });
}

/// The author's own signatures whose header part verifies. The same one again is a message sent again. Of several by
/// one key the topmost alone, so that each message counts once for each key.
std::vector<std::string> author_signatures(const Verdict& verdict) {
  std::map<std::string, std::string> by_key;
  for (const dkim::Outcome& signature : verdict.dkim) {
    if (signature.headers_verified && signature.signing_domain && !signature.signature_start.empty() &&
        is_aligned(*signature.signing_domain, verdict.dmarc, verdict.dmarc.strict_dkim, Unknown::Author)) {
      by_key.emplace(signature.signing_domain->str() + ' ' + signature.selector + ' ' + signature.algorithm,
                     signature.signature_start);
    }
  }
  std::vector<std::string> names;
  names.reserve(by_key.size());
  for (const auto& [key, start] : by_key) {
    names.push_back(key);
    names.back().append(1, ' ').append(start);
  }
  return names;
}

/// Whether `tally` does not tell the name apart from those it has not seen.
bool is_new(const Tally& tally, const std::string& name) {
  const auto& entries = tally.entries();
  return std::none_of(entries.begin(), entries.end(), [&name](const Tally::Entry& each) { return each.name == name; });
}

/// A domain above the author's that belongs to the same owner, where strict alignment asks for the author's very name
/// (RFC 9989 section 4.4). What lies above the Organizational Domain is a registry's or a hoster's, whose customers
/// have nothing to do with each other (section 4.10.2). An unknown Organizational Domain holds nobody together.
bool is_related(const Domain& name, const dmarc::Outcome& dmarc, bool strict) {
  return strict && dmarc.organizational_domain && is_ancestor(name, *dmarc.author) &&
         name.is_within(*dmarc.organizational_domain);
}

void add_author_signatures(const std::vector<std::string>& signatures, Time time, Stream& stream) {
  note(stream.author_signed, !signatures.empty());
  for (const std::string& signature : signatures) {
    if (is_new(stream.signatures, signature)) {
      stream.signature_days.add(day_of(time));
    }
    stream.signatures.add(signature);
  }
}

bool claims_pass(const Verdict& verdict, const std::string& sealer) {
  const auto is_sealer = [&sealer](std::string_view name) { return normal_name(name) == sealer; };
  const auto claims = find_trusted_claims(verdict.arc, is_sealer, verdict.dmarc);
  return std::any_of(claims.begin(), claims.end(),
                     [](const arc::Claim* claim) { return claim->method == "dmarc" && claim->result == "pass"; });
}

}  // namespace

bool is_generic_name(std::string_view name, const IpAddress& ip) {
  std::size_t digits = 0;
  std::vector<std::string> numbers;
  bool in_number = false;
  for (const char c : name) {
    if (!is_digit(c)) {
      in_number = false;
      continue;
    }
    ++digits;
    if (!in_number) {
      numbers.emplace_back();
    }
    in_number = true;
    numbers.back() += c;
  }
  if (digits >= kGenericDigits) {
    return true;
  }
  if (!ip.is_v4()) {
    return false;
  }
  // The last two octets are those that tell the customers of one provider apart.
  const auto shows = [&numbers](std::uint8_t octet) {
    return std::any_of(numbers.begin(), numbers.end(),
                       [octet](const std::string& number) { return number.size() <= 3 && std::stoi(number) == octet; });
  };
  return shows(ip.octets()[2]) && shows(ip.octets()[3]);
}

void Stream::add(const Stream& other) {
  authors.add(other.authors);
  messages += other.messages;
  signed_by_carrier += other.signed_by_carrier;
  sealed_by_carrier += other.sealed_by_carrier;
  sent_by_carrier += other.sent_by_carrier;
  claims_dmarc_pass += other.claims_dmarc_pass;
  iprev_pass += other.iprev_pass;
  spf_pass += other.spf_pass;
  arc_pass += other.arc_pass;
  signed_headers += other.signed_headers;
  arc_origin += other.arc_origin;
  list += other.list;
  forwarder += other.forwarder;
  hidden_recipients += other.hidden_recipients;
  author_signed += other.author_signed;
  days.add(other.days);
  recipients.add(other.recipients);
  clients.add(other.clients);
  networks.add(other.networks);
  names.add(other.names);
  mail_from.add(other.mail_from);
  dkim_domains.add(other.dkim_domains);
  sealers.add(other.sealers);
  list_ids.add(other.list_ids);
  actions.add(other.actions);
  own_names.add(other.own_names);
  related_dkim.add(other.related_dkim);
  related_mail_from.add(other.related_mail_from);
  signatures.add(other.signatures);
  signature_days.add(other.signature_days);
  passes += other.passes;
  pass_authors.add(other.pass_authors);
  pass_signatures.add(other.pass_signatures);
}

Stream& Streams::stream_of(const Verdict& verdict, const Facts& facts) {
  Carrier carrier = find_carrier(verdict, facts);
  key_.assign(1, static_cast<char>('0' + static_cast<int>(carrier.kind)));
  key_ += carrier.name;
  key_ += ' ';
  key_ += verdict.dmarc.author->str();
  if (const auto found = streams_.find(key_); found != streams_.end()) {
    return found->second;
  }
  if (streams_.size() >= max_streams_) {
    make_room();
  }
  Stream& stream = streams_[key_];
  stream.carrier = std::move(carrier);
  return stream;
}

void Streams::drop(const Stream& stream) {
  if (stream.messages == 0) {
    return;
  }
  const std::string& author = stream.authors.entries().front().name;
  const bool has_room = unnamed_.size() < kMaxUnnamedAuthors || unnamed_.contains(author);
  if (stream.carrier.kind != Carrier::Kind::Domain && has_room) {
    unnamed_[author].add(stream);
  } else {
    dropped_ += stream.messages;
  }
}

void Streams::make_room() {
  std::vector<std::uint64_t> sizes;
  sizes.reserve(streams_.size());
  for (const auto& [key, stream] : streams_) {
    sizes.push_back(stream.messages + stream.passes);
  }
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  // Those of exactly the middle size may be all there are: half of the places must become free.
  const std::uint64_t limit = *middle;
  const std::size_t goal = sizes.size() / 2;
  for (const bool with_limit : {false, true}) {
    for (auto it = streams_.begin(); it != streams_.end() && streams_.size() > goal;) {
      const std::uint64_t size = it->second.messages + it->second.passes;
      if (size < limit || (with_limit && size == limit)) {
        drop(it->second);
        it = streams_.erase(it);
      } else {
        ++it;
      }
    }
  }
}

void Streams::add_context(const Verdict& verdict, const Facts& facts) {
  for (const std::string& recipient : facts.rcpt) {
    const std::string domain = normal_name(message::domain_of_path(recipient));
    if (!domain.empty() && (own_domains_.size() < kMaxOwnDomains || own_domains_.contains(domain))) {
      ++own_domains_[domain];
    }
  }
  if (verdict.dmarc.status != dmarc::Status::Pass || !verdict.dmarc.author || !verdict.other_authors.empty()) {
    return;
  }
  const std::string& author = verdict.dmarc.author->str();
  if (verdict.dmarc.spf_aligned) {
    if (!facts.client_ip) {
      return;
    }
    const std::string client = facts.client_ip->to_string();
    auto found = owners_.find(client);
    if (found == owners_.end() && owners_.size() < kMaxClients) {
      found = owners_.emplace(client, Tally(kMaxClientOwners)).first;
    }
    if (found != owners_.end()) {
      found->second.add(author);
    }
    return;
  }
  if (!verdict.dmarc.dkim_aligned) {
    return;
  }
  Stream& stream = stream_of(verdict, facts);
  ++stream.passes;
  stream.pass_authors.add(author);
  for (const std::string& signature : author_signatures(verdict)) {
    stream.pass_signatures.add(signature);
  }
}

void Streams::add_failure(const Verdict& verdict, const Facts& facts, const std::vector<Indirect>& evidence, Time time,
                          Action decided) {
  if (!verdict.dmarc.author) {
    return;
  }
  Stream& stream = stream_of(verdict, facts);
  const std::string& carrier = stream.carrier.name;
  const bool is_domain = stream.carrier.kind == Carrier::Kind::Domain;
  const std::string mail_from = passing_mail_from(verdict, facts);
  const std::string name = confirmed_name(verdict);
  ++stream.messages;
  stream.authors.add(verdict.dmarc.author->str());
  note(stream.signed_by_carrier, is_domain && signed_by(verdict, carrier));
  if (is_domain && only_sealer(verdict.arc) == carrier) {
    ++stream.sealed_by_carrier;
    note(stream.claims_dmarc_pass, claims_pass(verdict, carrier));
  }
  note(stream.sent_by_carrier, is_domain && mail_from == carrier);
  note(stream.iprev_pass, !name.empty());
  note(stream.spf_pass, !mail_from.empty());
  note(stream.arc_pass, verdict.arc.status == arc::Status::Pass);
  note(stream.signed_headers, has(evidence, Indirect::SignedHeaders));
  note(stream.arc_origin, has(evidence, Indirect::ArcOrigin));
  note(stream.list, has(evidence, Indirect::List));
  note(stream.forwarder, has(evidence, Indirect::Forwarder));
  stream.days.add(day_of(time));
  stream.actions.add(to_string(decided));
  bool is_hidden = false;
  for (const std::string& recipient : facts.rcpt) {
    if (redact_address(recipient) == recipient) {
      is_hidden = true;
    } else {
      stream.recipients.add(lower_path(recipient));
    }
  }
  note(stream.hidden_recipients, is_hidden);
  if (facts.client_ip) {
    stream.clients.add(facts.client_ip->to_string());
    stream.networks.add(to_string(network_of(*facts.client_ip)));
  }
  if (!name.empty()) {
    stream.names.add(name);
    if (Domain::parse(name)->is_within(*verdict.dmarc.author) && facts.client_ip &&
        !is_generic_name(name, *facts.client_ip)) {
      stream.own_names.add(name);
    }
  }
  if (!mail_from.empty()) {
    stream.mail_from.add(mail_from);
    if (is_related(*Domain::parse(mail_from), verdict.dmarc, verdict.dmarc.strict_spf)) {
      stream.related_mail_from.add(mail_from);
    }
  }
  std::set<std::string> related;
  for (const dkim::Outcome& signature : verdict.dkim) {
    if (signature.status == dkim::Status::Pass && signature.signing_domain) {
      stream.dkim_domains.add(signature.signing_domain->str());
      if (is_related(*signature.signing_domain, verdict.dmarc, verdict.dmarc.strict_dkim)) {
        related.insert(signature.signing_domain->str());
      }
    }
  }
  for (const std::string& domain : related) {
    stream.related_dkim.add(domain);
  }
  if (const std::string sealer = only_sealer(verdict.arc); !sealer.empty()) {
    stream.sealers.add(sealer);
  }
  if (!verdict.list_id.empty()) {
    stream.list_ids.add(normal_name(verdict.list_id));
  }
  if (has(evidence, Indirect::SignedHeaders)) {
    add_author_signatures(author_signatures(verdict), time, stream);
  }
}

std::vector<const Stream*> Streams::all() const {
  std::map<std::string_view, const Stream*> by_key;
  for (const auto& [key, stream] : streams_) {
    by_key.emplace(key, &stream);
  }
  std::vector<const Stream*> all;
  all.reserve(by_key.size());
  for (const auto& [key, stream] : by_key) {
    all.push_back(stream);
  }
  return all;
}

std::uint64_t Streams::passes_from(const std::string& client, std::string_view author) const {
  const auto found = owners_.find(client);
  if (found == owners_.end() || !found->second.is_whole()) {
    return 0;
  }
  const auto& entries = found->second.entries();
  const auto entry =
      std::find_if(entries.begin(), entries.end(), [author](const Tally::Entry& each) { return each.name == author; });
  return entry != entries.end() ? entry->messages : 0;
}

}  // namespace assay::policy
