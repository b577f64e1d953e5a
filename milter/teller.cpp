#include "milter/teller.h"

#include <string>
#include <utility>

#include "observe/log.h"

namespace assay::milter {

std::uint64_t Growth::due(std::uint64_t count, Clock::time_point now) noexcept {
  if (count <= told_ || now < next_) {
    return 0;
  }
  next_ = now + kTellInterval;
  return count - std::exchange(told_, count);
}

Teller::Teller(const RuntimeSource& source, const observe::Metrics& metrics) : source_(source), metrics_(metrics) {}

void Teller::look() {
  const auto now = Growth::Clock::now();
  tell_excess(now);
  tell_lost_lines(now);
}

void Teller::tell_excess(Growth::Clock::time_point now) {
  const auto exceeded = [this](observe::Excess excess) { return metrics_.times_exceeded(excess); };
  if (const std::uint64_t count = messages_.due(exceeded(observe::Excess::Messages), now); count > 0) {
    observe::log_warn("limits.messages: deferred " + std::to_string(count) + " messages with 451, since " +
                      std::to_string(source_.current()->settings.messages) + " were in flight");
  }
  if (const std::uint64_t count = connections_.due(exceeded(observe::Excess::Connections), now); count > 0) {
    observe::log_warn("too many open files: closed " + std::to_string(count) +
                      " new connections of the MTA at once; the limit is LimitNOFILE of the unit (ulimit -n)");
  }
}

void Teller::tell_lost_lines(Growth::Clock::time_point now) {
  // All of them each time: a warning that is lost itself is one more, and the next one tells what it told.
  if (const std::uint64_t count = observe::lost_log_lines(); lost_lines_.due(count, now) > 0) {
    observe::log_warn("log.target: lost " + std::to_string(count) +
                      " lines since the start, which it did not take, or not in time: their messages have no record");
  }
}

}  // namespace assay::milter
