#include "verify/dns/answer.h"

#include <algorithm>

namespace assay::dns {

const char* to_string(Type type) noexcept {
  switch (type) {
    case Type::A: return "A";
    case Type::AAAA: return "AAAA";
    case Type::MX: return "MX";
    case Type::TXT: return "TXT";
    case Type::PTR: return "PTR";
  }
  return "";
}

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::Found: return "found";
    case Status::NoData: return "nodata";
    case Status::NxDomain: return "nxdomain";
    case Status::TempFail: return "tempfail";
    case Status::Bogus: return "bogus";
  }
  return "";
}

bool is_askable(const std::string& name) noexcept {
  // RFC 1035 section 2.3.4: 255 octets with the length octet of the first label and the root's.
  constexpr std::size_t kMaxNameOctets = 253;
  constexpr std::size_t kMaxLabelOctets = 63;
  if (name.size() > kMaxNameOctets) {
    return false;
  }
  for (std::size_t begin = 0;;) {
    const std::size_t dot = std::min(name.find('.', begin), name.size());
    if (dot == begin || dot - begin > kMaxLabelOctets) {
      return false;
    }
    if (dot == name.size()) {
      return true;
    }
    begin = dot + 1;
  }
}

}  // namespace assay::dns
