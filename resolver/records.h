#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "resolver/ldns_handles.h"
#include "verify/dns/answer.h"

// From ldns records to the parts of an answer. For resolver/*.cpp alone.
namespace assay::resolver {

[[nodiscard]] ldns_rr_type to_ldns(dns::Type type) noexcept;

/// The owner in wire format and lower case.
[[nodiscard]] std::string owner_of(const ldns_rr& record);

/// The first field of a CNAME, in wire format and lower case; empty if there is none.
[[nodiscard]] std::string target_of(const ldns_rr& record);

/// The octets of the record's data, to tell a repeated record from a different one.
[[nodiscard]] std::string data_of(const ldns_rr& record);

/// RFC 2181 section 8: a TTL with the top bit set counts as zero.
[[nodiscard]] std::chrono::seconds ttl_of(const ldns_rr& record);

/// For an SOA record, how long it lets a negative answer live: min(its TTL, MINIMUM), RFC 2308 section 5.
[[nodiscard]] std::chrono::seconds negative_ttl_of(const ldns_rr& soa);

enum class Appended : std::uint8_t {
  Yes,
  Unaskable,   ///< An MX or PTR name with a '.' inside a label: nobody could ask for it, so the record says nothing.
  Unreadable,  ///< The fields are not those of the type.
};

/// Adds what `record`, of type `type`, says to the vector of that type.
[[nodiscard]] Appended append_record(dns::Answer& answer, dns::Type type, const ldns_rr& record);

/// Puts exchanges in order of preference, those of equal preference as they came.
void sort_exchanges(dns::Answer& answer);

}  // namespace assay::resolver
