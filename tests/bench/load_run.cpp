#include "tests/bench/load_run.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

namespace assay::bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kMaxExamples = 5;
constexpr std::size_t kEventsAtOnce = 256;
constexpr milliseconds kSampleInterval{50};
/// How long to wait before a connection is tried again that the filter had no room for, and for how long.
constexpr milliseconds kRetryAfter{20};
constexpr std::size_t kMaxRetriesInARow = 500;
constexpr double kMaxWarmUpSeconds = 300;
/// After so many failures the filter counts as broken and the run ends.
constexpr std::size_t kMaxFailures = 200;

double cpu_of_this_process_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

float to_ms(Clock::duration duration) {
  return std::chrono::duration<float, std::milli>(duration).count();
}

const char* name_of(mta::Failure::Kind kind) {
  switch (kind) {
    case mta::Failure::Kind::Unreachable: return "unreachable";
    case mta::Failure::Kind::Lost: return "lost";
    case mta::Failure::Kind::TimedOut: return "timed out";
    case mta::Failure::Kind::Protocol: return "protocol";
  }
  return "";
}

const char* name_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::Accepted: return "accept";
    case Outcome::Kind::Rejected: return "reject";
    case Outcome::Kind::Deferred: return "tempfail";
    case Outcome::Kind::Discarded: return "discard";
  }
  return "";
}

void allow_descriptors(std::size_t count) {
  constexpr std::size_t kOthers = 64;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count + kOthers) {
    throw std::runtime_error("this process may open " + std::to_string(limit.rlim_cur) + " files, needed are " +
                             std::to_string(count + kOthers));
  }
}

/// Messages of one client, which can follow each other in a session.
struct Group {
  std::vector<const Sample*> samples;
  std::size_t sent = 0;
  std::size_t promised = 0;  ///< To sessions.
};

/// Hands out samples so that all get their turn.
class Turns {
 public:
  explicit Turns(const std::vector<Sample>& samples) {
    std::map<std::string, std::size_t> known;
    for (const Sample& sample : samples) {
      const auto [place, is_new] =
          known.try_emplace(sample.client.ip + " " + sample.client.name + " " + sample.helo, groups_.size());
      if (is_new) {
        groups_.emplace_back();
      }
      groups_[place->second].samples.push_back(&sample);
    }
  }
  /// For a session of `messages`: the group that is the furthest behind.
  [[nodiscard]] Group& next_group(std::size_t messages) {
    Group& group = *std::min_element(groups_.begin(), groups_.end(), [](const Group& a, const Group& b) {
      return a.promised * b.samples.size() < b.promised * a.samples.size();
    });
    group.promised += messages;
    return group;
  }
  [[nodiscard]] static const Sample& next_of(Group& group) {
    return *group.samples[group.sent++ % group.samples.size()];
  }

 private:
  std::vector<Group> groups_;
};

class Run {
 public:
  Run(const Load& load, const std::vector<Sample>& samples)
      : load_(load), turns_(samples), filters_(load.sockets, load.chunk_octets), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    allow_descriptors((load.connections + load.idle) * load.sockets.size());
    slots_.reserve(load.connections + load.idle);
    for (std::size_t i = 0; i < load.connections + load.idle; ++i) {
      slots_.push_back(std::make_unique<Slot>(filters_));
      slots_.back()->number = i;
      slots_.back()->is_idle = i >= load.connections;
    }
  }
  ~Run() { ::close(epoll_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Report run() {
    for (const pid_t pid : load_.pids) {
      const auto state = process_state(pid);
      if (!state) {
        throw std::runtime_error("there is no process " + std::to_string(pid));
      }
      report_.watched.push_back({pid, false, *state, *state, state->rss_kib, state->threads});
    }
    open_idle();
    if (load_.warm_up > 0) {
      phase(load_.warm_up, kMaxWarmUpSeconds);
      warm_ = std::exchange(report_, Report{});
      report_.watched = std::move(warm_.watched);
    }
    for (Watched& watched : report_.watched) {
      forget_peak(watched.pid);
      if (const auto state = process_state(watched.pid)) {
        watched.before.cpu_us = state->cpu_us;
        watched.before.user_us = state->user_us;
        watched.before.system_us = state->system_us;
      }
    }
    const double client_before = cpu_of_this_process_us();
    const auto start = Clock::now();
    phase(load_.messages, load_.seconds);
    report_.seconds = std::chrono::duration<double>(last_verdict_ - start).count();
    report_.client_cpu_us = cpu_of_this_process_us() - client_before;
    std::this_thread::sleep_for(load_.settle);
    look_at_processes(true);
    check_idle();
    // What went wrong before counts as well: speed only counts with right answers.
    report_.wrong += warm_.wrong;
    report_.wrong_answers.insert(report_.wrong_answers.begin(), warm_.wrong_answers.begin(), warm_.wrong_answers.end());
    for (const auto& failed : warm_.failures) {
      report_.failures[failed.first] += failed.second;
    }
    report_.examples.insert(report_.examples.begin(), warm_.examples.begin(), warm_.examples.end());
    std::sort(report_.from_mail_ms.begin(), report_.from_mail_ms.end());
    std::sort(report_.from_end_ms.begin(), report_.from_end_ms.end());
    return std::move(report_);
  }

 private:
  struct Slot {
    explicit Slot(Filters& filters) : session(filters) {}
    Session session;
    Group* group = nullptr;
    const Sample* sample = nullptr;  ///< Under way, or given to a session that is not there yet.
    std::size_t sent = 0;            ///< In this session.
    Clock::time_point since;         ///< Of the message, or of the connection.
    Clock::duration queued{};        ///< Open loop: how long the message waited for a free session.
    std::size_t retries = 0;
    std::uint64_t number = 0;
    bool is_idle = false;
    bool has_work = false;  ///< A message is to be sent and not yet given to the session.
  };

  /// Sends `count` messages, in at most so many seconds, and waits until each has its verdict.
  void phase(std::size_t count, double seconds) {
    to_send_ = count;
    dispatched_ = 0;
    start_ = last_verdict_ = Clock::now();
    const auto end = start_ + duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    next_look_ = next_watch_ = start_;
    free_.clear();
    for (auto& slot : slots_) {
      if (!slot->is_idle) {
        slot->sample = nullptr;
        free_.push_back(slot.get());
      }
    }
    std::reverse(free_.begin(), free_.end());
    dispatch();
    while (in_flight_ > 0 || (dispatched_ < to_send_ && !over_)) {
      wait();
      over_ |= Clock::now() >= end || failures_ >= kMaxFailures;
      dispatch();
    }
    for (auto& slot : slots_) {
      if (!slot->is_idle) {
        slot->session.close();
      }
    }
    over_ = failures_ >= kMaxFailures;
  }

  [[nodiscard]] Clock::time_point due(std::size_t message) const {
    return start_ +
           duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(message) / load_.rate));
  }

  /// Gives work to free slots.
  void dispatch() {
    while (!over_ && dispatched_ < to_send_ && !free_.empty()) {
      const auto now = Clock::now();
      if (load_.rate > 0 && due(dispatched_) > now) {
        return;
      }
      Slot& slot = *free_.back();
      free_.pop_back();
      slot.queued = load_.rate > 0 ? now - due(dispatched_) : Clock::duration{};
      slot.since = now;
      slot.has_work = true;
      ++dispatched_;
      ++in_flight_;
      if (slot.session.is_open()) {
        give(slot);
        step(slot);
      } else {
        slot.group = &turns_.next_group(load_.per_connection);
        open(slot);
      }
    }
  }

  void give(Slot& slot) {
    slot.has_work = false;
    slot.sample = &Turns::next_of(*slot.group);
    std::array<char, 2 * kQueueIdOctets> id{};
    (void)std::snprintf(id.data(), id.size(), "4B%09llX", static_cast<unsigned long long>(++queue_id_));
    slot.session.give(*slot.sample, id.data());
  }

  void open(Slot& slot) {
    slot.sent = 0;
    const auto opened = slot.session.open(*slot.group->samples.front());
    if (!opened) {
      if (++slot.retries < kMaxRetriesInARow) {
        ++report_.retries;
        retry_.push_back({Clock::now() + kRetryAfter, &slot});
      } else {
        fail(slot, opened.error());
      }
      return;
    }
    slot.retries = 0;
    const std::vector<int> descriptors = slot.session.descriptors();
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
      event.data.u64 = (slot.number << 8U) | i;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptors[i], &event);
    }
    step(slot);
  }

  /// Goes on with a session until it waits.
  void step(Slot& slot) {
    while (true) {
      switch (slot.session.advance()) {
        case Session::Progress::Waits: return;
        case Session::Progress::Failed: fail(slot, slot.session.failure()); return;
        case Session::Progress::WantsMessage:
          if (slot.is_idle) {
            idle_ready_ += slot.sample == nullptr ? 1U : 0U;
            slot.sample = slot.group->samples.front();
            (void)slot.session.flush_all();
            return;
          }
          if (!slot.has_work) {
            return;  // Between two messages.
          }
          give(slot);
          break;
        case Session::Progress::Done: done(slot); return;
      }
    }
  }

  void done(Slot& slot) {
    last_verdict_ = Clock::now();
    Outcome& outcome = slot.session.outcome();
    ++report_.sent;
    report_.octets += slot.sample->octets;
    ++report_.outcomes[name_of(outcome.kind)];
    if (slot.sample->is_affected) {
      ++report_.affected;
    } else {
      report_.from_mail_ms.push_back(to_ms(outcome.from_mail + slot.queued));
      report_.from_end_ms.push_back(to_ms(outcome.from_end));
      check(*slot.sample, outcome);
    }
    if (++slot.sent == load_.per_connection) {
      slot.session.close();
    }
    slot.sample = nullptr;
    --in_flight_;
    free_.push_back(&slot);
  }

  void check(const Sample& sample, Outcome& outcome) {
    if (load_.keep_answers) {
      std::vector<std::string> said{name_of(outcome.kind)};
      said.insert(said.end(), outcome.results.begin(), outcome.results.end());
      ++report_.answers[sample.file][std::move(said)];
    }
    if (!load_.checked) {
      return;
    }
    // Most often the answer is the same as the last time, which was right.
    std::vector<std::string>& known = right_[&sample];
    std::string problem;
    if (outcome.kind != Outcome::Kind::Accepted) {
      problem = std::string("the answer is ") + name_of(outcome.kind);
    } else if (known.empty() || known != outcome.results) {
      problem = difference(outcome.results, sample.expected, load_.comparison);
    }
    if (problem.empty()) {
      ++report_.right;
      known = std::move(outcome.results);
      return;
    }
    ++report_.wrong;
    example(sample.file + ": " + problem);
    if (load_.keep_wrong) {
      keep_wrong(sample, outcome, std::move(problem));
    }
  }

  void keep_wrong(const Sample& sample, const Outcome& outcome, std::string problem) {
    Comparison tolerant = load_.comparison;
    tolerant.temperror = true;
    const bool has_results = outcome.kind == Outcome::Kind::Accepted;
    const auto now = std::chrono::system_clock::now();
    report_.wrong_answers.push_back({sample.file,
                                     now - duration_cast<std::chrono::system_clock::duration>(outcome.from_mail), now,
                                     name_of(outcome.kind), std::move(problem),
                                     has_results ? difference(outcome.results, sample.expected, tolerant) : ""});
  }

  void example(std::string text) {
    if (report_.examples.size() < kMaxExamples) {
      report_.examples.push_back(std::move(text));
    }
  }

  void fail(Slot& slot, const mta::Failure& failure) {
    const bool before = !slot.session.is_negotiated();
    const auto kind =
        before && failure.kind == mta::Failure::Kind::Lost ? mta::Failure::Kind::Unreachable : failure.kind;
    ++report_.failures[name_of(kind)];
    ++failures_;
    example(std::string(name_of(kind)) + ": " + failure.what);
    slot.session.close();
    slot.sample = nullptr;
    slot.has_work = false;
    if (slot.is_idle) {
      ++report_.idle_lost;
      return;
    }
    --in_flight_;
    free_.push_back(&slot);
  }

  /// Waits for news, a message that is due, a retry or the next look at the clock; and takes it in.
  void wait() {
    auto until = std::min(next_look_, next_watch_);
    if (load_.rate > 0 && dispatched_ < to_send_ && !free_.empty()) {
      until = std::min(until, due(dispatched_));
    }
    if (!retry_.empty()) {
      until = std::min(until, retry_.front().first);
    }
    const auto left = std::max(nanoseconds(0), duration_cast<nanoseconds>(until - Clock::now()));
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    std::array<epoll_event, kEventsAtOnce> events{};
    const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
      throw std::runtime_error("epoll_pwait2 fails");
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Slot& slot = *slots_[event.data.u64 >> 8U];
      slot.session.wake(event.data.u64 & 0xFFU, (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
      if (slot.session.is_open()) {
        step(slot);
      }
    }
    const auto now = Clock::now();
    while (!retry_.empty() && retry_.front().first <= now) {
      Slot& slot = *retry_.front().second;
      retry_.pop_front();
      open(slot);
    }
    if (now >= next_watch_) {
      look_at_processes(false);
      next_watch_ = now + kSampleInterval;
    }
    if (now >= next_look_) {
      end_what_takes_too_long(now);
      next_look_ = now + milliseconds(500);
    }
  }

  void end_what_takes_too_long(Clock::time_point now) {
    for (auto& slot : slots_) {
      const bool busy = slot->session.is_open() && (slot->sample != nullptr || slot->has_work);
      if (busy && !slot->is_idle && now - slot->since > load_.timeout) {
        fail(*slot, {mta::Failure::Kind::TimedOut, "no verdict in time"});
      }
    }
  }

  void look_at_processes(bool last) {
    for (Watched& watched : report_.watched) {
      const auto state = process_state(watched.pid);
      if (!state || state->threads == 0) {
        watched.ended = true;
        continue;
      }
      watched.peak_threads = std::max(watched.peak_threads, state->threads);
      watched.peak_kib = std::max(watched.peak_kib, last ? state->peak_kib : state->rss_kib);
      watched.after = *state;
    }
  }

  void open_idle() {
    start_ = next_look_ = next_watch_ = Clock::now();
    std::size_t expected = 0;
    constexpr std::size_t kAtOnce = 50;
    for (auto& slot : slots_) {
      if (!slot->is_idle) {
        continue;
      }
      slot->group = &turns_.next_group(0);
      slot->since = Clock::now();
      open(*slot);
      ++expected;
      while (expected - idle_ready_ > kAtOnce && Clock::now() - start_ < load_.timeout) {
        wait();
      }
    }
    while (idle_ready_ < expected && Clock::now() - start_ < load_.timeout && report_.idle_lost == 0) {
      wait();
    }
    if (idle_ready_ < expected) {
      throw std::runtime_error("only " + std::to_string(idle_ready_) + " of " + std::to_string(expected) +
                               " idle connections are there");
    }
  }

  /// Idle sessions that the filter ended meanwhile.
  void check_idle() {
    for (auto& slot : slots_) {
      if (!slot->is_idle) {
        continue;
      }
      report_.idle_lost += slot->session.is_open() ? 0U : 1U;
      slot->session.close();
    }
  }

  const Load& load_;
  Turns turns_;
  Filters filters_;
  int epoll_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::deque<std::pair<Clock::time_point, Slot*>> retry_;
  std::map<const Sample*, std::vector<std::string>> right_;
  std::size_t to_send_ = 0;
  std::size_t dispatched_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t idle_ready_ = 0;
  std::size_t failures_ = 0;
  bool over_ = false;
  std::uint64_t queue_id_ = 0;
  Clock::time_point start_;
  Clock::time_point last_verdict_;
  Clock::time_point next_look_;
  Clock::time_point next_watch_;
  Report warm_;
  Report report_;
};

}  // namespace

bool Report::is_right() const {
  const bool alive = std::none_of(watched.begin(), watched.end(), [](const Watched& w) { return w.ended; });
  return sent > 0 && wrong == 0 && failures.empty() && idle_lost == 0 && alive;
}

Report run_load(const Load& load, const std::vector<Sample>& samples) {
  return Run(load, samples).run();
}

}  // namespace assay::bench
