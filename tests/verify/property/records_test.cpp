// Records that are cut short or have one octet changed, as hosting tools and people do: never a crash, always the same
// answer twice, and no result that the change cannot account for.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/change.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "tests/verify/property/vectors.h"
#include "verify/base/base64.h"
#include "verify/base/text.h"
#include "verify/dkim/key.h"
#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/record.h"
#include "verify/spf/evaluate.h"
#include "verify/spf/record.h"

using namespace assay;
using test::for_each_change;

namespace {

constexpr const char* kZone = R"(
example.com       A    192.0.2.7
example.com       MX   10 mx.example.com
mx.example.com    A    192.0.2.8
mx.example.com    AAAA 2001:db8::8
inc.example       TXT  "v=spf1 ip4:203.0.113.0/24 -all"
soft.example      TXT  "v=spf1 ~all"
why.example       TXT  "%{i} may not send for %{d}"
9.2.0.192.in-addr.arpa PTR p.example.com
p.example.com     A    192.0.2.9
x.192.0.2.10.list.example A 127.0.0.2
)";

/// Well formed; each kind of term of RFC 7208 section 12 at least once, redirect= and exp= last.
const std::vector<std::string> kSpfRecords{
    "v=spf1 -all",
    "v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all",
    "v=spf1 a a:example.com/30 mx:example.com//64 ~all",
    "v=spf1 -ip4:192.0.2.1 +include:inc.example ?ip4:192.0.2.7 -all exp=why.example",
    "v=spf1 ptr:example.com exists:x.%{i}.list.example unknown=%{d} redirect=soft.example",
    "v=spf1 exists:%{ir}.%{v}.%{l1r-}.list.example -mx/24//96 +all",
};

const std::vector<std::string> kClients{"192.0.2.1",  "192.0.2.7",   "192.0.2.8",   "192.0.2.9",
                                        "192.0.2.10", "2001:db8::8", "203.0.113.5", "198.51.100.9"};

spf::Outcome check_host(const std::string& record, const std::string& client) {
  test::FakeResolver dns(kZone);
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.texts = {record};
  dns.add("sender.example", dns::Type::TXT, answer);
  return spf::evaluate(spf::mail_from_identity(IpAddress::parse(client).value(), "<l-p@sender.example>", "h.example"),
                       dns, Limits{});
}

std::string write(const spf::Outcome& outcome) {
  Verdict verdict;
  verdict.spf_mail_from = outcome;
  return test::write(verdict);
}

/// What holds of any text that is an SPF record.
void check_parsed_spf(const std::string& text) {
  const auto record = spf::parse_record(text);
  if (!record) {
    REQUIRE(record.error().offset <= text.size());
    REQUIRE(record.error().term.size() <= 255);
    return;
  }
  REQUIRE(record->text == text);
  std::size_t end = 6;  // "v=spf1"
  for (const auto& directive : record->directives) {
    REQUIRE(directive.text.offset > end);
    end = directive.text.offset + directive.text.octets;
    REQUIRE(end <= text.size());
    REQUIRE(record->term(directive.text).find(' ') == std::string_view::npos);
  }
}

}  // namespace

TEST_CASE(
    "property/records: an SPF record cut or changed at any octet is read within its bounds and judged the same "
    "twice (RFC 7208 section 4.6)",
    "[property][records][spf]") {
  for (const std::string& record : kSpfRecords) {
    CAPTURE(record);
    REQUIRE(spf::parse_record(record));
    for_each_change(record, [](const std::string& text) {
      CAPTURE(text);
      if (spf::is_spf_record(text)) {
        check_parsed_spf(text);
      }
      const spf::Outcome outcome = check_host(text, "192.0.2.7");
      REQUIRE(write(outcome) == write(check_host(text, "192.0.2.7")));
      REQUIRE((outcome.status == spf::Status::None) == !spf::is_spf_record(text));
      REQUIRE(outcome.lookups <= Limits{}.spf_dns_terms + 1);
      REQUIRE(outcome.void_lookups <= Limits{}.spf_void_lookups + 1);
    });
  }
}

TEST_CASE("property/records: a term that matches decides, whatever terms were lost behind it (RFC 7208 section 4.6.2)",
          "[property][records][spf]") {
  int matches = 0;
  for (const std::string& record : kSpfRecords) {
    for (const std::string& client : kClients) {
      const spf::Outcome whole = check_host(record, client);
      for (std::size_t size = record.find(' '); size < record.size(); size = record.find(' ', size + 1)) {
        const std::string start = record.substr(0, size);
        CAPTURE(start, client);
        const spf::Outcome outcome = check_host(start, client);
        if (!outcome.mechanism.empty()) {
          ++matches;
          REQUIRE(outcome.status == whole.status);
          REQUIRE(outcome.mechanism == whole.mechanism);
        } else {
          // Nothing matched: never a pass (section 4.7).
          REQUIRE(outcome.status == spf::Status::Neutral);
        }
      }
    }
  }
  CHECK(matches > 20);
}

TEST_CASE(
    "property/records: no DKIM key cut or changed at any octet verifies a signature unless its p= is the same "
    "key (RFC 6376 section 6.1.3)",
    "[property][records][dkim]") {
  for (const test::Vector& vector : test::vectors()) {
    const bool is_chosen = vector.name == "dkim/rsa-relaxed-relaxed" || vector.name == "dkim/ed-simple-simple" ||
                           vector.name == "dkim/key-hashes" || vector.name == "dkim/changed-header" ||
                           vector.name == "dkim/changed-body" || vector.name == "dkim/key-mismatch";
    if (!is_chosen) {
      continue;
    }
    CAPTURE(vector.name);
    const auto message = test::read_signed_message(vector.octets);
    const auto question = dkim::key_question(
        *dkim::parse_signature(message.headers[message.headers.find("DKIM-Signature").front()].value, Limits{}));
    const dns::Answer answer = *vector.dns->lookup(question);
    REQUIRE(answer.texts.size() == 1);
    const auto key_of = [](const std::string& text) {
      const auto tags = dkim::TagList::parse(text, Limits{}.tags);
      return decode_base64(tags.find("p").value_or("")).value_or(std::vector<std::uint8_t>{});
    };
    int passed = 0;
    for_each_change(answer.texts.front(), [&](const std::string& text) {
      CAPTURE(text);
      test::FakeResolver dns;
      dns::Answer other = answer;
      other.texts = {text};
      dns.add(question.name, question.type, other);
      const auto outcomes = test::verify_dkim(message, dns, Limits{}, vector.now);
      REQUIRE(outcomes.size() == 1);
      if (outcomes[0].status == dkim::Status::Pass || outcomes[0].headers_verified) {
        ++passed;
        REQUIRE(vector.dkim[0] == (outcomes[0].status == dkim::Status::Pass ? "pass" : "fail"));
        REQUIRE(key_of(text) == key_of(answer.texts.front()));
      }
    });
    CHECK((passed > 0) == (vector.name != "dkim/changed-header" && vector.name != "dkim/key-mismatch"));
  }
}

namespace {

const std::vector<std::string> kDmarcRecords{
    "v=DMARC1; p=reject",
    "v=DMARC1;p=quarantine;sp=none;np=reject;rua=mailto:a@example.com,mailto:b@example.com!10m",
    "v=DMARC1 ; p=none ; psd=n ; t=y ; fo=1:d:s ; ruf=mailto:f@example.com ; pct=100 ; unknown=x",
    "v=DMARC1; rua=mailto:a@example.com; p=reject; p=none",
};

dmarc::Outcome judge(const std::string& record, dmarc::Status expected_identifiers) {
  test::FakeResolver dns("sender.example NONE\nother.example NONE\n");
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.texts = {record};
  dns.add("_dmarc.sender.example", dns::Type::TXT, answer);
  spf::Outcome mail_from;
  mail_from.status = spf::Status::Pass;
  mail_from.domain = expected_identifiers == dmarc::Status::Pass ? "sender.example" : "other.example";
  return dmarc::evaluate(Domain::parse("sender.example").value(), mail_from, {}, dns, Limits{});
}

std::string write(const dmarc::Outcome& outcome) {
  Verdict verdict;
  verdict.dmarc = outcome;
  return test::write(verdict);
}

}  // namespace

TEST_CASE(
    "property/records: no DMARC record cut or changed at any octet makes an unaligned message pass (RFC 9989 "
    "section 5.3.5)",
    "[property][records][dmarc]") {
  for (const std::string& record : kDmarcRecords) {
    for_each_change(record, [](const std::string& text) {
      CAPTURE(text);
      const dmarc::Outcome outcome = judge(text, dmarc::Status::Fail);
      REQUIRE(outcome.status != dmarc::Status::Pass);
      REQUIRE(outcome.status != dmarc::Status::TempError);
      REQUIRE((outcome.status == dmarc::Status::None) == !dmarc::parse_record(text).has_value());
      REQUIRE(write(outcome) == write(judge(text, dmarc::Status::Fail)));
    });
  }
}

TEST_CASE(
    "property/records: an aligned message passes or has no policy, whatever single octet of the record is wrong "
    "(RFC 9989 section 4.8)",
    "[property][records][dmarc]") {
  for (const std::string& record : kDmarcRecords) {
    for_each_change(record, [](const std::string& text) {
      CAPTURE(text);
      const dmarc::Outcome outcome = judge(text, dmarc::Status::Pass);
      REQUIRE(outcome.status != dmarc::Status::Fail);
    });
  }
}

TEST_CASE(
    "property/records: a DMARC record that ends too early has no policy that the whole one has not (RFC 9989 "
    "section 4.8)",
    "[property][records][dmarc]") {
  for (const std::string& record : kDmarcRecords) {
    const auto whole = dmarc::parse_record(record);
    REQUIRE(whole);
    for (std::size_t size = 0; size < record.size(); ++size) {
      const auto start = dmarc::parse_record(record.substr(0, size));
      CAPTURE(record, size);
      REQUIRE((!start || !start->policy || start->policy == whole->policy));
      REQUIRE((!start || !start->subdomain_policy || start->subdomain_policy == whole->subdomain_policy));
      REQUIRE((!start || !start->nonexistent_policy || start->nonexistent_policy == whole->nonexistent_policy));
    }
  }
}
