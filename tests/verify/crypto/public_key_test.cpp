#include "verify/crypto/public_key.h"

#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "verify/base/base64.h"
#include "verify/limits.h"

using namespace assay;
using crypto::Hash;
using crypto::PublicKey;
using Octets = std::vector<std::uint8_t>;

namespace {

// Made with `openssl genrsa`, `openssl rsa -pubout` and -RSAPublicKey_out, `openssl dgst -sign` over the text "assay".
constexpr std::string_view kText = "assay";
constexpr std::string_view kSpki2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4/9a8ergXiTuUsD2WEyGiVWp6z+kcwb3HMMPqs+7FgAmlCgZcgbUi6RAz8Kd/H+3NTQf"
    "LHsJf+jsCIlEcpQ3qctQxC3jfwdci+4/ikIjLGr334Qp0gh355Z2JLnNwCRONOr6CYuOWfhnQ706okfB6tW6LCGAdUk+rF+nu73pxsiVBT05RAZh"
    "Ltf0IaRF/1d75qKKIeKafOGO8/aIlqLJ9JsOKtfDLPgJE04QeUF87exJNhgkBr/m7s2LnjX9vr0ab5I4rADkPyoQmeo807wZkV4/6LJaqJweM+nz"
    "0nlPRdLiVuE9LXanJWDdBcBafjR/kCjiSBFGgZxqDkvnddbvKwIDAQAB";
constexpr std::string_view kPkcs2048 =
    "MIIBCgKCAQEA4/9a8ergXiTuUsD2WEyGiVWp6z+kcwb3HMMPqs+7FgAmlCgZcgbUi6RAz8Kd/H+3NTQfLHsJf+jsCIlEcpQ3qctQxC3jfwdci+4/"
    "ikIjLGr334Qp0gh355Z2JLnNwCRONOr6CYuOWfhnQ706okfB6tW6LCGAdUk+rF+nu73pxsiVBT05RAZhLtf0IaRF/1d75qKKIeKafOGO8/aIlqLJ"
    "9JsOKtfDLPgJE04QeUF87exJNhgkBr/m7s2LnjX9vr0ab5I4rADkPyoQmeo807wZkV4/6LJaqJweM+nz0nlPRdLiVuE9LXanJWDdBcBafjR/kCji"
    "SBFGgZxqDkvnddbvKwIDAQAB";
constexpr std::string_view kSha256By2048 =
    "XTO07xEkkc9JEmW7Z5/K1cmzn5QUMVL/o3LGbvsXr0Uu1vyaSdYkSNHHPAVz7gZJQdM/2wKic8DcVuCmMjwwyMxytqjcB+GWrFvaCc82LlKlYJ/1"
    "p3Yb8tlwp8a2FJJyuAg/4yD6tYso8v19153HVBkM09s9++rDoJ1NFxVi4h2PWIKz4acJ6ISlRmpzgFPUeEliw1gTwdXarhEcdPkk7qqaixv/IbOj"
    "84ffW3+Z/n9qHQBC+JQtiOKdwAGYKf2zw1OL/MBR4NLA1yzbYLMoU+WrBpoKPFOWe3ZEaf3QXA8CCpu7vAaR4rDg2SX+kCtCIIKVCqqIN3+E7fnv"
    "73A56w==";
constexpr std::string_view kSha1By2048 =
    "gZCP/Zu0a/rXnJF7EASjYJjTPYcigSHCvkMGwC2PvDS5XGSsBqqHp2KysIhpp5l61BWcrHvWU4lGiemq7cj2+BCv9CL2QDB1HC/gji6Mrt1Jl8hQ"
    "0mn5PCMcIVVhd95rPYfKxpzBUaXoNwOpwEIznlXAjffrFYrSTdZolNRnzYkPAYvkR7ShBpKDLFJVA4v/DkUjvOr5kjK/G1IcAn/OInYk5biXqo+b"
    "BIpotzBeYjwLAeqli8ja8Ven1iDhgrikuwvUehSalNIdG3W4910XV2EAyUOAq/ydaJq3zU+Y+V7xgWAvFgvY/xiZH+pE2TQOfYFSecgDburVL0Ch"
    "3E9OUQ==";
constexpr std::string_view kSpki512 =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALKvyGWzWX7x8qsjdwA9WDQJ67X0n19ALJUnrr+X1l+HeXOqGhdXrDSH0heMgyc9dN28JhuJq7N+8XuF"
    "T1SjX/UCAwEAAQ==";
constexpr std::string_view kSha256By512 =
    "P4cO48qr2kcb/tKDLP2RfN+gbD08pqNDehJFQBSIxPhzN0FNDr2rhFUiyMAuiiR9seSicC+XGMYBo8xIiygrtQ==";
constexpr std::string_view kSpki1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJJ7XTqxVHW3AN/7WRuPD9WcB3Ye/CgPfdb/iSHg2A18lBVgBD3qWQ/lcdpro/5+J5i8TWomW5"
    "c4ZOpeefFr8gicxkd2Hbj7lIxwc7cLfVzTQFFfSez5DpJjTwxMEVpo1h5ZYt4fQHvv+w+RIPwExBeY1Hymtv+JB9Jj52CU9SVwIDAQAB";
constexpr std::string_view kSha256By1024 =
    "ErMTEDGNwVbkFcUV3VDArq5I4k+Uc/iJumZAxOQGlox7oJWq853EvTVISuD/u5O9aOlMgUPG1F2HP13cYUeX4vp43brzicjOmbNKXIPDewwIYDZC"
    "v1awN5Az5sKqocPb/LjEVw/0XO4NH3G5nG7Jk6PSRaHzwbsXEnpvqtW+DPE=";
constexpr std::string_view kSpki4096 =
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAyjoQXKGFnYFPYTSYQpML0rnlS0D+Fz9ZXEsOypkUxUkh68Yeez+a6ror2nuSxNbk5rpY"
    "c4vvgGib1IsqkNO423D34TDKreFTDJ+mskVC7mlMoPw2fM9+GjJNfs+lNZEivlYoc5GVmBFYVHutjqzzUMp7ldrM3zd2obmxv7i9o/5hBREUAn9c"
    "+pFYDEsjPvXpt+srOzOBlS+dGYTpRr/ozK40wYjMfVjpaRIWJV8+LZ9EwzKC/t8LNz8Tc31JPnFI1aAi9AUATlJs/K0forB6gJ4fkIblQmxdWmP7"
    "RnwDVuYELA9cf/39ILgV21ZjFC/6L9idoql01qO1h24UqmB3wxPxosHgH3xu/Qu+CT4ILCmuSK0fHel5v9et8+ReBekeFCYprt8TZXmX7x6MJbLZ"
    "p+VBzrGOrlHaOljcnkhPt2rdh1YSDMIGT5rSUrOdwBtJwkX3Zmyd1pEc3aR5/OXWLfurRvI7/IyFUdpU58l9dWja7RUIPLy2hBy1FjZWuOLkHUL4"
    "zOLlu4GjiOVJcBf/S2iydTe2mf3H1WVABhDP150MgVXajV4zA5oJdttgpaaYXgFzmbnQa2f73gw3G/LO7WSnXgyRl0OOUStlEwCiZ9ioNiKiBPbl"
    "rwXhAfgOzCOohZWZp4W5Tq6FaaxF4ltivZW3WuaH7VdslXeKj2oF5mUCAwEAAQ==";
constexpr std::string_view kSha256By4096 =
    "atqeoQAQafZAl8HyEGvCyxHTLMkCPMirUKScuq67lrEHbKOZPINJ7vrWi/E5tk7lHxSVeU9/KhSGhq3Aa3FPdUZ5R2PXRuS7K5woZ16FcVnpUL2Z"
    "qSHBbAbg8cabozUB4AZUzyighQk12CXJfRcrycQMM8A+mSPxMcYIvjOgNMDlbHbuvgwvscULTMEQehnAufqSzWpV0ZLhKPpTOuq2yKijeOLDPDyQ"
    "9UXavIeaEJmmQxp+bhgNk9lHqwpWTbxhEAKHtnUJ4Fge5/OIrWYLzn2Ra3c3o4aSsLM0sbvfn0u1Q1FdwfDkCLwIvMKmzoxW2u/+oVnGTqc0N6Dm"
    "wGKxUzbIcj7hSA/8e6qh/DSymFJ6qzsC1izOfAXcyl77WoVPW/EkELLjA7XluJndyUS9Ga9q7JNt28acW6j616pzuJfEsgTeS/emxI/eRv4wNwhQ"
    "wObYHGKG7zWiiqoU9sMVcliBcIdrXNQ0OdHY74GrohytgTSkSN4Nd9v6RSmLYBsj3gx2EzNkBM43BciFG8kdNlHA41XF+ugKfS9TPXVjWcVs8bIs"
    "dLGvIJheUAwmmY/6IuIFtlAsI7QpdBePkDru3m5bBQQawJrphndLUF1xophgv3kdouhgU4ukdQrQCt9HA1tZPusZpK0seJ4wr2got2xltG/8Kwur"
    "BU1H1KTBkxs=";
constexpr std::string_view kPssBy1024 =
    "RRfHwgeQwiTkkzZp96+bSp1cZPf/BTa0HGMBe0vlQiQNUgapLWoWwFckAcSM9K6LL00WcLX0tTIh6H/9oOwb6JsKr1hPqoOAed4IXgg7Vr2al04R"
    "kOz9yqMmbxBJFP5vHqTkT2/nYkQ6HbTPe5U7ftHWB1jAX+CgB9AUtmSf0sQ=";
constexpr std::string_view kSpki1024Exponent3 =
    "MIGdMA0GCSqGSIb3DQEBAQUAA4GLADCBhwKBgQDINGw2aMse7X4TpAnOxYyJ5CTcmByLfTIWmS252o06CZpq0S2jsF7oc7yQcY53lh//doEzfHjJ"
    "MGf7EuaHzoaW/8vnCkmcTjYNTOHNcYx2LGXyzxK4Ft0UzhM9GDs87qbY1LErNfFXQgzxaRSey0vOsiuStJYCqAP0zhAsggWnDQIBAw==";
constexpr std::string_view kSha256By1024Exponent3 =
    "aF5cFhCJP4sEEV5rtwUGtrgIMckEMBPXrBuVug3B+gvWcSFcZCg8X0IbptHRO8phSGwgp/ObAxH+WM/R0zQ4A9HwjRMbKszb9RpITUCQ6CD/X4yj"
    "xN6IKqIbcMaJut4ld+E33OE7VR61moEcmRU66NTbyug6zOthSTNrTJNqM0Q=";

Octets decoded(std::string_view base64) {
  return decode_base64(base64).value();
}

Octets from_hex(std::string_view hex) {
  Octets out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

bool verifies(std::string_view key, Hash hash, std::string_view signature) {
  const auto parsed = PublicKey::from_rsa_der(decoded(key));
  return parsed && (*parsed)->verify(hash, digest(hash, kText), decoded(signature));
}

/// A DER element with the shortest length.
Octets element(std::uint8_t tag, const Octets& contents) {
  Octets out{tag};
  const std::size_t size = contents.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else if (size <= 0xFF) {
    out.insert(out.end(), {0x81, static_cast<std::uint8_t>(size)});
  } else {
    out.insert(out.end(), {0x82, static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)});
  }
  out.insert(out.end(), contents.begin(), contents.end());
  return out;
}

Octets joined(std::initializer_list<Octets> parts) {
  Octets out;
  for (const Octets& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kSequence = 0x30;
const Octets kRsaId{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
const Octets kNull{0x05, 0x00};
const Octets kExponent{0x01, 0x00, 0x01};

/// An odd number of that many bits as the contents of an INTEGER.
Octets modulus(std::size_t bits) {
  Octets out((bits + 7) / 8, 0xA5);
  const auto top = static_cast<unsigned>((bits - 1) % 8);
  out.front() = static_cast<std::uint8_t>((1U << top) | (out.front() & ((1U << top) - 1U)));
  out.back() |= 1U;
  if (top == 7) {
    out.insert(out.begin(), 0);
  }
  return out;
}

Octets rsa_key(const Octets& n, const Octets& e) {
  return element(kSequence, joined({element(kInteger, n), element(kInteger, e)}));
}

Octets key_info(const Octets& algorithm, const Octets& bits) {
  return element(kSequence, joined({element(kSequence, algorithm), element(kBitString, joined({Octets{0}, bits}))}));
}

}  // namespace

TEST_CASE("crypto/public_key: RSA signatures made by OpenSSL", "[crypto]") {
  CHECK(verifies(kSpki2048, Hash::Sha256, kSha256By2048));
  CHECK(verifies(kPkcs2048, Hash::Sha256, kSha256By2048));
  CHECK(verifies(kSpki1024, Hash::Sha256, kSha256By1024));
  CHECK(verifies(kSpki512, Hash::Sha256, kSha256By512));
  CHECK(verifies(kSpki1024Exponent3, Hash::Sha256, kSha256By1024Exponent3));
  CHECK(verifies(kSpki2048, Hash::Sha1, kSha1By2048));

  CHECK_FALSE(verifies(kSpki2048, Hash::Sha1, kSha256By2048));
  CHECK_FALSE(verifies(kSpki2048, Hash::Sha256, kSha1By2048));
  CHECK_FALSE(verifies(kSpki1024, Hash::Sha256, kSha256By2048));
  CHECK_FALSE(verifies(kSpki2048, Hash::Sha256, kSha256By1024));
  CHECK_FALSE(verifies(kSpki1024, Hash::Sha256, kPssBy1024));
}

TEST_CASE("crypto/public_key: keys of 1024 to 4096 bits can be verified with (RFC 8301 section 3.2)", "[crypto]") {
  CHECK(verifies(kSpki1024, Hash::Sha256, kSha256By1024));
  CHECK(verifies(kSpki4096, Hash::Sha256, kSha256By4096));
  CHECK(PublicKey::from_rsa_der(decoded(kSpki4096)).value()->bits() == 4096);
  CHECK_FALSE(verifies(kSpki4096, Hash::Sha256, kSha256By2048));
  const Limits limits;
  CHECK(limits.rsa_bits_min == 1024);
  CHECK(limits.rsa_bits_max == 4096);
}

TEST_CASE("crypto/public_key: what a key says of itself", "[crypto]") {
  const auto rsa = PublicKey::from_rsa_der(decoded(kSpki2048)).value();
  CHECK(rsa->kind() == PublicKey::Kind::Rsa);
  CHECK(rsa->bits() == 2048);
  CHECK(PublicKey::from_rsa_der(decoded(kSpki512)).value()->bits() == 512);
}

TEST_CASE("crypto/public_key: a signature with any octet changed or cut fails", "[crypto]") {
  const auto key = PublicKey::from_rsa_der(decoded(kSpki1024)).value();
  const crypto::DigestValue hash = digest(Hash::Sha256, kText);
  const Octets good = decoded(kSha256By1024);
  REQUIRE(key->verify(Hash::Sha256, hash, good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    Octets flipped = good;
    flipped[i] ^= 0x01U;
    CHECK_FALSE(key->verify(Hash::Sha256, hash, flipped));
    CHECK_FALSE(key->verify(Hash::Sha256, hash, std::span(good).first(i)));
  }
  Octets longer = good;
  longer.push_back(0);
  CHECK_FALSE(key->verify(Hash::Sha256, hash, longer));
  longer.assign(100'000, 0xFF);
  CHECK_FALSE(key->verify(Hash::Sha256, hash, longer));
  CHECK_FALSE(key->verify(Hash::Sha256, hash, {}));
  // A value of the wrong size is no SHA-256.
  crypto::DigestValue shorter = hash;
  shorter.size = 20;
  CHECK_FALSE(key->verify(Hash::Sha256, shorter, good));
}

TEST_CASE("crypto/public_key: DER is read strictly", "[crypto]") {
  const Octets n = modulus(1024);
  const Octets inner = rsa_key(n, kExponent);
  REQUIRE(PublicKey::from_rsa_der(inner));
  REQUIRE(PublicKey::from_rsa_der(key_info(joined({kRsaId, kNull}), inner)));
  REQUIRE(PublicKey::from_rsa_der(key_info(kRsaId, inner)));

  Octets ec_id = kRsaId;
  ec_id.back() = 0x0A;
  Octets padded_n = n;
  padded_n.insert(padded_n.begin(), 0);
  const Octets trailing{0x05, 0x00};
  struct Row {
    const char* name;
    Octets der;
  };
  for (const Row& row : {
           Row{"nothing", {}},
           Row{"octets after the key", joined({inner, trailing})},
           Row{"octets after the key info", joined({key_info(joined({kRsaId, kNull}), inner), trailing})},
           Row{"a third number", element(kSequence, joined({element(kInteger, n), element(kInteger, kExponent),
                                                            element(kInteger, kExponent)}))},
           Row{"no exponent", element(kSequence, element(kInteger, n))},
           Row{"no numbers", element(kSequence, {})},
           Row{"another algorithm", key_info(joined({ec_id, kNull}), inner)},
           Row{"parameters that are no NULL", key_info(joined({kRsaId, Octets{0x02, 0x01, 0x01}}), inner)},
           Row{"a NULL with contents", key_info(joined({kRsaId, Octets{0x05, 0x01, 0x00}}), inner)},
           Row{"two NULLs", key_info(joined({kRsaId, kNull, kNull}), inner)},
           Row{"octets after the key in the bit string", key_info(joined({kRsaId, kNull}), joined({inner, trailing}))},
           Row{"unused bits", element(kSequence, joined({element(kSequence, joined({kRsaId, kNull})),
                                                         element(kBitString, joined({Octets{1}, inner}))}))},
           Row{"an empty bit string",
               element(kSequence, joined({element(kSequence, joined({kRsaId, kNull})), element(kBitString, {})}))},
           Row{"a key info in a key info", key_info(joined({kRsaId, kNull}), key_info(kRsaId, inner))},
           Row{"modulus with a needless zero", rsa_key(padded_n, kExponent)},
           Row{"negative modulus", rsa_key(Octets(128, 0xA5), kExponent)},
           Row{"empty modulus", rsa_key({}, kExponent)},
           Row{"zero modulus", rsa_key({0}, kExponent)},
           Row{"negative exponent", rsa_key(n, {0x81})},
           Row{"zero exponent", rsa_key(n, {0})},
           Row{"empty exponent", rsa_key(n, {})},
           Row{"exponent 1", rsa_key(n, {1})},
           Row{"exponent 2", rsa_key(n, {2})},
           Row{"even exponent", rsa_key(n, {1, 0, 0})},
           Row{"exponent of 65 bits", rsa_key(n, {1, 0, 0, 0, 0, 0, 0, 0, 1})},
           Row{"indefinite length", {0x30, 0x80, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03, 0x00, 0x00}},
           Row{"long form for a short length", {0x30, 0x81, 0x06, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03}},
           Row{"length in two octets for one", {0x30, 0x82, 0x00, 0x06, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03}},
           Row{"length of five octets", {0x30, 0x85, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x01, 0x03}},
           Row{"length beyond the end", {0x30, 0x82, 0xFF, 0xFF, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03}},
       }) {
    CAPTURE(row.name);
    CHECK_FALSE(PublicKey::from_rsa_der(row.der));
  }
  Octets even = n;
  even.back() &= 0xFEU;
  CHECK_FALSE(PublicKey::from_rsa_der(rsa_key(even, kExponent)));
}

TEST_CASE("crypto/public_key: bounds of modulus and exponent", "[crypto]") {
  for (const std::size_t bits : {512U, 1023U, 1024U, 1025U, 16'383U, 16'384U}) {
    CAPTURE(bits);
    const auto key = PublicKey::from_rsa_der(rsa_key(modulus(bits), kExponent));
    REQUIRE(key);
    CHECK((*key)->bits() == bits);
    CHECK_FALSE((*key)->verify(Hash::Sha256, digest(Hash::Sha256, kText), Octets((bits + 7) / 8, 0x11)));
  }
  CHECK_FALSE(PublicKey::from_rsa_der(rsa_key(modulus(16'385), kExponent)));
  CHECK_FALSE(PublicKey::from_rsa_der(rsa_key(modulus(100'000), kExponent)));
  CHECK(PublicKey::from_rsa_der(rsa_key(modulus(1024), {3})));
  CHECK(PublicKey::from_rsa_der(rsa_key(modulus(1024), {0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})));
}

TEST_CASE("crypto/public_key: a key cut or changed at any octet never crashes", "[crypto]") {
  const crypto::DigestValue hash = digest(Hash::Sha256, kText);
  struct Row {
    std::string_view key, signature;
  };
  for (const Row& row : {Row{kSpki1024, kSha256By1024}, Row{kPkcs2048, kSha256By2048}}) {
    const Octets good = decoded(row.key);
    for (std::size_t i = 0; i < good.size(); ++i) {
      CAPTURE(i);
      CHECK_FALSE(PublicKey::from_rsa_der(std::span(good).first(i)));
      for (const unsigned change : {0x01U, 0x80U, 0xFFU}) {
        Octets changed = good;
        changed[i] = static_cast<std::uint8_t>(changed[i] ^ change);
        const auto key = PublicKey::from_rsa_der(changed);
        CHECK_FALSE((key && (*key)->verify(Hash::Sha256, hash, decoded(row.signature))));
      }
    }
  }
}

TEST_CASE("crypto/public_key: Ed25519 vectors of RFC 8032 section 7.1", "[crypto]") {
  const auto key =
      PublicKey::from_ed25519(from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")).value();
  CHECK(key->kind() == PublicKey::Kind::Ed25519);
  CHECK(key->bits() == 256);
  const Octets good = from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  crypto::DigestValue message;
  message.octets[0] = 0x72;
  message.size = 1;
  CHECK(key->verify(Hash::Sha256, message, good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    Octets flipped = good;
    flipped[i] ^= 0x01U;
    CHECK_FALSE(key->verify(Hash::Sha256, message, flipped));
    CHECK_FALSE(key->verify(Hash::Sha256, message, std::span(good).first(i)));
  }
  message.octets[0] = 0x73;
  CHECK_FALSE(key->verify(Hash::Sha256, message, good));

  CHECK_FALSE(PublicKey::from_ed25519({}));
  CHECK_FALSE(PublicKey::from_ed25519(Octets(31)));
  CHECK_FALSE(PublicKey::from_ed25519(Octets(33)));
  // The SubjectPublicKeyInfo form is not what RFC 8463 section 4 asks for.
  CHECK_FALSE(PublicKey::from_ed25519(Octets(44)));
}

TEST_CASE("crypto/public_key: one key serves several threads", "[crypto]") {
  const auto key = PublicKey::from_rsa_der(decoded(kSpki2048)).value();
  const Octets signature = decoded(kSha256By2048);
  std::vector<std::thread> threads;
  std::vector<int> passes(4);
  for (int& count : passes) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        count += key->verify(Hash::Sha256, digest(Hash::Sha256, kText), signature) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(passes == std::vector<int>{50, 50, 50, 50});
}

TEST_CASE("crypto/public_key: what a verification costs grows with modulus and exponent, as it was measured",
          "[crypto]") {
  // OpenSSL 3.0 on one machine: RSA of 1024, 2048 and 4096 bits 4, 17 and 61 us, 4096 bits with an exponent of 64 bits
  // 330 us, Ed25519 103 us. What is charged must not be far below.
  CHECK(crypto::rsa_work(1024) == 1);
  CHECK(crypto::rsa_work(1025) == 4);
  CHECK(crypto::rsa_work(2048) == 4);
  CHECK(crypto::rsa_work(4096) == 16);
  CHECK(crypto::rsa_work(4096, 2) == 16);
  CHECK(crypto::rsa_work(4096, 23) == 16);
  CHECK(crypto::rsa_work(4096, 24) == 32);
  CHECK(crypto::rsa_work(4096, 64) == 80);
  CHECK(PublicKey::from_rsa_der(decode_base64(kSpki2048).value()).value()->work() == 4);
  CHECK(PublicKey::from_rsa_der(decode_base64(kSpki4096).value()).value()->work() == 16);
  CHECK(PublicKey::from_ed25519(Octets(32, 0x55)).value()->work() == crypto::kEd25519Work);
}
