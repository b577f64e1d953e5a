#include "observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "observe/printable.h"
#include "observe/target.h"
#include "verify/base/escape.h"

namespace assay::observe {
namespace {

using spdlog::level::level_enum;

constexpr const char* kSyslogSocket = "/dev/log";
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

std::atomic<std::uint64_t> lost_lines{0};

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

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!target_->write(severity_of(message.level), {line.data(), line.size()})) {
      lost_lines.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void flush_() override {}  // nothing is held back

 private:
  std::unique_ptr<Target> target_;
};

struct Log {
  std::shared_ptr<TargetSink> sink;
  std::unique_ptr<spdlog::logger> logger;
  bool json = false;
};

std::shared_ptr<const Log> make_log(std::unique_ptr<Target> target, bool json, bool own_time, level_enum level) {
  auto log = std::make_shared<Log>();
  log->json = json;
  log->sink = std::make_shared<TargetSink>(std::move(target));
  log->logger = std::make_unique<spdlog::logger>("assay", log->sink);
  log->logger->set_level(level);
  log->logger->set_error_handler([](const std::string&) { lost_lines.fetch_add(1, std::memory_order_relaxed); });
  const char* pattern = json ? "%v" : own_time ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v" : "%v";
  log->logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, std::string()));
  return log;
}

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
  }

 private:
  Current() : log_(make_log(make_stream_target(STDERR_FILENO), false, true, level_enum::info)) {}
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
    if (!log.logger->should_log(level)) {
      return;
    }
    std::string line = printable(text, kMaxLogOctets);
    if (log.json) {
      const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
      const auto word = spdlog::level::to_string_view(level);
      line =
          nlohmann::ordered_json{
              {"time", to_rfc3339(now)}, {"level", std::string(word.data(), word.size())}, {"message", std::move(line)}}
              .dump();
    }
    log.logger->log(level, spdlog::string_view_t(line));
  });
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
  const bool own_time = options.target != "syslog" && options.target != "journald";
  Current::instance().set(make_log(std::move(target), options.json, own_time, *level));
  return true;
}

void reopen_log() {
  std::string error;
  bool reopened = true;
  guarded([&](const Log& log) { reopened = log.sink->reopen(error); });
  if (!reopened) {
    log_error(error + "; the log stays where it was");
  }
}

void flush_log() {
  guarded([](const Log& log) { log.logger->flush(); });
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
    if (log.logger->should_log(level_enum::info)) {
      log.logger->log(level_enum::info, spdlog::string_view_t(log.json ? to_json(record) : to_text(record)));
    }
  });
}

std::uint64_t lost_log_lines() noexcept {
  return lost_lines.load(std::memory_order_relaxed);
}

}  // namespace assay::observe
