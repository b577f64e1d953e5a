#pragma once

#include <ldns/ldns.h>
// ldns defines these for C, and then standard headers included later do not compile.
#undef bool
#undef false
#undef true

#include <memory>

// Owners of what ldns allocates. For resolver/*.cpp alone: no ldns name leaves this folder.
namespace assay::resolver {

struct FreeLdns {
  void operator()(ldns_pkt* packet) const noexcept { ldns_pkt_free(packet); }
  void operator()(ldns_rr* record) const noexcept { ldns_rr_free(record); }
  void operator()(ldns_rdf* field) const noexcept { ldns_rdf_deep_free(field); }
};

using LdnsPacket = std::unique_ptr<ldns_pkt, FreeLdns>;
using LdnsRecord = std::unique_ptr<ldns_rr, FreeLdns>;
using LdnsField = std::unique_ptr<ldns_rdf, FreeLdns>;

}  // namespace assay::resolver
