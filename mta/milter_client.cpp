#include "mta/milter_client.h"

#include <algorithm>
#include <utility>

namespace assay::mta {
namespace {

/// Packets are written at the latest when this many octets wait.
constexpr std::size_t kFlushOctets = 65536;

tl::unexpected<Failure> protocol_failure(std::string what) {
  return failure(Failure{Failure::Kind::Protocol, std::move(what)});
}

/// What an answer before the end of a message makes of that message.
void settle(Delivery& delivery, const Answer& answer, Stage stage) {
  delivery.stage = stage;
  delivery.reply = answer.reply;
  switch (answer.kind) {
    case Answer::Kind::Continue:
    case Answer::Kind::Skip:
    case Answer::Kind::Accept: delivery.disposition = Delivery::Disposition::Accepted; return;
    case Answer::Kind::Discard: delivery.disposition = Delivery::Disposition::Discarded; return;
    case Answer::Kind::Reject: delivery.disposition = Delivery::Disposition::Rejected; return;
    case Answer::Kind::TempFail:
    case Answer::Kind::Shutdown: delivery.disposition = Delivery::Disposition::Deferred; return;
  }
}

void apply_envelope_edits(Delivery& delivery, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    switch (edit.kind) {
      case Edit::Kind::AddRecipient: delivery.rcpt.push_back(edit.value); break;
      case Edit::Kind::DeleteRecipient: std::erase(delivery.rcpt, edit.value); break;
      case Edit::Kind::ChangeFrom: delivery.mail_from = edit.value; break;
      case Edit::Kind::ReplaceBody:
        if (!delivery.new_body) {
          delivery.new_body.emplace();
        }
        delivery.new_body->append(edit.value);
        break;
      case Edit::Kind::AddHeader:
      case Edit::Kind::InsertHeader:
      case Edit::Kind::ChangeHeader: break;
    }
  }
}

}  // namespace

const char* to_string(Delivery::Disposition disposition) noexcept {
  switch (disposition) {
    case Delivery::Disposition::Accepted: return "accept";
    case Delivery::Disposition::Rejected: return "reject";
    case Delivery::Disposition::Deferred: return "tempfail";
    case Delivery::Disposition::Discarded: return "discard";
  }
  return "";
}

MilterClient::MilterClient(Channel channel, const Options& options) : channel_(std::move(channel)), options_(options) {
  options_.chunk_octets = std::clamp<std::size_t>(options_.chunk_octets, 1, kMaxChunkOctets);
}

Result<MilterClient> MilterClient::open(std::string_view address, const Options& options) {
  auto channel = Channel::open(address, options.timeouts.connect);
  if (!channel) {
    return failure(std::move(channel.error()));
  }
  return start(std::move(*channel), options);
}

Result<MilterClient> MilterClient::start(Channel channel, const Options& options) {
  MilterClient client(std::move(channel), options);
  if (auto negotiated = client.negotiate(); !negotiated) {
    return failure(std::move(negotiated.error()));
  }
  return client;
}

Result<void> MilterClient::negotiate() {
  append_offer(outgoing_, options_.version, options_.actions, options_.steps);
  auto packet = exchange(options_.timeouts.command);
  if (!packet) {
    return failure(std::move(packet.error()));
  }
  auto negotiated = parse_negotiation(*packet, options_.version, options_.actions, options_.steps);
  if (!negotiated) {
    return failure(std::move(negotiated.error()));
  }
  negotiated_ = *std::move(negotiated);
  return {};
}

void MilterClient::define(const std::string& macro, std::string value) {
  macros_[macro] = std::move(value);
}

void MilterClient::undefine(const std::string& macro) {
  macros_.erase(macro);
}

std::chrono::milliseconds MilterClient::until_deadline(std::chrono::milliseconds timeout) const {
  using std::chrono::milliseconds;
  if (!options_.deadline) {
    return timeout;
  }
  const auto left = std::chrono::duration_cast<milliseconds>(*options_.deadline - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds(0), timeout);
}

Result<void> MilterClient::flush(std::chrono::milliseconds timeout) {
  auto sent = channel_.send(outgoing_, until_deadline(timeout));
  outgoing_.clear();
  return sent;
}

Result<Packet> MilterClient::exchange(std::chrono::milliseconds timeout) {
  if (auto flushed = flush(timeout); !flushed) {
    return failure(std::move(flushed.error()));
  }
  return channel_.receive(until_deadline(timeout));
}

Result<Answer> MilterClient::read_answer(std::chrono::milliseconds timeout) {
  auto packet = exchange(timeout);
  while (packet && packet->command == static_cast<char>(ReplyKind::Progress) && packet->data.empty()) {
    packet = channel_.receive(until_deadline(timeout));
  }
  if (!packet) {
    return failure(std::move(packet.error()));
  }
  auto answer = parse_answer(*packet);
  if (!answer) {
    return protocol_failure("an unexpected or malformed answer " + name_of(packet->command));
  }
  return *std::move(answer);
}

void MilterClient::send_macros(Command command, Stage stage) {
  append_macros(outgoing_, negotiated_, command, stage, macros_, options_.sends_empty_macros);
}

Result<Answer> MilterClient::answer_to_event(std::uint32_t no_reply, std::chrono::milliseconds timeout) {
  if (!negotiated_.has_step(no_reply)) {
    return read_answer(timeout);
  }
  if (outgoing_.size() >= kFlushOctets) {
    if (auto flushed = flush(timeout); !flushed) {
      return failure(std::move(flushed.error()));
    }
  }
  return Answer{};
}

Result<Answer> MilterClient::connect(const Client& client) {
  for_session_.reset();
  send_macros(Command::Connect, Stage::Connect);
  if (negotiated_.has_step(steps::kNoConnect)) {
    return Answer{};
  }
  append_connect(outgoing_, client);
  auto answer = answer_to_event(steps::kNoReplyConnect, options_.timeouts.command);
  if (answer && is_final(*answer)) {
    for_session_ = *answer;
  }
  return answer;
}

Result<Answer> MilterClient::helo(std::string_view name) {
  send_macros(Command::Helo, Stage::Helo);
  if (negotiated_.has_step(steps::kNoHelo)) {
    return Answer{};
  }
  append_helo(outgoing_, name);
  auto answer = answer_to_event(steps::kNoReplyHelo, options_.timeouts.command);
  if (answer && is_final(*answer)) {
    for_session_ = *answer;
  }
  return answer;
}

Result<Answer> MilterClient::mail(std::string_view address, const std::vector<std::string>& parameters) {
  send_macros(Command::Mail, Stage::Mail);
  if (negotiated_.has_step(steps::kNoMail)) {
    return Answer{};
  }
  append_mail(outgoing_, address, parameters);
  return answer_to_event(steps::kNoReplyMail, options_.timeouts.command);
}

Result<Answer> MilterClient::rcpt(std::string_view address) {
  send_macros(Command::Rcpt, Stage::Rcpt);
  if (negotiated_.has_step(steps::kNoRcpt)) {
    return Answer{};
  }
  append_rcpt(outgoing_, address);
  return answer_to_event(steps::kNoReplyRcpt, options_.timeouts.command);
}

Result<Answer> MilterClient::data() {
  send_macros(Command::Data, Stage::Data);
  if (negotiated_.has_step(steps::kNoData)) {
    return Answer{};
  }
  append_packet(outgoing_, Command::Data, {});
  return answer_to_event(steps::kNoReplyData, options_.timeouts.command);
}

Result<Answer> MilterClient::header(const HeaderField& field) {
  if (negotiated_.has_step(steps::kNoHeaders)) {
    return Answer{};
  }
  append_header(outgoing_, negotiated_, field);
  return answer_to_event(steps::kNoReplyHeader, options_.timeouts.content);
}

Result<Answer> MilterClient::end_of_header() {
  send_macros(Command::EndOfHeader, Stage::EndOfHeader);
  if (negotiated_.has_step(steps::kNoEndOfHeader)) {
    return Answer{};
  }
  append_packet(outgoing_, Command::EndOfHeader, {});
  return answer_to_event(steps::kNoReplyEndOfHeader, options_.timeouts.content);
}

Result<Answer> MilterClient::body(std::string_view chunk) {
  if (negotiated_.has_step(steps::kNoBody)) {
    return Answer{};
  }
  append_packet(outgoing_, Command::Body, chunk);
  return answer_to_event(steps::kNoReplyBody, options_.timeouts.content);
}

Result<EndAnswer> MilterClient::end_of_message() {
  send_macros(Command::EndOfMessage, Stage::EndOfMessage);
  append_packet(outgoing_, Command::EndOfMessage, {});
  if (auto flushed = flush(options_.timeouts.content); !flushed) {
    return failure(std::move(flushed.error()));
  }
  EndAnswer end;
  while (true) {
    auto packet = channel_.receive(until_deadline(options_.timeouts.content));
    if (!packet) {
      return failure(std::move(packet.error()));
    }
    const auto kind = static_cast<ReplyKind>(packet->command);
    if (kind == ReplyKind::Progress && packet->data.empty()) {
      ++end.progress;
    } else if (kind == ReplyKind::Quarantine && (negotiated_.actions & actions::kQuarantine) != 0) {
      end.hold = packet->data.substr(0, packet->data.find('\0'));
    } else if (auto answer = parse_answer(*packet)) {
      end.answer = *std::move(answer);
      return end;
    } else {
      auto edit = parse_edit(*packet, negotiated_.actions);
      if (!edit) {
        return failure(std::move(edit.error()));
      }
      if (end.edits.size() == kMaxEdits) {
        return protocol_failure("more than " + std::to_string(kMaxEdits) + " requests for one message");
      }
      end.edits.push_back(std::move(*edit));
    }
  }
}

Result<void> MilterClient::abort() {
  append_packet(outgoing_, Command::Abort, {});
  return flush(options_.timeouts.command);
}

Result<void> MilterClient::quit(bool reuse) {
  append_packet(outgoing_, reuse ? Command::QuitNewConnection : Command::Quit, {});
  return flush(options_.timeouts.command);
}

Result<Answer> MilterClient::send_header(const Message& message) {
  for (const HeaderField& field : message.header) {
    auto answer = header(field);
    if (!answer || is_final(*answer)) {
      return answer;
    }
    if (answer->kind == Answer::Kind::Skip) {
      break;
    }
  }
  return end_of_header();
}

Result<Answer> MilterClient::send_body(std::string_view text, std::size_t& sent) {
  while (!text.empty() && !negotiated_.has_step(steps::kNoBody)) {
    const std::string_view chunk = text.substr(0, options_.chunk_octets);
    auto answer = body(chunk);
    sent += chunk.size();
    if (!answer || answer->kind != Answer::Kind::Continue) {
      return answer;
    }
    text.remove_prefix(chunk.size());
  }
  return Answer{};
}

Result<Delivery> MilterClient::deliver(const Envelope& envelope, const Message& message) {
  in_message_ = false;
  Delivery delivery;
  delivery.mail_from = envelope.mail_from;
  delivery.header = message.header;
  if (!envelope.own_received.empty()) {
    delivery.header.insert(delivery.header.begin(), HeaderField{"Received", envelope.own_received, true});
  }
  if (for_session_) {
    settle(delivery, *for_session_, Stage::Connect);
    delivery.rcpt = envelope.rcpt;
    return delivery;
  }

  // An answer that decides ends the message; the filter must forget it before the next one.
  const auto finish = [&](const Answer& answer, Stage stage) -> Result<Delivery> {
    settle(delivery, answer, stage);
    if (answer.kind == Answer::Kind::Shutdown) {
      for_session_ = answer;
    }
    if (auto aborted = abort(); !aborted) {
      return failure(std::move(aborted.error()));
    }
    return delivery;
  };

  Result<Answer> answer = mail(envelope.mail_from, envelope.mail_parameters);
  if (!answer) {
    return failure(std::move(answer.error()));
  }
  if (is_final(*answer)) {
    return finish(*answer, Stage::Mail);
  }
  in_message_ = true;
  for (const std::string& address : envelope.rcpt) {
    answer = rcpt(address);
    if (!answer) {
      return failure(std::move(answer.error()));
    }
    const bool refused = answer->kind == Answer::Kind::Reject || answer->kind == Answer::Kind::TempFail;
    if (!refused && is_final(*answer)) {
      return finish(*answer, Stage::Rcpt);
    }
    if (!refused) {
      delivery.rcpt.push_back(address);
    }
  }
  if (delivery.rcpt.empty() && !envelope.rcpt.empty()) {
    return finish(*answer, Stage::Rcpt);
  }

  const auto content = [&](Stage stage) -> Result<Answer> {
    if (stage == Stage::Data) {
      return data();
    }
    if (stage == Stage::EndOfHeader) {
      return send_header(message);
    }
    return send_body(message.body, delivery.body_octets_sent);
  };
  for (const Stage stage : {Stage::Data, Stage::EndOfHeader, Stage::EndOfMessage}) {
    answer = content(stage);
    if (!answer) {
      return failure(std::move(answer.error()));
    }
    if (is_final(*answer)) {
      return finish(*answer, stage);
    }
  }

  auto end = end_of_message();
  if (!end) {
    return failure(std::move(end.error()));
  }
  settle(delivery, end->answer, Stage::EndOfMessage);
  delivery.hold = std::move(end->hold);
  delivery.progress = end->progress;
  delivery.edits = std::move(end->edits);
  if (delivery.disposition == Delivery::Disposition::Accepted) {
    apply_header_edits(delivery.header, delivery.edits, negotiated_.has_step(steps::kHeaderLeadingSpace));
    apply_envelope_edits(delivery, delivery.edits);
  }
  if (end->answer.kind == Answer::Kind::Shutdown) {
    for_session_ = end->answer;
  }
  return delivery;
}

}  // namespace assay::mta
