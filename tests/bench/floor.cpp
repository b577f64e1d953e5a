#include "tests/bench/floor.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/rfc6376.h"
#include "verify/arc/set.h"
#include "verify/base/base64.h"
#include "verify/base/text.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/signature.h"
#include "verify/dkim/tag_list.h"
#include "verify/dkim/verify.h"
#include "verify/message/canonical.h"

namespace assay::bench {
namespace {

constexpr std::size_t kSha256Octets = 32;

struct Free {
  void operator()(EVP_MD* p) const noexcept { EVP_MD_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const noexcept { EVP_PKEY_CTX_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A public key with the context that verifies by it.
struct Key {
  Owned<EVP_PKEY> key;
  Owned<EVP_PKEY_CTX> rsa;  ///< Absent for Ed25519.
};

[[noreturn]] void fail(const Message& message, const std::string& why) {
  throw std::runtime_error(message.file + ": " + why);
}

/// The one key record at a name, nullptr if there is none or it is revoked.
std::shared_ptr<const Key> find_key(const Message& message, const dkim::Signature& signature, dns::Resolver& dns) {
  const dns::AnswerPtr answer = dns.lookup(dkim::key_question(signature));
  if (answer->status != dns::Status::Found) {
    return nullptr;
  }
  const std::string& text = answer->texts.front();
  const auto octets = decode_base64(text.substr(text.find("p=") + 2));
  if (!octets || octets->empty()) {
    return nullptr;
  }
  auto key = std::make_shared<Key>();
  if (signature.key_kind == crypto::PublicKey::Kind::Ed25519) {
    key->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets->data(), octets->size()));
  } else {
    const unsigned char* begin = octets->data();
    key->key.reset(d2i_PUBKEY(nullptr, &begin, static_cast<long>(octets->size())));
    key->rsa.reset(EVP_PKEY_CTX_new(key->key.get(), nullptr));
    if (EVP_PKEY_verify_init(key->rsa.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(key->rsa.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(key->rsa.get(), EVP_sha256()) != 1) {
      fail(message, "OpenSSL cannot verify");
    }
  }
  return key;
}

/// One signature with what it signs.
struct Check {
  std::string octets;
  std::vector<std::uint8_t> signature;
  std::shared_ptr<const Key> key;
};

}  // namespace

struct Floor::State {
  Owned<EVP_MD> sha256{EVP_MD_fetch(nullptr, "SHA2-256", nullptr)};
  Owned<EVP_MD_CTX> digest{EVP_MD_CTX_new()};
  Owned<EVP_MD_CTX> ed25519{EVP_MD_CTX_new()};
  std::vector<std::string> bodies;
  std::vector<Check> checks;

  std::array<unsigned char, kSha256Octets> hash(const std::string& octets) const {
    std::array<unsigned char, kSha256Octets> value{};
    EVP_DigestInit_ex2(digest.get(), sha256.get(), nullptr);
    EVP_DigestUpdate(digest.get(), octets.data(), octets.size());
    EVP_DigestFinal_ex(digest.get(), value.data(), nullptr);
    return value;
  }

  [[nodiscard]] bool holds(const Check& check) const {
    const auto value = hash(check.octets);
    if (check.key->rsa) {
      return EVP_PKEY_verify(check.key->rsa.get(), check.signature.data(), check.signature.size(), value.data(),
                             value.size()) == 1;
    }
    EVP_MD_CTX_reset(ed25519.get());
    return EVP_DigestVerifyInit(ed25519.get(), nullptr, nullptr, nullptr, check.key->key.get()) == 1 &&
           EVP_DigestVerify(ed25519.get(), check.signature.data(), check.signature.size(), value.data(),
                            value.size()) == 1;
  }
};

namespace {

/// Takes a message apart for the floor.
class Preparation {
 public:
  Preparation(const Message& message, dns::Resolver& dns) : message_(message), dns_(dns) {
    for (const auto& field : message.fields) {
      headers_.add(field.name, field.value);
    }
  }

  void add_dkim(std::vector<Check>& checks) {
    const bool has_expired = message_.kind == "expired";
    for (const std::size_t field : headers_.find("DKIM-Signature")) {
      auto signature = dkim::parse_signature(headers_[field].value, limits_);
      if (!signature) {
        fail(message_, "a DKIM-Signature that cannot be read");
      }
      if (!has_expired) {
        bodies_.insert(signature->body_canonicalization);
        add(*std::move(signature), field, checks);
      }
    }
  }

  void add_arc(std::vector<Check>& checks) {
    std::map<unsigned, std::size_t> results;
    std::map<unsigned, std::size_t> signatures;
    std::map<unsigned, std::size_t> seals;
    for (const std::size_t field : headers_.find("ARC-Authentication-Results")) {
      results[arc::parse_results(headers_[field].value).value().instance] = field;
    }
    const auto instance = [this](std::size_t field) {
      return arc::read_instance(dkim::TagList::parse(headers_[field].value, limits_.tags)).value();
    };
    for (const std::size_t field : headers_.find("ARC-Message-Signature")) {
      signatures[instance(field)] = field;
    }
    for (const std::size_t field : headers_.find("ARC-Seal")) {
      seals[instance(field)] = field;
    }
    std::string sealed;  // RFC 8617 section 5.1.1.
    for (unsigned i = 1; i <= message_.arc_sets; ++i) {
      add(read(signatures.at(i), dkim::SignatureField::ArcMessageSignature), signatures.at(i), checks);
      bodies_.insert(message::Canonicalization::Relaxed);
      append(sealed, results.at(i));
      append(sealed, signatures.at(i));
      Check seal;
      const dkim::Signature signature = read(seals.at(i), dkim::SignatureField::ArcSeal);
      seal.signature = signature.signature;
      seal.octets = sealed;
      message::append_canonical_without_b(seal.octets, headers_[seals.at(i)], message::Canonicalization::Relaxed);
      seal.key = find_key(message_, signature, dns_);
      checks.push_back(std::move(seal));
      append(sealed, seals.at(i));
    }
  }

  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> out;
    for (const auto canonicalization : bodies_) {
      out.push_back(canonicalization == message::Canonicalization::Simple ? test::simple_body(message_.body)
                                                                          : test::relaxed_body(message_.body));
    }
    return out;
  }

 private:
  dkim::Signature read(std::size_t field, dkim::SignatureField kind) const {
    auto signature = dkim::read_signature(dkim::TagList::parse(headers_[field].value, limits_.tags), kind, limits_);
    if (!signature) {
      fail(message_, "an ARC signature that cannot be read");
    }
    return *std::move(signature);
  }

  void add(dkim::Signature signature, std::size_t field, std::vector<Check>& checks) {
    Check check;
    check.key = find_key(message_, signature, dns_);
    if (check.key == nullptr) {
      return;
    }
    static_cast<void>(dkim::header_hash(signature, headers_, field, &check.octets));
    check.signature = std::move(signature.signature);
    checks.push_back(std::move(check));
  }

  void append(std::string& out, std::size_t field) const {
    message::append_canonical(out, headers_[field], message::Canonicalization::Relaxed);
    out += "\r\n";
  }

  const Message& message_;
  dns::Resolver& dns_;
  const Limits limits_{};
  message::HeaderBlock headers_;
  std::set<message::Canonicalization> bodies_;
};

}  // namespace

Floor::Floor(const Message& message, dns::Resolver& dns) : state_(std::make_unique<State>()) {
  if (message.expected.arc == arc::Status::Fail) {
    fail(message, "the chain fails");
  }
  Preparation preparation(message, dns);
  preparation.add_dkim(state_->checks);
  preparation.add_arc(state_->checks);
  state_->bodies = preparation.bodies();
  const bool breaks_checks = message.kind == "header_altered" || message.kind == "key_mismatch";
  // A list that changed the subject broke the author's signatures, too.
  const std::size_t least =
      breaks_checks ? 0 : state_->checks.size() - (message.arc_sets != 0 ? message.signatures : 0);
  const std::size_t most = breaks_checks ? 0 : state_->checks.size();
  if (const std::size_t held = run(); held < least || held > most) {
    fail(message, "bare OpenSSL finds " + std::to_string(held) + " valid signatures of " +
                      std::to_string(state_->checks.size()));
  }
}

Floor::Floor(Floor&&) noexcept = default;
Floor::~Floor() = default;

std::size_t Floor::run() const {
  for (const std::string& body : state_->bodies) {
    static_cast<void>(state_->hash(body));
  }
  return static_cast<std::size_t>(std::count_if(state_->checks.begin(), state_->checks.end(),
                                                [this](const Check& check) { return state_->holds(check); }));
}

std::size_t Floor::hashed_octets() const noexcept {
  std::size_t octets = 0;
  for (const std::string& body : state_->bodies) {
    octets += body.size();
  }
  for (const Check& check : state_->checks) {
    octets += check.octets.size();
  }
  return octets;
}

std::size_t Floor::checks() const noexcept {
  return state_->checks.size();
}

}  // namespace assay::bench
