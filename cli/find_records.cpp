#include "cli/find_records.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/progress.h"
#include "cli/record_files.h"
#include "observe/record_reader.h"
#include "verify/base/text.h"

namespace assay::cli {
namespace {

constexpr std::string_view kSchema = "\"schema\":";

bool is_word_octet(char c) {
  return is_alpha(c) || is_digit(c);
}

/// Whether `text` holds the word, no part of a longer one.
bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_octet(text[at - 1])) && (end == text.size() || !is_word_octet(text[end]))) {
      return true;
    }
  }
  return false;
}

/// Whether a record, of which "sample" is the last key, is not the only one of its kind.
bool is_sample(std::string_view line) {
  constexpr std::size_t kEndOctets = 24;
  const std::string_view end = line.substr(line.size() - std::min(line.size(), kEndOctets));
  const auto at = end.find("\"sample\":");
  return at != std::string_view::npos && end.substr(at) != "\"sample\":1}";
}

class Search {
 public:
  explicit Search(std::string queue_id)
      : queue_id_(std::move(queue_id)),
        is_plain_(!queue_id_.empty() && std::all_of(queue_id_.begin(), queue_id_.end(), is_word_octet)) {}

  void look_at(std::string_view line) {
    ++found_.lines;
    const bool looks_like_record = line.starts_with('{') && line.find(kSchema) != std::string_view::npos;
    found_.has_records = found_.has_records || looks_like_record;
    found_.is_sampled = found_.is_sampled || (looks_like_record && is_sample(line));
    // An id of letters and digits stands in the line as it is; most lines need not be read for that.
    if (is_plain_ && !has_word(line, queue_id_)) {
      return;
    }
    observe::Record record;
    if (looks_like_record && reader_.read(line, record) != observe::Line::Malformed) {
      take(line, record);
    } else if (is_plain_ && found_.log_lines.size() < kMaxFoundLines) {
      found_.log_lines.emplace_back(line);
    }
  }

  [[nodiscard]] Found finish(bool is_whole) {
    std::stable_sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [time, line] : records_) {
      found_.records.push_back(std::move(line));
    }
    found_.is_whole = is_whole;
    return std::move(found_);
  }

 private:
  void take(std::string_view line, const observe::Record& record) {
    if (record.facts.queue_id != queue_id_) {
      return;
    }
    if (records_.size() == kMaxFound) {
      ++found_.omitted;
      return;
    }
    records_.emplace_back(record.time, line);
  }

  const std::string queue_id_;
  const bool is_plain_;
  observe::RecordReader reader_;
  std::vector<std::pair<Time, std::string>> records_;
  Found found_;
};

}  // namespace

Found find_records(const std::string& queue_id, const std::vector<std::string>& files) {
  Search search(queue_id);
  Progress progress(std::nullopt);
  bool is_whole = true;
  std::uint64_t lines = 0;
  std::uint64_t octets_before = 0;
  for (const std::string& file : files) {
    const FileLines read =
        read_lines(file, progress, [&](std::string_view line, std::uint64_t /*number*/, std::uint64_t octets) {
          search.look_at(line);
          progress.update(octets_before + octets, ++lines);
        });
    octets_before += read.octets;
    is_whole = is_whole && read.is_whole;
  }
  progress.clear();
  return search.finish(is_whole);
}

}  // namespace assay::cli
