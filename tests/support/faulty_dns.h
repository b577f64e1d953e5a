#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

/// A DNS server on 127.0.0.1, UDP and TCP on one port, that answers from a script and fails where the script says so.
/// It speaks for itself, with code of its own, so that what it sends does not depend on what is tested. One line each:
///
///   example.test        300 TXT   "first string" "second string"
///   example.test        300 MX    10 mx.example.test
///   mx.example.test     300 A     192.0.2.1
///   www.example.test    300 CNAME example.test
///   old.test            300 DNAME example.test
///   test                300 SOA   60                   last number: MINIMUM
///   *.many.test         300 A     192.0.2.2            any name below many.test that has no line
///   signed.test         300 TYPE46 0010...             any type, its data in hex; an RRSIG (46) comes with what it
///   signs broken.test         !   SERVFAIL                   or REFUSED, FORMERR, NOTIMP, NXDOMAIN slow.test !   DELAY
///   200                  milliseconds; then as the other lines say deep.test           !   RECURSE 900 all questions
///   for it are answered so long after the first big.test            !   TRUNCATE                   over UDP; whole
///   over TCP lost.test           !   SILENCE forged.test         !   WRONGID                    first an answer with a
///   wrong id, then the right one liar.test           !   WRONGID SILENCE            only the wrong one odd.test !
///   GARBAGE                    the right id and 30 octets of 0xFF other.test          !   OTHERNAME an answer about
///   another name
///
/// Names may hold \DDD. Names without a line are NXDOMAIN, or NOERROR without records if a line is below them; the SOA
/// record of the closest name above is in the authority section. CNAMEs and DNAMEs are followed, at most 20.
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
  /// Closes the sockets: the kernel refuses what is sent. start() opens the same port again.
  void stop();
  void start();
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
