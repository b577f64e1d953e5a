#include "mta/address.h"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace assay::mta {
namespace {

tl::unexpected<Failure> unreachable(std::string what) {
  return failure(Failure{Failure::Kind::Unreachable, std::move(what)});
}

Result<std::vector<Address>> unix_address(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return unreachable("the path of a unix socket has 1 to 107 octets");
  }
  std::memcpy(&address.sun_path[0], path.data(), path.size());
  Address result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.length = sizeof address;
  return std::vector<Address>{result};
}

Result<std::vector<Address>> inet_addresses(int family, std::string_view place) {
  const auto at = place.find('@');
  const std::string port(place.substr(0, at));
  const std::string host(at == std::string_view::npos ? (family == AF_INET ? "127.0.0.1" : "::1")
                                                      : place.substr(at + 1));
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return unreachable(host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  std::vector<Address> result;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    result.push_back(address);
  }
  if (result.empty()) {
    return unreachable(host + ": no address");
  }
  return result;
}

}  // namespace

const sockaddr* Address::get() const {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the socket interface is made for.
  return reinterpret_cast<const sockaddr*>(&storage);
}

Result<std::vector<Address>> resolve_address(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view place = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (kind == "unix" || kind == "local") {
    return unix_address(place);
  }
  if (kind == "inet") {
    return inet_addresses(AF_INET, place);
  }
  if (kind == "inet6") {
    return inet_addresses(AF_INET6, place);
  }
  return unreachable("a socket is inet:PORT@HOST, inet6:PORT@HOST or unix:PATH");
}

}  // namespace assay::mta
