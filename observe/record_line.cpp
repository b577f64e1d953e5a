#include "observe/record_line.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace assay::observe {
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

std::string time_of_day(Time time, const Paint& paint) {
  return paint.dim(to_rfc3339(time).substr(kTimeAt, kTimeColumns)) + "  ";
}

}  // namespace

std::string program_line(Time time, std::string_view level, std::string_view text, const Paint& paint) {
  constexpr std::string_view kName = "assayd";
  std::string line = time_of_day(time, paint);
  line.append(kName).append(padding(kName, kQueueIdColumns)).append(2, ' ');
  line += level == "error" ? paint.bad(level) : level == "warning" ? paint.doubtful(level) : std::string(level);
  return line.append(padding(level, kActionColumns)).append(1, ' ').append(text);
}

std::string record_line(const Record& record, const Paint& paint) {
  // "QUEUE-ID: action=ACTION and so on": the first two become columns.
  const std::string text = to_text(record);
  const std::size_t id_end = text.find(kAction);
  std::string_view id = std::string_view(text).substr(0, id_end);
  id.remove_suffix(id.ends_with(':') ? 1 : 0);
  std::string_view rest = id_end == std::string::npos ? std::string_view() : std::string_view(text).substr(id_end);
  rest.remove_prefix(std::min(rest.size(), kAction.size()));
  const std::string_view action = rest.substr(0, rest.find(' '));
  rest.remove_prefix(action.size());
  return time_of_day(record.time, paint) + std::string(id) + padding(id, kQueueIdColumns) + "  " +
         paint.result(action) + padding(action, kActionColumns) + std::string(rest);
}

}  // namespace assay::observe
