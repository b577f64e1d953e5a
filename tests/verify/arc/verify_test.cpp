#include "verify/arc/verify.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "verify/dkim/key.h"

namespace assay::arc {
namespace {

constexpr Time kNow{std::chrono::seconds(1'750'000'000)};
const std::string kFolder = "tests/vectors/dkim/";
const dns::Question kListKey{"l1._domainkey.list.example", dns::Type::TXT};
const dns::Question kRelayKey{"l2._domainkey.relay.example", dns::Type::TXT};

test::FakeResolver zone() {
  return test::FakeResolver(test::read_file(kFolder + "zone"));
}

std::string vector(const std::string& name) {
  return test::read_file(kFolder + name + ".eml");
}

Outcome verify_text(const std::string& text, test::FakeResolver& dns, const Limits& limits = {}) {
  return test::verify_arc(test::read_signed_message(text), dns, limits, kNow);
}

Outcome verify_text(const std::string& text, const Limits& limits = {}) {
  test::FakeResolver dns = zone();
  return verify_text(text, dns, limits);
}

/// `text` with the first `from` replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// One set that is well formed but signed by nobody.
std::string set(unsigned instance, const std::string& selector = "s", const std::string& more = "") {
  const std::string i = "i=" + std::to_string(instance);
  return "ARC-Seal: " + i + "; a=rsa-sha256; d=list.example; s=seal; b=AAAA; cv=" + (instance == 1 ? "none" : "pass") +
         "\r\nARC-Message-Signature: " + i + "; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=" + selector +
         "; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA" + more +
         "\r\nARC-Authentication-Results: " + i + "; mx.example; none\r\n";
}

std::string chain(unsigned count) {
  std::string text;
  for (unsigned instance = count; instance >= 1; --instance) {
    text += set(instance);
  }
  return text + "From: a@example.com\r\n\r\n";
}

/// Where a field of that name and instance 1 begins and its line ends.
std::pair<std::size_t, std::size_t> first_field(const std::string& text, const std::string& name) {
  const auto begin = text.find("\r\n" + name + ": i=1;") + 2;
  auto end = begin;
  do {
    end = text.find("\r\n", end + 1);
  } while (text[end + 2] == ' ' || text[end + 2] == '\t');
  return {begin, end};
}

}  // namespace

TEST_CASE("arc/verify: no ARC field is none (RFC 8617 section 5.2 step 1)", "[arc]") {
  test::FakeResolver dns = zone();
  const Outcome outcome = verify_text(vector("rsa-relaxed-relaxed"), dns);
  CHECK(outcome.status == Status::None);
  CHECK(outcome.reason == Reason::None);
  CHECK(outcome.instances == 0);
  CHECK(!outcome.oldest_pass);
  CHECK(dns.questions().empty());
  CHECK(Chain().key_questions().empty());
}

TEST_CASE("arc/verify: the structure decides before anything is looked up (RFC 8617 section 5.2 steps 1 to 3)",
          "[arc]") {
  struct Row {
    const char* name;
    std::string text;
    Reason reason;
    unsigned instance;
  };
  const std::string two = chain(2);
  const Row rows[] = {
      {"newest seal says fail", replaced(two, "cv=pass", "cv=fail"), Reason::ChainMarkedFailed, 2},
      {"newest seal says fail, whatever else is wrong",
       replaced(set(2) + "ARC-Seal: rubbish\r\n", "cv=pass", "cv=FAIL"), Reason::ChainMarkedFailed, 2},
      {"older seal says fail", replaced(two, "cv=none", "cv=fail"), Reason::ChainMarkedFailed, 1},
      {"cv=pass at 1", replaced(two, "cv=none", "cv=pass"), Reason::WrongChainValidation, 1},
      {"cv=none at 2", replaced(two, "cv=pass", "cv=none"), Reason::WrongChainValidation, 2},
      {"cv= unknown", replaced(two, "cv=pass", "cv=good"), Reason::MalformedSet, 2},
      {"cv= missing", replaced(two, "; cv=pass", ""), Reason::MalformedSet, 2},
      {"gap", set(3) + set(1), Reason::IncompleteSet, 2},
      {"starts at 2", set(2), Reason::IncompleteSet, 1},
      {"seal missing", replaced(two, "ARC-Seal: i=1", "X: i=1"), Reason::IncompleteSet, 1},
      {"message signature missing", replaced(two, "ARC-Message-Signature: i=2", "X: i=2"), Reason::IncompleteSet, 2},
      {"results missing", replaced(two, "ARC-Authentication-Results: i=1", "X: i=1"), Reason::IncompleteSet, 1},
      {"a set twice", set(1) + set(1), Reason::IncompleteSet, 1},
      {"results twice", "ARC-Authentication-Results: i=1; x; none\r\n" + two, Reason::IncompleteSet, 1},
      {"seal twice", "ARC-Seal: i=2\r\n" + two, Reason::IncompleteSet, 2},
      {"results without instance", "ARC-Authentication-Results: x; none\r\n" + two, Reason::MalformedSet, 0},
      {"message signature that is no list", "ARC-Message-Signature: i=1;;\r\n" + two, Reason::MalformedSet, 0},
      {"seal with i=0", replaced(two, "ARC-Seal: i=1", "ARC-Seal: i=0"), Reason::MalformedSet, 0},
      {"one lone field", "ARC-Seal: x\r\n", Reason::MalformedSet, 0},
      {"seal with h=", replaced(two, "cv=none", "cv=none; h=from"), Reason::MalformedSet, 1},
      {"seal without d=", replaced(two, " d=list.example; s=seal;", " s=seal;"), Reason::MalformedSet, 2},
      {"seal by rsa-sha1", replaced(two, "a=rsa-sha256", "a=rsa-sha1"), Reason::SealFailed, 2},
      {"newest message signature signs ARC-Seal", replaced(two, "h=from", "h=from:arc-seal"), Reason::MalformedSet, 2},
      {"newest message signature without bh=", replaced(two, "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; ", ""),
       Reason::MalformedSet, 2},
      {"instance 51", set(51), Reason::TooManySets, 51},
      {"instance 99", set(99) + two, Reason::TooManySets, 99},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      test::FakeResolver dns = zone();
      const Outcome outcome = verify_text(row.text, dns);
      CHECK(outcome.status == Status::Fail);
      CHECK(outcome.reason == row.reason);
      CHECK(outcome.failed_instance == row.instance);
      CHECK(!outcome.oldest_pass);
      CHECK(dns.questions().empty());
    }
  }
}

TEST_CASE("arc/verify: a message signature may list any field but ARC-Seal (RFC 8617 sections 4.1.2 and 5.2 step 4)",
          "[arc]") {
  for (const char* name : {"Authentication-Results", "ARC-Authentication-Results", "ARC-Message-Signature"}) {
    CAPTURE(name);
    // It gets as far as the key, which does not exist.
    const Outcome outcome = verify_text(replaced(chain(2), "h=from", std::string("h=from:") + name));
    CHECK(outcome.reason == Reason::KeyFailure);
    CHECK(outcome.failed_instance == 2);
  }
}

TEST_CASE("arc/verify: a chain that fails by its structure needs no body", "[arc]") {
  message::BodyDigests body;
  const auto message = test::read_signed_message(set(2) + "From: a@example.com\r\n\r\n");
  const Chain failed = Chain::collect(message.headers, body, Limits{});
  CHECK(failed.key_questions().empty());
  CHECK(!body.wants_more());
}

TEST_CASE("arc/verify: the number of sets is bounded (RFC 8617 section 4.2.1)", "[arc]") {
  CHECK(verify_text(vector("arc-50")).status == Status::Pass);
  CHECK(verify_text(set(51) + vector("arc-50")).reason == Reason::TooManySets);
  Limits limits;
  limits.arc_sets = 3;
  CHECK(verify_text(vector("arc-3"), limits).status == Status::Pass);
  limits.arc_sets = 2;
  CHECK(verify_text(vector("arc-3"), limits).reason == Reason::TooManySets);
  CHECK(verify_text(vector("arc-3"), limits).instances == 3);
}

TEST_CASE("arc/verify: the five answers of DNS are final (RFC 8617 section 5.2.1)", "[arc]") {
  struct Row {
    dns::Status answer;
    Status status;
    Reason reason;
  };
  const Row rows[] = {
      {dns::Status::Found, Status::Pass, Reason::None},
      {dns::Status::NoData, Status::Fail, Reason::KeyFailure},
      {dns::Status::NxDomain, Status::Fail, Reason::KeyFailure},
      {dns::Status::TempFail, Status::Fail, Reason::DnsFailure},
      {dns::Status::Bogus, Status::Fail, Reason::DnssecBogus},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(dns::to_string(row.answer)) {
      test::FakeResolver dns = zone();
      dns::Answer answer = *dns.lookup(kListKey);
      answer.status = row.answer;
      dns.add(kListKey.name, kListKey.type, answer);
      dns.forget_questions();
      const Outcome outcome = verify_text(vector("arc-2"), dns);
      CHECK(outcome.status == row.status);
      CHECK(outcome.reason == row.reason);
      CHECK(outcome.failed_instance == (row.answer == dns::Status::Found ? 0 : 1));
    }
  }
}

TEST_CASE("arc/verify: the newest message signature must verify (RFC 8617 section 5.2 step 4)", "[arc]") {
  const std::string text = vector("arc-2");
  for (const std::string& changed : {replaced(text, "From: Alice", "From: Alicia"), text + "more\r\n"}) {
    const Outcome outcome = verify_text(changed);
    CHECK(outcome.status == Status::Fail);
    CHECK(outcome.reason == Reason::MessageSignatureFailed);
    CHECK(outcome.failed_instance == 2);
    CHECK_FALSE(outcome.oldest_pass);
  }
}

TEST_CASE("arc/verify: a seal covers its own set and all before it (RFC 8617 section 5.1.1)", "[arc]") {
  CHECK(verify_text(vector("arc-2")).status == Status::Pass);
  CHECK(verify_text(vector("arc-3")).status == Status::Pass);
  // What the first hop found was changed later: the newest seal covers it, too.
  const Outcome outcome = verify_text(vector("arc-changed-results"));
  CHECK(outcome.reason == Reason::SealFailed);
  CHECK(outcome.failed_instance == 3);
}

TEST_CASE("arc/verify: every seal must verify, not the newest alone (RFC 8617 section 5.2 step 6)", "[arc]") {
  // Another key at the oldest sealer's name: its seal fails, that above it holds.
  test::FakeResolver dns = zone();
  dns.add(kListKey.name, kListKey.type, *dns.lookup(kRelayKey));
  const Outcome outcome = verify_text(vector("arc-2"), dns);
  CHECK(outcome.status == Status::Fail);
  CHECK(outcome.reason == Reason::SealFailed);
  CHECK(outcome.failed_instance == 1);
}

TEST_CASE(
    "arc/verify: oldest-pass is 0 if all message signatures verify, else the oldest that does (RFC 8617 section "
    "5.2 step 5)",
    "[arc]") {
  CHECK(verify_text(vector("arc-1")).oldest_pass == std::optional<unsigned>(0));
  CHECK(verify_text(vector("arc-3")).oldest_pass == std::optional<unsigned>(0));
  CHECK(verify_text(vector("arc-footer")).oldest_pass == std::optional<unsigned>(2));
  CHECK(verify_text(vector("arc-footer-then-relay")).oldest_pass == std::optional<unsigned>(2));
}

TEST_CASE("arc/verify: each key is looked up once, and none in vain", "[arc]") {
  test::FakeResolver dns = zone();
  REQUIRE(verify_text(vector("arc-50"), dns).status == Status::Pass);
  CHECK(dns.questions() == std::vector<dns::Question>{kRelayKey, kListKey});
  dns.forget_questions();
  // The newest body hash differs: no key can help.
  REQUIRE(verify_text(vector("arc-changed-body"), dns).reason == Reason::MessageSignatureFailed);
  CHECK(dns.questions().empty());
  // The newest message signature fails by its header: the other key is not asked for.
  REQUIRE(verify_text(replaced(vector("arc-2"), "From: Alice", "From: Alicia"), dns).reason ==
          Reason::MessageSignatureFailed);
  CHECK(dns.questions() == std::vector<dns::Question>{kRelayKey});
}

TEST_CASE("arc/verify: the planned key questions are those that are asked", "[arc]") {
  const auto message = test::read_signed_message(vector("arc-3"));
  message::BodyDigests body;
  const Chain collected = Chain::collect(message.headers, body, Limits{});
  CHECK(collected.key_questions() == std::vector<dns::Question>{kListKey, kRelayKey});
  CHECK(body.wants_more());
}

TEST_CASE("arc/verify: oldest-pass is 0 if every message signature of a chain verifies (RFC 8617 section 5.2 step 5)",
          "[arc]") {
  CHECK(verify_text(vector("arc-20")).oldest_pass == std::optional<unsigned>(0));
  CHECK(verify_text(vector("arc-21")).oldest_pass == std::optional<unsigned>(0));
  CHECK(verify_text(vector("arc-50")).oldest_pass == std::optional<unsigned>(0));
}

TEST_CASE("arc/verify: the hashes of the body that a chain asks for are bounded", "[arc]") {
  std::string text;
  for (unsigned instance = 6; instance >= 1; --instance) {
    const std::string number = std::to_string(instance);
    text += set(instance, "m" + number, "; l=" + number);
  }
  const auto message = test::read_signed_message(text + "From: a@example.com\r\n\r\n");
  message::BodyDigests body;
  const Chain collected = Chain::collect(message.headers, body, Limits{});
  // The newest four, and the one key of the seals.
  std::vector<dns::Question> expected;
  for (const char* selector : {"m6", "m5", "m4", "m3", "seal"}) {
    expected.push_back({std::string(selector) + "._domainkey.list.example", dns::Type::TXT});
  }
  CHECK(collected.key_questions() == expected);
}

TEST_CASE("arc/verify: an older message signature that cannot be read ends the search for oldest-pass, not the chain",
          "[arc]") {
  // Nothing but the seals (which fail here) is wrong with a chain whose AMS(1) lacks s=.
  const std::string text =
      replaced(chain(2), "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=s;",
               "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example;");
  CHECK(verify_text(text).reason == Reason::KeyFailure);
  CHECK(verify_text(text).failed_instance == 2);
}

TEST_CASE("arc/verify: keys of the wrong size fail the chain (RFC 8301 section 3.2)", "[arc]") {
  Limits limits;
  limits.rsa_bits_min = 1025;  // The key of list.example has 1024 bits.
  CHECK(verify_text(vector("arc-1"), limits).reason == Reason::KeyFailure);
  limits.rsa_bits_min = 1024;
  limits.rsa_bits_max = 1024;
  CHECK(verify_text(vector("arc-1"), limits).status == Status::Pass);
  CHECK(verify_text(vector("arc-2"), limits).reason == Reason::KeyFailure);
}

TEST_CASE("arc/verify: claims are those of instance 1 alone, and none if they cannot be read", "[arc]") {
  const Outcome outcome = verify_text(vector("arc-3"));
  REQUIRE(outcome.claims.size() == 3);
  CHECK(outcome.claims[2].method == "dmarc");
  CHECK(outcome.claims[2].result == "pass");
  CHECK(outcome.claims[2].properties ==
        std::vector<std::pair<std::string, std::string>>{{"header.from", "example.com"}});
  CHECK(verify_text(replaced(chain(1), "i=1; mx.example; none", "i=1; mx.example; = =")).claims.empty());
  CHECK(verify_text("ARC-Authentication-Results: i=1; x; dmarc=pass\r\n" + vector("arc-1")).claims.empty());
}

TEST_CASE("arc/verify: the hops of a passing chain, instance 1 first", "[arc]") {
  const Outcome outcome = verify_text(vector("arc-3"));
  REQUIRE(outcome.hops.size() == 3);
  for (const Hop& hop : outcome.hops) {
    CHECK(hop.signs_from);
    CHECK(!hop.signs_part);
    CHECK(hop.readable);
  }
  CHECK(outcome.hops[0].signer == "list.example");
  CHECK(outcome.hops[0].selector == "l1");
  CHECK(outcome.hops[0].claims.empty());  // They are Outcome::claims.
  CHECK(outcome.hops[1].signer == "relay.example");
  CHECK(outcome.hops[1].selector == "l2");
  REQUIRE(outcome.hops[1].claims.size() == 2);
  CHECK(outcome.hops[1].claims[1].method == "dmarc");
  CHECK(outcome.hops[1].claims[1].properties ==
        std::vector<std::pair<std::string, std::string>>{{"header.from", "example.com"}});
  CHECK(outcome.hops[2].claims.size() == 1);
  CHECK(verify_text(vector("arc-length-exact")).hops.at(0).signs_part);
  // Where the search for oldest-pass ended makes no difference.
  CHECK(verify_text(vector("arc-footer-then-relay")).hops.at(0).signs_from);
}

TEST_CASE("arc/verify: a chain that does not pass has no hops", "[arc]") {
  CHECK(verify_text(vector("arc-changed-body")).hops.empty());
  CHECK(verify_text(vector("arc-gap")).hops.empty());
  CHECK(verify_text(vector("rsa-relaxed-relaxed")).hops.empty());
}

TEST_CASE("arc/verify: no truncation of a field of the chain passes or crashes", "[arc][property]") {
  const std::string text = vector("arc-2");
  test::FakeResolver dns = zone();
  REQUIRE(verify_text(text, dns).status == Status::Pass);
  for (const std::string name : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"}) {
    const auto [begin, end] = first_field(text, name);
    for (std::size_t length = name.size() + 1; length < end - begin; ++length) {
      CAPTURE(name, length);
      CHECK(verify_text(text.substr(0, begin + length) + text.substr(end), dns).status == Status::Fail);
    }
  }
}

TEST_CASE("arc/verify: no changed octet of the seals' input passes", "[arc][property]") {
  const std::string text = vector("arc-2");
  test::FakeResolver dns = zone();
  for (const std::string name : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"}) {
    const auto [begin, end] = first_field(text, name);
    for (std::size_t at = begin + name.size() + 2; at < end; ++at) {
      if (text[at] == ' ' || text[at] == '\r' || text[at] == '\n') {
        continue;  // Relaxed form.
      }
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ 2);
      CAPTURE(name, at);
      CHECK(verify_text(changed, dns).status == Status::Fail);
    }
  }
}

TEST_CASE("arc/verify: what a chain may cost goes to the newest message signature, the seals, then older ones",
          "[arc][bounds]") {
  const auto message = test::read_signed_message(vector("arc-3"));
  message::BodyDigests body;
  const auto chain = Chain::collect(message.headers, body, Limits{});
  body.update(message.body);
  body.finish();
  dkim::HeaderHashes hashes(message.headers);
  constexpr std::size_t kEnough = 1U << 20U;
  const auto verify_with = [&](std::size_t header_octets, std::uint64_t key_work) {
    test::FakeResolver dns = zone();
    dkim::Effort effort{hashes, header_octets, key_work};
    return chain.verify(body, dns, effort, Limits{}, kNow);
  };
  const auto oldest = [](unsigned instance) { return std::optional<unsigned>(instance); };
  test::FakeResolver dns = zone();
  const auto key_work = [&dns](const dns::Question& key) {
    return std::uint64_t{dkim::keys_of(*dns.lookup(key)).records.at(0).key->work()};
  };
  const Outcome whole = verify_with(kEnough, kEnough);
  REQUIRE(whole.oldest_pass == oldest(0));
  const auto work = [&](unsigned instance) {
    return key_work(whole.sealers.at(instance - 1) == "list.example" ? kListKey : kRelayKey);
  };
  const std::uint64_t decides = 2 * work(3) + work(2) + work(1);
  CHECK(verify_with(kEnough, decides + work(2) + work(1)).oldest_pass == oldest(0));
  CHECK(verify_with(kEnough, decides + work(2) + work(1) - 1).oldest_pass == oldest(2));
  CHECK(verify_with(kEnough, decides + work(2) - 1).oldest_pass == oldest(3));
  CHECK(verify_with(kEnough, decides).oldest_pass == oldest(3));
  CHECK(verify_with(kEnough, decides).status == Status::Pass);
  for (const std::uint64_t too_little : {decides - 1, work(3) - 1, std::uint64_t{0}}) {
    const Outcome outcome = verify_with(kEnough, too_little);
    CAPTURE(too_little);
    CHECK(outcome.status == Status::Fail);
    CHECK(outcome.reason == Reason::TooCostly);
    CHECK(!outcome.oldest_pass);
  }
  CHECK(verify_with(kEnough, decides - 1).failed_instance == 1);
  CHECK(verify_with(kEnough, work(3) - 1).failed_instance == 3);

  // Seals count nothing of the octets: together they cost one pass over the sets.
  dkim::Effort all{hashes, kEnough, kEnough};
  REQUIRE(chain.verify(body, dns, all, Limits{}, kNow).oldest_pass == oldest(0));
  const std::size_t octets = kEnough - all.header_octets;
  CHECK(verify_with(octets, kEnough).oldest_pass == oldest(0));
  CHECK(verify_with(octets - 1, kEnough).oldest_pass == oldest(2));
  CHECK(verify_with(0, kEnough).reason == Reason::TooCostly);
}

TEST_CASE(
    "arc/verify: whatever the DKIM signatures spent, 50 sets may use keys of 2048 bits, and what those left (RFC 8617 "
    "section 4.2.1)",
    "[arc][bounds]") {
  Limits limits;
  const message::HeaderBlock headers;
  dkim::HeaderHashes hashes(headers);
  const auto left_to_chain = [&](std::uint64_t spent) {
    auto signatures = dkim::Effort::for_signatures(hashes, limits);
    signatures.key_work -= spent;
    return dkim::Effort::for_chain(signatures, limits).key_work;
  };
  CHECK(limits.signature_key_work() == 8 * crypto::kEd25519Work);
  CHECK(left_to_chain(0) == limits.message_key_work());
  CHECK(left_to_chain(8 * crypto::rsa_work(4096)) == limits.message_key_work() - 128);
  CHECK(left_to_chain(limits.signature_key_work()) == 100 * crypto::rsa_work(2048));
  limits.rsa_bits_max = 16'384;
  CHECK(limits.signature_key_work() == 8 * crypto::rsa_work(16'384));
  CHECK(left_to_chain(limits.signature_key_work()) == 100 * crypto::rsa_work(2048));
}

TEST_CASE("arc/verify: ten fields with other characters than ASCII are read, one more fails the chain",
          "[arc][bounds]") {
  const auto with = [](int international) {
    std::string text = chain(6);
    for (int i = 0; i < international; ++i) {
      text = replaced(text, "d=list.example;",
                      "d=b\xC3\xBC"
                      "cher.example;");
    }
    return verify_text(text).reason;
  };
  CHECK(with(10) != Reason::TooCostly);
  CHECK(with(11) == Reason::TooCostly);
}

}  // namespace assay::arc
