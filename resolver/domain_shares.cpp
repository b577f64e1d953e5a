#include "resolver/domain_shares.h"

#include <libpsl.h>

namespace assay::resolver {
namespace {

std::string_view rightmost(std::string_view name, std::size_t labels) noexcept {
  std::size_t begin = name.size();
  for (; labels > 0; --labels) {
    const std::size_t dot = begin == 0 ? std::string_view::npos : name.rfind('.', begin - 1);
    if (dot == std::string_view::npos) {
      return name;
    }
    begin = dot;
  }
  return name.substr(begin + 1);
}

}  // namespace

std::string_view domain_of(const std::string& name) noexcept {
  constexpr std::size_t kNetwork4 = 4;   // 2.1.in-addr.arpa
  constexpr std::size_t kNetwork6 = 10;  // 8 nibbles
  constexpr std::size_t kUsual = 2;
  const std::string_view text(name);
  if (text.ends_with(".in-addr.arpa")) {
    return rightmost(text, kNetwork4);
  }
  if (text.ends_with(".ip6.arpa")) {
    return rightmost(text, kNetwork6);
  }
  // That the list built into libpsl may be old does no harm here.
  const psl_ctx_t* const list = psl_builtin();
  if (list == nullptr || text.find('\0') != std::string_view::npos) {
    return rightmost(text, kUsual);
  }
  const char* const registrable = psl_registrable_domain(list, name.c_str());
  return registrable == nullptr ? text : std::string_view(registrable);
}

}  // namespace assay::resolver
