#include "cli/record_files.h"

#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include "cli/input.h"
#include "config/load.h"
#include "config/node.h"
#include "observe/line_source.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// What some programs put before UTF-8 text: no part of the first line.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// Lines that are told one by one; the others are only counted.
constexpr std::uint64_t kMaxToldLines = 10;

/// Octets of all files; nullopt if one of them is no regular file. A pipe must not be opened twice.
std::optional<std::uint64_t> total_size(const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      return std::nullopt;
    }
    total += std::filesystem::file_size(file, error);
    if (error) {
      return std::nullopt;
    }
  }
  return total;
}

}  // namespace

RecordFiles::RecordFiles(std::vector<std::string> files) : files_(std::move(files)), total_(total_size(files_)) {}

LineCounts RecordFiles::read(const std::function<void(const observe::Record&)>& take) {
  counts_ = {};
  Progress progress(total_);
  std::uint64_t octets_before = 0;
  for (const std::string& file : files_) {
    observe::LineSource lines(file);
    std::uint64_t line_number = 0;
    const std::uint64_t other_before = counts_.other_lines;
    while (auto line = lines.next()) {
      ++line_number;
      if (line_number == 1 && line->starts_with(kByteOrderMark)) {
        line->remove_prefix(kByteOrderMark.size());
      }
      read_line(*line, file, line_number, progress, take);
      progress.update(octets_before + lines.octets_read(), counts_.records);
    }
    octets_before += lines.octets_read();
    counts_.files_without += line_number != 0 && counts_.other_lines - other_before == line_number ? 1U : 0U;
    if (!lines.error().empty()) {
      counts_.is_whole = false;
      progress.clear();
      complain(lines.error() +
               (line_number == 0 ? std::string() : "; the " + std::to_string(line_number) + " lines before it count"));
    }
  }
  progress.clear();
  has_told_ = true;
  return counts_;
}

void RecordFiles::read_line(std::string_view line, const std::string& file, std::uint64_t line_number,
                            Progress& progress, const std::function<void(const observe::Record&)>& take) {
  switch (reader_.read(line, record_)) {
    case observe::Line::Record: break;
    case observe::Line::Incomplete:
      if (!record_.facts.local) {
        ++counts_.incomplete;
        tell(file, line_number, "incomplete record", progress);
        return;
      }
      break;
    case observe::Line::Malformed:
      ++counts_.malformed;
      tell(file, line_number, "malformed record", progress);
      return;
    case observe::Line::Other: ++counts_.other_lines; return;
  }
  if (record_.facts.local) {
    ++counts_.local;
    return;
  }
  ++counts_.records;
  take(record_);
}

void RecordFiles::tell(const std::string& file, std::uint64_t line_number, const char* what, Progress& progress) {
  ++told_;
  if (has_told_ || told_ > kMaxToldLines + 1) {
    return;
  }
  progress.clear();
  if (told_ > kMaxToldLines) {
    std::cerr << "assay: more such lines are counted without a word\n";
    return;
  }
  std::cerr << escape(file) << ':' << line_number << ": " << what << ": " << escape(reader_.why()) << '\n';
}

std::optional<policy::Rules> load_rules(const std::string& file) {
  const auto text = read_file(file, config::kMaxConfigOctets);
  if (!text) {
    complain(text.error());
    return std::nullopt;
  }
  auto loaded =
      file == "-" ? config::load_text(*text, file, host_name()) : config::load_with_drop_ins(*text, file, host_name());
  if (!loaded) {
    for (const config::Problem& problem : loaded.error()) {
      std::cerr << escape(config::to_string(problem)) << '\n';
    }
    return std::nullopt;
  }
  return std::move(loaded->policy);
}

}  // namespace assay::cli
