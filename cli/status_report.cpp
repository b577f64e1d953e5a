#include "cli/status_report.h"

#include <algorithm>
#include <string_view>

#include "cli/progress.h"

namespace assay::cli {
namespace {

constexpr std::size_t kLabelColumns = 15;

std::string row(std::string_view label, const std::string& words, const Paint& paint) {
  return paint.bold(label) + std::string(kLabelColumns - std::min(label.size(), kLabelColumns - 1), ' ') + words + '\n';
}

/// "accept 1,200, reject 30": what there was of each.
std::string some_of(const std::vector<std::pair<std::string, ViewCount>>& counts, const Paint& paint) {
  std::string words;
  for (const auto& [name, count] : counts) {
    if (count.total != 0) {
      words += (words.empty() ? "" : ", ") + paint.result(name) + ' ' + with_commas(count.total);
    }
  }
  return words;
}

std::uint64_t sum(const std::vector<std::pair<std::string, ViewCount>>& counts, std::uint64_t ViewCount::*which) {
  std::uint64_t all = 0;
  for (const auto& [name, count] : counts) {
    all += count.*which;
  }
  return all;
}

std::string messages_words(const DaemonView& view, const Paint& paint) {
  const std::uint64_t all = sum(view.messages, &ViewCount::total);
  std::string words =
      with_commas(all) + ", " + with_commas(sum(view.messages, &ViewCount::minute)) + " of them in the last minute";
  if (all != 0) {
    words += ": " + some_of(view.messages, paint);
  }
  return words;
}

std::string bounds_words(const DaemonView& view) {
  std::string words;
  for (const auto& [bound, times] : view.bounds_exceeded) {
    if (times != 0) {
      words += (words.empty() ? "" : ", ") + bound + ' ' + with_commas(times);
    }
  }
  return words;
}

}  // namespace

std::string reload_words(const DaemonView& view) {
  if (view.reload_time.empty()) {
    return "none since the start";
  }
  if (view.reload_outcome == "done") {
    return "in force since " + view.reload_time;
  }
  if (view.reload_outcome == "partly") {
    return "in force since " + view.reload_time + " but for its log: the one before stays in use";
  }
  if (view.reload_outcome == "failed") {
    return "broke off at " + view.reload_time + "; configuration " + view.settings + " is in force";
  }
  return "refused at " + view.reload_time + "; the configuration before it stays in force";
}

std::string dns_words(const DaemonView& view) {
  const std::uint64_t questions = view.dns_count("questions");
  const std::uint64_t hits = view.dns_count("cache_hits");
  std::string words = with_commas(questions) + (questions == 1 ? " question" : " questions");
  if (questions != 0) {
    constexpr std::uint64_t kPercent = 100;
    words += ", " + std::to_string(hits * kPercent / questions) + " % from the cache";
  }
  words += ", " + with_commas(view.dns_count("in_flight")) + " under way";
  // Apart: a question that was given up may still get its answer, or its failure, later.
  if (const std::uint64_t failed = view.dns_count("temp_fail") + view.dns_count("bogus")) {
    words += ", " + with_commas(failed) + " failed";
  }
  if (const std::uint64_t given_up = view.dns_count("timeouts")) {
    words += ", " + with_commas(given_up) + " timed out";
  }
  if (view.dns_since_success_ms) {
    words += ", last answer " + milliseconds_words(*view.dns_since_success_ms) + " ago";
  }
  if (view.dns_failing_for_ms) {
    words += ", failing for " + milliseconds_words(*view.dns_failing_for_ms);
  }
  return words;
}

std::string status_report(const DaemonView& view, const Paint& paint) {
  std::string text = row("assayd",
                         view.version + ", pid " + std::to_string(view.pid) + ", up " +
                             duration_words(seconds_between(view.since, view.now)) + " since " + view.since,
                         paint);
  text += row("configuration", view.file + ", " + view.settings + ", " + view.mode, paint);
  text += row("reload", reload_words(view), paint);
  text +=
      row("listen",
          view.listen + ", " + with_commas(view.connections) + (view.connections == 1 ? " connection" : " connections"),
          paint);
  text +=
      row("in flight", with_commas(view.in_flight) + " of " + with_commas(view.messages_limit) + " messages", paint);
  text += row("messages", messages_words(view, paint), paint);
  if (const std::string words = some_of(view.would, paint); !words.empty()) {
    text += row("would be", words, paint);
  }
  if (const std::string words = some_of(view.dmarc, paint); !words.empty()) {
    text += row("dmarc", words + (view.local == 0 ? "" : ", not verified " + with_commas(view.local)), paint);
  }
  if (const std::string words = bounds_words(view); !words.empty()) {
    text += row("over a bound", words, paint);
  }
  text += row("dns", dns_words(view), paint);
  text += row("log",
              view.log_target + ", " + view.log_format +
                  (view.lost_log_lines == 0 ? "" : ", " + with_commas(view.lost_log_lines) + " lines lost"),
              paint);
  for (const std::string& problem : view.problems) {
    text += paint.bad("problem: ") + problem + '\n';
  }
  return text;
}

}  // namespace assay::cli
