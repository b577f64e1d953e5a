// What hostile messages cost. README.md says how to read the table.

#include <malloc.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "milter/forged_fields.h"
#include "milter/planner.h"
#include "mta/wire.h"
#include "observe/record.h"
#include "policy/decide.h"
#include "policy/stamp.h"
#include "tests/bench/hostile_mail.h"
#include "verify/authres/format.h"
#include "verify/crypto/key_work.h"
#include "verify/plan/plan.h"
#include "verify/verification.h"

namespace {

/// Counted at OpenSSL's own door, so that nothing is left out: the linker puts these before its functions (--wrap).
struct Work {
  std::uint64_t hashed = 0;  ///< Octets.
  std::uint64_t keys = 0;    ///< Verifications with a key.
  std::uint64_t units = 0;   ///< What they cost (verify/crypto/key_work.h).
};
Work work;

std::uint64_t key_units(EVP_PKEY_CTX* context) {
  EVP_PKEY* const key = EVP_PKEY_CTX_get0_pkey(context);
  BIGNUM* exponent = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent);
  const int exponent_bits = exponent == nullptr ? 0 : BN_num_bits(exponent);
  BN_free(exponent);
  return assay::crypto::rsa_work(static_cast<unsigned>(EVP_PKEY_get_bits(key)), static_cast<unsigned>(exponent_bits));
}

/// Of operator new, octets in use.
std::size_t in_use = 0;
std::size_t most_in_use = 0;

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming): the linker names
// them.
extern "C" {
int __real_EVP_DigestUpdate(EVP_MD_CTX* context, const void* data, std::size_t octets);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX* context, const void* data, std::size_t octets) {
  work.hashed += octets;
  return __real_EVP_DigestUpdate(context, data, octets);
}
int __real_EVP_PKEY_verify(EVP_PKEY_CTX* context, const unsigned char* signature, std::size_t signature_octets,
                           const unsigned char* digest, std::size_t digest_octets);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX* context, const unsigned char* signature, std::size_t signature_octets,
                           const unsigned char* digest, std::size_t digest_octets) {
  ++work.keys;
  work.units += key_units(context);
  return __real_EVP_PKEY_verify(context, signature, signature_octets, digest, digest_octets);
}
int __real_EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, std::size_t signature_octets,
                            const unsigned char* text, std::size_t text_octets);
int __wrap_EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, std::size_t signature_octets,
                            const unsigned char* text, std::size_t text_octets) {
  ++work.keys;
  work.units += assay::crypto::kEd25519Work;
  return __real_EVP_DigestVerify(context, signature, signature_octets, text, text_octets);
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)

void* operator new(std::size_t octets) {
  if (void* const memory = std::malloc(octets)) {
    in_use += malloc_usable_size(memory);
    most_in_use = std::max(most_in_use, in_use);
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  in_use -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*octets*/) noexcept {
  in_use -= malloc_usable_size(memory);
  std::free(memory);
}

namespace {

using namespace assay;
using bench::HostileMail;

/// The sender's DNS, each answer fresh from the wire as it were: what is read from it is read for this message alone.
class Answers final : public dns::Resolver {
 public:
  explicit Answers(const HostileMail& mail) : mail_(mail) {}

  /// Makes new copies of all answers that were asked for.
  void refresh() {
    for (auto& [question, answer] : answers_) {
      answer = std::make_shared<dns::Answer>(*answer);
    }
  }
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    const auto known = answers_.find(question);
    return known != answers_.end() ? known->second : make(question);
  }

 private:
  dns::AnswerPtr make(const dns::Question& question) {
    return answers_.emplace(question, std::make_shared<dns::Answer>(mail_.dns(question))).first->second;
  }

  const HostileMail& mail_;
  std::unordered_map<dns::Question, dns::AnswerPtr> answers_;
};

/// What the daemon does with a message, but for libmilter and the waiting.
observe::Record judge(const HostileMail& mail, dns::Resolver& dns) {
  static const Limits limits;
  static const std::vector<std::string> own_ids{"mx.example.net"};
  static const std::vector<std::string> added;
  static const policy::Rules rules;
  observe::Record record;
  record.time = bench::kHostileNow;
  record.facts.client_ip = mail.client;
  record.facts.helo = mail.helo;
  record.facts.mail_from = mail.mail_from;
  record.facts.has_envelope = true;
  for (std::size_t i = 0; i < mail.recipients; ++i) {
    record.facts.rcpt.push_back("r" + std::to_string(i) + "@example.net");
  }
  Verification verification(limits, {own_ids.front(), false, nullptr});
  milter::ForgedFields forged(own_ids, added);
  const std::function<dns::AnswerPtr(const dns::Question&)> at_hand = [&dns](const dns::Question& question) {
    return dns.lookup(question);
  };
  verification.client(mail.client, mail.helo);
  verification.mail_from(mail.mail_from);
  static_cast<void>(plan::next_questions(verification.known(), at_hand, limits));
  for (const auto& [name, value] : mail.fields) {
    forged.see(name, value);
    verification.header(name, value);
  }
  verification.end_of_headers();
  static_cast<void>(plan::next_questions(verification.known(), at_hand, limits));
  bool wants_more = verification.wants_body();
  for (std::size_t at = 0; wants_more && at < mail.body.size(); at += mta::kMaxChunkOctets) {
    wants_more = verification.body(std::string_view(mail.body).substr(at, mta::kMaxChunkOctets));
  }
  record.verdict = verification.finish(dns, record.time);
  record.decision = policy::decide(record.verdict, record.facts, rules, record.time);
  record.authentication_results =
      authres::format(record.verdict, policy::make_stamp(own_ids.front(), record.facts, record.decision));
  static_cast<void>(observe::to_text(record));
  static_cast<void>(observe::to_json(record));
  return record;
}

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

struct Cost {
  double median_ms = 0;
  double most_ms = 0;
  Work work;
  std::size_t questions = 0;
  std::size_t octets = 0;  ///< The most in use at a time, beyond message and answers.
  std::string verdict;
};

std::string in_words(const Verdict& verdict) {
  std::size_t passed = 0;
  std::size_t policy = 0;
  for (const auto& outcome : verdict.dkim) {
    passed += outcome.status == dkim::Status::Pass ? 1 : 0;
    policy += outcome.status == dkim::Status::Policy ? 1 : 0;
  }
  const auto with = [](const char* word, const char* reason) {
    return std::string(word) + (reason == nullptr ? "" : std::string("(") + reason + ")");
  };
  return "dkim=" + std::to_string(passed) + "+" + std::to_string(policy) + "/" + std::to_string(verdict.dkim.size()) +
         " arc=" + with(to_string(verdict.arc.status), to_string(verdict.arc.reason)) +
         (verdict.arc.oldest_pass ? ",oldest=" + std::to_string(*verdict.arc.oldest_pass) : "") +
         " spf=" + with(to_string(verdict.spf_mail_from.status), to_string(verdict.spf_mail_from.reason)) +
         " dmarc=" + with(to_string(verdict.dmarc.status), to_string(verdict.dmarc.reason));
}

Cost measure(const HostileMail& mail, unsigned rounds) {
  Answers answers(mail);
  Cost cost;
  std::vector<double> times;
  for (unsigned round = 0; round <= rounds; ++round) {
    answers.refresh();
    const Work before = work;
    const std::size_t held = in_use;
    most_in_use = in_use;
    const double begin = cpu_ms();
    const observe::Record record = judge(mail, answers);
    if (round == 0) {
      continue;  // It made the answers.
    }
    times.push_back(cpu_ms() - begin);
    cost.octets = most_in_use - held;
    cost.work = {work.hashed - before.hashed, work.keys - before.keys, work.units - before.units};
    cost.questions = record.verdict.dns_queries;
    cost.verdict = in_words(record.verdict);
  }
  std::sort(times.begin(), times.end());
  cost.median_ms = times[times.size() / 2];
  cost.most_ms = times.back();
  return cost;
}

/// CPU of working out the next questions, where the sender's DNS lets its answers come one by one.
double planning_ms(const HostileMail& mail) {
  Answers answers(mail);
  Verification verification(Limits{}, {"mx.example.net", false, nullptr});
  verification.client(mail.client, mail.helo);
  verification.mail_from(mail.mail_from);
  for (const auto& [name, value] : mail.fields) {
    verification.header(name, value);
  }
  verification.end_of_headers();
  const plan::Known known = verification.known();
  std::unordered_map<dns::Question, dns::AnswerPtr> at_hand;
  double spent = 0;
  for (unsigned step = 0; step < milter::Planner::kMaxSteps; ++step) {
    const double begin = cpu_ms();
    const auto questions = plan::next_questions(
        known,
        [&at_hand](const dns::Question& question) {
          const auto found = at_hand.find(question);
          return found == at_hand.end() ? nullptr : found->second;
        },
        Limits{});
    spent += cpu_ms() - begin;
    if (questions.empty()) {
      break;
    }
    for (const dns::Question& question : questions) {
      at_hand[question] = answers.lookup(question);
      if (milter::Planner::leads_on(question)) {
        break;  // The next of these comes after the next step.
      }
    }
  }
  return spent;
}

/// What of `cost` is more than the bounds allow (docs/limits.md); empty if nothing is.
std::string excess(const HostileMail& mail, const Cost& cost) {
  const Limits limits;
  // The header once for DKIM and once for message signatures, each set twice for the seals; the body in two forms.
  const std::size_t most_hashed = 2 * limits.header_hash_octets() + 2 * mail.octets();
  // The header, its growing, its relaxed form; recipients.
  const std::size_t most_octets = (std::size_t{6} << 20U) + 500 * mail.recipients;
  std::string found;
  const auto check = [&found](const char* what, std::uint64_t value, std::uint64_t most) {
    if (value > most) {
      found += std::string(" ") + what + " " + std::to_string(value) + " > " + std::to_string(most);
    }
  };
  check("octets hashed", cost.work.hashed, most_hashed);
  // The last mismatch of each kind may cost twice what was left for it.
  check("key work", cost.work.units, limits.message_key_work() + std::uint64_t{2} * crypto::kEd25519Work);
  check("questions", cost.questions, limits.max_questions());
  check("octets of memory", cost.octets, most_octets);
  if (!cost.verdict.starts_with(mail.verdict)) {
    found += " the verdict is not " + mail.verdict;
  }
  return found;
}

struct Options {
  unsigned rounds = 11;
  bool is_short = false;
  bool checks = false;
  std::string only;
};

int run(const Options& options) {
  std::size_t messages = 0;
  std::size_t wrong = 0;
  double worst = 0;
  std::printf("%-62s %8s %7s %7s %8s %9s %5s %6s %5s %8s  %s\n", "message", "octets", "CPU ms", "most", "planning",
              "hashed KB", "keys", "work", "DNS", "memory K", "verdict");
  bench::for_each_hostile_mail(options.only, options.is_short, [&](const HostileMail& mail) {
    const Cost cost = measure(mail, options.rounds);
    const double planning = planning_ms(mail);
    worst = std::max(worst, cost.median_ms);
    std::printf("%-62s %8zu %7.2f %7.2f %8.2f %9.0f %5zu %6zu %5zu %8zu  %s\n", mail.name.c_str(), mail.octets(),
                cost.median_ms, cost.most_ms, planning, static_cast<double>(cost.work.hashed) / 1000, cost.work.keys,
                cost.work.units, cost.questions, cost.octets / 1000, cost.verdict.c_str());
    if (const std::string found = excess(mail, cost); !found.empty()) {
      std::printf("  beyond the bounds:%s\n", found.c_str());
      ++wrong;
    }
    static_cast<void>(std::fflush(stdout));
    ++messages;
  });
  std::printf("%zu messages, the costliest %.2f ms (median); %zu beyond the bounds\n", messages, worst, wrong);
  return messages == 0 || (options.checks && wrong != 0) ? 1 : 0;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): a command line that cannot be read for want of memory may end it.
int main(int argc, char** argv) {
  Options options;
  CLI::App app("What hostile messages cost: CPU, DNS questions, memory");
  app.add_option("--rounds", options.rounds, "Times that each message is verified")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--short", options.is_short, "Fewer messages, as for ctest");
  app.add_flag("--check", options.checks,
               "Fail if a message causes more work than the bounds allow; time is not judged");
  app.add_option("--only", options.only, "Those whose name has this text");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "amplification: " << error.what() << "\n";
    return 2;
  }
}
