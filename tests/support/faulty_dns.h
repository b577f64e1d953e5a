#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

// clang-format off
/// A DNS server on 127.0.0.1, UDP and TCP on one port, that answers from a script and fails where the script says so.
/// It speaks for itself, with code of its own, so that what it sends does not depend on what is tested. The program
/// faulty_dns (faulty_dns_main.cpp) is the same server for tests in other languages.
///
/// A record is one line: the name, the TTL, the type, the data.
///
///   example.test      300 TXT    "first string" "second string"      \DDD is an octet, there and in names
///   example.test      300 MX     10 mx.example.test
///   mx.example.test   300 A      192.0.2.1
///   www.example.test  300 CNAME  example.test
///   old.test          300 DNAME  example.test
///   test              300 SOA    60                                   the last number, MINIMUM
///   *.many.test       300 A      192.0.2.2                            any name below many.test that has no line
///   signed.test       300 TYPE46 0010...                              any type, its data in hex
///
/// An RRSIG (TYPE46) comes with what it signs. Names without a line are NXDOMAIN, or NOERROR without records if a line
/// is below them; the SOA record of the closest name above is in the authority section. CNAMEs and DNAMEs are followed,
/// at most 20. With + a record comes along, in the section named, whatever else is answered for the first name:
///
///   example.test      + ADDITIONAL victim.test 300 TXT "poison"       or ANSWER, AUTHORITY
///
/// With ! a name (or *, or *.test) is answered wrongly; several words may stand together:
///
///   SERVFAIL  REFUSED  FORMERR  NOTIMP  NXDOMAIN
///   DELAY 200      so many milliseconds after each question
///   RECURSE 900    all questions for the name so many milliseconds after the first, as a busy recursive server does
///   SILENCE        not at all
///   FLAP           to every other question for the name not at all, the first one included
///   TRUNCATE       over UDP truncated; over TCP whole
///   TCPCLOSE       over TCP the connection is closed without an answer
///   TCPSILENCE     over TCP not at all
///   WRONGID        first with a wrong id, then as it should be; with SILENCE the wrong one alone
///   OTHERSOURCE    from another port
///   OTHERNAME      the question repeated is about another name
///   OTHERTYPE      the question repeated is about another type
///   OTHEROWNER     the records belong to another name
///   CLASS 3        the records are of that class
///   COUNT 65535    the header says so many answers
///   NAMELOOP       the records belong to a name that is a compression pointer to itself
///   GARBAGE        the right id and 30 octets of 0xFF
// clang-format on
class FaultyDns {
 public:
  struct Query {
    std::string name;  ///< As it came: labels joined by '.', any octet, case kept.
    std::uint16_t type = 0;
    bool tcp = false;
  };

  /// Starts at once, on a free port. Throws if it cannot.
  explicit FaultyDns(std::string_view script);
  ~FaultyDns();
  FaultyDns(const FaultyDns&) = delete;
  FaultyDns& operator=(const FaultyDns&) = delete;

  [[nodiscard]] unsigned port() const noexcept;
  void set_script(std::string_view script);
  /// Closes the sockets: the kernel refuses what is sent. start() opens the same port again; without `tcp` the kernel
  /// still refuses connections.
  void stop();
  void start(bool tcp = true);
  /// While mute, it receives and answers nothing.
  void set_mute(bool mute);

  /// All that was received so far.
  [[nodiscard]] std::vector<Query> queries() const;
  /// How many of them had this name, whatever its case.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  void forget_queries();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace assay::test
