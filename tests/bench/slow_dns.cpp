// bench_slow_dns: a DNS server, on loopback unless told otherwise, that serves one zone file and takes its time. Each
// answer comes a fixed time after its question, thousands of them may wait at once, and some names never get one. One
// thread, UDP and TCP.

#include <arpa/inet.h>
#include <ldns/ldns.h>
// ldns defines these for C, and then standard headers included later do not compile.
#undef bool
#undef false
#undef true
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "verify/base/text.h"

namespace assay::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Octets = std::string;

constexpr std::size_t kHeaderOctets = 12;
/// What a UDP answer may have at most: with EDNS, and without.
constexpr std::size_t kMaxUdpOctets = 1232;
constexpr std::size_t kMaxPlainUdpOctets = 512;
constexpr int kMaxAliases = 8;
constexpr int kSocketBuffer = 4 << 20;

void put16(Octets& out, std::size_t value) {
  out += static_cast<char>(value >> 8U & 0xFFU);
  out += static_cast<char>(value & 0xFFU);
}

std::size_t get16(std::string_view in, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(in[at]) << 8U | static_cast<unsigned char>(in[at + 1]));
}

/// The name one label shorter; empty for the root.
Octets parent(const Octets& wire) {
  return wire.size() <= 1 ? Octets{} : wire.substr(static_cast<unsigned char>(wire[0]) + 1U);
}

Octets wire_of(const ldns_rdf* name) {
  return to_lower(std::string_view(reinterpret_cast<const char*>(ldns_rdf_data(name)), ldns_rdf_size(name)));
}

Octets wire_of(const std::string& name) {
  const std::unique_ptr<ldns_rdf, decltype(&ldns_rdf_deep_free)> parsed(
      ldns_rdf_new_frm_str(LDNS_RDF_TYPE_DNAME, name.c_str()), &ldns_rdf_deep_free);
  if (!parsed) {
    throw std::runtime_error(name + ": not a domain name");
  }
  return wire_of(parsed.get());
}

/// A zone file in memory, records ready to be sent.
class Zone {
 public:
  explicit Zone(const std::string& path) {
    const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "r"), &std::fclose);
    if (!file) {
      throw std::runtime_error(path + ": cannot be read");
    }
    ldns_zone* zone = nullptr;
    int line = 0;
    const std::unique_ptr<ldns_rdf, decltype(&ldns_rdf_deep_free)> root(ldns_dname_new_frm_str("."),
                                                                        &ldns_rdf_deep_free);
    const ldns_status status = ldns_zone_new_frm_fp_l(&zone, file.get(), root.get(), 3600, LDNS_RR_CLASS_IN, &line);
    if (status != LDNS_STATUS_OK) {
      throw std::runtime_error(path + ":" + std::to_string(line) + ": " + ldns_get_errorstr_by_id(status));
    }
    const std::unique_ptr<ldns_zone, decltype(&ldns_zone_deep_free)> owner(zone, &ldns_zone_deep_free);
    if (ldns_zone_soa(zone) == nullptr) {
      throw std::runtime_error(path + ": no SOA record");
    }
    soa_ = record(ldns_zone_soa(zone), true);
    add(ldns_zone_soa(zone));
    const ldns_rr_list* records = ldns_zone_rrs(zone);
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
      add(ldns_rr_list_rr(records, i));
    }
  }

  /// The reply to `query`, whose question ends at `question_end`.
  [[nodiscard]] Octets reply(std::string_view query, std::size_t question_end, bool tcp) const {
    constexpr unsigned kResponse = 0x8480;  // QR AA RA
    constexpr unsigned kRecursionDesired = 0x0100;
    constexpr unsigned kTruncated = 0x0200;
    constexpr unsigned kNxDomain = 3;
    const bool edns = get16(query, 10) == 1;
    Octets name = to_lower(query.substr(kHeaderOctets, question_end - 4 - kHeaderOctets));
    const auto type = static_cast<unsigned>(get16(query, question_end - 4));
    Octets answer;
    std::size_t answers = 0;
    bool exists = true;
    for (int aliases = 0; aliases < kMaxAliases; ++aliases) {
      const auto found = names_.find(name);
      exists = found != names_.end();
      if (!exists) {
        break;
      }
      const auto set = found->second.find(type);
      const auto alias = found->second.find(LDNS_RR_TYPE_CNAME);
      const bool follows = set == found->second.end() && alias != found->second.end();
      if (set == found->second.end() && !follows) {
        break;
      }
      for (const Record& r : follows ? alias->second : set->second) {
        answer += name + r.after_owner;
        ++answers;
        name = follows ? r.target : name;
      }
      if (!follows) {
        break;
      }
    }
    unsigned flags = kResponse | (get16(query, 2) & kRecursionDesired) | (exists ? 0U : kNxDomain);
    Octets authority = answers == 0 ? soa_ : Octets{};
    const std::size_t most = edns ? kMaxUdpOctets : kMaxPlainUdpOctets;
    if (!tcp && question_end + answer.size() + authority.size() > most) {
      flags |= kTruncated;
      answer.clear();
      authority.clear();
      answers = 0;
    }
    Octets out(query.substr(0, 2));
    put16(out, flags);
    put16(out, 1);
    put16(out, answers);
    put16(out, authority.empty() ? 0 : 1);
    put16(out, edns ? 1 : 0);
    out += query.substr(kHeaderOctets, question_end - kHeaderOctets);
    out += answer + authority;
    if (edns) {
      out += '\0';
      put16(out, LDNS_RR_TYPE_OPT);
      put16(out, kMaxUdpOctets);
      out.append(6, '\0');
    }
    return out;
  }

 private:
  struct Record {
    Octets after_owner;
    Octets target;  ///< Of a CNAME.
  };

  static Octets record(const ldns_rr* rr, bool with_owner) {
    Octets out = with_owner ? wire_of(ldns_rr_owner(rr)) : Octets{};
    Octets data;
    for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
      const ldns_rdf* part = ldns_rr_rdf(rr, i);
      data.append(reinterpret_cast<const char*>(ldns_rdf_data(part)), ldns_rdf_size(part));
    }
    put16(out, ldns_rr_get_type(rr));
    put16(out, LDNS_RR_CLASS_IN);
    put16(out, ldns_rr_ttl(rr) >> 16U);
    put16(out, ldns_rr_ttl(rr) & 0xFFFFU);
    put16(out, data.size());
    return out + data;
  }

  void add(const ldns_rr* rr) {
    const Octets name = wire_of(ldns_rr_owner(rr));
    Record entry{record(rr, false), {}};
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME) {
      entry.target = wire_of(ldns_rr_rdf(rr, 0));
    }
    names_[name][ldns_rr_get_type(rr)].push_back(std::move(entry));
    for (Octets above = parent(name); !above.empty(); above = parent(above)) {
      names_.try_emplace(above);  // Exists, if without records.
    }
  }

  std::unordered_map<Octets, std::map<unsigned, std::vector<Record>>> names_;
  Octets soa_;
};

/// Where the question of a query ends; nothing if it has none that can be read.
std::optional<std::size_t> question_end(std::string_view query) {
  if (query.size() < kHeaderOctets || get16(query, 4) != 1) {
    return std::nullopt;
  }
  std::size_t at = kHeaderOctets;
  while (at < query.size() && query[at] != '\0') {
    at += static_cast<unsigned char>(query[at]) + 1U;
  }
  return at + 5 <= query.size() ? std::optional(at + 5) : std::nullopt;
}

class Server {
 public:
  Server(const std::string& zone, const std::string& ip, unsigned port, std::chrono::microseconds delay,
         const std::vector<std::string>& silent)
      : zone_(zone), delay_(delay), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (const std::string& name : silent) {
      silent_.push_back(wire_of(name));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) {
      throw std::runtime_error(ip + " is no IPv4 address");
    }
    udp_ = open(SOCK_DGRAM, address);
    tcp_ = open(SOCK_STREAM, address);
    if (listen(tcp_, SOMAXCONN) != 0) {
      throw std::runtime_error("listen fails");
    }
    watch(udp_);
    watch(tcp_);
  }

  [[noreturn]] void run() {
    while (true) {
      std::array<epoll_event, 64> events{};
      const timespec timeout = until_next();
      const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()),
                                     due_.empty() ? nullptr : &timeout, nullptr);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
        if (descriptor == udp_) {
          take_datagrams();
        } else if (descriptor == tcp_) {
          accept_one();
        } else {
          take_stream(descriptor);
        }
      }
      send_due();
    }
  }

 private:
  struct Due {
    Clock::time_point at;
    Octets message;
    sockaddr_in to{};
    int descriptor = -1;           ///< TCP, if not -1.
    std::uint64_t connection = 0;  ///< The number of the TCP connection, for the descriptor may be another's by then.
  };
  struct Connection {
    std::uint64_t number = 0;
    Octets received;
  };

  static int open(int kind, const sockaddr_in& address) {
    const int descriptor = socket(AF_INET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
    if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot bind to port " + std::to_string(ntohs(address.sin_port)));
    }
    return descriptor;
  }

  void watch(int descriptor) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  [[nodiscard]] timespec until_next() const {
    if (due_.empty()) {
      return {};
    }
    const auto left = std::max(std::chrono::nanoseconds(0),
                               std::chrono::duration_cast<std::chrono::nanoseconds>(due_.front().at - Clock::now()));
    return {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  }

  [[nodiscard]] bool is_silent(const Octets& name) const {
    return std::any_of(silent_.begin(), silent_.end(), [&name](const Octets& end) {
      return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    });
  }

  void take(std::string_view query, Due due) {
    const auto end = question_end(query);
    if (!end || is_silent(to_lower(query.substr(kHeaderOctets, *end - 4 - kHeaderOctets)))) {
      return;
    }
    due.at = Clock::now() + delay_;
    due.message = zone_.reply(query, *end, due.descriptor >= 0);
    due_.push_back(std::move(due));
  }

  void take_datagrams() {
    std::array<char, 4096> buffer{};
    while (true) {
      Due due;
      socklen_t length = sizeof due.to;
      const ssize_t got =
          recvfrom(udp_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&due.to), &length);
      if (got < 0) {
        return;
      }
      take({buffer.data(), static_cast<std::size_t>(got)}, std::move(due));
    }
  }

  void accept_one() {
    const int descriptor = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor >= 0) {
      connections_[descriptor] = {++connection_number_, {}};
      watch(descriptor);
    }
  }

  void take_stream(int descriptor) {
    Connection& connection = connections_[descriptor];
    std::array<char, 4096> buffer{};
    const ssize_t got = recv(descriptor, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) {
        connections_.erase(descriptor);
        ::close(descriptor);
      }
      return;
    }
    connection.received.append(buffer.data(), static_cast<std::size_t>(got));
    while (connection.received.size() >= 2 && connection.received.size() >= 2 + get16(connection.received, 0)) {
      const std::size_t length = get16(connection.received, 0);
      Due due;
      due.descriptor = descriptor;
      due.connection = connection.number;
      take(std::string_view(connection.received).substr(2, length), std::move(due));
      connection.received.erase(0, 2 + length);
    }
  }

  void send_due() {
    while (!due_.empty() && due_.front().at <= Clock::now()) {
      const Due due = std::move(due_.front());
      due_.pop_front();
      if (due.descriptor < 0) {
        sendto(udp_, due.message.data(), due.message.size(), 0, reinterpret_cast<const sockaddr*>(&due.to),
               sizeof due.to);
        continue;
      }
      const auto connection = connections_.find(due.descriptor);
      if (connection != connections_.end() && connection->second.number == due.connection) {
        Octets framed;
        put16(framed, due.message.size());
        framed += due.message;
        (void)send(due.descriptor, framed.data(), framed.size(), MSG_NOSIGNAL);  // Fits the socket's buffer.
      }
    }
  }

  Zone zone_;
  std::chrono::microseconds delay_;
  std::vector<Octets> silent_;
  int epoll_;
  int udp_ = -1;
  int tcp_ = -1;
  std::deque<Due> due_;  ///< In the order of time, since all wait equally long.
  std::map<int, Connection> connections_;
  std::uint64_t connection_number_ = 0;
};

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  CLI::App app("A DNS server that serves one zone file, each answer after a while. Serves until it is ended.");
  std::string zone;
  std::string address = "127.0.0.1";
  unsigned port = 0;
  double delay_ms = 20;
  std::vector<std::string> silent;
  app.add_option("--zone", zone, "Master file (RFC 1035) with an SOA record; it is all the DNS there is")->required();
  app.add_option("--address", address, "IPv4 address to listen on (127.0.0.1)");
  app.add_option("--port", port, "UDP and TCP")->required()->check(CLI::Range(1, 65535));
  app.add_option("--delay", delay_ms, "Milliseconds between question and answer (20)")->check(CLI::Range(0.0, 60000.0));
  app.add_option("--silent", silent, "This name and those below it never get an answer; repeatable");
  CLI11_PARSE(app, argc, argv);
  try {
    assay::bench::Server(zone, address, port, std::chrono::microseconds(static_cast<long>(delay_ms * 1000)), silent)
        .run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_slow_dns: %s\n", error.what());
    return 1;
  }
}
