#include "resolver/psl.h"

#include <libpsl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

namespace assay::resolver {
namespace {

struct FreeList {
  void operator()(psl_ctx_t* list) const noexcept { psl_free(list); }
};
using List = std::unique_ptr<psl_ctx_t, FreeList>;

class PslFile final : public dmarc::PublicSuffixes {
 public:
  explicit PslFile(List list) : list_(std::move(list)) {}

  [[nodiscard]] std::optional<Domain> organizational_domain(const Domain& name) const override {
    // Points into the name that was given; null for a public suffix.
    const char* const registrable = psl_registrable_domain(list_.get(), name.str().c_str());
    if (registrable == nullptr) {
      return std::nullopt;
    }
    const std::string_view labels(registrable);
    return name.rightmost(static_cast<std::size_t>(std::count(labels.begin(), labels.end(), '.')) + 1);
  }

  [[nodiscard]] bool is_listed(const Domain& name) const override {
    // Without this flag every name of one label is a suffix, by the rule "*" that the list is read with.
    return psl_is_public_suffix2(list_.get(), name.str().c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
  }

 private:
  List list_;
};

}  // namespace

Parsed<std::shared_ptr<const dmarc::PublicSuffixes>, std::string> load_public_suffixes(const std::string& path) {
  errno = 0;
  List list(psl_load_file(path.c_str()));
  if (!list) {
    const int error = errno;
    return failure("the public suffix list " + path + " cannot be read" +
                   (error != 0 ? ": " + std::generic_category().message(error) : std::string()) +
                   "; install the package publicsuffix");
  }
  // Anything can be read as a list, an empty file too.
  if (psl_is_public_suffix2(list.get(), "com", PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 1) {
    return failure(path + " is not a public suffix list: \"com\" is not in it; reinstall the package publicsuffix");
  }
  return std::make_shared<const PslFile>(std::move(list));
}

}  // namespace assay::resolver
