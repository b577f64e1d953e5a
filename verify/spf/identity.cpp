#include <utility>

#include "verify/message/smtp_path.h"
#include "verify/spf/evaluate.h"

namespace assay::spf {

Query mail_from_identity(const IpAddress& client, std::string_view reverse_path, std::string_view helo) {
  auto path = message::parse_smtp_path(reverse_path);
  if (path && path->is_null) {
    return helo_identity(client, helo);
  }
  Query query;
  query.client = client;
  query.helo = helo;
  if (path) {
    query.domain = path->domain;
    query.local_part = std::move(path->local_part);
    query.sender_domain = std::move(path->domain);
  }
  return query;
}

Query helo_identity(const IpAddress& client, std::string_view helo) {
  Query query;
  query.client = client;
  query.domain = helo;
  query.sender_domain = helo;
  query.helo = helo;
  return query;
}

}  // namespace assay::spf
