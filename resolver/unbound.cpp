#include "resolver/unbound.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "resolver/answer_reader.h"
#include "resolver/cache.h"
#include "resolver/domain_shares.h"
#include "resolver/file.h"
#include "resolver/question_hash.h"
#include "resolver/read_file.h"
#include "resolver/records.h"
#include "resolver/unbound_config.h"
#include "resolver/unbound_context.h"
#include "resolver/wire_name.h"

namespace assay::resolver {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kClassIn = 1;
/// The thread turns at least this often, so that its health can be told.
constexpr milliseconds kIdleTurn{1000};
/// A context is made anew no more often, however short the time-out.
constexpr milliseconds kLeastPatience{1000};

struct FreeResult {
  void operator()(ub_result* result) const noexcept { ub_resolve_free(result); }
};
using Result = std::unique_ptr<ub_result, FreeResult>;

dns::AnswerPtr make_answer(dns::Answer answer) {
  return std::make_shared<const dns::Answer>(std::move(answer));
}

dns::AnswerPtr make_temp_fail(std::string detail) {
  return make_answer(temp_fail(std::move(detail)));
}

/// "5 s" or "250 ms"
std::string to_words(milliseconds time) {
  constexpr milliseconds kSecond{1000};
  return time % kSecond == milliseconds(0) ? std::to_string(time / kSecond) + " s"
                                           : std::to_string(time.count()) + " ms";
}

/// The five outcomes from what libunbound delivers.
dns::Answer to_answer(const dns::Question& question, int error, const ub_result* result) {
  if (error != UB_NOERROR || result == nullptr) {
    return temp_fail(std::string("the DNS engine failed: ") + ub_strerror(error));
  }
  if (result->bogus != 0) {
    dns::Answer answer;
    answer.status = dns::Status::Bogus;
    answer.detail = result->why_bogus == nullptr ? "DNSSEC validation failed" : result->why_bogus;
    return answer;
  }
  constexpr int kServFail = 2;
  if (result->rcode == kServFail) {
    // libunbound says so for whatever kept it from an answer, a server's REFUSED or its silence included.
    return temp_fail("no DNS server gave a usable answer (SERVFAIL)");
  }
  if (result->answer_packet == nullptr || result->answer_len <= 0) {
    return temp_fail("the DNS engine gave no answer");
  }
  return read_answer(
      {static_cast<const std::uint8_t*>(result->answer_packet), static_cast<std::size_t>(result->answer_len)},
      question);
}

/// Makes a context of what the first one was made of.
using MakeContext = std::function<Parsed<Context, std::string>()>;

/// What is shared between the callers and the thread. The thread keeps it alive until it has ended.
class Engine {
 public:
  Engine(Context context, MakeContext make_context, const Settings& settings, std::size_t sockets)
      : context_(std::move(context)),
        make_context_(std::move(make_context)),
        timeout_(settings.timeout),
        cache_(settings.cache_octets),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        shutting_down_(make_temp_fail("the resolver is shutting down")),
        too_many_(make_temp_fail("too many DNS questions under way")),
        too_many_of_domain_(make_temp_fail("too many DNS questions under way about one domain")),
        timed_out_(make_temp_fail("timed out after " + to_words(settings.timeout))),
        out_of_memory_(make_temp_fail("out of memory")),
        shares_(sockets, kMaxHeldOfDomain) {}

  [[nodiscard]] bool is_usable() const noexcept { return wake_.fd() >= 0; }

  void ask(const dns::Question& question, Backend::OnAnswer on_answer);
  [[nodiscard]] dns::AnswerPtr cached(const dns::Question& question);
  [[nodiscard]] Health health() const;

  /// The thread's work; returns after stop(), everybody answered.
  void run() noexcept;
  void stop();

 private:
  struct Asked;
  struct Waiter {
    Backend::OnAnswer on_answer;
    Clock::time_point deadline;
    Asked* asked;
  };
  using Waiters = std::list<Waiter>;
  using Shares = DomainShares<Asked*>;
  struct Asked {
    Engine* engine;
    dns::Question question;
    std::vector<Waiters::iterator> waiters;  ///< Those in Engine::waiters_ who want this answer, oldest first.
    Shares::Domain* domain = nullptr;
    bool is_held = false;      ///< It waits for its turn among those about its domain.
    Clock::time_point sent{};  ///< When libunbound got it, for the first time.
  };

  static void on_result(void* asked, int error, ub_result* result) noexcept;
  static void deliver(Waiters& waiters, const dns::AnswerPtr& answer) noexcept;

  /// Adds a waiter for the answer and returns null, or leaves `on_answer` alone and returns what to tell it at once.
  dns::AnswerPtr wait_for(const dns::Question& question, Backend::OnAnswer& on_answer, Clock::time_point now);
  void turn();
  [[nodiscard]] bool is_cut_off(Clock::time_point now) const;
  void start_afresh();
  void ask_all_again();
  void send(Asked& asked) noexcept;
  void finish(Asked& asked, const dns::AnswerPtr& answer);
  void expire(Clock::time_point now);
  void count(dns::Status status, Clock::time_point sent);
  void count_failure();
  void wake() const noexcept;
  [[nodiscard]] int poll_timeout() const;

  // The thread alone uses the context. It must go before what its callbacks use; run() sees to that.
  Context context_;
  const MakeContext make_context_;
  Clock::time_point fresh_since_ = Clock::now();
  const milliseconds timeout_;
  Cache cache_;
  const File wake_;
  const dns::AnswerPtr shutting_down_;
  const dns::AnswerPtr too_many_;
  const dns::AnswerPtr too_many_of_domain_;
  const dns::AnswerPtr timed_out_;
  const dns::AnswerPtr out_of_memory_;

  std::atomic<std::uint64_t> questions_{0};
  std::atomic<std::uint64_t> cache_hits_{0};
  std::atomic<Clock::rep> last_turn_{Clock::now().time_since_epoch().count()};

  mutable std::mutex mutex_;
  // All guarded by mutex_. An Asked keeps its place in the map, so libunbound may carry its address; it goes when
  // libunbound answers, or after the context; while it is held, with its last waiter.
  std::unordered_map<dns::Question, Asked, QuestionHash> in_flight_;
  Waiters waiters_;  ///< In order of deadline, since all have the same time-out.
  Shares::Line to_send_;
  Shares shares_;
  bool stopping_ = false;
  Health counters_;  ///< The counters alone.
  std::optional<Clock::time_point> last_success_;
  std::optional<Clock::time_point> failing_since_;
  Clock::time_point last_failure_{};  ///< Where there is a failing_since_.
};

void Engine::ask(const dns::Question& question, Backend::OnAnswer on_answer) {
  questions_.fetch_add(1, std::memory_order_relaxed);
  const Clock::time_point now = Clock::now();
  dns::AnswerPtr at_hand = cache_.cached(question, now);
  if (at_hand) {
    cache_hits_.fetch_add(1, std::memory_order_relaxed);
  } else {
    at_hand = wait_for(question, on_answer, now);
  }
  if (at_hand) {
    on_answer(std::move(at_hand));
  }
}

dns::AnswerPtr Engine::cached(const dns::Question& question) {
  dns::AnswerPtr answer = cache_.cached(question, Clock::now());
  if (answer) {
    questions_.fetch_add(1, std::memory_order_relaxed);
    cache_hits_.fetch_add(1, std::memory_order_relaxed);
  }
  return answer;
}

dns::AnswerPtr Engine::wait_for(const dns::Question& question, Backend::OnAnswer& on_answer, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (stopping_) {
    return shutting_down_;
  }
  auto under_way = in_flight_.find(question);
  const bool is_new = under_way == in_flight_.end();
  if (is_new) {
    // It may have been answered since the first look: finish() fills the cache before it forgets the question.
    if (dns::AnswerPtr answer = cache_.cached(question, now)) {
      cache_hits_.fetch_add(1, std::memory_order_relaxed);
      return answer;
    }
    if (in_flight_.size() - shares_.waiting() >= kMaxInFlight) {
      ++counters_.refused;
      return too_many_;
    }
    under_way = in_flight_.try_emplace(question, Asked{this, question, {}}).first;
  } else {
    ++counters_.joined;
  }
  Asked& asked = under_way->second;
  Waiters waiter;
  Shares::Line turn;
  try {
    waiter.push_back({std::move(on_answer), now + timeout_, &asked});
    asked.waiters.push_back(waiter.begin());
    if (is_new) {
      turn.push_back(&asked);
      asked.domain = shares_.begin(question, turn, to_send_);
    }
  } catch (...) {
    // Out of memory: a question that nobody sends must not stay under way.
    if (is_new) {
      in_flight_.erase(under_way);
    }
    throw;
  }
  if (asked.domain == nullptr) {
    on_answer = std::move(waiter.front().on_answer);
    in_flight_.erase(under_way);
    ++counters_.refused;
    return too_many_of_domain_;
  }
  const bool is_sent = is_new && !to_send_.empty() && to_send_.back() == &asked;
  asked.is_held = is_new ? !is_sent : asked.is_held;
  waiters_.splice(waiters_.end(), waiter);
  // The first question to send; or the first deadline, which the thread does not know of while it idles.
  if ((is_sent && to_send_.size() == 1) || waiters_.size() == 1) {
    wake();
  }
  return nullptr;
}

void Engine::run() noexcept {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        break;
      }
    }
    try {
      turn();
    } catch (...) {
      // Out of memory: what was under way meets its time-out.
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  // Ends libunbound's thread, too. No callback runs after this.
  context_.reset();
  Waiters waiters;
  {
    const std::lock_guard lock(mutex_);
    in_flight_.clear();
    to_send_.clear();
    shares_.clear();
    waiters.swap(waiters_);
  }
  deliver(waiters, shutting_down_);
}

void Engine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
}

int Engine::poll_timeout() const {
  const std::lock_guard lock(mutex_);
  if (stopping_ || !to_send_.empty()) {
    return 0;
  }
  if (waiters_.empty()) {
    return static_cast<int>(kIdleTurn.count());
  }
  const auto left = std::chrono::ceil<milliseconds>(waiters_.front().deadline - Clock::now());
  return static_cast<int>(std::clamp(left, milliseconds(0), kIdleTurn).count());
}

void Engine::turn() {
  std::array<pollfd, 2> files{{{ub_fd(context_.get()), POLLIN, 0}, {wake_.fd(), POLLIN, 0}}};
  poll(files.data(), files.size(), poll_timeout());
  last_turn_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  std::uint64_t wakes = 0;
  // Drained before to_send_ is taken: whoever adds to it later wakes again. It may be empty, which is fine.
  [[maybe_unused]] const ssize_t drained = read(wake_.fd(), &wakes, sizeof wakes);
  if (is_cut_off(Clock::now())) {
    start_afresh();
  }
  Shares::Line to_send;
  {
    const std::lock_guard lock(mutex_);
    to_send.swap(to_send_);
    counters_.sent += to_send.size();
  }
  const Clock::time_point now = Clock::now();
  for (Asked* const asked : to_send) {
    asked->sent = asked->sent == Clock::time_point{} ? now : asked->sent;
    send(*asked);
  }
  if (ub_poll(context_.get()) != 0 && ub_process(context_.get()) != UB_NOERROR) {
    // libunbound lost its thread. Nothing will be answered any more; the time-outs stay, and the counters tell.
    std::this_thread::sleep_for(milliseconds(10));
  }
  expire(Clock::now());
}

bool Engine::is_cut_off(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  // A server may take nearly a time-out for each answer: a context is not given up before it had one.
  const milliseconds patience = std::max(timeout_, kLeastPatience);
  return !in_flight_.empty() && failing_since_ && now - *failing_since_ >= patience && now - fresh_since_ >= patience;
}

void Engine::start_afresh() {
  // Also where it fails: the next try is a time-out away.
  fresh_since_ = Clock::now();
  auto fresh = make_context_();
  if (!fresh) {
    return;
  }
  ask_all_again();
  // Ends the old one and its thread. Its callbacks run in turn() alone, so none of them meets what was just erased.
  context_ = std::move(*fresh);
}

void Engine::ask_all_again() {
  const std::lock_guard lock(mutex_);
  Shares::Line again;
  for (auto& [question, asked] : in_flight_) {
    if (!asked.is_held && !asked.waiters.empty()) {
      again.push_back(&asked);
    }
  }
  // Nothing throws from here on.
  to_send_.swap(again);
  ++counters_.fresh_starts;
  for (auto entry = in_flight_.begin(); entry != in_flight_.end();) {
    Asked& asked = entry->second;
    if (asked.is_held || !asked.waiters.empty()) {
      ++entry;
      continue;
    }
    if (shares_.end(*asked.domain, to_send_)) {
      to_send_.back()->is_held = false;
    }
    entry = in_flight_.erase(entry);
  }
}

void Engine::send(Asked& asked) noexcept {
  int error = UB_NOMEM;
  try {
    error = ub_resolve_async(context_.get(), to_presentation(asked.question.name).c_str(),
                             static_cast<int>(to_ldns(asked.question.type)), kClassIn, &asked, &on_result, nullptr);
  } catch (...) {
    // Out of memory: told below.
  }
  if (error != UB_NOERROR) {
    on_result(&asked, error, nullptr);
  }
}

void Engine::on_result(void* asked, int error, ub_result* result) noexcept {
  const Result owner(result);
  Asked& question = *static_cast<Asked*>(asked);
  Engine& engine = *question.engine;
  dns::AnswerPtr answer = engine.out_of_memory_;
  try {
    answer = make_answer(to_answer(question.question, error, result));
    engine.cache_.put(question.question, answer, Clock::now());
  } catch (...) {
    // Out of memory: the answer made so far is still good, it is only not kept.
  }
  engine.finish(question, answer);
}

void Engine::finish(Asked& asked, const dns::AnswerPtr& answer) {
  Waiters done;
  {
    const std::lock_guard lock(mutex_);
    count(answer->status, asked.sent);
    for (const Waiters::iterator waiter : asked.waiters) {
      done.splice(done.end(), waiters_, waiter);
    }
    if (shares_.end(*asked.domain, to_send_)) {
      to_send_.back()->is_held = false;
    }
    in_flight_.erase(in_flight_.find(asked.question));
  }
  deliver(done, answer);
}

void Engine::expire(Clock::time_point now) {
  Waiters late;
  {
    const std::lock_guard lock(mutex_);
    while (!waiters_.empty() && waiters_.front().deadline <= now) {
      Asked& asked = *waiters_.front().asked;
      asked.waiters.erase(asked.waiters.begin());
      late.splice(late.end(), waiters_, waiters_.begin());
      if (asked.is_held && asked.waiters.empty()) {
        // Nobody wants it any more; others may.
        shares_.give_up(*asked.domain, &asked);
        in_flight_.erase(in_flight_.find(asked.question));
      }
    }
    if (!late.empty()) {
      counters_.timeouts += late.size();
      count_failure();
    }
  }
  deliver(late, timed_out_);
}

void Engine::deliver(Waiters& waiters, const dns::AnswerPtr& answer) noexcept {
  for (Waiter& waiter : waiters) {
    try {
      waiter.on_answer(answer);
    } catch (...) {
      // It promised not to. Its question stays unanswered; the others must not suffer.
    }
  }
}

void Engine::count(dns::Status status, Clock::time_point sent) {
  const Clock::time_point now = Clock::now();
  counters_.times.add(now - sent);
  switch (status) {
    case dns::Status::Found: ++counters_.found; break;
    case dns::Status::NoData: ++counters_.no_data; break;
    case dns::Status::NxDomain: ++counters_.nx_domain; break;
    case dns::Status::Bogus: ++counters_.bogus; break;
    case dns::Status::TempFail:
      ++counters_.temp_fail;
      count_failure();
      return;
  }
  last_success_ = now;
  failing_since_.reset();
  counters_.failures_in_a_row = 0;
}

void Engine::count_failure() {
  ++counters_.failures_in_a_row;
  last_failure_ = Clock::now();
  if (!failing_since_) {
    failing_since_ = last_failure_;
  }
}

void Engine::wake() const noexcept {
  const std::uint64_t one = 1;
  // Fails only when it is full, and then the thread wakes anyway.
  [[maybe_unused]] const ssize_t written = write(wake_.fd(), &one, sizeof one);
}

Health Engine::health() const {
  const auto since = [now = Clock::now()](Clock::time_point then) {
    return std::chrono::duration_cast<milliseconds>(now - then);
  };
  const Cache::Usage usage = cache_.usage();
  const std::lock_guard lock(mutex_);
  Health health = counters_;
  health.since_turn = since(Clock::time_point(Clock::duration(last_turn_.load(std::memory_order_relaxed))));
  if (last_success_) {
    health.since_success = since(*last_success_);
  }
  if (failing_since_) {
    health.failing_for = since(*failing_since_);
    health.since_failure = since(last_failure_);
  }
  health.questions = questions_.load(std::memory_order_relaxed);
  health.cache_hits = cache_hits_.load(std::memory_order_relaxed);
  health.in_flight = in_flight_.size() - shares_.waiting();
  health.held = shares_.waiting();
  health.cache_entries = usage.entries;
  health.cache_octets = usage.octets;
  return health;
}

/// Signals are for the threads of the program: one that is started while this lives takes none, nor do its own.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

Parsed<std::vector<std::string>, std::string> servers_of(const Settings& settings) {
  std::vector<std::string> servers;
  if (settings.forward) {
    std::transform(settings.forward->begin(), settings.forward->end(), std::back_inserter(servers), to_unbound);
    return servers;
  }
  constexpr std::size_t kMaxResolvConfOctets = 65536;
  const auto text = read_file(settings.resolv_conf, kMaxResolvConfOctets);
  if (!text) {
    return failure(text.error() + " (it names the DNS servers when dns.forward does not)");
  }
  return servers_of_resolv_conf(*text);
}

class UnboundBackend final : public Backend {
 public:
  UnboundBackend(std::shared_ptr<Engine> engine, Settings settings, std::vector<std::string> servers)
      : settings_(std::move(settings)), servers_(std::move(servers)), engine_(std::move(engine)) {
    const SignalsBlocked here_and_in_the_thread;
    thread_ = std::thread([engine = engine_] { engine->run(); });
  }

  ~UnboundBackend() override {
    engine_->stop();
    if (thread_.get_id() == std::this_thread::get_id()) {
      // An on_answer dropped the last reference: the thread cannot wait for itself. It owns the engine and ends soon.
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  UnboundBackend(const UnboundBackend&) = delete;
  UnboundBackend& operator=(const UnboundBackend&) = delete;

  void ask(const dns::Question& question, OnAnswer on_answer) override {
    if (!dns::is_askable(question.name)) {
      dns::Answer none;
      none.status = dns::Status::NxDomain;
      on_answer(make_answer(std::move(none)));
      return;
    }
    engine_->ask(question, std::move(on_answer));
  }
  [[nodiscard]] dns::AnswerPtr cached(const dns::Question& question) override { return engine_->cached(question); }

  [[nodiscard]] bool is_up_to_date() const override {
    const auto servers = servers_of(settings_);
    return servers && *servers == servers_;
  }

  [[nodiscard]] Health health() const override { return engine_->health(); }

 private:
  const Settings settings_;
  const std::vector<std::string> servers_;
  std::shared_ptr<Engine> engine_;
  std::thread thread_;
};

std::string reason_of_errno() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe for known numbers
}

}  // namespace

Parsed<std::shared_ptr<Backend>, std::string> make_unbound_backend(const Settings& settings) {
  const auto servers = servers_of(settings);
  if (!servers) {
    return failure(servers.error());
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t sockets = udp_sockets(files.rlim_cur);
  const MakeContext make = [settings, servers = *servers, sockets] { return make_context(settings, servers, sockets); };
  auto context = make();
  if (!context) {
    return failure(context.error());
  }
  auto engine = std::make_shared<Engine>(std::move(*context), make, settings, sockets);
  if (!engine->is_usable()) {
    return failure("the resolver cannot start: " + reason_of_errno());
  }
  return std::make_shared<UnboundBackend>(std::move(engine), settings, *servers);
}

}  // namespace assay::resolver
