#include "verify/crypto/digest.h"

#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "verify/base/base64.h"

using namespace assay;
using crypto::Hash;

namespace {

std::string hex(const crypto::DigestValue& value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t octet : value.view()) {
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0x0FU];
  }
  return out;
}

}  // namespace

TEST_CASE("crypto/digest: the examples of FIPS 180", "[crypto]") {
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(hex(digest(Hash::Sha256, "abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(digest(Hash::Sha256, two_blocks)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(digest(Hash::Sha256, std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hex(digest(Hash::Sha1, "abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex(digest(Hash::Sha1, two_blocks)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST_CASE("crypto/digest: the empty bodies of RFC 6376 sections 3.4.3 and 3.4.4", "[crypto]") {
  CHECK(encode_base64(digest(Hash::Sha256, "\r\n").view()) == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  CHECK(encode_base64(digest(Hash::Sha256, "").view()) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  CHECK(encode_base64(digest(Hash::Sha1, "\r\n").view()) == "uoq1oCgLlTqpdDX/iUbLy7J1Wic=");
  CHECK(encode_base64(digest(Hash::Sha1, "").view()) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
}

TEST_CASE("crypto/digest: pieces hash like the whole, moved or not", "[crypto]") {
  crypto::Digest first(Hash::Sha256);
  first.update("a");
  first.update("");
  crypto::Digest second(std::move(first));
  second.update("b");
  crypto::Digest third(Hash::Sha1);
  third = std::move(second);
  third.update("c");
  const crypto::DigestValue value = third.finish();
  CHECK(value == digest(Hash::Sha256, "abc"));
  CHECK(value.size == 32);
  CHECK_FALSE(value == digest(Hash::Sha256, "abd"));
  CHECK_FALSE(value == digest(Hash::Sha1, "abc"));
  CHECK(digest(Hash::Sha1, "abc").size == 20);
}

TEST_CASE("crypto/digest: threads share the fetched algorithms", "[crypto]") {
  std::vector<std::thread> threads;
  std::vector<crypto::DigestValue> values(4);
  for (auto& value : values) {
    threads.emplace_back([&value] { value = digest(Hash::Sha256, "abc"); });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  for (const auto& value : values) {
    CHECK(value == digest(Hash::Sha256, "abc"));
  }
}

TEST_CASE("crypto/digest: a fork goes on from where it was made, and so does what it was made from", "[crypto]") {
  crypto::Digest running(Hash::Sha256);
  running.update("abc");
  crypto::Digest fork = running.fork();
  running.update("d");
  fork.update("x");
  CHECK(fork.finish() == digest(Hash::Sha256, "abcx"));
  CHECK(running.finish() == digest(Hash::Sha256, "abcd"));
}
