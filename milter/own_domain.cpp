#include "milter/own_domain.h"

#include <algorithm>

namespace assay::milter {
namespace {

bool is_own(const dmarc::Outcome& author, const policy::NameList& domains, const std::string& authserv_id) {
  if (author.status != dmarc::Status::Fail || !author.author) {
    return false;
  }
  if (domains.contains(*author.author)) {
    return true;
  }
  // A top-level domain is nobody's, whatever record stands there.
  if (!author.organizational_domain || author.organizational_domain->label_count() < policy::kMinOwnedLabels) {
    return false;
  }
  const auto own_name = Domain::parse(authserv_id);
  return own_name && own_name->is_within(*author.organizational_domain);
}

}  // namespace

bool fails_as_own(const Verdict& verdict, const policy::NameList& domains, const std::string& authserv_id) {
  const auto own = [&](const dmarc::Outcome& author) { return is_own(author, domains, authserv_id); };
  return own(verdict.dmarc) || std::any_of(verdict.other_authors.begin(), verdict.other_authors.end(), own);
}

}  // namespace assay::milter
