#include "resolver/library_versions.h"

#include <ldns/util.h>
#include <unbound.h>

#include <string>

namespace assay::resolver {

std::vector<LibraryVersion> library_versions() {
  const std::string unbound = std::to_string(UNBOUND_VERSION_MAJOR) + '.' + std::to_string(UNBOUND_VERSION_MINOR) +
                              '.' + std::to_string(UNBOUND_VERSION_MICRO);
  return {{"ldns", ldns_version(), LDNS_VERSION}, {"libunbound", ub_version(), unbound}};
}

}  // namespace assay::resolver
