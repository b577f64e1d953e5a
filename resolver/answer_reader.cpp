#include "resolver/answer_reader.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "resolver/ldns_handles.h"
#include "resolver/records.h"
#include "resolver/wire_name.h"

namespace assay::resolver {
namespace {

using std::chrono::seconds;

/// The TTL of an answer whose chain has not named one yet; larger than any TTL can be.
constexpr seconds kNoTtl{0x7FFF'FFFF};

std::string name_of_rcode(unsigned rcode) {
  const ldns_lookup_table* const entry = ldns_lookup_by_id(ldns_rcodes, static_cast<int>(rcode));
  return entry == nullptr ? "RCODE " + std::to_string(rcode) : entry->name;
}

/// A record of a section and the name that it stands at: read once, however long the chain that is followed through it.
struct Record {
  const ldns_rr* rr;
  std::string owner;
};

std::vector<Record> records_in(const ldns_rr_list* list) {
  std::vector<Record> records;
  const std::size_t count = list == nullptr ? 0 : ldns_rr_list_rr_count(list);
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ldns_rr* const record = ldns_rr_list_rr(list, i);
    if (record != nullptr && ldns_rr_get_class(record) == LDNS_RR_CLASS_IN) {
      records.push_back({record, owner_of(*record)});
    }
  }
  return records;
}

/// Whether the message repeats the question asked. An error message may leave it out.
bool repeats(const ldns_pkt& packet, const std::string& wire, ldns_rr_type type) {
  const ldns_rr_list* const asked = ldns_pkt_question(&packet);
  if (asked == nullptr || ldns_rr_list_rr_count(asked) != 1) {
    return false;
  }
  const ldns_rr& question = *ldns_rr_list_rr(asked, 0);
  return ldns_rr_get_class(&question) == LDNS_RR_CLASS_IN && ldns_rr_get_type(&question) == type &&
         owner_of(question) == wire;
}

/// The records of `type` at `owner`.
std::vector<const ldns_rr*> records_at(const std::vector<Record>& section, const std::string& owner,
                                       ldns_rr_type type) {
  std::vector<const ldns_rr*> records;
  for (const Record& record : section) {
    if (ldns_rr_get_type(record.rr) == type && record.owner == owner) {
      records.push_back(record.rr);
    }
  }
  return records;
}

/// RFC 2308 section 5: the SOA of a zone that holds `name` bounds the life of a negative answer; without one the
/// answer should not be cached.
seconds negative_ttl(const ldns_pkt& packet, const std::string& name) {
  for (const Record& record : records_in(ldns_pkt_authority(&packet))) {
    if (ldns_rr_get_type(record.rr) == LDNS_RR_TYPE_SOA && is_within(name, record.owner)) {
      return negative_ttl_of(*record.rr);
    }
  }
  return seconds(0);
}

dns::Answer found(const std::vector<const ldns_rr*>& records, dns::Type type, seconds ttl) {
  dns::Answer answer;
  std::set<std::string> seen;
  bool any = false;
  for (const ldns_rr* const record : records) {
    ttl = std::min(ttl, ttl_of(*record));
    if ((type == dns::Type::MX || type == dns::Type::PTR) && seen.size() == kMaxRecords) {
      continue;
    }
    if (!seen.insert(data_of(*record)).second) {
      continue;
    }
    if ((type == dns::Type::A || type == dns::Type::AAAA) && seen.size() > kMaxAddresses) {
      return temp_fail("more than " + std::to_string(kMaxAddresses) + " addresses at one name");
    }
    const Appended appended = append_record(answer, type, *record);
    if (appended == Appended::Unreadable) {
      return temp_fail("a record in the answer cannot be read");
    }
    any |= appended == Appended::Yes;
  }
  sort_exchanges(answer);
  // Found promises a record; records that say nothing are as none.
  answer.status = any ? dns::Status::Found : dns::Status::NoData;
  answer.ttl = ttl;
  return answer;
}

/// The outcome of a message whose RCODE is NOERROR or NXDOMAIN.
dns::Answer follow(const ldns_pkt& packet, const dns::Question& question, bool nx_domain) {
  const std::vector<Record> section = records_in(ldns_pkt_answer(&packet));
  const ldns_rr_type type = to_ldns(question.type);
  std::string name = to_wire(question.name);
  std::set<std::string> passed;
  seconds ttl = kNoTtl;
  while (true) {
    const auto records = records_at(section, name, type);
    if (!records.empty()) {
      // RFC 6604 section 3: the RCODE speaks of the end of the chain, which has records here.
      return nx_domain ? temp_fail("the answer says NXDOMAIN and has the records") : found(records, question.type, ttl);
    }
    const auto aliases = records_at(section, name, LDNS_RR_TYPE_CNAME);
    if (aliases.empty()) {
      break;
    }
    passed.insert(name);
    ttl = std::min(ttl, ttl_of(*aliases.front()));
    name = target_of(*aliases.front());
    if (name.empty()) {
      return temp_fail("a CNAME in the answer cannot be read");
    }
    if (passed.count(name) != 0) {
      return temp_fail("the CNAME chain is a loop");
    }
    if (passed.size() > kMaxAliases) {
      return temp_fail("the CNAME chain is longer than " + std::to_string(kMaxAliases));
    }
  }
  dns::Answer answer;
  answer.status = nx_domain ? dns::Status::NxDomain : dns::Status::NoData;
  answer.ttl = std::min(ttl, negative_ttl(packet, name));
  return answer;
}

}  // namespace

dns::Answer temp_fail(std::string detail) {
  dns::Answer answer;
  answer.status = dns::Status::TempFail;
  answer.detail = std::move(detail);
  return answer;
}

dns::Answer read_answer(std::span<const std::uint8_t> message, const dns::Question& question) {
  ldns_pkt* parsed = nullptr;
  const ldns_status status = ldns_wire2pkt(&parsed, message.data(), message.size());
  const LdnsPacket packet(status == LDNS_STATUS_OK ? parsed : nullptr);
  if (!packet) {
    return temp_fail(std::string("the answer cannot be read: ") + ldns_get_errorstr_by_id(status));
  }
  if (!ldns_pkt_qr(packet.get()) || ldns_pkt_get_opcode(packet.get()) != LDNS_PACKET_QUERY) {
    return temp_fail("the answer cannot be read: it is no answer to a query");
  }
  // RFC 6891 section 6.1.3: the upper bits of the RCODE are in the OPT record.
  constexpr unsigned kUpperBitsShift = 4;
  const unsigned rcode = static_cast<unsigned>(ldns_pkt_get_rcode(packet.get())) |
                         static_cast<unsigned>(ldns_pkt_edns_extended_rcode(packet.get())) << kUpperBitsShift;
  if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
    return temp_fail("the server answered " + name_of_rcode(rcode));
  }
  if (ldns_pkt_tc(packet.get())) {
    return temp_fail("the answer was truncated");
  }
  if (!repeats(*packet, to_wire(question.name), to_ldns(question.type))) {
    return temp_fail("the answer is to another question");
  }
  return follow(*packet, question, rcode == LDNS_RCODE_NXDOMAIN);
}

}  // namespace assay::resolver
