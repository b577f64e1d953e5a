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
#include <optional>
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
  std::set<std::string> words;      ///< Those that are but on.
  unsigned record_class = 1;        // IN
  std::optional<unsigned> answers;  ///< ANCOUNT, in place of the truth.

  [[nodiscard]] bool has(const char* word) const { return words.count(word) != 0; }
};

struct Extra {
  std::string section;
  Octets owner;
  Record record;
};

struct Script {
  std::map<Octets, std::vector<Record>> records;  // by wire name
  std::map<Octets, Fault> faults;
  std::map<Octets, std::vector<Extra>> extras;
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
  static const std::map<std::string, std::uint16_t> types{{"A", A},       {"CNAME", Cname}, {"SOA", Soa},
                                                          {"PTR", Ptr},   {"MX", Mx},       {"TXT", Txt},
                                                          {"AAAA", Aaaa}, {"DNAME", Dname}};
  if (word.compare(0, 4, "TYPE") == 0) {
    return static_cast<std::uint16_t>(std::stoul(word.substr(4)));
  }
  const auto type = types.find(word);
  if (type == types.end()) {
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

Octets read_hex(const std::string& text) {
  Octets data;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    data += static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16));
  }
  return data;
}

/// The rest of a record's line: TTL, type, data.
Record read_record(std::istringstream& line) {
  std::string ttl;
  std::string type;
  std::string rest;
  line >> ttl >> type;
  std::getline(line, rest);
  rest = trim_wsp(rest);
  Record record{type_of(type), static_cast<std::uint32_t>(std::stoul(ttl)), {}, {}};
  if (type.compare(0, 4, "TYPE") == 0) {
    record.data = read_hex(rest);
    return record;
  }
  std::istringstream words(rest);
  std::string word;
  switch (record.type) {
    case A:
    case Aaaa: {
      in6_addr address{};
      inet_pton(record.type == A ? AF_INET : AF_INET6, rest.c_str(), &address);
      record.data.assign(reinterpret_cast<const char*>(&address), record.type == A ? 4 : 16);
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
    default: break;
  }
  return record;
}

void read_fault(Fault& fault, std::istringstream& words) {
  static const std::map<std::string, unsigned> rcodes{
      {"SERVFAIL", ServFail}, {"REFUSED", Refused}, {"FORMERR", FormErr}, {"NOTIMP", NotImp}, {"NXDOMAIN", NxDomain}};
  static const std::set<std::string> switches{"SILENCE",    "FLAP",       "TRUNCATE",    "TCPCLOSE",
                                              "TCPSILENCE", "WRONGID",    "OTHERSOURCE", "OTHERNAME",
                                              "OTHERTYPE",  "OTHEROWNER", "NAMELOOP",    "GARBAGE"};
  for (std::string word; words >> word;) {
    unsigned number = 0;
    if (const auto rcode = rcodes.find(word); rcode != rcodes.end()) {
      fault.rcode = rcode->second;
    } else if (switches.count(word) != 0) {
      fault.words.insert(word);
    } else if ((word == "DELAY" || word == "RECURSE") && words >> number) {
      fault.words.insert(word);
      fault.delay = std::chrono::milliseconds(number);
    } else if (word == "CLASS" && words >> number) {
      fault.record_class = number;
    } else if (word == "COUNT" && words >> number) {
      fault.answers = number;
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
    if (!(words >> name)) {
      continue;
    }
    const Octets wire = name_to_wire(name);
    const auto after_name = words.tellg();
    std::string mark;
    words >> mark;
    if (mark == "!") {
      read_fault(script.faults[wire], words);
    } else if (mark == "+") {
      Extra extra;
      std::string owner;
      words >> extra.section >> owner;
      extra.owner = name_to_wire(owner);
      extra.record = read_record(words);
      script.extras[wire].push_back(std::move(extra));
    } else {
      words.seekg(after_name);
      script.records[wire].push_back(read_record(words));
    }
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

struct Section {
  Octets octets;
  std::size_t count = 0;

  void put(const Octets& owner, const Record& record, const Fault& fault) {
    octets += owner;
    put16(octets, record.type);
    put16(octets, fault.record_class);
    put32(octets, record.ttl);
    put16(octets, record.data.size());
    octets += record.data;
    ++count;
  }
};

struct Sections {
  unsigned rcode = NoError;
  Section answer;
  Section authority;
  Section additional;
};

/// A pointer to the name in the question (RFC 1035 section 4.1.4).
constexpr std::string_view kQuestionName("\xC0\x0C", 2);

/// The owner of a record that answers a question for `asked`. A pointer is shorter, so that more fits; whoever answers
/// about another name spells the owner out.
Octets owner_as_sent(const Octets& owner, const Octets& asked, const Fault& fault) {
  if (fault.has("OTHEROWNER")) {
    return name_to_wire("another.test");
  }
  return owner == asked && !fault.has("OTHERNAME") ? Octets(kQuestionName) : owner;
}

/// The SOA record of the closest name above.
void add_authority(Section& authority, const Script& script, const Octets& name, const Fault& fault) {
  for (Octets above = name; !above.empty(); above = parent(above)) {
    const auto zone = script.records.find(above);
    if (zone != script.records.end() && zone->second.front().type == Soa) {
      authority.put(above, zone->second.front(), fault);
      return;
    }
  }
}

Sections look_up(const Script& script, const Octets& asked, std::uint16_t type, const Fault& fault) {
  Sections sections;
  Octets name = asked;
  for (int aliases = 0; aliases < kMaxAliases; ++aliases) {
    bool followed = false;
    const auto found = find_name(script.records, name);
    if (found != script.records.end()) {
      const Octets owner = name;
      for (const Record& record : found->second) {
        const bool signs = record.type == Rrsig && get16(record.data, 0) == type;
        if (record.type == type || record.type == Cname || signs) {
          sections.answer.put(owner_as_sent(owner, asked, fault), record, fault);
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
        sections.answer.put(above, dname, fault);
        const Octets target = name.substr(0, name.size() - above.size()) + dname.target;
        sections.answer.put(name, {Cname, dname.ttl, target, target}, fault);
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
  if (sections.answer.count == 0 || sections.rcode == NxDomain) {
    add_authority(sections.authority, script, name, fault);
  }
  return sections;
}

constexpr std::size_t kHeader = 12;

struct Asked {
  std::string query;
  Octets name;  ///< In lower case.
  std::uint16_t type = 0;
  std::size_t question_end = 0;
};

void add_extras(Sections& sections, const std::vector<Extra>& extras, const Fault& fault) {
  for (const Extra& extra : extras) {
    Section& section = extra.section == "ANSWER"      ? sections.answer
                       : extra.section == "AUTHORITY" ? sections.authority
                                                      : sections.additional;
    section.put(extra.owner, extra.record, fault);
  }
}

/// The question as it is repeated.
Octets repeated_question(const Asked& asked, const Fault& fault) {
  Octets question = asked.query.substr(kHeader, asked.question_end - kHeader);
  if (fault.has("OTHERNAME")) {
    question = name_to_wire("another.test") + question.substr(question.size() - 4);
  }
  if (fault.has("OTHERTYPE")) {
    question[question.size() - 3] = static_cast<char>(question[question.size() - 3] + 1);
  }
  return question;
}

Octets make_reply(const Asked& asked, const Script& script, const Fault& fault, bool tcp) {
  constexpr unsigned kResponse = 0x8180;  // QR RD RA
  constexpr unsigned kTruncated = 0x0200;
  Sections sections = fault.rcode == NoError ? look_up(script, asked.name, asked.type, fault) : Sections{};
  if (fault.rcode != NoError) {
    sections.rcode = fault.rcode;
  }
  if (const auto extras = find_name(script.extras, asked.name); extras != script.extras.end()) {
    add_extras(sections, extras->second, fault);
  }
  unsigned flags = kResponse | sections.rcode;
  constexpr std::size_t kMaxUdp = 1232;
  if (!tcp && (fault.has("TRUNCATE") || asked.question_end + sections.answer.octets.size() > kMaxUdp)) {
    flags |= kTruncated;
    sections = {};
  }
  if (fault.has("NAMELOOP") && !sections.answer.octets.empty()) {
    // In front of the other records, at the offset that it points to.
    Section looping;
    Octets pointer;
    put16(pointer, 0xC000U | asked.question_end);
    looping.put(pointer, {asked.type, 300, {}, {}}, fault);
    sections.answer.octets.insert(0, looping.octets);
    ++sections.answer.count;
  }
  Octets reply = asked.query.substr(0, 2);
  put16(reply, flags);
  put16(reply, 1);
  put16(reply, fault.answers.value_or(sections.answer.count));
  put16(reply, sections.authority.count);
  put16(reply, sections.additional.count);
  reply +=
      repeated_question(asked, fault) + sections.answer.octets + sections.authority.octets + sections.additional.octets;
  constexpr std::size_t kMaxOctets = 65535;
  if (reply.size() > kMaxOctets) {
    throw std::length_error("faulty DNS: an answer of more than 65,535 octets");
  }
  return reply;
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
  int connection = -1;  ///< TCP, if not -1: without a message it is closed. One that has gone by then is left alone.
  bool other_source = false;
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

  void start(bool tcp = true) {
    if (thread_.joinable()) {
      return;
    }
    // The port that UDP gets may be taken for TCP: then another.
    constexpr int kAttempts = 50;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (open(udp_, SOCK_DGRAM) && open(tcp_, SOCK_STREAM) && (!tcp || listen(tcp_.get(), SOMAXCONN) == 0)) {
        // A port of any number.
        other_.reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
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
      reply({buffer, static_cast<std::size_t>(octets)}, {{}, from, -1, false});
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
      reply(connection.received.substr(2, length), {{}, {}, connection.fd.get(), false});
      connection.received.erase(0, length + 2);
    }
    return open;
  }

  /// Notes the query and plans what is sent for it, and when.
  void reply(std::string query, Outgoing out) {
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
    if (fault.has("FLAP") && ++flaps_[asked.name] % 2 != 0) {
      return;
    }
    const auto since =
        fault.has("RECURSE") ? first_asked_.try_emplace(asked.name, Clock::now()).first->second : Clock::now();
    const auto when = since + fault.delay;
    if (tcp && fault.has("TCPCLOSE")) {
      outgoing_.emplace(when, out);  // Nothing to say.
      return;
    }
    if (tcp && fault.has("TCPSILENCE")) {
      return;
    }
    const Octets message = make_reply(asked, script_, fault, tcp);
    out.other_source = fault.has("OTHERSOURCE");
    if (fault.has("WRONGID")) {
      out.message = message;
      out.message[0] = static_cast<char>(~out.message[0]);
      outgoing_.emplace(when, out);
    }
    if (!fault.has("SILENCE")) {
      out.message = fault.has("GARBAGE") ? message.substr(0, 2) + Octets(30, '\xFF') : message;
      outgoing_.emplace(when, out);
    }
  }

  void send_due() {
    while (!outgoing_.empty() && outgoing_.begin()->first <= Clock::now()) {
      const Outgoing out = std::move(outgoing_.begin()->second);
      outgoing_.erase(outgoing_.begin());
      if (out.connection < 0) {
        sendto(out.other_source ? other_.get() : udp_.get(), out.message.data(), out.message.size(), 0,
               reinterpret_cast<const sockaddr*>(&out.to), sizeof out.to);
        continue;
      }
      const auto connection = std::find_if(connections_.begin(), connections_.end(),
                                           [&out](const Connection& c) { return c.fd.get() == out.connection; });
      if (connection == connections_.end()) {
        continue;
      }
      if (out.message.empty()) {
        connections_.erase(connection);
        continue;
      }
      Octets framed;
      put16(framed, out.message.size());
      framed += out.message;
      send_all(out.connection, framed);
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
  Fd other_;
  Fd wake_;
  std::map<Octets, unsigned> flaps_;  ///< Questions for each name that has FLAP.
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

void FaultyDns::start(bool tcp) {
  server_->start(tcp);
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
