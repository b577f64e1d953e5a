#include "tests/support/faulty_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "verify/base/text.h"

namespace assay::test {
namespace {

using Clock = std::chrono::steady_clock;
using Octets = std::string;

enum Rcode : unsigned { NoError = 0, FormErr = 1, ServFail = 2, NxDomain = 3, NotImp = 4, Refused = 5 };
enum Type : std::uint16_t { A = 1, Cname = 5, Soa = 6, Ptr = 12, Mx = 15, Txt = 16, Aaaa = 28, Dname = 39, Rrsig = 46 };
constexpr int kMaxAliases = 20;

struct Record {
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  Octets data;
  Octets target;  ///< CNAME and DNAME.
};

struct Fault {
  unsigned rcode = NoError;
  std::chrono::milliseconds delay{0};
  bool recurse = false;  ///< `delay` counts from the first question for the name.
  bool truncate = false;
  bool silence = false;
  bool wrong_id = false;
  bool garbage = false;
  bool other_name = false;
};

struct Script {
  std::map<Octets, std::vector<Record>> records;  // by wire name
  std::map<Octets, Fault> faults;
};

void put16(Octets& out, std::size_t value) {
  out += static_cast<char>(value >> 8U & 0xFFU);
  out += static_cast<char>(value & 0xFFU);
}

void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xFFFFU);
}

std::uint16_t get16(std::string_view in, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(in.at(at)) << 8U |
                                    static_cast<unsigned char>(in.at(at + 1)));
}

/// Presentation format, with \DDD and \X, to the wire; lower case.
Octets name_to_wire(std::string_view name) {
  Octets wire;
  Octets label;
  const auto end_label = [&] {
    if (!label.empty()) {
      wire += static_cast<char>(label.size());
      wire += to_lower(label);
      label.clear();
    }
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '.') {
      end_label();
    } else if (name[i] == '\\' && i + 3 < name.size() && is_digit(name[i + 1])) {
      label += static_cast<char>(std::stoi(std::string(name.substr(i + 1, 3))));
      i += 3;
    } else {
      i += name[i] == '\\' ? 1U : 0U;
      label += name.at(i);
    }
  }
  end_label();
  wire += '\0';
  return wire;
}

Octets parent(const Octets& wire) {
  return wire.size() <= 1 ? Octets{} : wire.substr(static_cast<unsigned char>(wire[0]) + 1U);
}

bool is_below(const Octets& wire, const Octets& ancestor) {
  return wire.size() > ancestor.size() && wire.compare(wire.size() - ancestor.size(), ancestor.size(), ancestor) == 0;
}

std::uint16_t type_of(const std::string& word) {
  static const std::map<std::string, std::uint16_t> kTypes{{"A", A},       {"CNAME", Cname}, {"SOA", Soa},
                                                           {"PTR", Ptr},   {"MX", Mx},       {"TXT", Txt},
                                                           {"AAAA", Aaaa}, {"DNAME", Dname}};
  if (word.compare(0, 4, "TYPE") == 0) {
    return static_cast<std::uint16_t>(std::stoul(word.substr(4)));
  }
  const auto type = kTypes.find(word);
  if (type == kTypes.end()) {
    throw std::invalid_argument("faulty DNS: unknown type " + word);
  }
  return type->second;
}

Octets read_strings(const std::string& text) {
  Octets data;
  Octets part;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (quoted) {
        data += static_cast<char>(part.size());
        data += part;
      }
      quoted = !quoted;
      part.clear();
    } else if (quoted && text[i] == '\\' && i + 3 < text.size() && is_digit(text[i + 1])) {
      part += static_cast<char>(std::stoi(text.substr(i + 1, 3)));
      i += 3;
    } else if (quoted) {
      part += text[i];
    }
  }
  return data;
}

Record read_record(std::uint32_t ttl, std::uint16_t type, const std::string& rest) {
  Record record{type, ttl, {}, {}};
  std::istringstream words(rest);
  std::string word;
  switch (type) {
    case A:
    case Aaaa: {
      in6_addr address{};
      inet_pton(type == A ? AF_INET : AF_INET6, rest.c_str(), &address);
      record.data.assign(reinterpret_cast<const char*>(&address), type == A ? 4 : 16);
      break;
    }
    case Txt: record.data = read_strings(rest); break;
    case Mx:
      words >> word;
      put16(record.data, std::stoul(word));
      words >> word;
      record.data += name_to_wire(word);
      break;
    case Soa:
      record.data = name_to_wire("ns.test") + name_to_wire("hostmaster.test");
      for (const std::uint32_t number : {1U, 3600U, 600U, 86400U, static_cast<std::uint32_t>(std::stoul(rest))}) {
        put32(record.data, number);
      }
      break;
    case Cname:
    case Dname:
    case Ptr: record.data = record.target = name_to_wire(rest); break;
    default:
      for (std::size_t i = 0; i + 1 < rest.size(); i += 2) {
        record.data += static_cast<char>(std::stoul(rest.substr(i, 2), nullptr, 16));
      }
  }
  return record;
}

void read_fault(Fault& fault, std::istringstream& words) {
  static const std::map<std::string, unsigned> kRcodes{
      {"SERVFAIL", ServFail}, {"REFUSED", Refused}, {"FORMERR", FormErr}, {"NOTIMP", NotImp}, {"NXDOMAIN", NxDomain}};
  for (std::string word; words >> word;) {
    if (const auto rcode = kRcodes.find(word); rcode != kRcodes.end()) {
      fault.rcode = rcode->second;
    } else if (word == "DELAY" || word == "RECURSE") {
      fault.recurse = word == "RECURSE";
      int milliseconds = 0;
      words >> milliseconds;
      fault.delay = std::chrono::milliseconds(milliseconds);
    } else if (word == "TRUNCATE") {
      fault.truncate = true;
    } else if (word == "SILENCE") {
      fault.silence = true;
    } else if (word == "WRONGID") {
      fault.wrong_id = true;
    } else if (word == "GARBAGE") {
      fault.garbage = true;
    } else if (word == "OTHERNAME") {
      fault.other_name = true;
    } else {
      throw std::invalid_argument("faulty DNS: unknown fault " + word);
    }
  }
}

Script read_script(std::string_view text) {
  Script script;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string ttl;
    if (!(words >> name >> ttl)) {
      continue;
    }
    const Octets wire = name_to_wire(name);
    if (ttl == "!") {
      read_fault(script.faults[wire], words);
      continue;
    }
    std::string type;
    std::string rest;
    words >> type;
    std::getline(words, rest);
    script.records[wire].push_back(
        read_record(static_cast<std::uint32_t>(std::stoul(ttl)), type_of(type), std::string(trim_wsp(rest))));
  }
  return script;
}

/// The key of `table` that speaks for `name`: itself or the wildcard beside or above it.
template <class Table>
typename Table::const_iterator find_name(const Table& table, const Octets& name) {
  auto found = table.find(name);
  for (Octets above = parent(name); found == table.end() && !above.empty(); above = parent(above)) {
    found = table.find("\1*" + above);
  }
  return found;
}

void put_record(Octets& out, const Octets& owner, const Record& record) {
  out += owner;
  put16(out, record.type);
  put16(out, 1);
  put32(out, record.ttl);
  put16(out, record.data.size());
  out += record.data;
}

struct Sections {
  unsigned rcode = NoError;
  Octets answer;
  std::size_t answers = 0;
  Octets authority;
  std::size_t authorities = 0;
};

Sections look_up(const Script& script, Octets name, std::uint16_t type) {
  Sections sections;
  for (int aliases = 0; aliases < kMaxAliases; ++aliases) {
    bool followed = false;
    const auto found = find_name(script.records, name);
    if (found != script.records.end()) {
      const Octets owner = name;
      for (const Record& record : found->second) {
        const bool signs = record.type == Rrsig && get16(record.data, 0) == type;
        if (record.type == type || record.type == Cname || signs) {
          put_record(sections.answer, owner, record);
          ++sections.answers;
          followed |= record.type == Cname && type != Cname;
          name = record.type == Cname ? record.target : name;
        }
      }
    } else {
      for (Octets above = parent(name); !above.empty() && !followed; above = parent(above)) {
        const auto zone = script.records.find(above);
        if (zone == script.records.end() || zone->second.front().type != Dname) {
          continue;
        }
        const Record& dname = zone->second.front();
        put_record(sections.answer, above, dname);
        const Octets target = name.substr(0, name.size() - above.size()) + dname.target;
        put_record(sections.answer, name, {Cname, dname.ttl, target, target});
        sections.answers += 2;
        name = target;
        followed = true;
      }
      if (!followed) {
        const bool exists = std::any_of(script.records.begin(), script.records.end(),
                                        [&name](const auto& entry) { return is_below(entry.first, name); });
        sections.rcode = exists ? NoError : NxDomain;
      }
    }
    if (!followed) {
      break;
    }
  }
  if (sections.answers == 0 || sections.rcode == NxDomain) {
    for (Octets above = name; !above.empty() && sections.authorities == 0; above = parent(above)) {
      const auto zone = script.records.find(above);
      if (zone != script.records.end() && zone->second.front().type == Soa) {
        put_record(sections.authority, above, zone->second.front());
        sections.authorities = 1;
      }
    }
  }
  return sections;
}

struct Asked {
  std::string query;
  Octets name;  ///< In lower case.
  std::uint16_t type = 0;
  std::size_t question_end = 0;
};

Octets make_reply(const Asked& asked, const Script& script, const Fault& fault, bool tcp) {
  constexpr unsigned kHeader = 12;
  constexpr unsigned kResponse = 0x8180;  // QR RD RA
  constexpr unsigned kTruncated = 0x0200;
  Sections sections = fault.rcode == NoError ? look_up(script, asked.name, asked.type) : Sections{};
  if (fault.rcode != NoError) {
    sections.rcode = fault.rcode;
  }
  unsigned flags = kResponse | sections.rcode;
  constexpr std::size_t kMaxUdp = 1232;
  if (!tcp && (fault.truncate || asked.question_end + sections.answer.size() > kMaxUdp)) {
    flags |= kTruncated;
    sections = {};
  }
  Octets reply = asked.query.substr(0, 2);
  put16(reply, flags);
  put16(reply, 1);
  put16(reply, sections.answers);
  put16(reply, sections.authorities);
  put16(reply, 0);
  reply += fault.other_name ? name_to_wire("another.test") + asked.query.substr(asked.question_end - 4, 4)
                            : asked.query.substr(kHeader, asked.question_end - kHeader);
  return reply + sections.answer + sections.authority;
}

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void reset(int fd = -1) {
    if (fd_ >= 0) {
      close(fd_);
    }
    fd_ = fd;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Connection {
  Fd fd;
  Octets received;
};

struct Outgoing {
  Octets message;
  sockaddr_in to{};
  int connection = -1;  ///< TCP, if not -1. A connection that has gone by then is left alone.
};

}  // namespace

class FaultyDns::Server {
 public:
  explicit Server(std::string_view script)
      : script_(read_script(script)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    start();
  }
  ~Server() { stop(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start() {
    if (thread_.joinable()) {
      return;
    }
    // The port that UDP gets may be taken for TCP: then another.
    constexpr int kAttempts = 50;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (open(udp_, SOCK_DGRAM) && open(tcp_, SOCK_STREAM) && listen(tcp_.get(), SOMAXCONN) == 0) {
        stopping_ = false;
        thread_ = std::thread([this] { run(); });
        return;
      }
      port_ = fixed_ ? port_ : 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(fixed_ ? 20 : 0));
    }
    throw std::runtime_error("faulty DNS: no port");
  }

  void stop() {
    if (!thread_.joinable()) {
      return;
    }
    fixed_ = true;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
    thread_.join();
    udp_.reset();
    tcp_.reset();
    connections_.clear();
    outgoing_.clear();
  }

  [[nodiscard]] unsigned port() const { return port_; }

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  Script script_;
  std::vector<Query> queries_;
  bool mute_ = false;
  bool stopping_ = false;

 private:
  bool open(Fd& fd, int kind) {
    fd.reset(socket(AF_INET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    if (kind == SOCK_STREAM) {
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    const int buffer = 4 << 20;
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return false;
    }
    socklen_t length = sizeof address;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    return true;
  }

  void run() {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
          return;
        }
      }
      send_due();
      std::vector<pollfd> files{{wake_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      for (const auto& connection : connections_) {
        files.push_back({connection.fd.get(), POLLIN, 0});
      }
      poll(files.data(), files.size(), wait_time());
      std::uint64_t drained = 0;
      [[maybe_unused]] const auto octets = read(wake_.get(), &drained, sizeof drained);
      receive_udp();
      receive_tcp();
    }
  }

  [[nodiscard]] int wait_time() const {
    if (outgoing_.empty()) {
      return 1000;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(outgoing_.begin()->first - Clock::now());
    return static_cast<int>(std::clamp<long>(left.count(), 0, 1000));
  }

  void receive_udp() {
    char buffer[4096];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    while (true) {
      const ssize_t octets =
          recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (octets <= 0) {
        return;
      }
      reply({buffer, static_cast<std::size_t>(octets)}, {{}, from, -1});
    }
  }

  void receive_tcp() {
    for (int fd = accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); fd >= 0;
         fd = accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) {
      connections_.emplace_back().fd.reset(fd);
    }
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      connection = receive_from(*connection) ? std::next(connection) : connections_.erase(connection);
    }
  }

  bool receive_from(Connection& connection) {
    char buffer[4096];
    ssize_t octets = 0;
    while ((octets = read(connection.fd.get(), buffer, sizeof buffer)) > 0) {
      connection.received.append(buffer, static_cast<std::size_t>(octets));
    }
    const bool open = octets < 0 && errno == EAGAIN;
    while (connection.received.size() >= 2) {
      const std::size_t length = get16(connection.received, 0);
      if (connection.received.size() < length + 2) {
        break;
      }
      reply(connection.received.substr(2, length), {{}, {}, connection.fd.get()});
      connection.received.erase(0, length + 2);
    }
    return open;
  }

  /// Notes the query and plans what is sent for it, and when.
  void reply(std::string query, Outgoing out) {
    constexpr std::size_t kHeader = 12;
    Asked asked{std::move(query), {}, 0, kHeader};
    std::string spelled;
    const std::string& q = asked.query;
    while (asked.question_end < q.size() && q[asked.question_end] != '\0') {
      const auto label = static_cast<unsigned char>(q[asked.question_end]);
      spelled += (spelled.empty() ? "" : ".") + q.substr(asked.question_end + 1, label);
      asked.question_end += label + 1U;
    }
    if (asked.question_end + 5 > q.size()) {
      return;
    }
    ++asked.question_end;
    asked.name = to_lower(q.substr(kHeader, asked.question_end - kHeader));
    asked.type = get16(q, asked.question_end);
    asked.question_end += 4;
    const bool tcp = out.connection >= 0;
    const std::lock_guard lock(mutex_);
    queries_.push_back({spelled, asked.type, tcp});
    if (mute_) {
      return;
    }
    const auto found = find_name(script_.faults, asked.name);
    const Fault fault = found == script_.faults.end() ? Fault{} : found->second;
    const auto since = fault.recurse ? first_asked_.try_emplace(asked.name, Clock::now()).first->second : Clock::now();
    const auto when = since + fault.delay;
    const Octets message = make_reply(asked, script_, fault, tcp);
    if (fault.wrong_id) {
      out.message = message;
      out.message[0] = static_cast<char>(~out.message[0]);
      outgoing_.emplace(when, out);
    }
    if (!fault.silence) {
      out.message = fault.garbage ? message.substr(0, 2) + Octets(30, '\xFF') : message;
      outgoing_.emplace(when, out);
    }
  }

  void send_due() {
    while (!outgoing_.empty() && outgoing_.begin()->first <= Clock::now()) {
      const Outgoing out = std::move(outgoing_.begin()->second);
      outgoing_.erase(outgoing_.begin());
      if (out.connection < 0) {
        sendto(udp_.get(), out.message.data(), out.message.size(), 0, reinterpret_cast<const sockaddr*>(&out.to),
               sizeof out.to);
        continue;
      }
      const bool open = std::any_of(connections_.begin(), connections_.end(),
                                    [&out](const Connection& c) { return c.fd.get() == out.connection; });
      if (open) {
        Octets framed;
        put16(framed, out.message.size());
        framed += out.message;
        send_all(out.connection, framed);
      }
    }
  }

  static void send_all(int fd, std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN) {
          return;
        }
        pollfd file{fd, POLLOUT, 0};
        poll(&file, 1, 100);
        continue;
      }
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // The thread's own while it runs.
  Fd udp_;
  Fd tcp_;
  Fd wake_;
  std::list<Connection> connections_;
  std::multimap<Clock::time_point, Outgoing> outgoing_;
  std::map<Octets, Clock::time_point> first_asked_;
  unsigned port_ = 0;
  bool fixed_ = false;
  std::thread thread_;
};

FaultyDns::FaultyDns(std::string_view script) : server_(std::make_unique<Server>(script)) {}
FaultyDns::~FaultyDns() = default;

unsigned FaultyDns::port() const noexcept {
  return server_->port();
}

void FaultyDns::set_script(std::string_view script) {
  Script read = read_script(script);
  const std::lock_guard lock(server_->mutex_);
  server_->script_ = std::move(read);
}

void FaultyDns::stop() {
  server_->stop();
}

void FaultyDns::start() {
  server_->start();
}

void FaultyDns::set_mute(bool mute) {
  const std::lock_guard lock(server_->mutex_);
  server_->mute_ = mute;
}

std::vector<FaultyDns::Query> FaultyDns::queries() const {
  const std::lock_guard lock(server_->mutex_);
  return server_->queries_;
}

std::size_t FaultyDns::count(std::string_view name) const {
  const std::lock_guard lock(server_->mutex_);
  return static_cast<std::size_t>(std::count_if(server_->queries_.begin(), server_->queries_.end(),
                                                [name](const Query& query) { return iequals(query.name, name); }));
}

void FaultyDns::forget_queries() {
  const std::lock_guard lock(server_->mutex_);
  server_->queries_.clear();
}

}  // namespace assay::test
