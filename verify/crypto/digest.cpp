#include "verify/crypto/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace assay::crypto {
namespace {

struct FreeAlgorithm {
  void operator()(EVP_MD* algorithm) const noexcept { EVP_MD_free(algorithm); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Algorithm = std::unique_ptr<EVP_MD, FreeAlgorithm>;

[[noreturn]] void fail() {
  throw std::runtime_error("OpenSSL cannot compute a hash");
}

Algorithm fetch(const char* name) {
  Algorithm algorithm(EVP_MD_fetch(nullptr, name, nullptr));
  if (algorithm == nullptr) {
    fail();
  }
  return algorithm;
}

/// Looking an algorithm up takes locks and string comparisons in OpenSSL 3: once per process. What failed (for want of
/// memory) is looked up again the next time.
const EVP_MD* algorithm(Hash hash) {
  if (hash == Hash::Sha1) {
    static const Algorithm sha1 = fetch("SHA1");
    return sha1.get();
  }
  static const Algorithm sha256 = fetch("SHA2-256");
  return sha256.get();
}

}  // namespace

bool operator==(const DigestValue& a, const DigestValue& b) noexcept {
  return std::ranges::equal(a.view(), b.view());
}

/// A context of its own: one that was kept for the next hash would hand on what a failure left of it.
struct Digest::State {
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

Digest::Digest(Hash hash) : state_(std::make_unique<State>()) {
  const EVP_MD* const type = algorithm(hash);
  if (state_->context == nullptr || EVP_DigestInit_ex2(state_->context.get(), type, nullptr) != 1) {
    fail();
  }
}

Digest::Digest(std::unique_ptr<State> state) : state_(std::move(state)) {}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(std::string_view octets) {
  if (EVP_DigestUpdate(state_->context.get(), octets.data(), octets.size()) != 1) {
    fail();
  }
}

Digest Digest::fork() const {
  Digest copy(std::make_unique<State>());
  if (copy.state_->context == nullptr || EVP_MD_CTX_copy_ex(copy.state_->context.get(), state_->context.get()) != 1) {
    fail();
  }
  return copy;
}

DigestValue Digest::finish() {
  DigestValue value;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), value.octets.data(), &size) != 1) {
    fail();
  }
  value.size = size;
  return value;
}

DigestValue digest(Hash hash, std::string_view octets) {
  Digest running(hash);
  running.update(octets);
  return running.finish();
}

}  // namespace assay::crypto
