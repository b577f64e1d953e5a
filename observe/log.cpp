#include "observe/log.h"

#include <spdlog/async.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "observe/journal_fields.h"
#include "observe/paint.h"
#include "observe/printable.h"
#include "observe/record_line.h"
#include "observe/sampling.h"
#include "observe/target.h"
#include "verify/base/escape.h"

namespace assay::observe {
namespace {

using spdlog::level::level_enum;

constexpr const char* kSyslogSocket = "/dev/log";
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

/// How long flush_log() waits: for the line that a reader standing still holds up, and for those behind it, which then
/// wait no more.
constexpr std::chrono::milliseconds kFlushPatience = 2 * kLogPatience;

using Clock = std::chrono::steady_clock;

/// Locks `mutex` if it is free before `deadline`: for waits that are rare, and end soon or not at all.
std::unique_lock<std::mutex> lock_until(std::mutex& mutex, Clock::time_point deadline) {
  constexpr std::chrono::milliseconds kNap{1};
  std::unique_lock lock(mutex, std::try_to_lock);
  while (!lock.owns_lock() && Clock::now() < deadline) {
    std::this_thread::sleep_for(kNap);
    static_cast<void>(lock.try_lock());
  }
  return lock;
}

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
}

/// How long the thread that writes stays with the log when all is written. Some ten lines come meanwhile under load;
/// the queue takes a hundred times as many.
constexpr std::chrono::milliseconds kLinger{2};

/// But for those that queues dropped.
std::atomic<std::uint64_t> lost_lines{0};

/// Counted to choose those that are logged (LogOptions::sample).
std::atomic<std::uint64_t> ordinary_messages{0};

Severity severity_of(level_enum level) {
  if (level <= level_enum::debug) {
    return Severity::Debug;
  }
  if (level == level_enum::info) {
    return Severity::Informational;
  }
  return level == level_enum::warn ? Severity::Warning : Severity::Error;
}

/// spdlog's end of a Target: base_sink's mutex is the lock around it.
class TargetSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit TargetSink(std::unique_ptr<Target> target) : target_(std::move(target)) {}

  [[nodiscard]] bool reopen(std::string& error) {
    const std::lock_guard lock(mutex_);
    return target_->reopen(error);
  }

  /// Flushes that reached the target.
  [[nodiscard]] std::uint64_t flushes() {
    const std::lock_guard lock(flush_mutex_);
    return flushes_;
  }
  /// Waits until there are more than `before`, at most for `patience`.
  void await_flush(std::uint64_t before, std::chrono::milliseconds patience) {
    std::unique_lock lock(flush_mutex_);
    flushed_.wait_for(lock, patience, [this, before] { return flushes_ > before; });
  }
  /// From `deadline` on nothing waits for a reader: what it does not take at once is lost, and counted.
  void wait_until(Clock::time_point deadline) noexcept { deadline_ = deadline; }
  /// Writes a line without the queue, unless the target is not free, and takes it, within `patience`.
  [[nodiscard]] bool write_within(std::chrono::milliseconds patience, level_enum level, const std::string& text) {
    const auto deadline = Clock::now() + patience;
    const std::unique_lock lock = lock_until(mutex_, deadline);
    if (!lock.owns_lock()) {
      return false;
    }
    spdlog::memory_buf_t line;
    formatter_->format({"assay", level, spdlog::string_view_t(text)}, line);
    return target_->write_within(left_until(deadline), severity_of(level), {line.data(), line.size()});
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const Severity severity = severity_of(message.level);
    const std::string_view octets(line.data(), line.size());
    const Clock::time_point deadline = deadline_;
    const bool is_written = deadline == Clock::time_point::max()
                                ? target_->write(severity, octets)
                                : target_->write_within(std::min(left_until(deadline), kLogPatience), severity, octets);
    if (!is_written) {
      lost_lines.fetch_add(1, std::memory_order_relaxed);
    }
  }
  /// Nothing is held back here: what was logged before the flush is written, or lost.
  void flush_() override {
    {
      const std::lock_guard lock(flush_mutex_);
      ++flushes_;
    }
    flushed_.notify_all();
  }

 private:
  std::unique_ptr<Target> target_;
  std::atomic<Clock::time_point> deadline_{Clock::time_point::max()};
  std::mutex flush_mutex_;  ///< Guards flushes_; its own, since the base's is held while a line waits for its reader.
  std::uint64_t flushes_ = 0;
  std::condition_variable flushed_;
};

/// Behind the target: keeps the thread that writes awake for a moment once all is written. A line that comes meanwhile
/// need not wake it, so that under load it is woken once for many lines.
class Linger final : public spdlog::sinks::sink {
 public:
  /// `queue` is that of the thread, which outlives its own calls.
  explicit Linger(spdlog::details::thread_pool& queue) : queue_(queue) {}

  void log(const spdlog::details::log_msg& /*message*/) override {
    if (queue_.queue_size() == 0) {
      std::this_thread::sleep_for(kLinger);
    }
  }
  void flush() override {}
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

 private:
  spdlog::details::thread_pool& queue_;
};

/// Lines that found a queue full, or made room for those that did: of all logs, those that are gone, too. It never
/// becomes less, though a log that another replaced is gone only when what waited in it is written. Never destroyed.
class Drops {
 public:
  using Queue = spdlog::details::thread_pool;

  static Drops& instance() {
    static auto* const drops = new Drops;
    return *drops;
  }
  void add(Queue* queue) {
    const std::lock_guard lock(mutex_);
    queues_.push_back(queue);
  }
  /// Once it is, nobody writes to the queue any more.
  void remove(Queue* queue) {
    const std::lock_guard lock(mutex_);
    of_gone_ += queue->overrun_counter();
    queues_.erase(std::find(queues_.begin(), queues_.end(), queue));
  }
  [[nodiscard]] std::uint64_t count() {
    const std::lock_guard lock(mutex_);
    std::uint64_t all = of_gone_;
    for (Queue* const queue : queues_) {
      all += queue->overrun_counter();
    }
    return all;
  }

 private:
  std::mutex mutex_;
  std::vector<Queue*> queues_;  ///< Two at times, hardly ever more.
  std::uint64_t of_gone_ = 0;
};

/// A target, and the thread that writes to it. Whoever logs holds on to one, so that nobody does while it is destroyed;
/// what is queued is written then.
class Log {
 public:
  enum class Writer : std::uint8_t { Caller, Thread };

  Log(std::unique_ptr<Target> target, Writer writer, LogOptions options, level_enum level,
      std::optional<Paint> terminal = {})
      : options_(std::move(options)),
        terminal_(terminal),
        takes_fields_(target->takes_fields()),
        sink_(std::make_shared<TargetSink>(std::move(target))) {
    if (writer == Writer::Thread) {
      queue_ = std::make_shared<spdlog::details::thread_pool>(kMaxQueuedLines, 1);
      async_logger_ = std::make_shared<spdlog::async_logger>(
          "assay", spdlog::sinks_init_list{sink_, std::make_shared<Linger>(*queue_)}, queue_,
          spdlog::async_overflow_policy::overrun_oldest);
      logger_ = async_logger_;
    } else {
      logger_ = std::make_shared<spdlog::logger>("assay", sink_);
    }
    logger_->set_level(level);
    logger_->set_error_handler([](const std::string&) { lost_lines.fetch_add(1, std::memory_order_relaxed); });
    const bool own_time = options_.target != "syslog" && options_.target != "journald" && !terminal_;
    const char* pattern = options_.json ? "%v" : own_time ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v" : "%v";
    logger_->set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, std::string()));
    if (queue_) {
      Drops::instance().add(queue_.get());  // Last: nothing throws behind it.
    }
  }
  ~Log() {
    if (queue_) {
      Drops::instance().remove(queue_.get());
    }
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] const LogOptions& options() const noexcept { return options_; }
  /// Set: lines stand in columns for people, with a time of their own.
  [[nodiscard]] const std::optional<Paint>& terminal() const noexcept { return terminal_; }
  /// Whether a line may come with fields (Target).
  [[nodiscard]] bool takes_fields() const noexcept { return takes_fields_; }
  [[nodiscard]] bool takes(level_enum level) const { return logger_->should_log(level); }
  void write(level_enum level, const std::string& line) const {
    if (!queue_ || line.size() <= kMaxQueuedLineOctets) {
      logger_->log(level, spdlog::string_view_t(line));
    } else if (!sink_->write_within(kCallerPatience, level, line)) {
      lost_lines.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void flush(std::chrono::milliseconds patience = kFlushPatience) const {
    if (!queue_) {
      return;  // What was logged is written.
    }
    const auto deadline = Clock::now() + patience;
    // One at a time, so that none takes another's flush for its own.
    const std::unique_lock lock = lock_until(flushing_, deadline);
    if (!lock.owns_lock()) {
      return;
    }
    const std::uint64_t before = sink_->flushes();
    // Where no room is left it takes the oldest line's: others keep the queue full, and would keep it out.
    queue_->post_flush(std::shared_ptr(async_logger_), spdlog::async_overflow_policy::overrun_oldest);
    sink_->await_flush(before, left_until(deadline));
  }

  [[nodiscard]] bool reopen(std::string& error) const {
    flush();
    return sink_->reopen(error);
  }

  /// Another takes its place: what is queued has kFlushPatience, so that whoever lets go of it last soon goes on.
  void retire() const noexcept { sink_->wait_until(Clock::now() + kFlushPatience); }

  /// Lines that wait for the thread.
  [[nodiscard]] std::size_t queued() const { return queue_ ? queue_->queue_size() : 0; }

 private:
  const LogOptions options_;
  const std::optional<Paint> terminal_;
  const bool takes_fields_;
  mutable std::mutex flushing_;
  const std::shared_ptr<TargetSink> sink_;
  std::shared_ptr<spdlog::async_logger> async_logger_;  ///< Null: the caller writes.
  std::shared_ptr<spdlog::logger> logger_;
  /// Null: the caller writes. Goes first, with its thread, which uses the others.
  std::shared_ptr<spdlog::details::thread_pool> queue_;
};

/// The log in force. Never destroyed: threads may log until the process ends.
class Current {
 public:
  static Current& instance() {
    static auto* const current = new Current;
    return *current;
  }
  [[nodiscard]] std::shared_ptr<const Log> get() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  void set(std::shared_ptr<const Log> log) {
    const std::lock_guard lock(mutex_);
    log_.swap(log);
    log->retire();
  }

 private:
  // Without a thread: a daemon that goes into the background must not have one yet.
  Current()
      : log_(std::make_shared<Log>(make_stream_target(STDERR_FILENO), Log::Writer::Caller, LogOptions{},
                                   level_enum::info)) {}
  std::mutex mutex_;
  std::shared_ptr<const Log> log_;
};

std::optional<level_enum> parse_level(const std::string& word) {
  for (const auto& [name, level] : {std::pair("debug", level_enum::debug), std::pair("info", level_enum::info),
                                    std::pair("warn", level_enum::warn), std::pair("error", level_enum::err)}) {
    if (word == name) {
      return level;
    }
  }
  return std::nullopt;
}

std::unique_ptr<Target> make_target(const std::string& target, std::string& error) {
  if (target == "stderr") {
    return make_stream_target(STDERR_FILENO);
  }
  if (target == "syslog") {
    return make_datagram_target(Datagram::Syslog, kSyslogSocket, error);
  }
  if (target == "journald") {
    return make_datagram_target(Datagram::Journal, kJournalSocket, error);
  }
  if (!target.empty() && target.front() == '/') {
    return make_file_target(target, error);
  }
  error = "log target '" + escape(target) + "' is not stderr, syslog, journald or an absolute path";
  return nullptr;
}

/// Runs `write`; whatever it throws (no memory) costs the line alone.
template <class Write>
void guarded(Write write) noexcept {
  try {
    write(*Current::instance().get());
  } catch (...) {
    lost_lines.fetch_add(1, std::memory_order_relaxed);
  }
}

void log_text(level_enum level, std::string_view text) noexcept {
  guarded([&](const Log& log) {
    if (!log.takes(level)) {
      return;
    }
    std::string line = printable(text, kMaxLogOctets);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto word = spdlog::level::to_string_view(level);
    const std::string_view name(word.data(), word.size());
    if (log.options().json) {
      line =
          nlohmann::ordered_json{{"time", to_rfc3339(now)}, {"level", std::string(name)}, {"message", std::move(line)}}
              .dump();
    } else if (log.terminal()) {
      line = program_line(now, name, line, *log.terminal());
    }
    log.write(level, line);
    if (level >= level_enum::err) {
      log.flush(kCallerPatience);  // It may tell of what ends the process.
    }
  });
}

void write_record(const Log& log, const Record& record) {
  std::string line = log.options().json ? to_json(record)
                     : log.terminal()   ? record_line(record, *log.terminal())
                                        : to_text(record);
  if (log.takes_fields()) {
    line += '\n' + journal_fields(record);
  }
  log.write(level_enum::info, line);
}

}  // namespace

bool open_log(const LogOptions& options, std::string& error) {
  const auto level = parse_level(options.level);
  if (!level) {
    error = "log level '" + escape(options.level) + "' is not debug, info, warn or error";
    return false;
  }
  auto target = make_target(options.target, error);
  if (!target) {
    return false;
  }
  std::optional<Paint> terminal;
  if (!options.json && options.target == "stderr" && ::isatty(STDERR_FILENO) == 1) {
    terminal.emplace(wants_colour(STDERR_FILENO));
  }
  try {
    Current::instance().set(std::make_shared<Log>(std::move(target), Log::Writer::Thread, options, *level, terminal));
  } catch (const std::exception& failed) {
    error = std::string("cannot start the thread that writes the log: ") + failed.what();
    return false;
  }
  return true;
}

void reopen_log() {
  std::string error;
  bool reopened = true;
  guarded([&](const Log& log) { reopened = log.reopen(error); });
  if (!reopened) {
    log_error(error + "; the log stays where it was");
  }
}

LogOptions log_in_force() {
  return Current::instance().get()->options();
}

void flush_log() {
  guarded([](const Log& log) { log.flush(); });
}

void log_debug(std::string_view text) {
  log_text(level_enum::debug, text);
}
void log_info(std::string_view text) {
  log_text(level_enum::info, text);
}
void log_warn(std::string_view text) {
  log_text(level_enum::warn, text);
}
void log_error(std::string_view text) {
  log_text(level_enum::err, text);
}

void log_record(const Record& record) {
  guarded([&](const Log& log) {
    if (!log.takes(level_enum::info)) {
      return;
    }
    const std::uint64_t rate = log.options().sample;
    if (rate == 1 || !is_ordinary(record)) {
      write_record(log, record);
    } else if (ordinary_messages.fetch_add(1, std::memory_order_relaxed) % rate == 0) {
      Record sample = record;
      sample.sample = rate;
      write_record(log, sample);
    }
  });
}

std::uint64_t lost_log_lines() noexcept {
  return Drops::instance().count() + lost_lines.load(std::memory_order_relaxed);
}

std::size_t queued_log_lines() noexcept {
  std::size_t queued = 0;
  guarded([&queued](const Log& log) { queued = log.queued(); });
  return queued;
}

}  // namespace assay::observe
