#include "cli/selftest_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/progress.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr std::size_t kNameColumns = 25;
constexpr std::size_t kTriesColumns = 48;
constexpr std::size_t kSeenColumns = 48;

bool is_well(const SelftestLine& line) {
  return line.finding.mismatches.empty();
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(std::max(columns, text.size() + 2) - text.size(), ' ');
}

/// At most so many octets of UTF-8.
std::string cut(const std::string& text, std::size_t columns) {
  if (text.size() <= columns) {
    return text;
  }
  std::size_t end = columns - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "...";
}

std::string seconds(std::chrono::duration<double> elapsed) {
  const auto tenths = static_cast<std::uint64_t>(elapsed.count() * 10.0);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

}  // namespace

std::size_t SelftestReport::mismatches() const {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [](const SelftestLine& line) { return !is_well(line); }));
}

std::string told_line(const SelftestReport& report, std::size_t number, const Paint& paint) {
  const SelftestLine& line = report.lines[number];
  std::string text;
  if (number == 0 || report.lines[number - 1].group != line.group) {
    text = '\n' + paint.bold(escape(line.group)) + '\n';
  }
  text += "  " + (is_well(line) ? paint.good("ok ") : paint.bad("NOT")) + "  " + padded(line.name, kNameColumns);
  if (is_well(line)) {
    return text + padded(line.tries, kTriesColumns) + cut(line.finding.seen, kSeenColumns) + '\n';
  }
  text += line.tries + '\n';
  text += "         expected: " + line.finding.expected + '\n';
  text += "         seen:     " + line.finding.seen + '\n';
  for (const std::string& mismatch : line.finding.mismatches) {
    text += "         - " + paint.bad(mismatch) + '\n';
  }
  return text;
}

std::string told_end(const SelftestReport& report, const Paint& paint) {
  std::string text;
  for (const std::string& note : report.notes) {
    text += "\nNote: " + note + '\n';
  }
  if (report.stopped) {
    text += '\n' + paint.bad("Stopped: " + *report.stopped) + '\n';
  }
  const std::size_t bad = report.mismatches();
  text += '\n' + with_commas(report.lines.size()) + " cases: " + with_commas(report.lines.size() - bad) + " ok, ";
  const std::string wrong = with_commas(bad) + " not as expected";
  text += bad == 0 ? wrong : paint.bad(wrong);
  if (report.not_tried != 0) {
    text += ", " + with_commas(report.not_tried) + " not tried";
  }
  return text + "; " + seconds(report.elapsed) + '\n';
}

std::string to_json(const SelftestReport& report) {
  Json json;
  json["schema"] = kSchema;
  json["socket"] = escape(report.socket);
  json["authserv_id"] = escape(report.authserv_id);
  json["cases"] = Json::array();
  for (const SelftestLine& line : report.lines) {
    json["cases"].push_back({{"name", line.name},
                             {"group", escape(line.group)},
                             {"tries", line.tries},
                             {"expected", line.finding.expected},
                             {"seen", line.finding.seen},
                             {"mismatches", line.finding.mismatches},
                             {"ok", is_well(line)}});
  }
  json["ok"] = report.lines.size() - report.mismatches();
  json["mismatches"] = report.mismatches();
  json["not_tried"] = report.not_tried;
  json["notes"] = report.notes;
  json["stopped"] = report.stopped ? Json(*report.stopped) : Json(nullptr);
  json["seconds"] = report.elapsed.count();
  return json.dump();
}

}  // namespace assay::cli
