#include "resolver/question_hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

/// OpenSSL's SipHash with one round for each word and three at the end.
std::uint64_t reference(const std::string& text, const std::array<std::uint64_t, 2>& key) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                              &EVP_MAC_free);
  REQUIRE(mac != nullptr);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(mac.get()),
                                                                          &EVP_MAC_CTX_free);
  std::size_t octets = sizeof(std::uint64_t);
  unsigned word_rounds = 1;
  unsigned end_rounds = 3;
  const std::array<OSSL_PARAM, 4> parameters{OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &octets),
                                             OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &word_rounds),
                                             OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &end_rounds),
                                             OSSL_PARAM_construct_end()};
  std::array<unsigned char, 16> key_octets{};
  std::memcpy(key_octets.data(), key.data(), key_octets.size());
  std::array<unsigned char, 8> out{};
  std::size_t written = 0;
  REQUIRE(EVP_MAC_init(context.get(), key_octets.data(), key_octets.size(), parameters.data()) == 1);
  REQUIRE(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  REQUIRE(EVP_MAC_final(context.get(), out.data(), &written, out.size()) == 1);
  std::uint64_t value = 0;
  std::memcpy(&value, out.data(), sizeof value);
  return value;
}

TEST_CASE("resolver/question_hash: SipHash-1-3 as OpenSSL computes it, for every length of a name",
          "[resolver][hash]") {
  const std::array<std::uint64_t, 2> key{0x0706'0504'0302'0100U, 0x0F0E'0D0C'0B0A'0908U};
  std::string text;
  for (std::size_t length = 0; length <= 260; ++length) {
    CAPTURE(length);
    CHECK(sip_hash(text, key) == reference(text, key));
    text += static_cast<char>(length * 37);
  }
}

TEST_CASE("resolver/question_hash: name and type count", "[resolver][hash]") {
  std::set<std::uint64_t> hashes;
  for (const dns::Type type : {dns::Type::A, dns::Type::AAAA, dns::Type::MX, dns::Type::TXT, dns::Type::PTR}) {
    for (int i = 0; i < 1000; ++i) {
      hashes.insert(question_hash({std::to_string(i) + ".test", type}));
    }
  }
  CHECK(hashes.size() == 5000);
  CHECK(question_hash({"a.test", dns::Type::A}) == question_hash({"a.test", dns::Type::A}));
}

}  // namespace
}  // namespace assay::resolver
