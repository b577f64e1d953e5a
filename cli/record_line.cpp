#include "cli/record_line.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace assay::cli {
namespace {

/// Long queue ids of Postfix have 12 to 16 characters, Sendmail's 14.
constexpr std::size_t kQueueIdColumns = 16;
constexpr std::size_t kActionColumns = 10;
constexpr std::size_t kTimeColumns = 8;
constexpr std::size_t kTimeAt = 11;  ///< In 2026-11-22T14:05:09Z.
constexpr std::string_view kAction = " action=";

std::string padding(std::string_view word, std::size_t columns) {
  return std::string(word.size() < columns ? columns - word.size() : 0, ' ');
}

}  // namespace

std::string record_line(const observe::Record& record, const Paint& paint) {
  // "QUEUE-ID: action=ACTION and so on": the first two become columns.
  const std::string text = observe::to_text(record);
  const std::size_t id_end = text.find(kAction);
  std::string_view id = std::string_view(text).substr(0, id_end);
  id.remove_suffix(id.ends_with(':') ? 1 : 0);
  std::string_view rest = id_end == std::string::npos ? std::string_view() : std::string_view(text).substr(id_end);
  rest.remove_prefix(std::min(rest.size(), kAction.size()));
  const std::string_view action = rest.substr(0, rest.find(' '));
  rest.remove_prefix(action.size());
  return paint.dim(observe::to_rfc3339(record.time).substr(kTimeAt, kTimeColumns)) + "  " + std::string(id) +
         padding(id, kQueueIdColumns) + "  " + paint.result(action) + padding(action, kActionColumns) +
         std::string(rest);
}

}  // namespace assay::cli
