#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::cli {

/// What looking for a message came to.
struct Found {
  std::vector<std::string> records;    ///< Lines of decision records of that queue id, by time.
  std::vector<std::string> log_lines;  ///< Other lines that name it.
  std::uint64_t omitted = 0;           ///< Records beyond kMaxFound.
  std::uint64_t lines = 0;             ///< That were looked at.
  bool has_records = false;            ///< Some line looks like a decision record.
  bool is_sampled = false;             ///< Some record stands for several messages (log.sample).
  bool is_whole = true;                ///< Every file was read to its end.
};

/// Looks for the decision records of a queue id in files, plain or compressed by gzip, "-" for standard input. A queue
/// id is used again in time: there may be several. Says on standard error what cannot be read.
[[nodiscard]] Found find_records(const std::string& queue_id, const std::vector<std::string>& files);

/// Records that are told of one queue id.
inline constexpr std::size_t kMaxFound = 100;
/// Other lines that are.
inline constexpr std::size_t kMaxFoundLines = 20;

}  // namespace assay::cli
