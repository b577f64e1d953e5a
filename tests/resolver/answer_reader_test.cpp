#include "resolver/answer_reader.h"

#include <string>
#include <vector>

#include "tests/resolver/packet.h"
#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

using dns::Question;
using dns::Status;
using std::chrono::seconds;
using test::Packet;

constexpr unsigned kA = 1;
constexpr unsigned kCname = 5;
constexpr unsigned kSoa = 6;
constexpr unsigned kPtr = 12;
constexpr unsigned kMx = 15;
constexpr unsigned kTxt = 16;
constexpr unsigned kAaaa = 28;
constexpr unsigned kNxDomain = 3;

const Question kText{"a.test", dns::Type::TXT};
const std::string kAddress{"\xC0\x00\x02\x01", 4};

dns::Answer read(const Packet& packet, const Question& question = kText) {
  return read_answer(packet.octets(), question);
}

TEST_CASE("resolver/answer_reader: the strings of a TXT record are joined without separator (RFC 7208 section 3.3)",
          "[resolver][reader]") {
  const dns::Answer answer = read(Packet("a.test", kTxt)
                                      .answer("a.test", kTxt, 300, Packet::strings({"v=spf1 ", "", "-all"}))
                                      .answer("a.test", kTxt, 200, Packet::strings({""}))
                                      .answer("a.test", kTxt, 300, Packet::strings({std::string(255, '\xFF')})));
  CHECK(answer.status == Status::Found);
  CHECK(answer.texts == std::vector<std::string>{"v=spf1 -all", "", std::string(255, '\xFF')});
  CHECK(answer.ttl == seconds(200));
  CHECK(answer.detail.empty());
}

TEST_CASE("resolver/answer_reader: many strings make one long text", "[resolver][reader]") {
  const dns::Answer answer =
      read(Packet("a.test", kTxt)
               .answer("a.test", kTxt, 300, Packet::strings(std::vector<std::string>(250, std::string(255, 'x')))));
  CHECK(answer.texts == std::vector<std::string>{std::string(std::size_t{250} * 255, 'x')});
}

TEST_CASE("resolver/answer_reader: addresses", "[resolver][reader]") {
  const dns::Answer v4 = read(Packet("a.test", kA).answer("A.TEST", kA, 60, kAddress), {"a.test", dns::Type::A});
  CHECK(v4.addresses == std::vector<IpAddress>{IpAddress::parse("192.0.2.1").value()});
  const std::string octets("\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  const dns::Answer v6 = read(Packet("a.test", kAaaa).answer("a.test", kAaaa, 60, octets), {"a.test", dns::Type::AAAA});
  CHECK(v6.addresses == std::vector<IpAddress>{IpAddress::parse("2001:db8::1").value()});
}

TEST_CASE("resolver/answer_reader: MX by preference, equal ones as they came, null MX with an empty host (RFC 7505)",
          "[resolver][reader]") {
  const Question question{"a.test", dns::Type::MX};
  const dns::Answer answer = read(Packet("a.test", kMx)
                                      .answer("a.test", kMx, 60, Packet::mx(65535, "z.test"))
                                      .answer("a.test", kMx, 60, Packet::mx(10, "C.test"))
                                      .answer("a.test", kMx, 60, Packet::mx(10, "b.test"))
                                      .answer("a.test", kMx, 60, Packet::mx(0, "")),
                                  question);
  REQUIRE(answer.exchanges.size() == 4);
  CHECK(answer.exchanges[0].host.empty());
  CHECK(answer.exchanges[1].host == "c.test");
  CHECK(answer.exchanges[2].host == "b.test");
  CHECK(answer.exchanges[3].preference == 65535);
}

TEST_CASE(
    "resolver/answer_reader: PTR names in lower case; one with a dot inside a label cannot be asked for and is "
    "left out",
    "[resolver][reader]") {
  const Question question{"1.2.0.192.in-addr.arpa", dns::Type::PTR};
  const std::string dotted(
      "\x0B"
      "mail.victim\x04test\0",
      18);
  const std::string odd(
      "\x05"
      "a \xFF\\\"\x04TEST\0",
      12);
  Packet packet(question.name, kPtr);
  packet.answer(question.name, kPtr, 60, dotted);
  const dns::Answer none = read(packet, question);
  CHECK(none.status == Status::NoData);
  CHECK(none.names.empty());
  packet.answer(question.name, kPtr, 60, odd);
  const dns::Answer answer = read(packet, question);
  CHECK(answer.status == Status::Found);
  CHECK(answer.names == std::vector<std::string>{"a \xFF\\\".test"});
}

TEST_CASE("resolver/answer_reader: a name in the question may hold any octet but the dot", "[resolver][reader]") {
  const std::string name("\0 \"\\\x80\xFF;@$.test", 14);
  CHECK(read(Packet(name, kTxt).answer(name, kTxt, 60, Packet::strings({"x"})), {name, dns::Type::TXT}).status ==
        Status::Found);
}

TEST_CASE("resolver/answer_reader: a compressed owner is read (RFC 1035 section 4.1.4)", "[resolver][reader]") {
  const dns::Answer answer = read(Packet("a.test", kTxt).answer_at("\xC0\x0C", kTxt, 60, Packet::strings({"x"})));
  CHECK(answer.texts == std::vector<std::string>{"x"});
}

TEST_CASE("resolver/answer_reader: a CNAME chain is followed, and the least TTL on it counts", "[resolver][reader]") {
  Packet packet("a.test", kTxt);
  packet.answer("c.test", kTxt, 300, Packet::strings({"end"}))
      .answer("b.test", kCname, 20, Packet::wire("C.test"))
      .answer("a.test", kCname, 100, Packet::wire("b.test"));
  const dns::Answer answer = read(packet);
  CHECK(answer.status == Status::Found);
  CHECK(answer.texts == std::vector<std::string>{"end"});
  CHECK(answer.ttl == seconds(20));
}

TEST_CASE("resolver/answer_reader: kMaxAliases CNAMEs are followed, one more is TempFail", "[resolver][reader]") {
  for (const std::size_t length : {kMaxAliases, kMaxAliases + 1}) {
    Packet packet("a.test", kTxt);
    std::string name = "a.test";
    for (std::size_t i = 0; i < length; ++i) {
      const std::string next = "n" + std::to_string(i) + ".test";
      packet.answer(name, kCname, 60, Packet::wire(next));
      name = next;
    }
    packet.answer(name, kTxt, 60, Packet::strings({"end"}));
    const dns::Answer answer = read(packet);
    CAPTURE(length);
    CHECK(answer.status == (length == kMaxAliases ? Status::Found : Status::TempFail));
    CHECK(answer.detail == (length == kMaxAliases ? "" : "the CNAME chain is longer than 16"));
  }
}

TEST_CASE("resolver/answer_reader: a CNAME loop is TempFail (RFC 1034 section 3.6.2)", "[resolver][reader]") {
  CHECK(read(Packet("a.test", kTxt).answer("a.test", kCname, 60, Packet::wire("a.test"))).detail ==
        "the CNAME chain is a loop");
  const dns::Answer answer = read(Packet("a.test", kTxt)
                                      .answer("a.test", kCname, 60, Packet::wire("b.test"))
                                      .answer("b.test", kCname, 60, Packet::wire("A.test")));
  CHECK(answer.status == Status::TempFail);
  CHECK(answer.detail == "the CNAME chain is a loop");
}

TEST_CASE("resolver/answer_reader: negative answers live min(SOA TTL, MINIMUM) (RFC 2308 section 5)",
          "[resolver][reader]") {
  struct Row {
    const char* name;
    std::uint32_t soa_ttl;
    std::uint32_t minimum;
    const char* owner;
    int ttl;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"MINIMUM is less", 300, 60, "test", 60},
           {"TTL is less", 30, 60, "test", 30},
           {"MINIMUM 0", 300, 0, "test", 0},
           {"of the name itself", 300, 60, "a.test", 60},
           {"of the root", 300, 60, "", 60},
           {"of another zone: no SOA at all", 300, 60, "other", 0},
           {"of a zone below", 300, 60, "x.a.test", 0},
           {"a name that merely ends so", 300, 60, "est", 0},
           {"top bit set: zero (RFC 2181 section 8)", 0x8000'0001U, 60, "test", 0},
           {"top bit of MINIMUM set", 300, 0xFFFF'FFFFU, "test", 0},
       }) {
    CAPTURE(row.name);
    for (const unsigned rcode : {0U, kNxDomain}) {
      const dns::Answer answer =
          read(Packet("a.test", kTxt, rcode).authority(row.owner, kSoa, row.soa_ttl, Packet::soa(row.minimum)));
      CHECK(answer.status == (rcode == 0 ? Status::NoData : Status::NxDomain));
      CHECK(answer.ttl == seconds(row.ttl));
    }
  }
}

TEST_CASE("resolver/answer_reader: a negative answer behind a CNAME lives no longer than the CNAME",
          "[resolver][reader]") {
  for (const unsigned rcode : {0U, kNxDomain}) {
    const dns::Answer answer = read(Packet("a.test", kTxt, rcode)
                                        .answer("a.test", kCname, 20, Packet::wire("b.other"))
                                        .authority("other", kSoa, 300, Packet::soa(60)));
    CHECK(answer.status == (rcode == 0 ? Status::NoData : Status::NxDomain));
    CHECK(answer.ttl == seconds(20));
  }
}

TEST_CASE("resolver/answer_reader: every other RCODE is TempFail and named", "[resolver][reader]") {
  struct Row {
    unsigned rcode;
    const char* detail;
  };
  for (const Row& row : std::initializer_list<Row>{{1, "the server answered FORMERR"},
                                                   {2, "the server answered SERVFAIL"},
                                                   {4, "the server answered NOTIMPL"},
                                                   {5, "the server answered REFUSED"},
                                                   {6, "the server answered YXDOMAIN"},
                                                   {9, "the server answered NOTAUTH"},
                                                   {15, "the server answered RCODE 15"}}) {
    // The records that come with it do not count.
    for (Packet packet : {Packet("a.test", kTxt, row.rcode),
                          Packet("a.test", kTxt, row.rcode).answer("a.test", kTxt, 60, Packet::strings({"x"})),
                          Packet("a.test", kTxt, row.rcode).no_question()}) {
      const dns::Answer answer = read(packet);
      CHECK(answer.status == Status::TempFail);
      CHECK(answer.detail == row.detail);
      CHECK(answer.texts.empty());
    }
  }
  // BADVERS is 16: its lower bits alone look like NOERROR (RFC 6891 section 6.1.3).
  CHECK(read(Packet("a.test", kTxt).answer("a.test", kTxt, 60, Packet::strings({"x"})).extended_rcode(1)).status ==
        Status::TempFail);
}

TEST_CASE("resolver/answer_reader: messages that cannot be believed are TempFail", "[resolver][reader]") {
  const std::string text = Packet::strings({"x"});
  struct Row {
    const char* name;
    Packet packet;
    const char* detail;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"a query", Packet("a.test", kTxt).flags(0x0100), "the answer cannot be read: it is no answer to a query"},
           {"a NOTIFY", Packet("a.test", kTxt).flags(0xA180), "the answer cannot be read: it is no answer to a query"},
           {"truncated", Packet("a.test", kTxt).flags(Packet::kAnswered | Packet::kTruncated),
            "the answer was truncated"},
           {"another name", Packet("b.test", kTxt).answer("b.test", kTxt, 60, text),
            "the answer is to another question"},
           {"another type", Packet("a.test", kA).answer("a.test", kTxt, 60, text), "the answer is to another question"},
           {"no question", Packet("a.test", kTxt).no_question().answer("a.test", kTxt, 60, text),
            "the answer is to another question"},
           {"NXDOMAIN with the records", Packet("a.test", kTxt, kNxDomain).answer("a.test", kTxt, 60, text),
            "the answer says NXDOMAIN and has the records"},
       }) {
    CAPTURE(row.name);
    const dns::Answer answer = read(row.packet);
    CHECK(answer.status == Status::TempFail);
    CHECK(answer.detail == row.detail);
    CHECK(answer.texts.empty());
  }
  CHECK(read_answer({}, kText).status == Status::TempFail);
}

TEST_CASE("resolver/answer_reader: records of other names, types and classes do not count", "[resolver][reader]") {
  const std::string text = Packet::strings({"x"});
  const dns::Answer answer = read(Packet("a.test", kTxt)
                                      .answer("b.test", kTxt, 60, text)
                                      .answer("a.test", kA, 60, kAddress)
                                      .answer("a.test", kTxt, 60, text, 3)
                                      .authority("a.test", kTxt, 60, text));
  CHECK(answer.status == Status::NoData);
}

TEST_CASE("resolver/answer_reader: a repeated record counts once (RFC 2181 section 5)", "[resolver][reader]") {
  const dns::Answer answer = read(Packet("a.test", kTxt)
                                      .answer("a.test", kTxt, 60, Packet::strings({"ab"}))
                                      .answer("A.test", kTxt, 60, Packet::strings({"ab"}))
                                      .answer("a.test", kTxt, 60, Packet::strings({"a", "b"})));
  // The third has other data, though it reads the same.
  CHECK(answer.texts == std::vector<std::string>{"ab", "ab"});
}

TEST_CASE(
    "resolver/answer_reader: kMaxRecords mail exchangers are kept, of TXT all, more addresses than kMaxAddresses fail",
    "[resolver][reader][bounds]") {
  const auto with = [](unsigned type, std::size_t count) {
    Packet packet("a.test", type);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string octets{'\xC0', '\x00', static_cast<char>(i >> 8U), static_cast<char>(i & 0xFFU)};
      const std::string name = "n" + std::to_string(i) + ".test";
      packet.answer("a.test", type, i < kMaxRecords || type == kA ? 300 : 60,
                    type == kA     ? octets
                    : type == kTxt ? Packet::strings({name})
                                   : Packet::mx(10, name));
    }
    return read(packet, {"a.test", type == kA ? dns::Type::A : type == kTxt ? dns::Type::TXT : dns::Type::MX});
  };
  CHECK(with(kA, kMaxAddresses).addresses.size() == kMaxAddresses);
  CHECK(with(kA, kMaxAddresses + 1).status == Status::TempFail);
  CHECK(with(kMx, kMaxRecords).ttl == seconds(300));
  CHECK(with(kMx, kMaxRecords + 1).ttl == seconds(60));  // Of all records, kept or not.
  CHECK(with(kMx, kMaxRecords + 1).exchanges.size() == kMaxRecords);
  CHECK(with(kTxt, kMaxRecords + 1).texts.size() == kMaxRecords + 1);
}

TEST_CASE("resolver/answer_reader: data too short for an address is never one", "[resolver][reader]") {
  for (const std::size_t size : {0U, 1U, 3U}) {
    CAPTURE(size);
    CHECK(
        read(Packet("a.test", kA).answer("a.test", kA, 60, std::string(size, '\1')), {"a.test", dns::Type::A}).status ==
        Status::TempFail);
  }
  CHECK(read(Packet("a.test", kAaaa).answer("a.test", kAaaa, 60, kAddress), {"a.test", dns::Type::AAAA}).status ==
        Status::TempFail);
}

std::vector<std::pair<Packet, Question>> samples() {
  std::vector<std::pair<Packet, Question>> all;
  all.emplace_back(Packet("a.test", kTxt)
                       .answer("a.test", kCname, 100, Packet::wire("b.test"))
                       .answer("b.test", kTxt, 300, Packet::strings({"v=spf1 ", "-all"})),
                   kText);
  all.emplace_back(Packet("a.test", kMx)
                       .answer_at("\xC0\x0C", kMx, 60, Packet::mx(10, "mx.test"))
                       .answer_at("\xC0\x0C", kMx, 60, Packet::number16(5) + "\x02mx\xC0\x0E"),
                   Question{"a.test", dns::Type::MX});
  all.emplace_back(Packet("a.test", kA).answer("a.test", kA, 60, kAddress).extended_rcode(0),
                   Question{"a.test", dns::Type::A});
  all.emplace_back(Packet("a.test", kTxt, kNxDomain).authority("test", kSoa, 60, Packet::soa(60)), kText);
  all.emplace_back(Packet("1.test", kPtr).answer("1.test", kPtr, 60, Packet::wire("mail.test")),
                   Question{"1.test", dns::Type::PTR});
  return all;
}

TEST_CASE("resolver/answer_reader: no truncation is taken for an answer", "[resolver][reader][property]") {
  for (const auto& [packet, question] : samples()) {
    const auto octets = packet.octets();
    const dns::Answer whole = read_answer(octets, question);
    CHECK(whole.status != Status::TempFail);
    for (std::size_t size = 0; size < octets.size(); ++size) {
      // A copy of exactly that size, so that reading past it is seen by the sanitizer.
      const std::vector<std::uint8_t> cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      const dns::Answer answer = read_answer(cut, question);
      if (answer.status != Status::TempFail || answer.detail.empty()) {
        FAIL_CHECK("cut to " << size << " of " << octets.size());
      }
    }
  }
}

TEST_CASE("resolver/answer_reader: any flipped octet gives some outcome, and Found only with records",
          "[resolver][reader][property]") {
  for (const auto& [packet, question] : samples()) {
    const auto octets = packet.octets();
    for (std::size_t place = 0; place < octets.size(); ++place) {
      for (unsigned value = 0; value < 256; ++value) {
        std::vector<std::uint8_t> bad = octets;
        bad[place] = static_cast<std::uint8_t>(value);
        const dns::Answer answer = read_answer(bad, question);
        const bool has_records =
            !answer.texts.empty() || !answer.addresses.empty() || !answer.exchanges.empty() || !answer.names.empty();
        if (has_records != (answer.status == Status::Found) ||
            (answer.status == Status::TempFail) != !answer.detail.empty() || answer.ttl < seconds(0)) {
          FAIL_CHECK("octet " << place << " set to " << value);
        }
      }
    }
  }
}

TEST_CASE("resolver/answer_reader: octets at random are TempFail or harmless", "[resolver][reader][property]") {
  std::uint32_t state = 1;
  const auto next = [&state] {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::uint8_t>(state >> 24U);
  };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> octets(next() % 100U);
    for (std::uint8_t& octet : octets) {
      octet = next();
    }
    if (octets.size() > 11 && round % 2 == 0) {
      // A plausible header, so that more than it is read.
      const std::vector<std::uint8_t> header{0, 0, 0x81, 0x80, 0, 1, 0, 2, 0, 1, 0, 1};
      std::copy(header.begin(), header.end(), octets.begin());
    }
    static_cast<void>(read_answer(octets, kText));
  }
  SUCCEED();
}

}  // namespace
}  // namespace assay::resolver
