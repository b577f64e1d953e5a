#include "resolver/records.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "resolver/wire_name.h"

namespace assay::resolver {
namespace {

using std::chrono::seconds;

std::string_view octets_of(const ldns_rdf& field) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(&field)), ldns_rdf_size(&field)};
}

/// Field `index` of `record` if it is there and of the kind expected.
const ldns_rdf* field_of(const ldns_rr& record, std::size_t index, ldns_rdf_type type) {
  const ldns_rdf* const field = index < ldns_rr_rd_count(&record) ? ldns_rr_rdf(&record, index) : nullptr;
  return field != nullptr && ldns_rdf_get_type(field) == type ? field : nullptr;
}

Appended append_address(dns::Answer& answer, const ldns_rr& record) {
  const ldns_rdf* const field = ldns_rr_rd_count(&record) == 1 ? ldns_rr_rdf(&record, 0) : nullptr;
  if (field == nullptr) {
    return Appended::Unreadable;
  }
  const std::span<const std::uint8_t> octets(ldns_rdf_data(field), ldns_rdf_size(field));
  if (octets.size() == 4 && ldns_rdf_get_type(field) == LDNS_RDF_TYPE_A) {
    answer.addresses.push_back(IpAddress::from_v4(octets.first<4>()));
    return Appended::Yes;
  }
  if (octets.size() == 16 && ldns_rdf_get_type(field) == LDNS_RDF_TYPE_AAAA) {
    answer.addresses.push_back(IpAddress::from_v6(octets.first<16>()));
    return Appended::Yes;
  }
  return Appended::Unreadable;
}

Appended append_text(dns::Answer& answer, const ldns_rr& record) {
  std::string text;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&record); ++i) {
    const ldns_rdf* const field = field_of(record, i, LDNS_RDF_TYPE_STR);
    if (field == nullptr || ldns_rdf_size(field) == 0) {
      return Appended::Unreadable;
    }
    // A character-string starts with its length (RFC 1035 section 3.3); the strings are joined without separator
    // (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
    text += octets_of(*field).substr(1);
  }
  answer.texts.push_back(std::move(text));
  return Appended::Yes;
}

Appended append_exchange(dns::Answer& answer, const ldns_rr& record) {
  const ldns_rdf* const preference = field_of(record, 0, LDNS_RDF_TYPE_INT16);
  const ldns_rdf* const field = field_of(record, 1, LDNS_RDF_TYPE_DNAME);
  if (preference == nullptr || field == nullptr) {
    return Appended::Unreadable;
  }
  auto host = from_wire(octets_of(*field));
  if (!host) {
    return Appended::Unaskable;
  }
  answer.exchanges.push_back({ldns_rdf2native_int16(preference), std::move(*host)});
  return Appended::Yes;
}

Appended append_name(dns::Answer& answer, const ldns_rr& record) {
  const ldns_rdf* const field = field_of(record, 0, LDNS_RDF_TYPE_DNAME);
  if (field == nullptr) {
    return Appended::Unreadable;
  }
  auto name = from_wire(octets_of(*field));
  if (!name) {
    return Appended::Unaskable;
  }
  answer.names.push_back(std::move(*name));
  return Appended::Yes;
}

seconds to_ttl(std::uint32_t value) {
  constexpr std::uint32_t kTopBit = 0x8000'0000U;
  return seconds((value & kTopBit) != 0 ? 0 : value);
}

}  // namespace

ldns_rr_type to_ldns(dns::Type type) noexcept {
  switch (type) {
    case dns::Type::A: return LDNS_RR_TYPE_A;
    case dns::Type::AAAA: return LDNS_RR_TYPE_AAAA;
    case dns::Type::MX: return LDNS_RR_TYPE_MX;
    case dns::Type::TXT: return LDNS_RR_TYPE_TXT;
    case dns::Type::PTR: return LDNS_RR_TYPE_PTR;
  }
  return LDNS_RR_TYPE_NULL;
}

std::string owner_of(const ldns_rr& record) {
  const ldns_rdf* const owner = ldns_rr_owner(&record);
  return owner == nullptr ? std::string{} : fold_case(octets_of(*owner));
}

std::string target_of(const ldns_rr& record) {
  const ldns_rdf* const field = field_of(record, 0, LDNS_RDF_TYPE_DNAME);
  return field == nullptr ? std::string{} : fold_case(octets_of(*field));
}

std::string data_of(const ldns_rr& record) {
  std::string data;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&record); ++i) {
    const ldns_rdf* const field = ldns_rr_rdf(&record, i);
    data.append(reinterpret_cast<const char*>(ldns_rdf_data(field)), ldns_rdf_size(field));
    data += '\0';
  }
  return data;
}

seconds ttl_of(const ldns_rr& record) {
  return to_ttl(ldns_rr_ttl(&record));
}

seconds negative_ttl_of(const ldns_rr& soa) {
  constexpr std::size_t kMinimum = 6;  // MNAME RNAME SERIAL REFRESH RETRY EXPIRE MINIMUM (RFC 1035 section 3.3.13)
  const ldns_rdf* minimum = field_of(soa, kMinimum, LDNS_RDF_TYPE_PERIOD);
  return minimum == nullptr ? seconds(0) : std::min(ttl_of(soa), to_ttl(ldns_rdf2native_int32(minimum)));
}

Appended append_record(dns::Answer& answer, dns::Type type, const ldns_rr& record) {
  switch (type) {
    case dns::Type::A:
    case dns::Type::AAAA: return append_address(answer, record);
    case dns::Type::MX: return append_exchange(answer, record);
    case dns::Type::TXT: return append_text(answer, record);
    case dns::Type::PTR: return append_name(answer, record);
  }
  return Appended::Unreadable;
}

void sort_exchanges(dns::Answer& answer) {
  std::stable_sort(answer.exchanges.begin(), answer.exchanges.end(),
                   [](const dns::MailExchange& a, const dns::MailExchange& b) { return a.preference < b.preference; });
}

}  // namespace assay::resolver
