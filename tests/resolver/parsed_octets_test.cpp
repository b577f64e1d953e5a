#include "resolver/parsed_octets.h"

#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "resolver/cache.h"
#include "tests/support/catch.h"
#include "verify/dkim/key.h"
#include "verify/dmarc/record.h"
#include "verify/spf/record.h"

namespace assay::resolver {
namespace {

/// Octets of the heap in use. Zero throughout under a sanitizer, which brings its own allocator; then nothing is
/// tested.
std::size_t heap() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

/// The text of a key whose modulus has `octets` octets: no product of primes, but OpenSSL does not ask.
std::string key_text(std::size_t octets, unsigned number) {
  const auto length = [](std::size_t size) {
    std::string out(1, static_cast<char>(size & 0xFFU));
    if (size > 0xFF) {
      out.insert(0, 1, static_cast<char>(size >> 8U));
    }
    return size < 0x80 ? out : std::string(1, static_cast<char>(0x80 + out.size())) + out;
  };
  std::string modulus(octets, '\xAB');
  modulus[1] = static_cast<char>(number);
  modulus[2] = static_cast<char>(number >> 8U);
  const std::string numbers =
      "\x02" + length(octets + 1) + std::string(1, '\0') + modulus + "\x02\x03\x01" + std::string(1, '\0') + "\x01";
  const std::string der = "\x30" + length(numbers.size()) + numbers;
  static const char* const kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < der.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = (bits << 8U) | (i + j < der.size() ? static_cast<unsigned char>(der[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j > der.size() ? '=' : kDigits[(bits >> (18 - 6 * j)) & 0x3FU];
    }
  }
  return "v=DKIM1; k=rsa; p=" + text;
}

dns::Answer answer_of(const std::vector<std::string>& texts) {
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.ttl = std::chrono::seconds(300);
  answer.texts = texts;
  return answer;
}

/// All that three protocols may keep of one answer, each key used once, for OpenSSL adds to a key then.
void read_all(const dns::Question& question, const dns::Answer& answer) {
  static_cast<void>(spf::record_of(answer));
  if (question.name.starts_with("_dmarc.")) {
    static_cast<void>(dmarc::records_of(answer));
  }
  if (question.name.find("._domainkey.") != std::string::npos) {
    for (const dkim::KeyRecord& record : dkim::keys_of(answer).records) {
      std::vector<std::uint8_t> signature(record.key->bits() / 8, 1);
      crypto::DigestValue digest;
      digest.size = 32;
      static_cast<void>(record.key->verify(crypto::Hash::Sha256, digest, signature));
    }
  }
}

TEST_CASE("resolver/parsed_octets: no record takes more than was said before it was read", "[resolver][memory]") {
  struct Row {
    const char* name;
    dns::Question question;
    std::vector<std::string> texts;
  };
  const std::string key = "sel._domainkey.a.test";
  std::vector<Row> rows{
      {"no record", {"a.test", dns::Type::TXT}, {"google-site-verification=1234567890"}},
      {"spf, usual",
       {"a.test", dns::Type::TXT},
       {"v=spf1 ip4:192.0.2.0/24 include:_spf.example.com include:spf.example.net mx -all"}},
      {"spf, most terms", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" a", 1000)}},
      {"spf, addresses", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" ip4:1.2.3.4", 600)}},
      {"spf, targets", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" a:a.b", 1000)}},
      {"spf, long targets",
       {"a.test", dns::Type::TXT},
       {"v=spf1" + repeat(" a:" + std::string(20, 'a') + ".example", 250)}},
      {"spf, macros", {"a.test", dns::Type::TXT}, {"v=spf1 exists:" + repeat("%{d}", 2000)}},
      {"spf, macros and text", {"a.test", dns::Type::TXT}, {"v=spf1 exists:" + repeat("%{d}a", 1600) + ".b"}},
      {"spf, macros with delimiters",
       {"a.test", dns::Type::TXT},
       {"v=spf1 exists:" + repeat("%{d.-+,/_=.-+,/_=.-+}", 380)}},
      {"spf, many targets of one macro", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" a:%{d}", 1000)}},
      {"spf, unknown modifiers", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" x=", 1000)}},
      {"spf, malformed", {"a.test", dns::Type::TXT}, {"v=spf1 " + std::string(3000, '!')}},
      {"spf, malformed at the end", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" a", 900) + " !"}},
      {"spf, too long", {"a.test", dns::Type::TXT}, {"v=spf1" + repeat(" a", 9000)}},
      {"spf, two records", {"a.test", dns::Type::TXT}, {"v=spf1 -all", "v=spf1 -all"}},
      {"dmarc, usual",
       {"_dmarc.a.test", dns::Type::TXT},
       {"v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@a.test; ruf=mailto:dmarc@a.test"}},
      {"dmarc, least", {"_dmarc.a.test", dns::Type::TXT}, {"v=DMARC1"}},
      {"dmarc, most addresses", {"_dmarc.a.test", dns::Type::TXT}, {"v=DMARC1;rua=" + repeat("a:b,", 2000)}},
      {"dmarc, long addresses",
       {"_dmarc.a.test", dns::Type::TXT},
       {"v=DMARC1;rua=" + repeat("mailto:aaaaaaaaaaaaa@a.test,", 250)}},
      {"dmarc, notes", {"_dmarc.a.test", dns::Type::TXT}, {"v=DMARC1;" + repeat("p=;", 2000)}},
      {"dmarc, too long", {"_dmarc.a.test", dns::Type::TXT}, {"v=DMARC1;" + repeat("p=;", 4000)}},
      {"no key", {key, dns::Type::TXT}, {"junk"}},
      {"revoked key", {key, dns::Type::TXT}, {"v=DKIM1; p="}},
      {"malformed key", {key, dns::Type::TXT}, {"v=DKIM1; p=AAAA"}},
      {"Ed25519", {key, dns::Type::TXT}, {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}},
  };
  for (const std::size_t bits : {512U, 1024U, 2048U, 4096U, 16384U}) {
    rows.push_back({"RSA", {key, dns::Type::TXT}, {key_text(bits / 8, 1)}});
  }
  rows.push_back({"three keys", {key, dns::Type::TXT}, {key_text(256, 1), key_text(256, 2), key_text(256, 3)}});
  for (const Row& row : rows) {
    // Once before, so that what OpenSSL makes for the process is there.
    read_all(row.question, answer_of(row.texts));
    constexpr std::size_t kCopies = 20;
    const std::vector<dns::Answer> answers(kCopies, answer_of(row.texts));
    const std::size_t before = heap();
    for (const dns::Answer& answer : answers) {
      read_all(row.question, answer);
    }
    const std::size_t taken = (heap() - before) / kCopies;
    const std::size_t said = parsed_octets(row.question, answers.front());
    CAPTURE(row.name, row.texts.front().size(), taken, said);
    CHECK(taken <= said);
    // Nor is it said to be much more: the cache would hold less than it could. An error takes less than a record.
    constexpr std::size_t kTooCareful = 4;
    const bool is_record = std::string(row.name).find("usual") != std::string::npos || row.name == std::string("RSA");
    CHECK((!is_record || taken == 0 || said <= kTooCareful * taken));
  }
}

TEST_CASE("resolver/parsed_octets: nothing where nothing is kept", "[resolver][memory]") {
  dns::Answer answer = answer_of({"v=spf1 -all"});
  CHECK(parsed_octets({"a.test", dns::Type::TXT}, answer) != 0);
  CHECK(parsed_octets({"a.test", dns::Type::A}, answer) == 0);
  answer.status = dns::Status::NxDomain;
  CHECK(parsed_octets({"a.test", dns::Type::TXT}, answer) == 0);
}

TEST_CASE("resolver/cache: 10,000 domains with all that is read from them stay inside the bound, and so does the heap",
          "[resolver][cache][memory]") {
  constexpr std::size_t kMax = std::size_t{8} << 20U;
  constexpr unsigned kDomains = 10'000;
  /// The tables of the shards when they grow, and the allocator's odds and ends.
  constexpr std::size_t kSlack = kMax / 20;
  const Cache::Clock::time_point now{std::chrono::seconds(1'000'000)};
  read_all({"sel._domainkey.a.test", dns::Type::TXT}, answer_of({key_text(256, 1)}));
  Cache cache(kMax);
  const std::size_t before = heap();
  std::size_t most = 0;
  for (unsigned i = 0; i < kDomains; ++i) {
    const std::string domain = "domain" + std::to_string(i) + ".test";
    const auto take = [&](const std::string& name, const std::string& text) {
      const dns::Question question{name, dns::Type::TXT};
      const auto answer = std::make_shared<const dns::Answer>(answer_of({text}));
      cache.put(question, answer, now);
      read_all(question, *answer);
    };
    take(domain, "v=spf1 ip4:192.0.2." + std::to_string(i % 256) + " include:_spf.example.com a mx -all");
    take("_dmarc." + domain, "v=DMARC1; p=reject; rua=mailto:dmarc@" + domain);
    take("sel._domainkey." + domain, key_text(256, i));
    most = std::max(most, cache.usage().octets);
  }
  CHECK(most <= kMax);
  CHECK(most > kMax / 10 * 9);
  const std::size_t grown = heap() - before;
  CAPTURE(grown, cache.usage().entries);
  CHECK(grown <= kMax + kSlack);
}

}  // namespace
}  // namespace assay::resolver
