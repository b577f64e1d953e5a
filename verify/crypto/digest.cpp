#include "verify/crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <new>
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

struct Digest::State {
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

/// Contexts of this thread that are not in use: to make one costs more than to begin a hash in one.
class Digest::Spares {
 public:
  static std::unique_ptr<State> take() {
    return mine == nullptr || mine->count_ == 0 ? std::make_unique<State>() : std::move(mine->states_[--mine->count_]);
  }
  static void put(std::unique_ptr<State> state) noexcept {
    if (mine == nullptr) {
      begin();
    }
    if (state != nullptr && mine != nullptr && mine->count_ < kMost) {
      mine->states_[mine->count_++] = std::move(state);
    }
  }

 private:
  /// As many as nearly every message has hashes at a time.
  static constexpr std::size_t kMost = 8;

  /// Makes those of this thread. A thread_local object with a destructor would not do: where there is no memory to note
  /// the destructor the C library ends the process.
  static void begin() noexcept {
    static pthread_key_t key;
    static const bool has_key = pthread_key_create(&key, &end) == 0;
    if (!has_key || ended) {
      return;
    }
    std::unique_ptr<Spares> made(new (std::nothrow) Spares);
    if (made != nullptr && pthread_setspecific(key, made.get()) == 0) {
      mine = made.release();
    }
  }
  static void end(void* spares) noexcept {
    ended = true;
    mine = nullptr;
    const std::unique_ptr<Spares> owner(static_cast<Spares*>(spares));
  }

  static thread_local Spares* mine;
  static thread_local bool ended;  ///< A hash that outlives the thread's other objects goes without.

  std::array<std::unique_ptr<State>, kMost> states_;
  std::size_t count_ = 0;
};

thread_local Digest::Spares* Digest::Spares::mine = nullptr;
thread_local bool Digest::Spares::ended = false;

// NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): Spares::end() frees what a thread keeps.
Digest::Digest(Hash hash) : state_(Spares::take()) {
  const EVP_MD* const type = algorithm(hash);
  if (state_->context == nullptr || EVP_DigestInit_ex2(state_->context.get(), type, nullptr) != 1) {
    fail();
  }
}

Digest::Digest(std::unique_ptr<State> state) : state_(std::move(state)) {}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Digest::~Digest() {
  Spares::put(std::move(state_));
}

void Digest::update(std::string_view octets) {
  if (EVP_DigestUpdate(state_->context.get(), octets.data(), octets.size()) != 1) {
    fail();
  }
}

Digest Digest::fork() const {
  Digest copy(Spares::take());
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
