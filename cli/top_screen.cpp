#include "cli/top_screen.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/progress.h"
#include "cli/status_report.h"

namespace assay::cli {
namespace {

constexpr std::size_t kMaxListRows = 50;  ///< Of one list: assayd sends no more.

/// `text` in ASCII.
std::string ascii(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c >= ' ' && c < '\x7F') {
      plain += c;
      continue;
    }
    std::array<char, 8> written{};
    const int size =
        std::snprintf(written.data(), written.size(), "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    plain.append(written.data(), static_cast<std::size_t>(size));
  }
  return plain;
}

/// Cut to `columns`, which shows by a '>'.
std::string cut(std::string text, std::size_t columns) {
  if (text.size() > columns) {
    text.resize(columns);
    if (columns != 0) {
      text.back() = '>';
    }
  }
  return text;
}

std::string left(std::string_view text, std::size_t columns) {
  std::string cell = cut(ascii(text), columns);
  return cell.append(columns - cell.size(), ' ');
}

std::string right(std::string_view text, std::size_t columns) {
  const std::string cell = cut(ascii(text), columns);
  return std::string(columns - cell.size(), ' ') + cell;
}

/// "12.3": messages a second.
std::string per_second(std::uint64_t count, std::uint64_t seconds) {
  const std::uint64_t tenths = count * 10 / seconds;
  return with_commas(tenths / 10) + '.' + std::to_string(tenths % 10);
}

/// Lines that are bounded in width and number. A line is made of plain text; colour is put on when it is cut.
class Screen {
 public:
  Screen(const ScreenSize& size, const Paint& paint) : size_(size), paint_(paint) {}

  [[nodiscard]] std::size_t rows_left() const { return size_.rows - std::min(size_.rows, rows_); }
  [[nodiscard]] const Paint& paint() const { return paint_; }

  void line(std::string_view text) { add(cut(ascii(text), size_.columns)); }
  void heading(std::string_view text) { add(paint_.bold(cut(ascii(text), size_.columns))); }
  void warning(std::string_view text) { add(paint_.bad(cut(ascii(text), size_.columns))); }
  /// A line that begins with a word in the colour of what it says.
  void result_line(std::string_view before, std::string_view word, std::string_view after) {
    const std::string head = cut(ascii(before), size_.columns);
    const std::string middle = cut(ascii(word), size_.columns - head.size());
    const std::string tail = cut(ascii(after), size_.columns - head.size() - middle.size());
    const auto end = middle.find_last_not_of(' ');
    const std::string bare = middle.substr(0, end + 1);  // npos + 1: nothing.
    add(head + paint_.result(bare) + middle.substr(bare.size()) + tail);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void add(const std::string& line) {
    if (rows_ < size_.rows) {
      text_ += line + '\n';
      ++rows_;
    }
  }

  ScreenSize size_;
  Paint paint_;
  std::size_t rows_ = 0;
  std::string text_;
};

ViewCount sum(const std::vector<std::pair<std::string, ViewCount>>& counts) {
  ViewCount all;
  for (const auto& [name, count] : counts) {
    all.total += count.total;
    all.ten_seconds += count.ten_seconds;
    all.minute += count.minute;
  }
  return all;
}

constexpr std::size_t kNameColumns = 16;
constexpr std::size_t kRateColumns = 11;
constexpr std::size_t kTotalColumns = 15;

std::string count_cells(const ViewCount& count) {
  constexpr std::uint64_t kTen = 10;
  constexpr std::uint64_t kMinute = 60;
  return right(per_second(count.ten_seconds, kTen), kRateColumns) +
         right(per_second(count.minute, kMinute), kRateColumns) + right(with_commas(count.total), kTotalColumns);
}

void draw_head(Screen& screen, const DaemonView& view) {
  screen.heading("assayd " + view.version + "  pid " + std::to_string(view.pid) + "  up " +
                 duration_words(seconds_between(view.since, view.now)) + "  " + view.mode + "  configuration " +
                 view.settings + "  " + view.now);
  screen.line("in flight " + with_commas(view.in_flight) + "/" + with_commas(view.messages_limit) + "  connections " +
              with_commas(view.connections) + "  reload: " + reload_words(view));
  screen.line("dns " + dns_words(view));
  for (const std::string& problem : view.problems) {
    screen.warning("problem: " + problem);
  }
}

void draw_messages(Screen& screen, const DaemonView& view) {
  screen.heading(left("messages", kNameColumns) + right("10 s: /s", kRateColumns) + right("60 s: /s", kRateColumns) +
                 right("since start", kTotalColumns));
  screen.line(left("all", kNameColumns) + count_cells(sum(view.messages)));
  for (const auto& [name, count] : view.messages) {
    if (count.total != 0) {
      screen.result_line("", left(name, kNameColumns), count_cells(count));
    }
  }
  for (const auto& [name, count] : view.dmarc) {
    if (count.total != 0 && screen.rows_left() > 0) {
      screen.result_line("dmarc ", left(name, kNameColumns - 6), count_cells(count));
    }
  }
}

struct Row {
  std::string before;
  std::string word;  ///< In the colour of what it says.
  std::string after;
};

struct List {
  std::string heading;
  std::vector<Row> rows;
};

List rule_list(const DaemonView& view) {
  constexpr std::size_t kRuleColumns = 32;
  List list;
  list.heading = left("busiest rules", kRuleColumns) + right("10 s: /s", kRateColumns) +
                 right("60 s: /s", kRateColumns) + right("since start", kTotalColumns);
  for (const auto& [rule, count] : view.rules) {
    list.rows.push_back({left(rule, kRuleColumns) + count_cells(count), "", ""});
  }
  return list;
}

List slow_list(const DaemonView& view) {
  constexpr std::size_t kSlowestColumns = 10;
  constexpr std::size_t kTimesColumns = 7;
  constexpr std::size_t kStatusColumns = 11;
  List list;
  list.heading = right("slowest", kSlowestColumns) + right("times", kTimesColumns) + "  " +
                 left("last", kStatusColumns) + "slow DNS names of 5 minutes";
  for (const DaemonView::SlowName& slow : view.slow) {
    list.rows.push_back({right(milliseconds_words(slow.longest_ms), kSlowestColumns) +
                             right(with_commas(slow.times), kTimesColumns) + "  " + left(slow.status, kStatusColumns) +
                             slow.type + ' ' + slow.name,
                         "", ""});
  }
  return list;
}

List refusal_list(const DaemonView& view) {
  constexpr std::size_t kTimeAt = 11;  // In 2026-11-22T14:05:09Z.
  constexpr std::size_t kTimeColumns = 8;
  constexpr std::size_t kIdColumns = 14;
  constexpr std::size_t kActionColumns = 11;
  constexpr std::size_t kRuleColumns = 24;
  List list;
  list.heading = left("refused", kTimeColumns + 1) + left("queue id", kIdColumns) + left("action", kActionColumns) +
                 left("rule", kRuleColumns) + "author's domain, dmarc, client";
  for (const DaemonView::Refusal& refusal : view.refusals) {
    const std::string time = refusal.time.size() > kTimeAt ? refusal.time.substr(kTimeAt, kTimeColumns) : "";
    list.rows.push_back({left(time, kTimeColumns + 1) + left(refusal.queue_id, kIdColumns - 1) + ' ',
                         left(refusal.action, kActionColumns),
                         left(refusal.rule, kRuleColumns - 1) + ' ' +
                             (refusal.from_domain.empty() ? "-" : refusal.from_domain) + ' ' +
                             (refusal.dmarc.empty() ? "-" : refusal.dmarc) + ' ' + refusal.client_ip});
  }
  return list;
}

/// Rows for each list so that all fit `rows`, with an empty line and a heading above each: as many as each has, the
/// rest shared evenly.
std::vector<std::size_t> share(const std::vector<List>& lists, std::size_t rows) {
  constexpr std::size_t kAbove = 2;
  std::vector<std::size_t> given(lists.size(), 0);
  std::size_t above = 0;
  for (const List& list : lists) {
    above += list.rows.empty() ? 0 : kAbove;
  }
  std::size_t left = rows - std::min(rows, above);
  for (bool is_changed = true; is_changed && left != 0;) {
    is_changed = false;
    for (std::size_t i = 0; i < lists.size() && left != 0; ++i) {
      if (given[i] < std::min(lists[i].rows.size(), kMaxListRows)) {
        ++given[i];
        --left;
        is_changed = true;
      }
    }
  }
  return given;
}

}  // namespace

std::string top_screen(const DaemonView& view, const ScreenSize& size, const Paint& paint) {
  Screen screen(size, paint);
  draw_head(screen, view);
  screen.line("");
  draw_messages(screen, view);
  const std::vector<List> lists{refusal_list(view), rule_list(view), slow_list(view)};
  const std::vector<std::size_t> given = share(lists, screen.rows_left());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (given[i] == 0) {
      continue;
    }
    screen.line("");
    screen.heading(lists[i].heading);
    for (std::size_t row = 0; row < given[i]; ++row) {
      const Row& its = lists[i].rows[row];
      screen.result_line(its.before, its.word, its.after);
    }
  }
  return screen.take();
}

}  // namespace assay::cli
