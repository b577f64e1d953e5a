#include "verify/dkim/key.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::dkim {
namespace {

// RFC 6376 appendix C and RFC 8463 appendix A.2.
const std::string kRsa =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
    "zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631u"
    "BItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
const std::string kEd25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

Reason reason_of(const std::string& text) {
  const auto key = parse_key(text);
  return key ? Reason::None : key.error().reason;
}

struct Row {
  const char* name;
  std::string text;
  Reason expected;
};

}  // namespace

TEST_CASE("dkim/key: every rule of RFC 6376 section 3.6.1", "[dkim][parse]") {
  const Row rows[] = {
      {"full", "v=DKIM1; h=sha256; k=rsa; n=note; s=email; t=s; p=" + kRsa, Reason::None},
      {"p= alone", "p=" + kRsa, Reason::None},
      {"k= in any case", "k=RSA; p=" + kRsa, Reason::None},
      {"Ed25519", "v=DKIM1; k=ed25519; p=" + kEd25519, Reason::None},
      {"FWS inside p=", "p=" + kRsa.substr(0, 20) + " \r\n\t" + kRsa.substr(20), Reason::None},
      {"trailing semicolon and space", "v=DKIM1; p=" + kRsa + "; ", Reason::None},
      {"unknown tags, g= among them", "v=DKIM1; g=; x1 = extra ; p=" + kRsa, Reason::None},
      {"v=DKIM1.0", "v=DKIM1.0; p=" + kRsa, Reason::KeySyntax},
      {"v= in lower case", "v=dkim1; p=" + kRsa, Reason::KeySyntax},
      {"v= empty", "v=; p=" + kRsa, Reason::KeySyntax},
      {"v= not first", "p=" + kRsa + "; v=DKIM1", Reason::KeySyntax},
      {"p= missing", "v=DKIM1; k=rsa", Reason::KeySyntax},
      {"p= empty: revoked", "v=DKIM1; p=", Reason::KeyRevoked},
      {"p= of WSP alone: revoked", "v=DKIM1; p= ;", Reason::KeyRevoked},
      {"p= no base64", "p=!!!!", Reason::KeySyntax},
      {"p= no key", "p=AAAA", Reason::KeySyntax},
      {"p= twice", "p=" + kRsa + "; p=" + kRsa, Reason::KeySyntax},
      {"RSA key under k=ed25519", "k=ed25519; p=" + kRsa, Reason::KeySyntax},
      {"Ed25519 key of 31 octets", "k=ed25519; p=" + kEd25519.substr(0, 40) + "AA==", Reason::KeySyntax},
      {"Ed25519 key under k=rsa", "p=" + kEd25519, Reason::KeySyntax},
      {"unknown k=", "k=dsa; p=" + kRsa, Reason::KeyMismatch},
      {"k= empty", "k=; p=" + kRsa, Reason::KeyMismatch},
      {"s=*", "s=*; p=" + kRsa, Reason::None},
      {"s= in a list", "s=chat : EMAIL; p=" + kRsa, Reason::None},
      {"s= without email", "s=chat; p=" + kRsa, Reason::KeyMismatch},
      {"s= empty", "s=; p=" + kRsa, Reason::KeyMismatch},
      {"s= with an empty item", "s=email:; p=" + kRsa, Reason::KeySyntax},
      {"h= with an empty item", "h=:sha256; p=" + kRsa, Reason::KeySyntax},
      {"h= with a comma", "h=sha1,sha256; p=" + kRsa, Reason::KeySyntax},
      {"h= with words unknown here", "h=sha-3:x1:sha256; p=" + kRsa, Reason::None},
      {"h= with a hyphen at the end", "h=sha256:x-; p=" + kRsa, Reason::KeySyntax},
      {"t= with an empty item", "t=y::s; p=" + kRsa, Reason::KeySyntax},
      {"t= with a comma", "t=y,s; p=" + kRsa, Reason::KeySyntax},
      {"t= of a digit", "t=1; p=" + kRsa, Reason::KeySyntax},
      {"t=*", "t=*; p=" + kRsa, Reason::KeySyntax},
      {"h=*", "h=*; p=" + kRsa, Reason::KeySyntax},
      {"t= empty", "t=; p=" + kRsa, Reason::None},
      {"an SPF record behind a wildcard", "v=spf1 include:example.com -all", Reason::KeySyntax},
      {"empty text", "", Reason::KeySyntax},
      {"quoted semicolons of a broken zone file", "v=DKIM1\\; p=" + kRsa, Reason::KeySyntax},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(reason_of(row.text) == row.expected);
    }
  }
}

TEST_CASE("dkim/key: flags and hashes", "[dkim][parse]") {
  const auto plain = parse_key("p=" + kRsa);
  REQUIRE(plain);
  CHECK((plain->allows_sha256 && plain->allows_sha1 && !plain->testing && !plain->forbids_subdomains));
  CHECK(plain->key->bits() == 1024);
  const auto flagged = parse_key("h=md5:sha256; t=x :\r\n y:S; p=" + kRsa);
  REQUIRE(flagged);
  CHECK((flagged->allows_sha256 && !flagged->allows_sha1 && flagged->testing && flagged->forbids_subdomains));
  const auto none = parse_key("h=; t=; p=" + kRsa);
  REQUIRE(none);
  CHECK((!none->allows_sha256 && !none->allows_sha1 && !none->testing));
}

TEST_CASE("dkim/key: the length of a record is bounded", "[dkim][parse]") {
  const Limits limits;
  const std::string start = "p=" + kRsa + "; n=";
  const std::string at_bound = start + std::string(Limits::kRecordOctets - start.size(), 'x');
  CHECK(reason_of(at_bound) == Reason::None);
  CHECK(reason_of(at_bound + "x") == Reason::KeySyntax);
}

TEST_CASE("dkim/key: several records are all read, up to a bound (RFC 6376 section 6.1.2 step 4)", "[dkim][parse]") {
  const Limits limits;
  const std::string junk = "v=spf1 -all";
  const std::string good = "p=" + kRsa;
  CHECK(parse_keys({good, good, good}).records.size() == Limits::kKeyRecords);
  CHECK(parse_keys({good, good, good, good}).records.size() == Limits::kKeyRecords);
  // Records that are no keys do not use up the bound.
  CHECK(parse_keys({junk, junk, junk, junk, good}).records.size() == 1);
}

TEST_CASE("dkim/key: the number of tags is bounded", "[dkim][parse][bounds]") {
  const auto with_tags = [](std::size_t count) {
    std::string text = "p=" + kRsa;
    for (std::size_t i = 1; i < count; ++i) {
      text += "; u" + std::to_string(i) + "=";
    }
    return reason_of(text);
  };
  CHECK(with_tags(Limits::kKeyTags) == Reason::None);
  CHECK(with_tags(Limits::kKeyTags + 1) == Reason::KeySyntax);
}

TEST_CASE("dkim/key: kKeyTexts records of an answer are looked at, one more is not", "[dkim][parse][bounds]") {
  const auto behind = [](std::size_t others) {
    std::vector<std::string> texts(others, "v=spf1 -all");
    texts.push_back("p=" + kRsa);
    return parse_keys(texts);
  };
  CHECK(behind(Limits::kKeyTexts - 1).records.size() == 1);
  CHECK(behind(Limits::kKeyTexts).records.empty());
  CHECK(behind(Limits::kKeyTexts).error.reason == Reason::KeySyntax);
}

TEST_CASE("dkim/key: a key is tried if its work is left, and one that is not tried is told", "[dkim][bounds]") {
  Signature signature;
  signature.key_kind = crypto::PublicKey::Kind::Ed25519;
  const KeySet keys = parse_keys({"k=ed25519; p=" + kEd25519, "k=ed25519; p=" + kEd25519});
  const auto check = [&](std::uint64_t& key_work) {
    return check_keys(signature, crypto::DigestValue{}, keys, Limits{}, key_work).reason;
  };
  // A mismatch by Ed25519 is computed twice.
  std::uint64_t key_work = 3 * crypto::kEd25519Work;
  CHECK(check(key_work) == Reason::SignatureMismatch);
  CHECK(key_work == 0);
  key_work = 3 * crypto::kEd25519Work - 1;
  // The second might have verified it: that is no failure of the signature.
  CHECK(check(key_work) == Reason::TooCostly);
  CHECK(key_work == crypto::kEd25519Work - 1);
}

TEST_CASE("dkim/key: the most informative of several faults is reported", "[dkim][parse]") {
  CHECK(parse_keys({"v=spf1 -all", "v=DKIM1; p=", "junk"}).error.reason == Reason::KeyRevoked);
  CHECK(parse_keys({"p=", "k=dsa; p=AAAA"}).error.reason == Reason::KeyMismatch);
  CHECK(parse_keys({"junk"}).error.reason == Reason::KeySyntax);
  CHECK(parse_keys({}).error.reason == Reason::NoKey);
}

TEST_CASE("dkim/key: the size that a key needs may change while its answer stays (RFC 8301 section 3.2)", "[dkim]") {
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.texts = {"v=DKIM1; p=" + kRsa};  // 1024 bits
  // A reload of the configuration changes the limits, not the answers, with which the keys are kept.
  Signature signature;
  const auto reason_with = [&](unsigned bits_min, unsigned bits_max) {
    Limits limits;
    limits.rsa_bits_min = bits_min;
    limits.rsa_bits_max = bits_max;
    std::uint64_t key_work = limits.signature_key_work();
    return check_keys(signature, crypto::DigestValue{}, keys_of(answer), limits, key_work).reason;
  };
  const auto key = keys_of(answer).records.at(0).key;
  CHECK(reason_with(1024, 4096) == Reason::SignatureMismatch);
  CHECK(reason_with(2048, 4096) == Reason::KeyTooSmall);
  CHECK(reason_with(512, 1023) == Reason::KeyTooLarge);
  CHECK(reason_with(1024, 1024) == Reason::SignatureMismatch);
  CHECK(keys_of(answer).records.at(0).key == key);
}

TEST_CASE("dkim/key: no truncation and no changed octet of a record crashes", "[dkim][parse][property]") {
  const std::string text = "v=DKIM1; h=sha256:sha1; k=rsa; s=*; t=y:s; p=" + kRsa;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    CHECK(!parse_key(cut));
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char octet : {'\0', '\r', ' ', ';', '=', ':', 'A', '\xFF'}) {
      std::string changed = text;
      changed[at] = octet;
      (void)parse_key(changed);
    }
  }
}

}  // namespace assay::dkim
