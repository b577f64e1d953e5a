#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/answers.h"
#include "mta/channel.h"
#include "mta/events.h"
#include "mta/message.h"
#include "mta/wire.h"

namespace assay::mta {

struct Timeouts {  // Postfix's defaults.
  std::chrono::milliseconds connect{30'000};
  std::chrono::milliseconds command{30'000};   ///< Each answer before the header.
  std::chrono::milliseconds content{300'000};  ///< Each answer from the header on; SMFIR_PROGRESS starts it anew.
};

struct Options {
  std::uint32_t version = kProtocolVersion;
  std::uint32_t actions = actions::kAll;  ///< Offered.
  std::uint32_t steps = steps::kAll;      ///< Offered.
  Timeouts timeouts;
  /// When to stop waiting, whatever `timeouts` and SMFIR_PROGRESS say.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::size_t chunk_octets = kMaxChunkOctets;  ///< Of the body, 1 to kMaxChunkOctets; others are brought into that.
  bool sends_empty_macros = false;             ///< As some MTAs do.
};

/// What became of one message.
struct Delivery {
  enum class Disposition : std::uint8_t { Accepted, Rejected, Deferred, Discarded };
  Disposition disposition = Disposition::Accepted;
  std::string reply;                    ///< Rejected, Deferred: the SMTP reply.
  Stage stage = Stage::EndOfMessage;    ///< Where that was decided; EndOfHeader for the header fields too.
  std::vector<Edit> edits;              ///< What the filter asked for.
  std::vector<HeaderField> header;      ///< With the edits, if accepted.
  std::optional<std::string> new_body;  ///< Replaced by the filter.
  std::string mail_from;                ///< As changed by the filter.
  std::vector<std::string> rcpt;        ///< Those accepted, as changed by the filter.
  std::optional<std::string> hold;      ///< Held by the filter, with this reason.
  std::size_t body_octets_sent = 0;     ///< Less than the body when the filter skipped it.
  std::size_t progress = 0;
};
[[nodiscard]] const char* to_string(Delivery::Disposition disposition) noexcept;  ///< "accept", "reject" ...

/// The MTA's side of one connection to a filter. After a Failure the connection is of no use: drop the object.
/// Not for use by two threads at once.
class MilterClient {
 public:
  /// Connects and negotiates.
  [[nodiscard]] static Result<MilterClient> open(std::string_view address, const Options& options);
  /// Negotiates on a connection that is there.
  [[nodiscard]] static Result<MilterClient> start(Channel channel, const Options& options);

  [[nodiscard]] const Negotiated& negotiated() const { return negotiated_; }
  /// Whether deliver() failed after the filter had taken on the message, by not refusing MAIL.
  [[nodiscard]] bool in_message() const { return in_message_; }

  /// Gives a macro ("i", "{auth_authen}") its value from now on; an empty one is not sent without sends_empty_macros.
  void define(const std::string& macro, std::string value);
  /// The macro has no value from now on.
  void undefine(const std::string& macro);

  // Events, for conversations that are out of the ordinary. Each sends its macros first, is left out if that was
  // negotiated, and does not wait for an answer if none was negotiated (then it is Continue).
  [[nodiscard]] Result<Answer> connect(const Client& client);
  [[nodiscard]] Result<Answer> helo(std::string_view name);
  [[nodiscard]] Result<Answer> mail(std::string_view address, const std::vector<std::string>& parameters);
  [[nodiscard]] Result<Answer> rcpt(std::string_view address);
  [[nodiscard]] Result<Answer> data();
  [[nodiscard]] Result<Answer> header(const HeaderField& field);
  [[nodiscard]] Result<Answer> end_of_header();
  [[nodiscard]] Result<Answer> body(std::string_view chunk);
  [[nodiscard]] Result<EndAnswer> end_of_message();
  [[nodiscard]] Result<void> abort();                   ///< The message in progress is over, the connection stays.
  [[nodiscard]] Result<void> quit(bool reuse = false);  ///< `reuse`: a new SMTP session follows on this connection.

  /// Sends one message from MAIL to its end, as an MTA does. An answer that ends it early is followed by abort().
  [[nodiscard]] Result<Delivery> deliver(const Envelope& envelope, const Message& message);

 private:
  MilterClient(Channel channel, const Options& options);

  [[nodiscard]] Result<void> negotiate();
  /// `timeout`, or what is left until the deadline.
  [[nodiscard]] std::chrono::milliseconds until_deadline(std::chrono::milliseconds timeout) const;
  void send_macros(Command command, Stage stage);
  /// Waits for the answer to the event just added, unless `no_reply` was negotiated.
  [[nodiscard]] Result<Answer> answer_to_event(std::uint32_t no_reply, std::chrono::milliseconds timeout);
  [[nodiscard]] Result<Answer> read_answer(std::chrono::milliseconds timeout);
  [[nodiscard]] Result<Packet> exchange(std::chrono::milliseconds timeout);
  [[nodiscard]] Result<void> flush(std::chrono::milliseconds timeout);
  [[nodiscard]] Result<Answer> send_header(const Message& message);
  [[nodiscard]] Result<Answer> send_body(std::string_view body, std::size_t& sent);

  Channel channel_;
  Options options_;
  Negotiated negotiated_;
  Macros macros_;
  std::string outgoing_;  ///< Packets not yet written: those without an answer travel together.
  bool in_message_ = false;
  std::optional<Answer> for_session_;  ///< The filter's final word on the whole SMTP session.
};

}  // namespace assay::mta
