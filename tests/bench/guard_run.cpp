// Verifies the one message of a corpus under callgrind, which counts what happens inside bench_guarded_verify alone.
// Without arguments tells what it was built by. tests/bench/guard runs it.

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/allocations.h"
#include "tests/bench/corpus.h"

/// By this name callgrind finds it. `burden` is how often to waste some instructions: for the guard's own test.
extern "C" __attribute__((noinline)) bool bench_guarded_verify(const assay::bench::Message& message,
                                                               assay::dns::Resolver& dns, const assay::Limits& limits,
                                                               assay::Time now, std::uint64_t burden) {
  for (std::uint64_t i = 0; i < burden; ++i) {
    asm volatile("nop");
  }
  return is_right(assay::bench::verify(message, dns, limits, now), message.expected);
}

namespace {

using namespace assay;
using Json = nlohmann::ordered_json;

/// Verifications before the one that counts: caches are warm then, and OpenSSL has looked up what it needs.
constexpr int kWarmUps = 3;

const char* build_kind() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return "sanitized";
#elif defined(__OPTIMIZE__)
  return "optimized";
#else
  return "not optimized";
#endif
}

/// What the counts depend on besides the code.
Json built_by() {
  return {{"compiler", __VERSION__}, {"library", "libstdc++ " + std::to_string(__GLIBCXX__)}, {"build", build_kind()}};
}

Json count(const std::string& folder, std::uint64_t burden) {
  const bench::Corpus corpus = bench::read_corpus(folder);
  const bench::Message& message = corpus.messages.at(0);
  bench::WarmResolver dns(corpus.zones);
  const Limits limits;
  for (int i = 0; i < kWarmUps; ++i) {
    const std::string wrong = mistakes(bench::verify(message, dns, limits, corpus.now), message.expected);
    if (!wrong.empty()) {
      throw std::runtime_error(message.file + ":" + wrong);
    }
  }
  const bench::Allocations before = bench::allocations();
  const bool right = bench_guarded_verify(message, dns, limits, corpus.now, burden);
  const bench::Allocations after = bench::allocations();
  if (!right) {
    throw std::runtime_error(message.file + ": a wrong verdict");
  }
  return {{"allocations", after.calls - before.calls}, {"openssl_allocations", after.openssl - before.openssl}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 1 && argc != 3) {
    std::cerr << "usage: bench_guard_run [FOLDER BURDEN]\n";
    return 2;
  }
  bench::count_openssl();
  try {
    const Json said = argc == 1 ? built_by() : count(argv[1], std::strtoull(argv[2], nullptr, 10));
    std::cout << said.dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_guard_run: " << error.what() << "\n";
    return 2;
  }
}
