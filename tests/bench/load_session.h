#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mta/answers.h"
#include "mta/channel.h"
#include "tests/bench/load_legs.h"

namespace assay::bench {

using Clock = std::chrono::steady_clock;

/// The filters that each message passes, in this order, and what is known of them. One thread's.
class Filters {
 public:
  /// `sockets` in libmilter's notation. Throws std::runtime_error if one is not.
  Filters(const std::vector<std::string>& sockets, std::size_t chunk_octets);

  [[nodiscard]] std::size_t count() const { return filters_.size(); }
  [[nodiscard]] const mta::Address& address(std::size_t filter) const { return filters_[filter].address; }
  [[nodiscard]] const Leg& offer() const { return offer_; }
  [[nodiscard]] std::size_t chunk_octets() const { return chunk_octets_; }
  /// Takes what a filter answered to the offer. False if it is not what it answered before.
  [[nodiscard]] bool agree(std::size_t filter, const mta::Negotiated& negotiated);
  [[nodiscard]] const mta::Negotiated& negotiated(std::size_t filter) const { return *filters_[filter].negotiated; }
  /// Encoded at the first use.
  [[nodiscard]] const SampleLegs& legs(std::size_t filter, const Sample& sample);

 private:
  struct Filter {
    mta::Address address;
    std::optional<mta::Negotiated> negotiated;
    std::map<const Sample*, SampleLegs> legs;
  };
  std::vector<Filter> filters_;
  Leg offer_;
  std::size_t chunk_octets_;
};

/// What became of one message.
struct Outcome {
  enum class Kind : std::uint8_t { Accepted, Rejected, Deferred, Discarded };
  Kind kind = Kind::Accepted;
  std::vector<std::string> results;  ///< Values of the Authentication-Results fields that were added.
  Clock::duration from_mail{};       ///< From the first octet of MAIL to the last filter's verdict.
  Clock::duration from_end{};        ///< From the end of the message to the verdict; of several filters, the sum.
};

/// One SMTP session and its connections to the filters; never waits. After Failed: close() and open() anew.
class Session {
 public:
  enum class Progress : std::uint8_t { Waits, WantsMessage, Done, Failed };

  explicit Session(Filters& filters);

  /// Begins a session of the client of `sample`. The descriptors are there afterwards, unless an error is returned.
  [[nodiscard]] mta::Result<void> open(const Sample& sample);
  [[nodiscard]] std::vector<int> descriptors() const;
  /// The next message; after WantsMessage or Done.
  void give(const Sample& sample, const std::string& queue_id);
  /// The kernel has news of that filter's connection.
  void wake(std::size_t filter, bool hung_up);
  [[nodiscard]] Progress advance();
  /// Sends what waits for company: for a session that stays idle.
  [[nodiscard]] mta::Result<void> flush_all();
  /// Ends the session as an MTA does.
  void close();

  [[nodiscard]] bool is_open() const { return !links_.empty(); }
  [[nodiscard]] bool is_negotiated() const { return negotiated_; }
  [[nodiscard]] bool in_message() const { return sample_ != nullptr; }
  [[nodiscard]] Outcome& outcome() { return outcome_; }
  [[nodiscard]] const mta::Failure& failure() const { return failure_; }
  [[nodiscard]] const Sample* sample() const { return sample_; }

 private:
  struct Link {
    mta::Channel channel;
    std::string outgoing;
    std::size_t sent = 0;
    bool readable = false;
    bool hung_up = false;
    bool is_out = false;  ///< Accepted this message before its end: hears no more of it.
  };
  struct Step {
    std::size_t filter;
    const Leg* leg;
  };
  enum class Next : std::uint8_t { SameLeg, NextLeg, MessageOver, Broken };

  void plan(std::size_t filter, const Legs& legs);
  [[nodiscard]] bool plan_more();
  void append(Link& link, const Leg& leg);
  [[nodiscard]] mta::Result<bool> flush(Link& link);
  [[nodiscard]] mta::Result<std::optional<mta::Packet>> next_packet(Link& link);
  [[nodiscard]] Next take(const Step& step, const mta::Packet& packet);
  [[nodiscard]] Next take_answer(const Step& step, const mta::Answer& answer);
  [[nodiscard]] Next take_edit(const Step& step, const mta::Packet& packet);
  [[nodiscard]] Next broken(mta::Failure failure);
  void skip_body(std::size_t filter);
  void end_message();

  Filters& filters_;
  std::vector<Link> links_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;
  bool appended_ = false;  ///< The leg at `at_` is in the link's outgoing octets.
  bool negotiated_ = false;
  const Sample* client_ = nullptr;  ///< Whose client the session is of.
  const Sample* sample_ = nullptr;  ///< In progress.
  std::string queue_id_;
  std::size_t content_filter_ = 0;        ///< The filter that has, or had, the content.
  std::vector<mta::HeaderField> header_;  ///< As changed by filters so far, if there are several.
  bool header_changed_ = false;
  std::vector<mta::Edit> edits_;
  std::vector<Legs> changed_legs_;
  Outcome outcome_;
  Clock::time_point mail_at_;
  Clock::time_point end_at_;
  mta::Failure failure_;
};

}  // namespace assay::bench
