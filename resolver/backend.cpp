#include "resolver/backend.h"

#include "resolver/unbound.h"
#include "resolver/zone_file.h"

namespace assay::resolver {

Parsed<std::shared_ptr<Backend>, std::string> make_backend(const Settings& settings) {
  return settings.zones.empty() ? make_unbound_backend(settings) : make_zone_backend(settings.zones);
}

}  // namespace assay::resolver
