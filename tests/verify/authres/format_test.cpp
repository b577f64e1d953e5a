#include "verify/authres/format.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "verify/authres/parse.h"

namespace {

using assay::Domain;
using assay::IpAddress;
using assay::Verdict;
using assay::authres::format;
using assay::authres::Stamp;
namespace arc = assay::arc;
namespace dkim = assay::dkim;
namespace dmarc = assay::dmarc;
namespace iprev = assay::iprev;
namespace spf = assay::spf;

Domain name(const std::string& text) {
  return Domain::parse(text).value();
}

Stamp stamp() {
  Stamp out;
  out.authserv_id = "mx.example.net";
  out.client = IpAddress::parse("192.0.2.1").value();
  return out;
}

dkim::Outcome signature(const std::string& domain, const std::string& start) {
  dkim::Outcome out;
  out.status = dkim::Status::Pass;
  out.domain = domain;
  out.signing_domain = name(domain);
  out.selector = "s1";
  out.identity = "@" + domain;
  out.algorithm = "rsa-sha256";
  out.signature_start = start;
  out.key_bits = 2048;
  return out;
}

dmarc::Outcome dmarc_of(dmarc::Status status, const std::string& author, dmarc::Policy policy) {
  dmarc::Outcome out;
  out.status = status;
  out.reason = status == dmarc::Status::Fail ? dmarc::Reason::NotAligned : dmarc::Reason::None;
  out.author = name(author);
  out.published = policy;
  out.policy = policy;
  return out;
}

/// A message of which nothing is known but that it went through the checks.
Verdict plain() {
  Verdict out;
  out.spf_mail_from.status = spf::Status::Pass;
  out.spf_mail_from.reason = spf::Reason::None;
  out.spf_mail_from.domain = "news.example.com";
  out.dkim.push_back(signature("example.com", "mQ8GEWPc"));
  out.dmarc = dmarc_of(dmarc::Status::Pass, "example.com", dmarc::Policy::Reject);
  return out;
}

/// One line of the field: what follows the id and the results before it.
std::string line(const std::string& value, const std::string& start) {
  const auto begin = value.find("\n " + start);
  if (begin == std::string::npos) {
    return "no " + start + " in " + value;
  }
  return value.substr(begin + 2, value.find('\n', begin + 1) - begin - 2);
}

std::string unfold(std::string value) {
  value.erase(std::remove(value.begin(), value.end(), '\n'), value.end());
  return value;
}

/// The rules that even a careless reader can rely on: visible ASCII in folded lines, no backslash, quotes and comments
/// balanced and neither inside the other, and nothing in them that separates results or makes one.
std::string find_flaw(const std::string& value) {
  bool quoted = false;
  bool comment = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool fold = c == '\n' && i + 2 < value.size() && value[i + 1] == ' ' && value[i + 2] != ' ' && !quoted;
    if ((!fold && (c < ' ' || c > '~')) || c == '\\') {
      return "octet " + std::to_string(i);
    }
    if (c == '"') {
      if (comment) {
        return "quote in a comment";
      }
      quoted = !quoted;
    } else if (quoted && (c == ';' || c == '=' || c == '(' || c == ')')) {
      return "separator in quotes";
    } else if (c == '(' || c == ')') {
      if (comment != (c == ')')) {
        return "unbalanced comment";
      }
      comment = c == '(';
    } else if (comment && c == ';') {
      return "separator in a comment";
    }
  }
  if (quoted || comment) {
    return "not closed";
  }
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find('\n', begin), value.size());
    const std::string text = value.substr(begin, end - begin);
    // Longer than 78 only if there is but one property in it (whose value may hold spaces in quotes).
    const std::size_t space = text.find(' ', 1);
    if (text.size() > 998 || (text.size() > 78 && space != std::string::npos && text.find("=\"") > space)) {
      return "line too long: " + text;
    }
    begin = end + 1;
  }
  return {};
}

void check_shape(const std::string& value) {
  CAPTURE(value);
  CHECK(value.size() <= assay::authres::kMaxFieldOctets);
  CHECK(find_flaw(value).empty());
}

/// What the encoder may let through of a foreign string, said independently of it.
std::string expected_text(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 255)) {
    const bool stays = c >= 0x20 && c <= 0x7E && c != '"' && c != '\\' && c != ';' && c != '=' && c != '(' && c != ')';
    out += stays ? c : '?';
  }
  return out;
}

std::string describe(const std::vector<assay::authres::Result>& results) {
  std::string out;
  for (const auto& result : results) {
    out += result.method + "=" + result.result;
    for (const auto& [property, value] : result.properties) {
      out += " [" + property + "=" + value + "]";
    }
    out += "\n";
  }
  return out;
}

/// A Verdict and a Stamp with `text` in every string of them.
std::pair<Verdict, Stamp> filled_with(const std::string& text) {
  Verdict verdict = plain();
  for (spf::Outcome* outcome : {&verdict.spf_mail_from, &verdict.spf_helo}) {
    outcome->status = spf::Status::Fail;
    outcome->reason = spf::Reason::DnsFailure;
    outcome->domain = text;
    outcome->mechanism = outcome->detail = outcome->explanation = text;
  }
  dkim::Outcome& broken = verdict.dkim.emplace_back();
  broken.status = dkim::Status::Neutral;
  broken.reason = dkim::Reason::SignatureSyntax;
  broken.domain = broken.selector = broken.algorithm = broken.signature_start = broken.detail = text;
  broken.identity = "@" + text;
  verdict.dmarc.detail = text;
  verdict.other_authors.push_back(dmarc_of(dmarc::Status::Fail, "other.example", dmarc::Policy::None));
  verdict.arc.status = arc::Status::Fail;
  verdict.arc.reason = arc::Reason::SealFailed;
  verdict.arc.instances = 1;
  verdict.arc.sealers = {text};
  verdict.arc.claims = {{text, text, {{text, text}}}};
  verdict.arc.detail = text;
  verdict.iprev = iprev::Outcome{iprev::Status::Fail, text};
  verdict.from = {text};
  verdict.list_id = verdict.list_post_host = text;
  Stamp out = stamp();
  out.rule = out.action = text;
  return {verdict, out};
}

void check_round_trip(const std::string& text) {
  const auto [verdict, with] = filled_with(text);
  const std::string value = format(verdict, with);
  check_shape(value);
  const auto parsed = assay::authres::parse(value);
  CAPTURE(value);
  REQUIRE(parsed.has_value());
  CHECK(parsed->authserv_id == "mx.example.net");
  const std::string clean = expected_text(text);
  const auto property = [&clean](const std::string& property_name) {
    return clean.empty() ? std::string{} : " [" + property_name + "=" + clean + "]";
  };
  // RFC 6008: eight octets, and no more, since no other signature starts alike.
  const std::string start = expected_text(text.substr(0, 8));
  CHECK(describe(parsed->results) ==
        "spf=fail" + property("smtp.helo") + "\nspf=fail" + property("smtp.mailfrom") +
            "\ndkim=pass [header.d=example.com] [header.s=s1] [header.a=rsa-sha256] [header.b=mQ8GEWPc]\n"
            "dkim=neutral" +
            property("header.d") + property("header.s") + property("header.a") +
            (start.empty() ? "" : " [header.b=" + start + "]") +
            "\ndmarc=pass [header.from=example.com] [policy.dmarc=reject]\n"
            "dmarc=fail [header.from=other.example] [policy.dmarc=none]\n"
            "arc=fail [smtp.remote-ip=192.0.2.1]\n"
            "iprev=fail [policy.iprev=192.0.2.1]\n");
}

}  // namespace

TEST_CASE("authres/format: what would happen if the policy were in force, and by which rule", "[authres][format]") {
  Verdict verdict = plain();
  Stamp with = stamp();
  with.rule = "default";
  with.action = "accept";
  with.would = "reject";
  with.would_rule = "strict";
  CHECK(format(verdict, with).find("(p=reject dis=accept rule=default would=reject") != std::string::npos);
  CHECK(format(verdict, with).find("by=strict)") != std::string::npos);
  with.would_rule = "default";
  CHECK(format(verdict, with).find("would=reject)") != std::string::npos);
}

TEST_CASE("authres/format: one result for each method, identity and signature (RFC 8601 section 2.2)",
          "[authres][format]") {
  Verdict verdict = plain();
  Stamp with = stamp();
  with.rule = "default";
  with.action = "accept";
  CHECK(format(verdict, with) ==
        "mx.example.net;\n"
        " spf=pass smtp.mailfrom=news.example.com;\n"
        " dkim=pass (2048-bit key) header.d=example.com header.s=s1 header.a=rsa-sha256\n"
        " header.b=\"mQ8GEWPc\";\n"
        " dmarc=pass (p=reject dis=accept rule=default) header.from=example.com\n"
        " policy.dmarc=reject;\n"
        " arc=none");

  verdict.spf_helo = verdict.spf_mail_from;
  verdict.spf_helo.domain = "mx.example.com";
  verdict.spf_helo.status = spf::Status::None;
  verdict.spf_helo.reason = spf::Reason::NoRecord;
  verdict.dkim.clear();
  verdict.dmarc = dmarc_of(dmarc::Status::Fail, "bank.example", dmarc::Policy::Reject);
  verdict.dmarc.policy = dmarc::Policy::Quarantine;
  verdict.dmarc.testing = true;
  verdict.other_authors = {dmarc_of(dmarc::Status::Pass, "example.com", dmarc::Policy::None)};
  verdict.arc.status = arc::Status::Pass;
  verdict.arc.instances = 2;
  verdict.arc.sealers = {"one.example", "list.example"};
  verdict.arc.oldest_pass = 0;
  verdict.iprev = iprev::Outcome{iprev::Status::Pass, "mx.example.com"};
  with.client = IpAddress::parse("2001:db8::1").value();
  with.rule = "partner";
  with.action = "quarantine";
  CHECK(format(verdict, with) ==
        "mx.example.net;\n"
        " spf=none (no_record) smtp.helo=mx.example.com;\n"
        " spf=pass smtp.mailfrom=news.example.com;\n"
        " dkim=none;\n"
        " dmarc=fail (p=reject t=y dis=quarantine rule=partner)\n"
        " header.from=bank.example policy.dmarc=quarantine;\n"
        " dmarc=pass (p=none) header.from=example.com policy.dmarc=none;\n"
        " arc=pass (i=2 d=list.example) header.oldest-pass=0\n"
        " smtp.remote-ip=\"2001:db8::1\";\n"
        " iprev=pass policy.iprev=\"2001:db8::1\" (mx.example.com)");
}

TEST_CASE("authres/format: SPF names the identity and never the local-part (RFC 8601 section 2.7.2)",
          "[authres][format]") {
  Verdict verdict = plain();
  verdict.spf_helo = verdict.spf_mail_from;
  SECTION("the null sender's identity is the HELO name, once") {
    Stamp with = stamp();
    with.null_sender = true;
    const std::string value = format(verdict, with);
    CHECK(line(value, "spf") == "spf=pass smtp.helo=news.example.com;");
    CHECK(value.find("spf=", value.find("spf=") + 1) == std::string::npos);
  }
  SECTION("a HELO that could not be checked is left out") {
    verdict.spf_helo.status = spf::Status::None;
    verdict.spf_helo.reason = spf::Reason::InvalidDomain;
    CHECK(line(format(verdict, stamp()), "spf") == "spf=pass smtp.mailfrom=news.example.com;");
  }
  SECTION("nothing to check") {
    verdict.spf_helo = verdict.spf_mail_from = spf::Outcome{};
    CHECK(line(format(verdict, stamp()), "spf") == "spf=none (no_identity);");
  }
  SECTION("a domain that is none") {
    verdict.spf_helo = spf::Outcome{};
    verdict.spf_mail_from.domain = "[192.0.2.1]";
    CHECK(line(format(verdict, stamp()), "spf") == "spf=pass smtp.mailfrom=\"[192.0.2.1]\";");
  }
}

TEST_CASE("authres/format: DKIM properties (RFC 8601 section 2.7.1, RFC 6008)", "[authres][format]") {
  Verdict verdict = plain();
  dkim::Outcome& own = verdict.dkim[0];
  const auto result = [&verdict] {
    std::string value = format(verdict, stamp());
    value = value.substr(value.find("dkim="), value.find("dmarc=") - value.find("dkim="));
    std::replace(value.begin(), value.end(), '\n', ' ');
    value.erase(value.find(';'));
    while (value.find("  ") != std::string::npos) {
      value.replace(value.find("  "), 2, " ");
    }
    return value;
  };
  SECTION("reason, key and testing stand in one comment") {
    own.status = dkim::Status::Neutral;
    own.reason = dkim::Reason::TestKeyFailed;
    own.testing = true;
    CHECK(result() ==
          "dkim=neutral (test_key_failed, 2048-bit key, test key) header.d=example.com header.s=s1 "
          "header.a=rsa-sha256 header.b=\"mQ8GEWPc\"");
  }
  SECTION("what is unknown is left out") {
    own = dkim::Outcome{};
    own.reason = dkim::Reason::SignatureSyntax;
    CHECK(result() == "dkim=neutral (signature_syntax)");
  }
  SECTION("d= is written in A-labels") {
    own.domain =
        "b\xC3\xBC"
        "cher.example";
    own.signing_domain = name(own.domain);
    own.identity = "@" + own.domain;
    CHECK(result().find(" header.d=xn--bcher-kva.example header.s=") != std::string::npos);
  }
  SECTION("i= only if it says more than d=") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"@example.com", ""},
        {"@EXAMPLE.com", ""},
        {"", ""},
        {"user@example.com", " header.i=user@example.com"},
        {"@mail.example.com", " header.i=@mail.example.com"},
        {"a.b+c@b\xC3\xBC"
         "cher.example",
         " header.i=a.b+c@xn--bcher-kva.example"},
        {"odd user@example.com", " header.i=\"odd user\"@example.com"},
        {"a..b@example.com", " header.i=\"a..b\"@example.com"},
        {"a@b@example.com", " header.i=\"a@b\"@example.com"},
        {"dmarc=pass@example.com", " header.i=@example.com"},
        {"a;b@example.com", " header.i=@example.com"},
        {"\"q\"@example.com", " header.i=@example.com"},
        {"j\xC3\xB6rg@example.com", " header.i=@example.com"},
        {"user@localhost", " header.i=\"user@localhost\""},
        {"user", " header.i=user"},
    };
    for (const auto& [identity, expected] : rows) {
      CAPTURE(identity);
      own.identity = identity;
      CHECK(result() == "dkim=pass (2048-bit key) header.d=example.com" + expected +
                            " header.s=s1 header.a=rsa-sha256 header.b=\"mQ8GEWPc\"");
    }
  }
  SECTION("b= is as long as it takes to be unique") {
    own.signature_start = "mQ8GEWPcAAAAAAAA";
    CHECK(result().find("header.b=\"mQ8GEWPc\"") != std::string::npos);
    verdict.dkim.push_back(own);
    verdict.dkim[1].signature_start = "mQ8GEWPcABBBBBBB";
    CHECK(result().find("header.b=\"mQ8GEWPcAA\"") != std::string::npos);
    verdict.dkim[1].signature_start = "mQ8GEWPcAAAAAAAA";
    CHECK(result().find("header.b=\"mQ8GEWPcAAAAAAAA\"") != std::string::npos);
    verdict.dkim[1].signature_start = "mQ8G";
    CHECK(result().find("header.b=\"mQ8GEWPc\"") != std::string::npos);
  }
}

TEST_CASE("authres/format: DMARC without a record, without an author, and unusable", "[authres][format]") {
  Verdict verdict = plain();
  Stamp with = stamp();
  with.action = "reject";
  with.rule = "bad_from";
  verdict.dmarc = dmarc::Outcome{};
  verdict.dmarc.status = dmarc::Status::PermError;
  verdict.dmarc.reason = dmarc::Reason::FromRepeated;
  CHECK(line(format(verdict, with), "dmarc") == "dmarc=permerror (from_repeated dis=reject rule=bad_from);");
  verdict.dmarc.status = dmarc::Status::None;
  verdict.dmarc.reason = dmarc::Reason::NoRecord;
  verdict.dmarc.author = name("example.com");
  CHECK(line(format(verdict, stamp()), "dmarc") == "dmarc=none (no_record) header.from=example.com;");
}

TEST_CASE("authres/format: a bound that was passed is said, and nothing else", "[authres][format]") {
  Verdict verdict = plain();
  verdict.exceeded = assay::Bound::HeaderOctets;
  Stamp with = stamp();
  with.action = "reject";
  CHECK(format(verdict, with) ==
        "mx.example.net;\n"
        " dkim=permerror (header_octets exceeded);\n"
        " dmarc=permerror (header_octets exceeded dis=reject)");
}

TEST_CASE("authres/format: hostile text in every string gives the same results", "[authres][format]") {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    check_round_trip(std::string(1, c));
    check_round_trip(std::string("a") + c + "b");
    check_round_trip(std::string(3, c) + "." + std::string(300, c));
  }
  const char* const attacks[] = {
      "",
      "x; dmarc=pass header.from=bank.example",
      "x\r\n dmarc=pass",
      "x\r\nAuthentication-Results: mx.example.net; dmarc=pass",
      "x) dmarc=pass (",
      "x\\",
      "x\\\"",
      "\" dmarc=pass \"",
      "\"; dmarc=pass (\"",
      "(((((((((((((((((((((((((((((((",
      "))))))))))))))))))))))))))))))))",
      "=?utf-8?q?x=3B_dmarc=3Dpass?=",
      "\xC3\xBC \xE2\x80\xAE",
      "a b  c   d",
      " ",
  };
  for (const char* attack : attacks) {
    check_round_trip(attack);
  }
  std::string long_words;
  for (int i = 0; i < 200; ++i) {
    long_words += "word ";
  }
  check_round_trip(long_words);
}

TEST_CASE("authres/format: UTF-8 stands in internationalized messages alone (RFC 8601 section 2.2)",
          "[authres][format]") {
  const std::string local_part = "j\xC3\xB6rg";
  Verdict verdict = plain();
  verdict.dkim[0].identity = local_part + "@example.com";
  verdict.dkim[0].selector = "s\xC3\xA9l";
  Stamp with = stamp();
  with.authserv_id =
      "b\xC3\xBC"
      "cher.example";
  const auto ascii = assay::authres::parse(format(verdict, with));
  REQUIRE(ascii.has_value());
  CHECK(ascii->authserv_id == "xn--bcher-kva.example");
  CHECK(ascii->results[1].properties[1].second == "@example.com");
  CHECK(ascii->results[1].properties[2].second == "xn--sl-bja");

  with.internationalized = true;
  const auto utf8 = assay::authres::parse(format(verdict, with));
  REQUIRE(utf8.has_value());
  CHECK(utf8->authserv_id == with.authserv_id);
  CHECK(utf8->results[1].properties[1].second == local_part + "@example.com");
  CHECK(utf8->results[1].properties[2].second == "s\xC3\xA9l");

  const std::vector<std::pair<std::string, std::string>> rows{
      {"a\xFF", "a?"},                           // not UTF-8
      {"\xC3\xA9\xFF", "???"},                   // then nothing of it counts as UTF-8
      {"a\xC2\x85", "a?"},                       // NEL, a C1 control
      {"a\xE2\x80\xA8", "a?"},                   // line separator
      {"a\xE2\x80\xAE", "a?"},                   // right-to-left override
      {"a\xF3\xA0\x80\xA0", "a?"},               // tag space
      {"\xF0\x9F\x93\xA7", "\xF0\x9F\x93\xA7"},  // four octets
      {"\xE2\x82\xAC;\xE2\x82\xAC", "\xE2\x82\xAC?\xE2\x82\xAC"},
      {std::string(254, 'a') + "\xC3\xA9", std::string(254, 'a')},  // not cut in two
      {std::string(253, 'a') + "\xC3\xA9", std::string(253, 'a') + "\xC3\xA9"},
  };
  for (const auto& [selector, expected] : rows) {
    CAPTURE(selector);
    verdict.dkim[0].selector = selector;
    const auto parsed = assay::authres::parse(format(verdict, with));
    REQUIRE(parsed.has_value());
    CHECK(parsed->results[1].properties[2].second == expected);
  }
}

TEST_CASE("authres/format: a signature that verifies is told below any number of others (RFC 6376 section 3.9)",
          "[authres][format]") {
  Verdict verdict = plain();
  dkim::Outcome other = signature("other.example", "AAAAAAAA");
  other.status = dkim::Status::Fail;
  other.reason = dkim::Reason::SignatureMismatch;
  verdict.dkim.assign(100, other);
  verdict.dkim[50] = signature("undecided.example", "BBBBBBBB");
  verdict.dkim[50].status = dkim::Status::TempError;
  verdict.dkim[50].reason = dkim::Reason::DnsFailure;
  verdict.dkim.push_back(signature("example.com", "mQ8GEWPc"));
  const std::string value = unfold(format(verdict, stamp()));
  const std::size_t undecided = value.find("header.d=undecided.example");
  const std::size_t passing = value.find("header.d=example.com");
  REQUIRE(undecided != std::string::npos);
  REQUIRE(passing != std::string::npos);
  CHECK(value.find("header.d=other.example") < undecided);
  CHECK(undecided < passing);
  CHECK(value.find("(more signatures: 81)") > passing);
}

TEST_CASE("authres/format: bounds at N and N+1", "[authres][format]") {
  using assay::authres::kMaxAuthorsShown;
  using assay::authres::kMaxSignaturesShown;
  const auto count = [](const Verdict& verdict, const std::string& method) {
    const std::string value = format(verdict, stamp());
    check_shape(value);
    const auto parsed = assay::authres::parse(value);
    REQUIRE(parsed.has_value());
    return std::count_if(parsed->results.begin(), parsed->results.end(),
                         [&method](const assay::authres::Result& result) { return result.method == method; });
  };
  Verdict verdict = plain();
  verdict.dkim.assign(kMaxSignaturesShown, signature("example.com", "mQ8GEWPc"));
  CHECK(count(verdict, "dkim") == kMaxSignaturesShown);
  CHECK(format(verdict, stamp()).find("more signatures") == std::string::npos);
  verdict.dkim.resize(kMaxSignaturesShown + 3, signature("example.com", "mQ8GEWPc"));
  CHECK(count(verdict, "dkim") == kMaxSignaturesShown);
  CHECK(unfold(format(verdict, stamp())).find("(more signatures: 3)") != std::string::npos);

  verdict = plain();
  verdict.other_authors.assign(kMaxAuthorsShown - 1, verdict.dmarc);
  CHECK(count(verdict, "dmarc") == kMaxAuthorsShown);
  CHECK(format(verdict, stamp()).find("more author") == std::string::npos);
  verdict.other_authors.push_back(verdict.dmarc);
  CHECK(count(verdict, "dmarc") == kMaxAuthorsShown);
  CHECK(unfold(format(verdict, stamp())).find("(more author domains: 1)") != std::string::npos);

  // Everything as long as it gets.
  const std::string label(60, 'x');
  const std::string longest = label + "." + label + "." + label + "." + label + ".example";
  auto [huge, with] = filled_with(std::string(2000, '<'));
  dkim::Outcome large = huge.dkim.back();
  large.identity = std::string(2000, 'a') + "@" + longest;
  huge.dkim.assign(1000, large);
  huge.other_authors.assign(1000, dmarc_of(dmarc::Status::Fail, longest, dmarc::Policy::Quarantine));
  with.authserv_id = std::string(100'000, 'i');
  const std::string value = format(huge, with);
  check_shape(value);
  CHECK(assay::authres::parse(value).has_value());
  CHECK(unfold(value).find("(more signatures: ") != std::string::npos);
}

TEST_CASE("authres/format: local mail (RFC 8601 sections 2.7.4, 2.2)", "[authres][format]") {
  using assay::authres::format_unverified;
  CHECK(format_unverified("mx.example.net", "") == "mx.example.net; none");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"alice", "alice"},
      {"alice@example.com", "alice@example.com"},
      {"alice@localhost", "\"alice@localhost\""},
      {"a b@c.example", "\"a b\"@c.example"},
      {"DOMAIN\\alice", "\"DOMAIN?alice\""},
      {"x\r\ny", "\"x??y\""},
      {"x; dmarc=pass", "\"x? dmarc?pass\""},
      {"j\xC3\xB6rg", "\"j??rg\""},
  };
  for (const auto& [user, expected] : rows) {
    CAPTURE(user);
    const std::string value = format_unverified("mx.example.net", user);
    CHECK(value == "mx.example.net; auth=pass smtp.auth=" + expected);
    check_shape(value);
    CHECK(assay::authres::parse(value).has_value());
  }
  const std::string long_user = format_unverified("mx.example.net", std::string(500, 'x'));
  CHECK(long_user == "mx.example.net;\n auth=pass\n smtp.auth=" + std::string(255, 'x'));
}

TEST_CASE("authres/format: what we write would be removed from inbound mail", "[authres][format]") {
  Stamp with = stamp();
  CHECK(assay::authres::must_remove(" " + format(plain(), with), {"mx.example.net"}));
  CHECK_FALSE(assay::authres::must_remove(" " + format(plain(), with), {"mx.example.org"}));
}
