#include "verify/dkim/signature.h"

#include <map>
#include <string>

#include "tests/support/catch.h"

namespace assay::dkim {
namespace {

const std::string kHash256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// The tags of a well-formed signature; tests replace, add or (with "-") remove some.
std::string value(const std::map<std::string, std::string>& changes = {}) {
  std::map<std::string, std::string> tags{{"v", "1"},       {"a", "rsa-sha256"}, {"d", "example.com"}, {"s", "sel"},
                                          {"h", "from:to"}, {"bh", kHash256},    {"b", "AAECAwQFBgc="}};
  for (const auto& [name, text] : changes) {
    tags[name] = text;
  }
  std::string list;
  for (const auto& [name, text] : tags) {
    if (text != "-") {
      list += " " + name + "=" + text + ";";
    }
  }
  return list;
}

Reason reason_of(const std::string& text, const Limits& limits = {}) {
  const auto signature = parse_signature(text, limits);
  return signature ? Reason::None : signature.error().reason;
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    result += text;
  }
  return result;
}

struct Row {
  const char* name;
  std::map<std::string, std::string> changes;
  Reason expected;
};

}  // namespace

TEST_CASE("dkim/signature: a plain one", "[dkim][parse]") {
  const auto signature = parse_signature(
      value({{"c", "relaxed/simple"}, {"l", "0"}, {"t", "1"}, {"x", "2"}, {"i", "a@news.example.com"}}), Limits{});
  REQUIRE(signature);
  CHECK(signature->algorithm == "rsa-sha256");
  CHECK(signature->signature.size() == 8);
  CHECK(signature->signature_start == "AAECAwQFBgc=");
  CHECK(signature->body_hash.size() == 32);
  CHECK(signature->domain->str() == "example.com");
  CHECK(signature->selector == "sel");
  CHECK(signature->signed_headers == std::vector<std::string>{"from", "to"});
  CHECK(signature->header_canonicalization == message::Canonicalization::Relaxed);
  CHECK(signature->body_canonicalization == message::Canonicalization::Simple);
  CHECK(signature->body_length == std::optional<std::uint64_t>(0));  // Not the same as absent.
  CHECK(signature->timestamp == std::optional<std::uint64_t>(1));
  CHECK(signature->expiration == std::optional<std::uint64_t>(2));
  CHECK(signature->identity == "a@news.example.com");
  CHECK(signature->identity_domain->str() == "news.example.com");
}

TEST_CASE("dkim/signature: defaults of absent tags (RFC 6376 section 3.5)", "[dkim][parse]") {
  const auto signature = parse_signature(value(), Limits{});
  REQUIRE(signature);
  CHECK(signature->header_canonicalization == message::Canonicalization::Simple);
  CHECK(signature->body_canonicalization == message::Canonicalization::Simple);
  CHECK(!signature->body_length);
  CHECK(!signature->timestamp);
  CHECK(!signature->expiration);
  CHECK(signature->identity == "@example.com");
  CHECK(signature->identity_domain == signature->domain);
}

TEST_CASE("dkim/signature: every rule of RFC 6376 sections 3.5 and 6.1.1", "[dkim][parse]") {
  const std::string label63(63, 'a');
  const Row rows[] = {
      {"v= missing", {{"v", "-"}}, Reason::MissingTag},
      {"a= missing", {{"a", "-"}}, Reason::MissingTag},
      {"b= missing", {{"b", "-"}}, Reason::MissingTag},
      {"bh= missing", {{"bh", "-"}}, Reason::MissingTag},
      {"d= missing", {{"d", "-"}}, Reason::MissingTag},
      {"h= missing", {{"h", "-"}}, Reason::MissingTag},
      {"s= missing", {{"s", "-"}}, Reason::MissingTag},
      {"v=2", {{"v", "2"}}, Reason::UnsupportedVersion},
      {"v=01", {{"v", "01"}}, Reason::UnsupportedVersion},
      {"v= empty", {{"v", ""}}, Reason::UnsupportedVersion},
      {"tag names are case-sensitive", {{"H", "from"}, {"h", "-"}}, Reason::MissingTag},
      {"a= in any case", {{"a", "RSA-SHA256"}}, Reason::None},
      {"Ed25519", {{"a", "ed25519-sha256"}}, Reason::None},
      {"rsa-sha1 is never verified (RFC 8301 section 3.1)", {{"a", "rsa-sha1"}}, Reason::WeakHash},
      {"unknown a=", {{"a", "rsa-sha512"}}, Reason::UnsupportedAlgorithm},
      {"ed25519-sha1 does not exist", {{"a", "ed25519-sha1"}}, Reason::UnsupportedAlgorithm},
      {"a= without hash", {{"a", "rsa"}}, Reason::SignatureSyntax},
      {"a= empty", {{"a", ""}}, Reason::SignatureSyntax},
      {"a= with a third part", {{"a", "rsa-sha256-x"}}, Reason::SignatureSyntax},
      {"a= with FWS", {{"a", "rsa -sha256"}}, Reason::SignatureSyntax},
      {"b= empty", {{"b", ""}}, Reason::SignatureSyntax},
      {"b= no base64", {{"b", "A!=="}}, Reason::SignatureSyntax},
      {"b= with '=' inside", {{"b", "AA=AAAA="}}, Reason::SignatureSyntax},
      {"b= with FWS", {{"b", "AAEC\r\n AwQF\tBgc ="}}, Reason::None},
      {"bh= with FWS", {{"bh", kHash256.substr(0, 9) + "\r\n  " + kHash256.substr(9)}}, Reason::None},
      {"bh= of another length", {{"bh", "AAECAwQFBgc="}}, Reason::SignatureSyntax},
      {"bh= empty", {{"bh", ""}}, Reason::SignatureSyntax},
      {"c=relaxed/relaxed in any case", {{"c", "Relaxed/RELAXED"}}, Reason::None},
      {"c= unknown header form", {{"c", "nowsp"}}, Reason::UnsupportedCanonicalization},
      {"c= unknown body form", {{"c", "simple/new-one"}}, Reason::UnsupportedCanonicalization},
      {"c= empty is not the default", {{"c", ""}}, Reason::SignatureSyntax},
      {"c= with an empty half", {{"c", "relaxed/"}}, Reason::SignatureSyntax},
      {"c= with three parts", {{"c", "relaxed/simple/simple"}}, Reason::SignatureSyntax},
      {"d= in any case", {{"d", "Example.COM"}}, Reason::None},
      {"d= single label", {{"d", "com"}}, Reason::SignatureSyntax},
      {"d= with a final dot", {{"d", "example.com."}}, Reason::SignatureSyntax},
      {"d= with a final dot that IDNA maps", {{"d", "example.com\u3002"}}, Reason::SignatureSyntax},
      {"d= with an empty label", {{"d", "example..com"}}, Reason::SignatureSyntax},
      {"d= with a leading dot", {{"d", ".example.com"}}, Reason::SignatureSyntax},
      {"d= with a space", {{"d", "example .com"}}, Reason::SignatureSyntax},
      {"d= with a fold", {{"d", "example\r\n .com"}}, Reason::SignatureSyntax},
      {"d= with a NUL", {{"d", std::string("exa\0mple.com", 12)}}, Reason::SignatureSyntax},
      {"d= address literal", {{"d", "[192.0.2.1]"}}, Reason::SignatureSyntax},
      {"d= empty", {{"d", ""}}, Reason::SignatureSyntax},
      {"d= U-label (RFC 8616 section 5)",
       {{"d",
         "b\xC3\xBC"
         "cher.example"}},
       Reason::None},
      {"d= invalid UTF-8",
       {{"d",
         "b\xFC"
         "cher.example"}},
       Reason::SignatureSyntax},
      {"d= label that begins with a hyphen", {{"d", "a.-b.example"}}, Reason::SignatureSyntax},
      {"d= label that ends with a hyphen", {{"d", "a.b-.example"}}, Reason::SignatureSyntax},
      {"d= that begins with a hyphen", {{"d", "-a.example"}}, Reason::SignatureSyntax},
      {"d= that ends with a hyphen", {{"d", "a.example-"}}, Reason::SignatureSyntax},
      {"d= with a hyphen inside a label", {{"d", "a--b.c-d.example"}}, Reason::None},
      {"d= with an underscore in front", {{"d", "_a.example"}}, Reason::None},
      {"d= label of 64 octets", {{"d", label63 + "a.example"}}, Reason::SignatureSyntax},
      {"s= with dots", {{"s", "2025.mail"}}, Reason::None},
      {"s= with an underscore", {{"s", "my_key"}}, Reason::None},
      {"s= U-label (RFC 8616 section 5)", {{"s", "s\xC3\xA9l"}}, Reason::None},
      {"s= invalid UTF-8", {{"s", "s\xE9l"}}, Reason::SignatureSyntax},
      {"s= empty", {{"s", ""}}, Reason::SignatureSyntax},
      {"s= with a final dot", {{"s", "sel."}}, Reason::SignatureSyntax},
      {"s= with a final dot that IDNA maps", {{"s", "sel\uFF0E"}}, Reason::SignatureSyntax},
      {"s= with an empty label", {{"s", "a..b"}}, Reason::SignatureSyntax},
      {"s= with a hyphen in front", {{"s", "a.-b"}}, Reason::SignatureSyntax},
      {"s= with a hyphen at the end", {{"s", "a-"}}, Reason::SignatureSyntax},
      {"s= with a hyphen inside", {{"s", "2025-01.a"}}, Reason::None},
      {"s= with a space", {{"s", "a b"}}, Reason::SignatureSyntax},
      {"s= with a slash", {{"s", "a/b"}}, Reason::SignatureSyntax},
      {"h= without From", {{"h", "to:subject"}}, Reason::FromNotSigned},
      {"h= From in any case", {{"h", "to:FROM"}}, Reason::None},
      {"h= empty", {{"h", ""}}, Reason::SignatureSyntax},
      {"h= with an empty name", {{"h", "from::to"}}, Reason::SignatureSyntax},
      {"h= with FWS around colons", {{"h", "from :\r\n\tto"}}, Reason::None},
      {"h= with FWS inside a name", {{"h", "from:reply to"}}, Reason::SignatureSyntax},
      {"h= repeats and absent names", {{"h", "from:from:x-none:dkim-signature"}}, Reason::None},
      {"h= with UTF-8",
       {{"h",
         "from:s\xC3\xBC"
         "bject"}},
       Reason::SignatureSyntax},
      {"i= elsewhere", {{"i", "@example.org"}}, Reason::IdentityMismatch},
      {"i= parent of d=", {{"d", "a.example.com"}, {"i", "@example.com"}}, Reason::IdentityMismatch},
      {"i= that only ends like d=", {{"i", "@badexample.com"}}, Reason::IdentityMismatch},
      {"i= below d= with a hyphen in front", {{"i", "@-a.example.com"}}, Reason::SignatureSyntax},
      {"i= below d= with a hyphen at the end of a label", {{"i", "@a-.example.com"}}, Reason::SignatureSyntax},
      {"i= in another case", {{"i", "@News.EXAMPLE.com"}}, Reason::None},
      {"i= without '@'", {{"i", "example.com"}}, Reason::SignatureSyntax},
      {"i= empty is not the default", {{"i", ""}}, Reason::SignatureSyntax},
      {"i= hexadecimal in upper case", {{"i", "a=3Db@example.com"}}, Reason::None},
      {"i= hexadecimal in lower case", {{"i", "a=3db@example.com"}}, Reason::SignatureSyntax},
      {"i= '=' without digits", {{"i", "a=@example.com"}}, Reason::SignatureSyntax},
      {"i= FWS is dropped", {{"i", "joe\r\n @exam\tple.com"}}, Reason::None},
      {"i= encoded space outside quotes", {{"i", "a=20b@example.com"}}, Reason::SignatureSyntax},
      {"i= encoded space inside quotes", {{"i", "\"a=20b\"@example.com"}}, Reason::None},
      {"i= encoded control character", {{"i", "\"a=00\"@example.com"}}, Reason::SignatureSyntax},
      {"i= the last '@' counts", {{"i", "\"a@b\"@example.com"}}, Reason::None},
      {"i= dots anywhere in the local part", {{"i", ".a..b.@example.com"}}, Reason::None},
      {"i= escaped closing quote", {{"i", "\"a\\\"@example.com"}}, Reason::SignatureSyntax},
      {"i= UTF-8 local part", {{"i", "j\xC3\xBCrgen@example.com"}}, Reason::None},
      {"i= U-label under the A-label of d= (RFC 8616 section 5)",
       {{"d", "xn--bcher-kva.example"},
        {"i",
         "@news.b\xC3\xBC"
         "cher.example"}},
       Reason::None},
      {"i= invalid UTF-8", {{"i", "j\xFCrgen@example.com"}}, Reason::SignatureSyntax},
      {"l= no number", {{"l", "1a"}}, Reason::SignatureSyntax},
      {"l= negative", {{"l", "-1"}}, Reason::SignatureSyntax},
      {"l= empty", {{"l", ""}}, Reason::SignatureSyntax},
      {"l= of 76 digits", {{"l", std::string(76, '9')}}, Reason::None},
      {"l= of 77 digits", {{"l", std::string(77, '9')}}, Reason::SignatureSyntax},
      {"q=dns/txt", {{"q", "dns/txt"}}, Reason::None},
      {"q= among unknown ones", {{"q", "http/x : DNS/TXT"}}, Reason::None},
      {"q= unknown alone", {{"q", "http"}}, Reason::UnsupportedQuery},
      {"q=dns lacks the option", {{"q", "dns"}}, Reason::UnsupportedQuery},
      {"q= with another option", {{"q", "dns/special"}}, Reason::UnsupportedQuery},
      {"q= empty", {{"q", ""}}, Reason::SignatureSyntax},
      {"q= with an empty method", {{"q", "dns/txt::"}}, Reason::SignatureSyntax},
      {"t= no number", {{"t", "now"}}, Reason::SignatureSyntax},
      {"t= empty", {{"t", ""}}, Reason::SignatureSyntax},
      {"t= with a space", {{"t", "1 2345"}}, Reason::SignatureSyntax},
      {"x= after t=", {{"t", "5"}, {"x", "6"}}, Reason::None},
      {"x= equal to t=", {{"t", "5"}, {"x", "5"}}, Reason::SignatureSyntax},
      {"x= before t=", {{"t", "5"}, {"x", "4"}}, Reason::SignatureSyntax},
      {"x= too large for any clock", {{"t", "5"}, {"x", "99999999999999999999999"}}, Reason::None},
      {"unknown tags are ignored", {{"foo", "bar"}, {"zz", ""}}, Reason::None},
      {"z= is not read", {{"z", "From:a=40b|To:=XX"}}, Reason::None},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(reason_of(value(row.changes)) == row.expected);
    }
  }
}

TEST_CASE("dkim/signature: a broken list is a syntax error of the whole field", "[dkim][parse]") {
  CHECK(reason_of("") == Reason::SignatureSyntax);
  CHECK(reason_of(value() + ";") == Reason::SignatureSyntax);
  CHECK(reason_of(value() + " d=example.org;") == Reason::SignatureSyntax);
}

TEST_CASE("dkim/signature: what was readable of a broken field is reported", "[dkim][parse]") {
  const auto signature = parse_signature(value({{"b", "AAEC\r\n AwQFBgcICQoLDA0ODw=="}}) + ";;", Limits{});
  REQUIRE(!signature);
  CHECK(signature.error().domain == "example.com");
  CHECK(signature.error().selector == "sel");
  CHECK(signature.error().algorithm == "rsa-sha256");
  CHECK(signature.error().signature_start == "AAECAwQFBgcICQoL");
  const auto huge = parse_signature(value({{"d", repeat("a", 100'000)}}), Limits{});
  REQUIRE(!huge);
  CHECK(huge.error().domain.size() == 255);
}

TEST_CASE("dkim/signature: names in h= are bounded", "[dkim][parse]") {
  const Limits limits;
  CHECK(reason_of(value({{"h", "from" + repeat(":x", limits.signed_header_names - 1)}})) == Reason::None);
  CHECK(reason_of(value({{"h", "from" + repeat(":x", limits.signed_header_names)}})) == Reason::SignatureSyntax);
}

TEST_CASE("dkim/signature: tags are bounded", "[dkim][parse]") {
  const auto with_tags = [](std::size_t count) {
    std::string text = value();
    for (std::size_t i = 7; i < count; ++i) {
      text += "u" + std::to_string(i) + "=;";
    }
    return text;
  };
  CHECK(reason_of(with_tags(Limits{}.tags)) == Reason::None);
  CHECK(reason_of(with_tags(Limits{}.tags + 1)) == Reason::SignatureSyntax);
}

TEST_CASE("dkim/signature: octets of b= are bounded", "[dkim][parse][bounds]") {
  constexpr std::size_t kMost = 11'000;
  // White space counts, too: it is read like the rest.
  CHECK(reason_of(value({{"b", "AAAA" + std::string(kMost - 8, ' ') + "AAAA"}})) == Reason::None);
  CHECK(reason_of(value({{"b", "AAAA" + std::string(kMost - 7, ' ') + "AAAA"}})) == Reason::SignatureSyntax);
  CHECK(reason_of(value({{"b", repeat("AAAA", kMost / 4)}})) == Reason::None);
  CHECK(reason_of(value({{"b", repeat("AAAA", kMost / 4 + 1)}})) == Reason::SignatureSyntax);
}

TEST_CASE("dkim/signature: a key name that DNS cannot carry is no key", "[dkim][parse]") {
  // s + "._domainkey." + d of 253 and 254 octets.
  const std::string label(63, 'a');
  const std::string domain = label + "." + label + "." + label + ".example.com";  // 203 octets
  CHECK(reason_of(value({{"d", domain}, {"s", std::string(38, 's')}})) == Reason::None);
  CHECK(reason_of(value({{"d", domain}, {"s", std::string(39, 's')}})) == Reason::NoKey);
}

TEST_CASE("dkim/signature: options for vectors made before RFC 8301", "[dkim][parse]") {
  Limits limits;
  limits.allow_sha1 = true;
  limits.allow_missing_version = true;
  CHECK(reason_of(value({{"a", "rsa-sha1"}, {"bh", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, {"v", "-"}}), limits) ==
        Reason::None);
  CHECK(reason_of(value({{"a", "rsa-sha1"}}), limits) == Reason::SignatureSyntax);  // bh= of SHA-256
  CHECK(reason_of(value({{"v", "2"}}), limits) == Reason::UnsupportedVersion);
}

TEST_CASE("dkim/signature: an ARC-Message-Signature has no v= and may sign nothing (RFC 8617 section 4.1.2)",
          "[arc][parse]") {
  const auto reason = [](const std::string& text) {
    const auto signature = read_signature(TagList::parse(text, 100), SignatureField::ArcMessageSignature, Limits{});
    return signature ? Reason::None : signature.error().reason;
  };
  CHECK(reason(value({{"v", "-"}, {"i", "1"}})) == Reason::None);
  CHECK(reason(value({{"v", "7"}, {"i", "1"}})) == Reason::None);
  CHECK(reason(value({{"h", ""}, {"i", "1"}})) == Reason::None);
  CHECK(reason(value({{"h", "to::subject"}, {"i", "1"}})) == Reason::None);
  CHECK(reason(value({{"h", "-"}, {"i", "1"}})) == Reason::MissingTag);
  CHECK(reason(value({{"bh", "-"}, {"i", "1"}})) == Reason::MissingTag);
  CHECK(reason(value({{"c", ""}, {"i", "1"}})) == Reason::SignatureSyntax);
  CHECK(reason(value({{"t", ""}, {"i", "1"}})) == Reason::SignatureSyntax);
  CHECK(reason(value({{"a", "rsa-sha1"}, {"i", "1"}})) == Reason::WeakHash);
}

TEST_CASE("dkim/signature: an ARC-Seal has a, b, d, s and t alone (RFC 8617 section 4.1.3)", "[arc][parse]") {
  const std::string text = value({{"v", "-"}, {"h", "-"}, {"bh", "not base64"}, {"c", "unknown"}, {"l", "x"}});
  const TagList tags = TagList::parse(text, 100);
  const auto signature = read_signature(tags, SignatureField::ArcSeal, Limits{});
  REQUIRE(signature);
  CHECK(signature->header_canonicalization == message::Canonicalization::Relaxed);
  CHECK(signature->signed_headers.empty());
  CHECK(!signature->identity_domain);
}

TEST_CASE("dkim/signature: no truncation and no changed octet of a field crashes", "[dkim][parse][property]") {
  const std::string text = value({{"c", "relaxed/relaxed"},
                                  {"i", "\"a=20b\"@example.com"},
                                  {"t", "1"},
                                  {"x", "2"},
                                  {"l", "5"},
                                  {"q", "dns/txt"},
                                  {"z", "From:a|To:b"}});
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    (void)parse_signature(cut, Limits{});
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char octet : {'\0', '\r', '\n', ' ', ';', '=', ':', '@', '"', '\\', '\x7F', '\x80', '\xFF'}) {
      std::string changed = text;
      changed[at] = octet;
      (void)parse_signature(changed, Limits{});
    }
  }
  SUCCEED();
}

}  // namespace assay::dkim
