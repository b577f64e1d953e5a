#include "verify/dkim/verify.h"

#include <algorithm>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "verify/base/base64.h"
#include "verify/base/text.h"
#include "verify/dkim/key.h"

namespace assay::dkim {
namespace {

constexpr Time kNow{std::chrono::seconds(1'750'000'000)};
const std::string kFolder = "tests/vectors/dkim/";
const dns::Question kKey{"rsa._domainkey.example.com", dns::Type::TXT};

test::FakeResolver zone() {
  return test::FakeResolver(test::read_file(kFolder + "zone"));
}

std::string vector(const std::string& name) {
  return test::read_file(kFolder + name + ".eml");
}

std::vector<Outcome> verify_text(const std::string& text, test::FakeResolver& dns, const Limits& limits = {},
                                 Time now = kNow) {
  return test::verify_dkim(test::read_signed_message(text), dns, limits, now);
}

/// A well-formed field that no key signed.
std::string field(const std::string& domain, const std::string& more = "") {
  return " v=1; a=rsa-sha256; d=" + domain +
         "; s=sel; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAECAwQFBgcI" + more;
}

std::vector<Domain> domains(std::initializer_list<const char*> names) {
  std::vector<Domain> result;
  for (const char* name : names) {
    result.push_back(*Domain::parse(name));
  }
  return result;
}

std::vector<Candidate> select_from(const std::vector<std::string>& fields, const std::vector<Domain>& authors,
                                   const Limits& limits = {}) {
  message::HeaderBlock headers;
  for (const std::string& value : fields) {
    headers.add("DKIM-Signature", value);
  }
  message::BodyDigests body;
  return select(headers, authors, body, limits);
}

/// d= of the candidates that will be verified, in order.
std::string picked(const std::vector<Candidate>& candidates) {
  std::string names;
  for (const Candidate& candidate : candidates) {
    if (candidate.signature) {
      names += (names.empty() ? "" : " ") + candidate.outcome.domain;
    }
  }
  return names;
}

/// Where the value of a tag of the first DKIM-Signature begins and ends.
std::pair<std::size_t, std::size_t> tag_span(const std::string& text, const std::string& tag) {
  for (const std::string before : {"; ", ";\r\n "}) {
    const auto at = text.find(before + tag + "=");
    if (at != std::string::npos) {
      const auto begin = at + before.size() + tag.size() + 1;
      const auto line_end = text.find("\r\nReceived:", begin);
      return {begin, std::min(text.find(';', begin), line_end)};
    }
  }
  throw std::logic_error("no such tag: " + tag);
}

}  // namespace

TEST_CASE("dkim/verify: the five answers of DNS (RFC 6376 section 6.1.2 steps 2 and 3)", "[dkim]") {
  struct Row {
    dns::Status answer;
    Status status;
    Reason reason;
  };
  const Row rows[] = {
      {dns::Status::Found, Status::Pass, Reason::None},
      {dns::Status::NoData, Status::PermError, Reason::NoKey},
      {dns::Status::NxDomain, Status::PermError, Reason::NoKey},
      {dns::Status::TempFail, Status::TempError, Reason::DnsFailure},
      {dns::Status::Bogus, Status::TempError, Reason::DnssecBogus},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(dns::to_string(row.answer)) {
      test::FakeResolver dns = zone();
      dns::Answer answer = *dns.lookup(kKey);
      answer.status = row.answer;
      answer.detail = "why";
      dns.add(kKey.name, kKey.type, answer);
      dns.forget_questions();
      const auto outcomes = verify_text(vector("rsa-relaxed-relaxed"), dns);
      REQUIRE(outcomes.size() == 1);
      CHECK(outcomes[0].status == row.status);
      CHECK(outcomes[0].reason == row.reason);
      CHECK(outcomes[0].headers_verified == (row.answer == dns::Status::Found));
      CHECK(outcomes[0].detail == (row.answer == dns::Status::Found ? "" : "why"));
      CHECK(dns.questions() == std::vector<dns::Question>{kKey});
    }
  }
}

TEST_CASE("dkim/verify: a signature that cannot be used asks for no key (RFC 6376 section 6.1.2)", "[dkim]") {
  const char* fields[] = {" not a tag list", " v=2; a=rsa-sha256; b=AAAA; bh=AAAA; d=example.com; h=from; s=rsa",
                          " v=1; a=rsa-sha1; b=AAAA; bh=AAAA; d=example.com; h=from; s=rsa",
                          " v=1; a=rsa-sha256; b=AAAA; bh=AAAA; d=example.com; h=to; s=rsa",
                          " v=1; s=rsa; d=example.com"};
  for (const char* value : fields) {
    DYNAMIC_SECTION(value) {
      test::FakeResolver dns = zone();
      const auto outcomes =
          verify_text("DKIM-Signature:" + std::string(value) + "\r\nFrom: a@example.com\r\n\r\n", dns);
      REQUIRE(outcomes.size() == 1);
      CHECK(outcomes[0].status != Status::Pass);
      CHECK(dns.questions().empty());
    }
  }
  test::FakeResolver dns = zone();
  CHECK(verify_text(vector("time-past-skew"), dns, Limits{}, kNow + std::chrono::seconds(301))[0].reason ==
        Reason::Expired);
  CHECK(dns.questions().empty());
}

TEST_CASE("dkim/verify: results by RFC 8601 section 2.7.1", "[dkim]") {
  struct Row {
    const char* name;
    std::string value;
    Status status;
    Reason reason;
  };
  const std::string hash = "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA; ";
  const std::string rest = hash + "d=example.com; s=rsa; ";
  const Row rows[] = {
      {"syntax error", " =", Status::Neutral, Reason::SignatureSyntax},
      {"unknown algorithm", " v=1; a=rsa-sha512; h=from; " + rest, Status::Neutral, Reason::UnsupportedAlgorithm},
      {"unknown canonicalization", " v=1; a=rsa-sha256; c=new; h=from; " + rest, Status::Neutral,
       Reason::UnsupportedCanonicalization},
      {"missing tag", " v=1; a=rsa-sha256; " + rest, Status::PermError, Reason::MissingTag},
      {"version", " v=2; a=rsa-sha256; h=from; " + rest, Status::PermError, Reason::UnsupportedVersion},
      {"query method", " v=1; a=rsa-sha256; q=x; h=from; " + rest, Status::PermError, Reason::UnsupportedQuery},
      {"From not signed", " v=1; a=rsa-sha256; h=to; " + rest, Status::PermError, Reason::FromNotSigned},
      {"identity", " v=1; a=rsa-sha256; i=@e.org; h=from; " + rest, Status::PermError, Reason::IdentityMismatch},
      {"rsa-sha1", " v=1; a=rsa-sha1; h=from; " + rest, Status::PermError, Reason::WeakHash},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto candidates = select_from({row.value}, {});
      REQUIRE(candidates.size() == 1);
      CHECK(candidates[0].outcome.status == row.status);
      CHECK(candidates[0].outcome.reason == row.reason);
      CHECK(!candidates[0].signature);
    }
  }
}

TEST_CASE("dkim/verify: keywords of the results (RFC 8601 section 2.7.1)", "[dkim]") {
  std::string words;
  for (int i = 0; i <= static_cast<int>(Status::PermError); ++i) {
    words += std::string(to_string(static_cast<Status>(i))) + " ";
  }
  CHECK(words == "pass fail policy neutral temperror permerror ");
}

TEST_CASE("dkim/verify: RSA keys have a least and a greatest size (RFC 8301 section 3.2)", "[dkim]") {
  test::FakeResolver dns = zone();
  const auto with = [&dns](unsigned min, unsigned max) {
    Limits limits;
    limits.rsa_bits_min = min;
    limits.rsa_bits_max = max;
    return verify_text(vector("rsa-relaxed-relaxed"), dns, limits)[0];  // 2048 bits
  };
  CHECK(with(2048, 4096).status == Status::Pass);
  CHECK(with(2049, 4096).status == Status::PermError);
  CHECK(with(2049, 4096).reason == Reason::KeyTooSmall);
  CHECK(with(1024, 2048).status == Status::Pass);
  CHECK(with(1024, 2047).status == Status::Policy);
  CHECK(with(1024, 2047).reason == Reason::KeyTooLarge);
  CHECK(!with(1024, 2047).headers_verified);
  CHECK(with(1024, 2047).key_bits == std::optional<unsigned>(2048));
  // Neither bound is for Ed25519, whose keys have 256 bits.
  CHECK(verify_text(vector("ed-simple-simple"), dns)[0].status == Status::Pass);
}

namespace {

/// What the first signature of a vector signed with the key at kKey comes to if `tags` stand in the record of that key.
Outcome with_key_tags(const std::string& tags, const std::string& name) {
  test::FakeResolver dns = zone();
  dns::Answer answer = *dns.lookup(kKey);
  REQUIRE(istarts_with(answer.texts.front(), "v=DKIM1; "));
  answer.texts.front().insert(9, tags);
  dns.add(kKey.name, kKey.type, answer);
  return verify_text(vector(name), dns)[0];
}

}  // namespace

TEST_CASE("dkim/verify: t=s of the key binds i= to the very domain of d= (RFC 6376 section 3.6.1)", "[dkim]") {
  CHECK(with_key_tags("", "identity-subdomain").status == Status::Pass);
  CHECK(with_key_tags("t=s; ", "identity-subdomain").status == Status::PermError);
  CHECK(with_key_tags("t=s; ", "identity-subdomain").reason == Reason::IdentityMismatch);
  CHECK(with_key_tags("t=y:s; ", "identity-subdomain").reason == Reason::TestKeyFailed);
  CHECK(with_key_tags("t=s; ", "identity-local-part").status == Status::Pass);
}

TEST_CASE("dkim/verify: h= of the key must permit the hash of the signature (RFC 6376 section 6.1.2 step 6)",
          "[dkim]") {
  CHECK(with_key_tags("h=sha1:sha256; ", "rsa-relaxed-relaxed").status == Status::Pass);
  CHECK(with_key_tags("h=sha1; ", "rsa-relaxed-relaxed").status == Status::PermError);
  CHECK(with_key_tags("h=sha1; ", "rsa-relaxed-relaxed").reason == Reason::KeyMismatch);
  CHECK(with_key_tags("h=; ", "rsa-relaxed-relaxed").reason == Reason::KeyMismatch);
}

TEST_CASE(
    "dkim/verify: what fails under a key with t=y counts as unsigned, what passes passes (RFC 6376 section 3.6.1)",
    "[dkim]") {
  CHECK(with_key_tags("t=y; ", "rsa-relaxed-relaxed").status == Status::Pass);
  CHECK(with_key_tags("t=y; ", "rsa-relaxed-relaxed").testing);
  for (const char* name : {"changed-header", "changed-body", "changed-both"}) {
    CAPTURE(name);
    CHECK(with_key_tags("", name).status == Status::Fail);
    CHECK(with_key_tags("t=y; ", name).status == Status::Neutral);
    CHECK(with_key_tags("t=y; ", name).reason == Reason::TestKeyFailed);
  }
}

TEST_CASE("dkim/verify: one of several keys suffices, within the bound (RFC 6376 section 6.1.2 step 4)", "[dkim]") {
  test::FakeResolver dns = zone();
  const std::string good = dns.lookup(kKey)->texts.front();
  const std::string wrong = dns.lookup({"mismatch._domainkey.example.com", dns::Type::TXT})->texts.front();
  const auto with = [&](std::vector<std::string> texts) {
    dns::Answer answer;
    answer.status = dns::Status::Found;
    answer.texts = std::move(texts);
    dns.add(kKey.name, kKey.type, answer);
    return verify_text(vector("rsa-relaxed-relaxed"), dns)[0];
  };
  CHECK(with({wrong, wrong, good}).status == Status::Pass);
  CHECK(with({wrong, wrong, wrong, good}).reason == Reason::SignatureMismatch);
  CHECK(with({"junk", "v=DKIM1; p=", good}).status == Status::Pass);
  CHECK(with({"junk", wrong, "v=DKIM1; p="}).reason == Reason::SignatureMismatch);
  CHECK(with({"junk", "v=DKIM1; p="}).reason == Reason::KeyRevoked);
}

TEST_CASE("dkim/verify: the question for a key is in A-labels and lower case (RFC 8616 section 5)", "[dkim]") {
  const auto candidates = select_from({field("B\xC3\xBC"
                                             "cher.EXAMPLE")},
                                      {});
  REQUIRE(candidates[0].signature);
  CHECK(key_question(*candidates[0].signature) ==
        dns::Question{"sel._domainkey.xn--bcher-kva.example", dns::Type::TXT});
  const auto selected = parse_signature(
      " v=1; a=rsa-sha256; d=example.com; s=2025.S\xC3\xA9l; h=from; b=AAEC; "
      "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      Limits{});
  REQUIRE(selected);
  CHECK(key_question(*selected) == dns::Question{"2025.xn--sl-bja._domainkey.example.com", dns::Type::TXT});
}

TEST_CASE("dkim/verify: signatures of the author's domain are picked first, then related ones, then by place",
          "[dkim]") {
  Limits limits;
  limits.signatures = 3;
  const std::vector<std::string> fields{field("one.example"),    field("mail.author.example"), field("two.example"),
                                        field("author.example"), field("example.com"),         field("three.example")};
  CHECK(picked(select_from(fields, domains({"author.example"}), limits)) ==
        "one.example mail.author.example author.example");
  // A sibling is neither above nor below: mail.author.example is as strange as one.example, and later.
  CHECK(picked(select_from(fields, domains({"sub.author.example", "example.com"}), limits)) ==
        "one.example author.example example.com");
  CHECK(picked(select_from(fields, {}, limits)) == "one.example mail.author.example two.example");
}

TEST_CASE("dkim/verify: signatures beyond the bound are reported, not verified (RFC 6376 section 6.1)", "[dkim]") {
  const Limits limits;
  std::vector<std::string> fields(limits.signatures, field("a.example"));
  CHECK(picked(select_from(fields, {})).size() == limits.signatures * 10 - 1);
  fields.push_back(field("last.example"));
  const auto candidates = select_from(fields, {});
  REQUIRE(candidates.size() == limits.signatures + 1);
  const Outcome& last = candidates.back().outcome;
  CHECK(!candidates.back().signature);
  CHECK(last.status == Status::Policy);
  CHECK(last.reason == Reason::TooManySignatures);
  CHECK(last.domain == "last.example");
  CHECK(last.selector == "sel");
  CHECK(last.algorithm == "rsa-sha256");
  CHECK(last.signature_start == "AAECAwQFBgcI");
}

TEST_CASE("dkim/verify: a thousand bad signatures do not push out a good one", "[dkim]") {
  for (const std::string& bad : {std::string(" rubbish"), field("author.example", "; d=author.example"),
                                 field("author.example", "; c=unknown"), field("other.example")}) {
    DYNAMIC_SECTION(bad) {
      std::vector<std::string> fields(1000, bad);
      fields.push_back(field("author.example"));
      const auto candidates = select_from(fields, domains({"author.example"}));
      REQUIRE(!candidates.empty());
      CHECK(candidates.size() == kMaxReportedSignatures);
      CHECK(candidates.back().field == 1000);
      CHECK(candidates.back().signature.has_value());
    }
  }
}

TEST_CASE("dkim/verify: the number of reported signatures is bounded", "[dkim]") {
  std::vector<std::string> fields(kMaxReportedSignatures, " rubbish");
  CHECK(select_from(fields, {}).size() == kMaxReportedSignatures);
  fields.push_back(" rubbish");
  CHECK(select_from(fields, {}).size() == kMaxReportedSignatures);
  Limits limits;
  limits.signatures = kMaxReportedSignatures + 5;
  CHECK(select_from(std::vector<std::string>(200, field("a.example")), {}, limits).size() == limits.signatures);
}

TEST_CASE("dkim/verify: a message without signatures has no outcomes", "[dkim]") {
  test::FakeResolver dns = zone();
  CHECK(verify_text("From: a@example.com\r\n\r\nHello\r\n", dns).empty());
  CHECK(verify_text("", dns).empty());
}

TEST_CASE("dkim/verify: no changed octet of b=, bh=, h= or the body passes", "[dkim][property]") {
  const std::string text = vector("rsa-relaxed-relaxed");
  test::FakeResolver dns = zone();
  REQUIRE(verify_text(text, dns)[0].status == Status::Pass);
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const std::string tag : {"b", "bh", "h"}) {
    const auto [begin, end] = tag_span(text, tag);
    for (std::size_t at = begin; at < end; ++at) {
      // The top bit of the six: the low ones of the last digit may be padding.
      const auto digit = alphabet.find(text[at]);
      if (digit == std::string::npos) {
        continue;
      }
      std::string changed = text;
      changed[at] = alphabet[(digit + 32) % 64];
      CAPTURE(tag, at);
      CHECK(verify_text(changed, dns)[0].status != Status::Pass);
    }
  }
  for (std::size_t at = text.find("\r\n\r\n") + 4; at < text.size(); ++at) {
    if (!is_alnum(text[at])) {
      continue;  // Whitespace may be neutral in the relaxed form.
    }
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(at);
    CHECK(verify_text(changed, dns)[0].reason == Reason::BodyHashMismatch);
  }
}

TEST_CASE("dkim/verify: no truncation of a signed message crashes or passes", "[dkim][property]") {
  const std::string text = vector("ed-simple-simple");
  test::FakeResolver dns = zone();
  const auto body = text.find("\r\n\r\n");
  for (std::size_t length = 0; length < body; length += 3) {
    for (const Outcome& outcome : verify_text(text.substr(0, length), dns)) {
      CHECK(outcome.status != Status::Pass);
    }
  }
}

TEST_CASE("dkim/verify: of equally near signatures those of the larger key are picked, unfit sizes last",
          "[dkim][bounds]") {
  Limits limits;
  limits.signatures = 1;
  // The octets of b= are those of the modulus: 128 for 1024 bits.
  const auto of = [](const std::string& domain, std::size_t octets, const std::string& algorithm = "rsa-sha256") {
    return " v=1; a=" + algorithm + "; d=" + domain +
           "; s=sel; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" +
           encode_base64(std::vector<std::uint8_t>(octets, 1));
  };
  const std::vector<std::string> by_strength{
      of("a.example", 512),  // 4096 bits
      of("b.example", 64, "ed25519-sha256"),
      of("c.example", 256),  // 2048 bits
      of("d.example", 128),  // 1024 bits
      of("e.example", 127),  // Below limits.rsa_bits ...
      of("f.example", 513),  // ... and above ...
      of("g.example", 63, "ed25519-sha256"),
  };
  for (std::size_t first = 0; first < by_strength.size(); ++first) {
    std::vector<std::string> fields(by_strength.rbegin(), by_strength.rend() - static_cast<std::ptrdiff_t>(first));
    CAPTURE(first);
    // Of those that no key can have made, the topmost.
    CHECK(picked(select_from(fields, {}, limits)) ==
          (first < 4 ? std::string(1, static_cast<char>('a' + first)) : "g") + ".example");
  }
  // A domain nearer to the author comes before any strength.
  CHECK(picked(select_from({of("a.example", 512), of("author.example", 128)}, domains({"author.example"}), limits)) ==
        "author.example");
  // Within the bound, too, the nearest and strongest is judged first, so that others leave it its share of the work.
  limits.signatures = 8;
  const auto candidates = select_from({of("a.example", 512), of("x.example", 128), of("author.example", 128)},
                                      domains({"author.example"}), limits);
  REQUIRE(candidates.size() == 3);
  CHECK(candidates[0].rank == 1);
  CHECK(candidates[1].rank == 2);
  CHECK(candidates[2].rank == 0);
}

TEST_CASE("dkim/verify: limits.signatures fields in other characters than ASCII are read, one more is not",
          "[dkim][bounds]") {
  Limits limits;
  limits.signatures = 4;
  const auto with = [&](std::size_t international) {
    std::vector<std::string> fields(international, field("b\xC3\xBC"
                                                         "cher.example"));
    fields.push_back(field("plain.example"));
    return select_from(fields, domains({"plain.example"}), limits);
  };
  const auto all = with(4);
  CHECK(all[3].outcome.domain ==
        "b\xC3\xBC"
        "cher.example");
  const auto more = with(5);
  REQUIRE(more.size() == 6);
  CHECK(more[4].outcome.reason == Reason::TooManySignatures);
  CHECK(more[4].outcome.domain.empty());
  CHECK(more[5].signature);
}

TEST_CASE("dkim/verify: what the signatures of a message may cost is theirs to use up, beyond it they are policy",
          "[dkim][bounds]") {
  const auto message = test::read_signed_message(vector("rsa-relaxed-relaxed"));
  message::BodyDigests body;
  const auto candidates = select(message.headers, {}, body, Limits{});
  body.update(message.body);
  body.finish();
  REQUIRE(candidates.size() == 1);
  HeaderHashes hashes(message.headers);
  const auto verify_with = [&](std::size_t header_octets, std::uint64_t key_work) {
    test::FakeResolver dns = zone();
    Effort effort{hashes, header_octets, key_work};
    return verify_all(candidates, body, dns, effort, Limits{}, kNow).at(0);
  };
  std::size_t left = 1U << 20U;
  REQUIRE(hashes.hash(*candidates[0].signature, candidates[0].field, left));
  const std::size_t octets = (1U << 20U) - left;
  test::FakeResolver dns = zone();
  const std::uint64_t work = keys_of(*dns.lookup(kKey)).records.at(0).key->work();
  CHECK(verify_with(octets, work).status == Status::Pass);
  for (const Outcome& beyond : {verify_with(octets - 1, work), verify_with(octets, work - 1)}) {
    CHECK(beyond.status == Status::Policy);
    CHECK(beyond.reason == Reason::TooCostly);
    CHECK(!beyond.headers_verified);
    CHECK(!beyond.detail.empty());
  }
}

TEST_CASE("dkim/verify: any one signature fits, with a header and an h= as large as they may be", "[dkim][bounds]") {
  Limits limits;
  std::string names = "from";
  for (std::size_t i = 1; i < limits.signed_header_names; ++i) {
    names += ":x";
  }
  message::HeaderBlock headers;
  headers.add("DKIM-Signature",
              " v=1; a=rsa-sha256; d=example.com; s=s; h=" + names + "; bh=" + std::string(43, 'A') + "=; b=AAAA");
  headers.add("From", " a@example.com");
  limits.header_octets = headers.octets() + std::string_view("X: \r\n").size() + 1;
  headers.add("X", " y");
  message::BodyDigests body;
  const auto candidates = select(headers, {}, body, limits);
  REQUIRE(candidates.size() == 1);
  REQUIRE(candidates[0].signature);
  HeaderHashes hashes(headers);
  Effort effort = Effort::for_signatures(hashes, limits);
  CHECK(hashes.hash(*candidates[0].signature, candidates[0].field, effort.header_octets));
}

}  // namespace assay::dkim
