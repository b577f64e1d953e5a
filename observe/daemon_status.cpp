#include "observe/daemon_status.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "verify/base/escape.h"

namespace assay::observe {
namespace {

// Keys appear in the order in which they are documented.
using Json = nlohmann::ordered_json;

Json text(const std::string& value) {
  return Json(escape(value));
}

Json text_or_null(const std::string& value) {
  return value.empty() ? Json(nullptr) : text(value);
}

Json count_object(const Count& count) {
  return {{"total", count.total}, {"10s", count.ten_seconds}, {"60s", count.minute}};
}

/// An object with a member for each enumerator.
template <class Enum, std::size_t N>
Json counts_by(const std::array<Count, N>& counts) {
  Json object = Json::object();
  for (std::size_t i = 0; i < N; ++i) {
    object[to_string(static_cast<Enum>(i))] = count_object(counts.at(i));
  }
  return object;
}

Json numbers(const std::vector<std::pair<const char*, std::uint64_t>>& named) {
  Json object = Json::object();
  for (const auto& [name, number] : named) {
    object[name] = number;
  }
  return object;
}

Json milliseconds_or_null(const std::optional<std::chrono::milliseconds>& time) {
  return time ? Json(time->count()) : Json(nullptr);
}

Json reload_object(const std::optional<LastReload>& reload) {
  if (!reload) {
    return nullptr;
  }
  Json problems = Json::array();
  for (std::size_t i = 0; i < std::min(reload->problems.size(), kMaxToldProblems); ++i) {
    problems.push_back(text(reload->problems[i]));
  }
  return {{"time", to_rfc3339(reload->time)},
          {"ok", reload->outcome == Reload::Done},
          {"outcome", to_string(reload->outcome)},
          {"problems", std::move(problems)},
          {"problems_omitted", reload->problems.size() - std::min(reload->problems.size(), kMaxToldProblems)}};
}

std::string words(const LastReload& reload, const std::string& settings) {
  std::string words = "the last reload ";
  switch (reload.outcome) {
    case Reload::Done: break;
    case Reload::Partly: words += "was refused in part; all but its log is in force"; break;
    case Reload::Refused: words += "was refused; the configuration before it stays in force"; break;
    case Reload::Failed: words += "broke off, the log says why; configuration " + settings + " is in force"; break;
  }
  return words + (reload.problems.empty() ? "" : ": " + reload.problems.front());
}

Json dns_object(const DnsStatus& dns) {
  Json object = numbers(dns.counters);
  object["since_success_ms"] = milliseconds_or_null(dns.since_success);
  object["failing_for_ms"] = milliseconds_or_null(dns.failing_for);
  return object;
}

Json status_object(const DaemonStatus& status, const ActivityReport& activity) {
  Json problems = Json::array();
  for (const std::string& problem : problems_of(status)) {
    problems.push_back(text(problem));
  }
  return {{"status_schema", kStatusSchema},
          {"version", text(status.version)},
          {"pid", status.pid},
          {"since", to_rfc3339(status.since)},
          {"now", to_rfc3339(status.now)},
          {"problems", std::move(problems)},
          {"draining", status.draining},
          {"listen", text(status.listen)},
          {"configuration",
           {{"file", text(status.configuration)},
            {"settings", text(status.settings)},
            {"mode", status.monitor ? "monitor" : "enforce"}}},
          {"reload", reload_object(status.reload)},
          {"log",
           {{"target", text(status.log.target)},
            {"format", status.log.json ? "json" : "text"},
            {"lost_lines", status.lost_log_lines}}},
          {"in_flight", status.in_flight},
          {"messages_limit", status.messages_limit},
          {"connections", status.connections},
          {"messages", counts_by<policy::Action>(activity.actions)},
          {"would", counts_by<policy::Action>(activity.would)},
          {"dmarc", counts_by<dmarc::Status>(activity.dmarc)},
          {"local", activity.local},
          {"bounds_exceeded", numbers(status.bounds_exceeded)},
          {"dns", dns_object(status.dns)},
          {"control",
           {{"clients", status.control_clients}, {"tails", status.control_tails}, {"lost", status.control_lost}}}};
}

Json rule_list(const ActivityReport& activity) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(activity.rules.size(), kMaxTopRows); ++i) {
    Json row = {{"rule", text(activity.rules[i].rule)}};
    row.update(count_object(activity.rules[i].count));
    list.push_back(std::move(row));
  }
  return list;
}

Json slow_list(const ActivityReport& activity) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(activity.slow.size(), kMaxTopRows); ++i) {
    const SlowName& slow = activity.slow[i];
    list.push_back({{"name", text(slow.question.name)},
                    {"type", dns::to_string(slow.question.type)},
                    {"longest_ms", slow.longest.count()},
                    {"times", slow.times},
                    {"status", dns::to_string(slow.status)}});
  }
  return list;
}

Json refusal_list(const ActivityReport& activity) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(activity.refusals.size(), kMaxTopRows); ++i) {
    const Refusal& refusal = activity.refusals[i];
    list.push_back({{"time", to_rfc3339(refusal.time)},
                    {"queue_id", text_or_null(refusal.queue_id)},
                    {"action", policy::to_string(refusal.action)},
                    {"rule", text(refusal.rule)},
                    {"from_domain", text_or_null(refusal.from_domain)},
                    {"client_ip", text_or_null(refusal.client)},
                    {"dmarc", refusal.local ? Json(nullptr) : Json(dmarc::to_string(refusal.dmarc))},
                    {"reply", refusal.reply_code == 0 ? Json(nullptr) : Json(refusal.reply_code)}});
  }
  return list;
}

}  // namespace

std::vector<std::string> problems_of(const DaemonStatus& status) {
  std::vector<std::string> problems;
  if (status.reload && status.reload->outcome != Reload::Done) {
    problems.push_back(words(*status.reload, status.settings));
  }
  if (!status.unfit.empty()) {
    problems.push_back(status.unfit);
  }
  if (status.in_flight >= status.messages_limit) {
    problems.emplace_back("as many messages are in flight as limits.messages allows: more are deferred");
  }
  if (status.loses_log_lines) {
    problems.emplace_back(
        "the log lost lines within the last minute, and their messages have no record: is the disk of log.target full, "
        "or does its reader stand still?");
  }
  return problems;
}

std::string status_json(const DaemonStatus& status, const ActivityReport& activity) {
  return status_object(status, activity).dump();
}

std::string top_json(const DaemonStatus& status, const ActivityReport& activity) {
  Json object = status_object(status, activity);
  object["rules"] = rule_list(activity);
  object["rules_omitted"] = activity.rules_omitted;
  object["slow_dns"] = slow_list(activity);
  object["refusals"] = refusal_list(activity);
  return object.dump();
}

}  // namespace assay::observe
