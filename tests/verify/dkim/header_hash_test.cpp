#include "verify/dkim/header_hash.h"

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace assay::dkim {
namespace {

using message::Canonicalization;
using message::HeaderBlock;

/// A signature over `names` whose field is the topmost.
Signature over(std::vector<std::string> names, Canonicalization canonicalization = Canonicalization::Relaxed) {
  Signature signature;
  signature.header_canonicalization = canonicalization;
  signature.signed_headers = std::move(names);
  return signature;
}

/// The digest of the hash input as the RFC spells it.
crypto::DigestValue of(const std::string& input) {
  return crypto::digest(crypto::Hash::Sha256, input);
}

HeaderBlock headers() {
  HeaderBlock block;
  block.add("DKIM-Signature", " v=1; b=c2ln; d=e.com");
  block.add("Received", " third");
  block.add("From", " a@e.com");
  block.add("received", " second");
  block.add("RECEIVED", " first");
  return block;
}

const std::string kOwn = "dkim-signature:v=1; b=; d=e.com";

}  // namespace

TEST_CASE("dkim/header_hash: fields in the order of h=, then the signature without CRLF (RFC 6376 section 3.7)",
          "[dkim]") {
  CHECK(header_hash(over({"from"}), headers(), 0) == of("from:a@e.com\r\n" + kOwn));
  CHECK(header_hash(over({"from", "Received"}), headers(), 0) == of("from:a@e.com\r\nreceived:first\r\n" + kOwn));
  CHECK(header_hash(over({"received", "from"}), headers(), 0) == of("received:first\r\nfrom:a@e.com\r\n" + kOwn));
}

TEST_CASE("dkim/header_hash: repeated names are taken from the bottom up (RFC 6376 section 5.4.2)", "[dkim]") {
  CHECK(header_hash(over({"received", "from", "Received", "RECEIVED"}), headers(), 0) ==
        of("received:first\r\nfrom:a@e.com\r\nreceived:second\r\nreceived:third\r\n" + kOwn));
}

TEST_CASE("dkim/header_hash: a mention beyond the fields there contributes nothing, not even CRLF", "[dkim]") {
  CHECK(header_hash(over({"from", "from", "x-none", "from"}), headers(), 0) == of("from:a@e.com\r\n" + kOwn));
  CHECK(header_hash(over({}), headers(), 0) == of(kOwn));
  CHECK(header_hash(over({"", "from", ""}), headers(), 0) == of("from:a@e.com\r\n" + kOwn));
}

TEST_CASE("dkim/header_hash: the verified signature is never one of the listed fields", "[dkim]") {
  HeaderBlock block = headers();
  block.add("DKIM-Signature", " v=1; b=b3RoZXI=; d=f.com");
  // Other signatures are ordinary fields, their b= kept.
  const std::string other = "dkim-signature:v=1; b=b3RoZXI=; d=f.com\r\n";
  CHECK(header_hash(over({"dkim-signature"}), block, 0) == of(other + kOwn));
  CHECK(header_hash(over({"dkim-signature", "dkim-signature"}), block, 0) == of(other + kOwn));
  CHECK(header_hash(over({"dkim-signature"}), block, 5) ==
        of("dkim-signature:v=1; b=c2ln; d=e.com\r\ndkim-signature:v=1; b=; d=f.com"));
}

TEST_CASE("dkim/header_hash: the value of b= and all whitespace around it are left out (RFC 6376 section 3.7)",
          "[dkim]") {
  HeaderBlock block;
  block.add("DKIM-Signature", " v=1; bh=abc=; b = dz\r\n\tdVy==; d=x");
  CHECK(header_hash(over({}, Canonicalization::Simple), block, 0) == of("DKIM-Signature: v=1; bh=abc=; b =; d=x"));
  CHECK(header_hash(over({}), block, 0) == of("dkim-signature:v=1; bh=abc=; b =; d=x"));
  HeaderBlock last;
  last.add("DKIM-Signature", " v=1; x=b=1; b=\r\n dz\r\n\tdVy==\r\n ");
  CHECK(header_hash(over({}, Canonicalization::Simple), last, 0) == of("DKIM-Signature: v=1; x=b=1; b="));
}

TEST_CASE("dkim/header_hash: large fields are hashed whole, and copied", "[dkim]") {
  for (const std::size_t size : {4090U, 8192U, 100'000U}) {
    HeaderBlock block;
    block.add("DKIM-Signature", " v=1; b=c2ln; d=e.com");
    std::string input;
    std::vector<std::string> names;
    for (const char* name : {"a", "b", "c"}) {
      names.emplace_back(name);
      block.add(name, " " + std::string(size, *name) + "  x");
      input += name + (":" + std::string(size, *name)) + " x\r\n";
    }
    std::string octets = "kept ";
    CHECK(header_hash(over(names), block, 0, &octets) == of(input + kOwn));
    CHECK(octets == "kept " + input + kOwn);
  }
}

TEST_CASE("dkim/header_hash: 500 names over 10,000 fields stay cheap", "[dkim]") {
  HeaderBlock block;
  block.add("DKIM-Signature", " v=1; b=c2ln");
  for (std::size_t i = 0; i < 10'000; ++i) {
    block.add("X-" + std::to_string(i % 1000), " v");
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 500; ++i) {
    names.push_back("x-" + std::to_string(i));
  }
  const auto start = std::chrono::steady_clock::now();
  (void)header_hash(over(names), block, 0);
  // Milliseconds; comparing every name with every field would take seconds in this build.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("dkim/header_hash: a budget that suffices is used up, one octet less hashes nothing", "[dkim][bounds]") {
  const HeaderBlock block = headers();
  const Signature signature = over({"from", "received", "x-none"});
  // "DKIM-Signature: v=1; b=c2ln; d=e.com", "From: a@e.com" and "RECEIVED: first" as they stand there, and three names.
  const std::size_t cost = 36 + 13 + 15 + 3 * Limits::kOctetsPerName;
  HeaderHashes hashes(block);
  std::size_t budget = cost - 1;
  std::string octets;
  CHECK(!hashes.hash(signature, 0, budget, &octets));
  CHECK(budget == cost - 1);
  CHECK(octets.empty());
  budget = cost;
  CHECK(hashes.hash(signature, 0, budget) == header_hash(signature, block, 0));
  CHECK(budget == 0);
}

TEST_CASE("dkim/header_hash: hashes of one message do not depend on those before", "[dkim]") {
  HeaderBlock block = headers();
  block.add("X-Long", ' ' + std::string(20'000, 'x') + "\r\n  y");
  HeaderHashes hashes(block);
  for (int round = 0; round < 2; ++round) {
    for (const auto& names : std::vector<std::vector<std::string>>{
             {"received"}, {"received", "from", "received"}, {"x-long", "from"}, {"from", "x-long", "x-long"}, {}}) {
      for (const auto canonicalization : {Canonicalization::Simple, Canonicalization::Relaxed}) {
        const Signature signature = over(names, canonicalization);
        std::string octets;
        const auto value = hashes.hash(signature, 0, &octets);
        CHECK(value == header_hash(signature, block, 0));
        CHECK(value == of(octets));
      }
    }
  }
}

}  // namespace assay::dkim
