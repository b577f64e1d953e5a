#include "cli/record_files.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <numeric>
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

FileLines read_lines(const std::string& file, Progress& progress,
                     const std::function<void(std::string_view, std::uint64_t, std::uint64_t)>& take) {
  FileLines read;
  observe::LineSource lines(file);
  while (auto line = lines.next()) {
    ++read.lines;
    if (read.lines == 1 && line->starts_with(kByteOrderMark)) {
      line->remove_prefix(kByteOrderMark.size());
    }
    take(*line, read.lines, lines.octets_read());
  }
  read.octets = lines.octets_read();
  if (!lines.error().empty()) {
    read.is_whole = false;
    progress.clear();
    complain(lines.error() +
             (read.lines == 0 ? std::string() : "; the " + std::to_string(read.lines) + " lines before it count"));
  }
  return read;
}

std::uint64_t not_replayable(const LineCounts& lines) {
  return std::accumulate(lines.beside_policy.begin(), lines.beside_policy.end(), std::uint64_t{0});
}

RecordFiles::RecordFiles(std::vector<std::string> files) : files_(std::move(files)), total_(total_size(files_)) {}

LineCounts RecordFiles::read(const std::function<void(const observe::Record&)>& take) {
  counts_ = {};
  Progress progress(total_);
  std::uint64_t octets_before = 0;
  for (const std::string& file : files_) {
    const std::uint64_t other_before = counts_.other_lines;
    const FileLines lines =
        read_lines(file, progress, [&](std::string_view line, std::uint64_t number, std::uint64_t octets) {
          read_line(line, file, number, progress, take);
          progress.update(octets_before + octets, counts_.records);
        });
    octets_before += lines.octets;
    counts_.files_without += lines.lines != 0 && counts_.other_lines - other_before == lines.lines ? 1U : 0U;
    counts_.is_whole = counts_.is_whole && lines.is_whole;
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
  counts_.unlogged += record_.sample - 1;
  if (record_.facts.local) {
    counts_.local += record_.sample;
    return;
  }
  for (std::size_t i = 0; i < policy::kBesidePolicy.size(); ++i) {
    if (record_.decision.rule == policy::kBesidePolicy.at(i)) {
      ++counts_.beside_policy.at(i);
      return;
    }
  }
  if (record_.is_redacted && std::any_of(questions_.begin(), questions_.end(), [this](const auto& questions) {
        return questions.matter_to(record_.verdict, record_.facts, record_.time);
      })) {
    counts_.redacted += record_.sample;
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
