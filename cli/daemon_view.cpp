#include "cli/daemon_view.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "observe/printable.h"
#include "observe/record.h"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A problem quotes a line of the configuration.
constexpr std::size_t kMaxTextOctets = 4000;

/// A member of an object; null if it is not there.
const Json& at(const Json& object, const char* key) {
  static const Json null;
  if (!object.is_object()) {
    return null;
  }
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string text(const Json& value) {
  return value.is_string() ? observe::printable(value.get_ref<const std::string&>(), kMaxTextOctets) : std::string();
}
std::uint64_t number(const Json& value) {
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}
std::optional<std::uint64_t> optional_number(const Json& value) {
  return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}
ViewCount count(const Json& value) {
  return {number(at(value, "total")), number(at(value, "10s")), number(at(value, "60s"))};
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> read;
  if (list.is_array()) {
    for (const Json& value : list) {
      read.push_back(text(value));
    }
  }
  return read;
}

std::vector<std::pair<std::string, ViewCount>> counts(const Json& object) {
  std::vector<std::pair<std::string, ViewCount>> read;
  if (object.is_object()) {
    for (const auto& [key, value] : object.items()) {
      read.emplace_back(observe::printable(key, kMaxTextOctets), count(value));
    }
  }
  return read;
}

DaemonView::Named numbers(const Json& object) {
  DaemonView::Named read;
  if (object.is_object()) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_number_unsigned()) {
        read.emplace_back(observe::printable(key, kMaxTextOctets), value.get<std::uint64_t>());
      }
    }
  }
  return read;
}

void read_top(const Json& json, DaemonView& view) {
  for (const Json& row : at(json, "rules")) {
    view.rules.emplace_back(text(at(row, "rule")), count(row));
  }
  view.rules_omitted = number(at(json, "rules_omitted"));
  for (const Json& row : at(json, "slow_dns")) {
    view.slow.push_back({text(at(row, "name")), text(at(row, "type")), text(at(row, "status")),
                         number(at(row, "longest_ms")), number(at(row, "times"))});
  }
  for (const Json& row : at(json, "refusals")) {
    view.refusals.push_back({text(at(row, "time")), text(at(row, "queue_id")), text(at(row, "action")),
                             text(at(row, "rule")), text(at(row, "from_domain")), text(at(row, "client_ip")),
                             text(at(row, "dmarc")), number(at(row, "reply"))});
  }
}

}  // namespace

std::uint64_t DaemonView::dns_count(std::string_view name) const {
  const auto found = std::find_if(dns.begin(), dns.end(), [name](const auto& row) { return row.first == name; });
  return found == dns.end() ? 0 : found->second;
}

Input<DaemonView> read_daemon_view(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!at(json, "status_schema").is_number_unsigned()) {
    return failure(std::string("assayd's answer is no status: are assay and assayd of the same version?"));
  }
  DaemonView view;
  view.version = text(at(json, "version"));
  view.pid = number(at(json, "pid"));
  view.since = text(at(json, "since"));
  view.now = text(at(json, "now"));
  view.problems = texts(at(json, "problems"));
  view.listen = text(at(json, "listen"));
  const Json& configuration = at(json, "configuration");
  view.file = text(at(configuration, "file"));
  view.settings = text(at(configuration, "settings"));
  view.mode = text(at(configuration, "mode"));
  const Json& reload = at(json, "reload");
  view.reload_time = text(at(reload, "time"));
  view.reload_outcome = text(at(reload, "outcome"));
  const Json& log = at(json, "log");
  view.log_target = text(at(log, "target"));
  view.log_format = text(at(log, "format"));
  view.lost_log_lines = number(at(log, "lost_lines"));
  view.in_flight = number(at(json, "in_flight"));
  view.messages_limit = number(at(json, "messages_limit"));
  view.connections = number(at(json, "connections"));
  view.messages = counts(at(json, "messages"));
  view.would = counts(at(json, "would"));
  view.dmarc = counts(at(json, "dmarc"));
  view.local = number(at(json, "local"));
  view.bounds_exceeded = numbers(at(json, "bounds_exceeded"));
  const Json& dns = at(json, "dns");
  view.dns_since_success_ms = optional_number(at(dns, "since_success_ms"));
  view.dns_failing_for_ms = optional_number(at(dns, "failing_for_ms"));
  view.dns = numbers(dns);
  const Json& control = at(json, "control");
  view.clients = number(at(control, "clients"));
  view.tails = number(at(control, "tails"));
  view.lost = number(at(control, "lost"));
  read_top(json, view);
  return view;
}

std::string duration_words(std::uint64_t seconds) {
  constexpr std::uint64_t kDay = 86'400;
  constexpr std::uint64_t kHour = 3600;
  constexpr std::uint64_t kMinute = 60;
  std::array<char, 64> buffer{};
  const std::uint64_t days = seconds / kDay;
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%02u:%02u:%02u", static_cast<unsigned>(seconds % kDay / kHour),
                    static_cast<unsigned>(seconds % kHour / kMinute), static_cast<unsigned>(seconds % kMinute));
  return (days == 0 ? "" : std::to_string(days) + "d ") + std::string(buffer.data(), static_cast<std::size_t>(size));
}

std::string milliseconds_words(std::uint64_t milliseconds) {
  constexpr std::uint64_t kSecond = 1000;
  if (milliseconds < kSecond) {
    return std::to_string(milliseconds) + " ms";
  }
  return std::to_string(milliseconds / kSecond) + '.' + std::to_string(milliseconds % kSecond / 100) + " s";
}

std::uint64_t seconds_between(const std::string& earlier, const std::string& later) {
  const auto from = observe::parse_rfc3339(earlier);
  const auto to = observe::parse_rfc3339(later);
  return from && to && *to > *from ? static_cast<std::uint64_t>((*to - *from).count()) : 0;
}

}  // namespace assay::cli
