#include "mta/milter_client.h"

#include <algorithm>
#include <utility>

namespace assay::mta {
namespace {

/// Packets are written at the latest when this many octets wait.
constexpr std::size_t kFlushOctets = 65536;

/// The macros that Postfix 3.7 sends where the filter does not choose (milter_*_macros).
std::vector<std::string> default_macros(Stage stage) {
  switch (stage) {
    case Stage::Connect: return {"j", "{daemon_name}", "{daemon_addr}", "v", "_"};
    case Stage::Helo: return {"{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"};
    case Stage::Mail:
      return {"i", "{auth_type}", "{auth_authen}", "{auth_author}", "{mail_addr}", "{mail_host}", "{mail_mailer}"};
    case Stage::Rcpt: return {"i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"};
    case Stage::Data:
    case Stage::EndOfMessage:
    case Stage::EndOfHeader: return {"i"};
  }
  return {};
}

tl::unexpected<Failure> protocol_failure(std::string what) {
  return failure(Failure{Failure::Kind::Protocol, std::move(what)});
}

/// A command octet for an error message, whatever it is.
std::string name_of(char command) {
  constexpr const char* kDigits = "0123456789abcdef";
  if (command > ' ' && command < '\x7f') {
    return std::string("'") + command + "'";
  }
  const auto octet = static_cast<unsigned char>(command);
  return std::string("0x") + kDigits[octet >> 4U] + kDigits[octet & 0xFU];
}

/// A filter doubles '%' in a reply, since Sendmail formats with it; Postfix drops one that stands alone.
std::string without_percent_doubling(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && ++i == text.size()) {
      break;
    }
    out += text[i];
  }
  return out;
}

std::string in_brackets(std::string_view address) {
  return "<" + std::string(address) + ">";
}

/// The address of an edit: without ESMTP parameters and without angle brackets.
std::string plain_address(std::string_view text) {
  if (!text.empty() && text.front() == '<') {
    return std::string(text.substr(1, text.find('>') - 1));
  }
  return std::string(text.substr(0, text.find(' ')));
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const auto start = text.find_first_not_of(" ,");
    if (start == std::string_view::npos) {
      return words;
    }
    text.remove_prefix(start);
    const auto end = std::min(text.find_first_of(" ,"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool is_final(const Answer& answer) {
  return answer.kind != Answer::Kind::Continue && answer.kind != Answer::Kind::Skip;
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

/// The action that must have been negotiated for a request; 0 if `kind` is no request for a change.
std::uint32_t needed_action(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::AddRecipient: return actions::kAddRecipients;
    case ReplyKind::AddRecipientWithParameters: return actions::kAddRecipientsWithParameters;
    case ReplyKind::DeleteRecipient: return actions::kDeleteRecipients;
    case ReplyKind::ReplaceBody: return actions::kChangeBody;
    case ReplyKind::ChangeFrom: return actions::kChangeFrom;
    case ReplyKind::AddHeader:
    case ReplyKind::InsertHeader: return actions::kAddHeaders;
    case ReplyKind::ChangeHeader: return actions::kChangeHeaders;
    case ReplyKind::Quarantine: return actions::kQuarantine;
    case ReplyKind::Shutdown:
    case ReplyKind::Accept:
    case ReplyKind::Continue:
    case ReplyKind::Discard:
    case ReplyKind::ConnectionFailure:
    case ReplyKind::Negotiate:
    case ReplyKind::Progress:
    case ReplyKind::Reject:
    case ReplyKind::Skip:
    case ReplyKind::TempFail:
    case ReplyKind::ReplyCode: return 0;
  }
  return 0;  // An octet that is no ReplyKind.
}

/// Reads an answer that is no request for a change; absent if the packet is not one.
std::optional<Answer> as_answer(const Packet& packet) {
  const auto kind = static_cast<ReplyKind>(packet.command);
  if (kind == ReplyKind::ReplyCode) {
    DataReader reader(packet.data);
    const std::string text = reader.string();
    if (!reader.ok() || !reader.at_end() || !is_smtp_reply(text)) {
      return std::nullopt;
    }
    const auto meaning = text.starts_with("421") ? Answer::Kind::Shutdown  // RFC 5321 section 3.8
                         : text.front() == '5'   ? Answer::Kind::Reject
                                                 : Answer::Kind::TempFail;
    return Answer{meaning, without_percent_doubling(text)};
  }
  if (!packet.data.empty()) {
    return std::nullopt;
  }
  if (kind == ReplyKind::Continue) {
    return Answer{};
  }
  if (kind == ReplyKind::Accept) {
    return Answer{Answer::Kind::Accept, {}};
  }
  if (kind == ReplyKind::Discard) {
    return Answer{Answer::Kind::Discard, {}};
  }
  if (kind == ReplyKind::Skip) {
    return Answer{Answer::Kind::Skip, {}};
  }
  // Without a text of the filter's the MTA uses its own: these are Postfix's.
  if (kind == ReplyKind::Reject) {
    return Answer{Answer::Kind::Reject, "550 5.7.1 Command rejected"};
  }
  if (kind == ReplyKind::TempFail) {
    return Answer{Answer::Kind::TempFail, "451 4.7.1 Service unavailable - try again later"};
  }
  if (kind == ReplyKind::Shutdown || kind == ReplyKind::ConnectionFailure) {
    return Answer{Answer::Kind::Shutdown, "421 4.7.0 Service unavailable - closing connection"};
  }
  return std::nullopt;
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
  std::string data;
  append_uint32(data, options_.version);
  append_uint32(data, options_.actions);
  append_uint32(data, options_.steps);
  append_packet(outgoing_, Command::Negotiate, data);
  auto packet = exchange(options_.timeouts.command);
  if (!packet) {
    return failure(std::move(packet.error()));
  }
  return read_negotiation(*packet);
}

Result<void> MilterClient::read_negotiation(const Packet& packet) {
  if (packet.command != static_cast<char>(ReplyKind::Negotiate)) {
    return protocol_failure("the answer to the negotiation is " + name_of(packet.command));
  }
  DataReader reader(packet.data);
  negotiated_.version = reader.uint32();
  negotiated_.actions = reader.uint32();
  negotiated_.steps = reader.uint32();
  while (reader.ok() && !reader.at_end()) {
    const std::uint32_t stage = reader.uint32();
    const std::string names = reader.string();
    if (stage >= kStages) {
      return protocol_failure("a macro list for the unknown stage " + std::to_string(stage));
    }
    negotiated_.macro_lists[stage] = split_words(names);
  }
  if (!reader.ok()) {
    return protocol_failure("the answer to the negotiation is cut off");
  }
  if (negotiated_.version == 0 || negotiated_.version > options_.version) {
    return protocol_failure("protocol version " + std::to_string(negotiated_.version) + ", offered was " +
                            std::to_string(options_.version));
  }
  if ((negotiated_.actions & ~options_.actions) != 0 || (negotiated_.steps & ~options_.steps) != 0) {
    return protocol_failure("actions or steps are asked for that were not offered");
  }
  return {};
}

void MilterClient::define(const std::string& macro, std::string value) {
  macros_[macro] = std::move(value);
}

void MilterClient::send_macros(Command command, Stage stage) {
  const auto& asked_for = negotiated_.macro_lists[static_cast<std::size_t>(stage)];
  std::string data(1, static_cast<char>(command));
  for (const std::string& name : asked_for ? *asked_for : default_macros(stage)) {
    const auto found = macros_.find(name);
    if (found != macros_.end() && !found->second.empty()) {
      append_string(data, name);
      append_string(data, found->second);
    }
  }
  if (data.size() > 1) {
    append_packet(outgoing_, Command::Macro, data);
  }
}

Result<void> MilterClient::flush(std::chrono::milliseconds timeout) {
  auto sent = channel_.send(outgoing_, timeout);
  outgoing_.clear();
  return sent;
}

Result<Packet> MilterClient::exchange(std::chrono::milliseconds timeout) {
  if (auto flushed = flush(timeout); !flushed) {
    return failure(std::move(flushed.error()));
  }
  return channel_.receive(timeout);
}

Result<Answer> MilterClient::read_answer(std::chrono::milliseconds timeout) {
  auto packet = exchange(timeout);
  while (packet && packet->command == static_cast<char>(ReplyKind::Progress) && packet->data.empty()) {
    packet = channel_.receive(timeout);
  }
  if (!packet) {
    return failure(std::move(packet.error()));
  }
  auto answer = as_answer(*packet);
  if (!answer) {
    return protocol_failure("an unexpected or malformed answer " + name_of(packet->command));
  }
  return *std::move(answer);
}

Result<Answer> MilterClient::event(Command command, std::string_view data, std::uint32_t no_reply,
                                   std::chrono::milliseconds timeout) {
  append_packet(outgoing_, command, data);
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
  std::string data;
  append_string(data, client.name);
  if (client.ip.empty()) {
    data += 'U';
  } else {
    const bool six = client.ip.find(':') != std::string::npos;
    data += six ? '6' : '4';
    append_uint16(data, client.port);
    append_string(data, client.ip);
  }
  auto answer = event(Command::Connect, data, steps::kNoReplyConnect, options_.timeouts.command);
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
  std::string data;
  append_string(data, name);
  auto answer = event(Command::Helo, data, steps::kNoReplyHelo, options_.timeouts.command);
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
  std::string data;
  append_string(data, in_brackets(address));
  for (const std::string& parameter : parameters) {
    append_string(data, parameter);
  }
  return event(Command::Mail, data, steps::kNoReplyMail, options_.timeouts.command);
}

Result<Answer> MilterClient::rcpt(std::string_view address) {
  send_macros(Command::Rcpt, Stage::Rcpt);
  if (negotiated_.has_step(steps::kNoRcpt)) {
    return Answer{};
  }
  std::string data;
  append_string(data, in_brackets(address));
  return event(Command::Rcpt, data, steps::kNoReplyRcpt, options_.timeouts.command);
}

Result<Answer> MilterClient::data() {
  send_macros(Command::Data, Stage::Data);
  if (negotiated_.has_step(steps::kNoData)) {
    return Answer{};
  }
  return event(Command::Data, {}, steps::kNoReplyData, options_.timeouts.command);
}

Result<Answer> MilterClient::header(const HeaderField& field) {
  if (negotiated_.has_step(steps::kNoHeaders)) {
    return Answer{};
  }
  std::string_view value = field.value;
  if (!negotiated_.has_step(steps::kHeaderLeadingSpace) && !value.empty() && value.front() == ' ') {
    value.remove_prefix(1);
  }
  std::string data;
  append_string(data, field.name);
  append_string(data, value);
  return event(Command::Header, data, steps::kNoReplyHeader, options_.timeouts.content);
}

Result<Answer> MilterClient::end_of_header() {
  send_macros(Command::EndOfHeader, Stage::EndOfHeader);
  if (negotiated_.has_step(steps::kNoEndOfHeader)) {
    return Answer{};
  }
  return event(Command::EndOfHeader, {}, steps::kNoReplyEndOfHeader, options_.timeouts.content);
}

Result<Answer> MilterClient::body(std::string_view chunk) {
  if (negotiated_.has_step(steps::kNoBody)) {
    return Answer{};
  }
  return event(Command::Body, chunk, steps::kNoReplyBody, options_.timeouts.content);
}

Result<Edit> MilterClient::read_edit(const Packet& packet) const {
  const auto kind = static_cast<ReplyKind>(packet.command);
  if ((needed_action(kind) & negotiated_.actions) == 0) {
    return protocol_failure("the request " + name_of(packet.command) + " was not negotiated or is not known");
  }
  DataReader reader(packet.data);
  Edit edit;
  const auto field = [&](Edit::Kind header_edit) {
    edit.kind = header_edit;
    edit.index = header_edit == Edit::Kind::AddHeader ? 0 : reader.uint32();
    edit.name = reader.string();
    edit.value = reader.string();
    return !edit.name.empty();
  };
  const auto address = [&](Edit::Kind envelope_edit) {
    edit.kind = envelope_edit;
    edit.value = plain_address(reader.string());
    if (reader.ok() && !reader.at_end()) {
      (void)reader.string();  // ESMTP parameters
    }
    return true;
  };
  bool valid = true;
  if (kind == ReplyKind::AddHeader) {
    valid = field(Edit::Kind::AddHeader);
  } else if (kind == ReplyKind::InsertHeader) {
    valid = field(Edit::Kind::InsertHeader);
  } else if (kind == ReplyKind::ChangeHeader) {
    valid = field(Edit::Kind::ChangeHeader);
  } else if (kind == ReplyKind::DeleteRecipient) {
    valid = address(Edit::Kind::DeleteRecipient);
  } else if (kind == ReplyKind::ChangeFrom) {
    valid = address(Edit::Kind::ChangeFrom);
  } else if (kind == ReplyKind::ReplaceBody) {
    return Edit{Edit::Kind::ReplaceBody, 0, {}, packet.data};
  } else {
    valid = address(Edit::Kind::AddRecipient);
  }
  if (!valid || !reader.ok() || !reader.at_end()) {
    return protocol_failure("the request " + name_of(packet.command) + " is malformed");
  }
  return edit;
}

Result<EndAnswer> MilterClient::end_of_message() {
  send_macros(Command::EndOfMessage, Stage::EndOfMessage);
  append_packet(outgoing_, Command::EndOfMessage, {});
  if (auto flushed = flush(options_.timeouts.content); !flushed) {
    return failure(std::move(flushed.error()));
  }
  EndAnswer end;
  while (true) {
    auto packet = channel_.receive(options_.timeouts.content);
    if (!packet) {
      return failure(std::move(packet.error()));
    }
    const auto kind = static_cast<ReplyKind>(packet->command);
    if (kind == ReplyKind::Progress && packet->data.empty()) {
      ++end.progress;
    } else if (kind == ReplyKind::Quarantine && (negotiated_.actions & actions::kQuarantine) != 0) {
      end.hold = packet->data.substr(0, packet->data.find('\0'));
    } else if (auto answer = as_answer(*packet)) {
      end.answer = *std::move(answer);
      return end;
    } else {
      auto edit = read_edit(*packet);
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
