#include "tests/bench/load_legs.h"

#include <utility>

namespace assay::bench {
namespace {

using mta::Command;
using mta::Stage;
namespace steps = mta::steps;

/// Stands for the queue id until a message is sent.
constexpr std::string_view kQueueIdMark = "@QUEUE-ID@@";
static_assert(kQueueIdMark.size() == kQueueIdOctets);
/// Packets without an answer are written at the latest when so many octets wait.
constexpr std::size_t kWriteOctets = 65536;

/// The values that Postfix gives its macros.
mta::Macros macros_of(const Sample& sample) {
  const auto host_of = [](const std::string& address) {
    const auto at = address.rfind('@');
    return at == std::string::npos ? std::string() : address.substr(at + 1);
  };
  const std::string& from = sample.envelope.mail_from;
  const std::string to = sample.envelope.rcpt.empty() ? std::string() : sample.envelope.rcpt.front();
  return {{"i", std::string(kQueueIdMark)},
          {"j", "mx.example.net"},
          {"v", "Postfix 3.7.11"},
          {"_", sample.client.name + " [" + sample.client.ip + "]"},
          {"{daemon_name}", "mx.example.net"},
          {"{daemon_addr}", "198.51.100.1"},
          {"{client_addr}", sample.client.ip},
          {"{client_name}", sample.client.name},
          {"{client_port}", "25"},
          {"{client_ptr}", sample.client.name},
          {"{mail_addr}", from},
          {"{mail_host}", host_of(from)},
          {"{mail_mailer}", "smtp"},
          {"{rcpt_addr}", to},
          {"{rcpt_host}", host_of(to)},
          {"{rcpt_mailer}", "smtp"}};
}

class LegWriter {
 public:
  explicit LegWriter(const mta::Negotiated& negotiated) : negotiated_(negotiated) {}

  [[nodiscard]] std::string& out() { return leg_.head; }
  void macros(Command command, Stage stage, const mta::Macros& macros) {
    mta::append_macros(leg_.head, negotiated_, command, stage, macros);
  }
  /// After an event was added that is answered unless `no_reply` was negotiated.
  void end_event(std::uint32_t no_reply, Leg::Kind kind = Leg::Kind::Command, std::string_view tail = {}) {
    leg_.answered = !negotiated_.has_step(no_reply);
    leg_.kind = kind;
    leg_.tail = tail;
    if (leg_.answered || leg_.head.size() + tail.size() >= kWriteOctets || !tail.empty()) {
      close();
    }
  }
  [[nodiscard]] Legs finish() {
    close();
    return std::move(legs_);
  }

 private:
  void close() {
    if (leg_.head.empty()) {
      return;
    }
    for (auto at = leg_.head.find(kQueueIdMark); at != std::string::npos; at = leg_.head.find(kQueueIdMark, at + 1)) {
      leg_.queue_id_at.push_back(at);
    }
    legs_.push_back(std::exchange(leg_, {}));
  }

  const mta::Negotiated& negotiated_;
  Leg leg_;
  Legs legs_;
};

/// The head of the packet of a body chunk.
void append_chunk_head(std::string& out, std::size_t octets) {
  mta::append_uint32(out, static_cast<std::uint32_t>(octets + 1));
  out += static_cast<char>(Command::Body);
}

}  // namespace

Leg offer_leg(std::uint32_t actions, std::uint32_t steps) {
  Leg leg;
  leg.kind = Leg::Kind::Offer;
  leg.answered = true;
  mta::append_offer(leg.head, mta::kProtocolVersion, actions, steps);
  return leg;
}

Legs encode_content(const mta::Negotiated& negotiated, const std::vector<mta::HeaderField>& header,
                    std::string_view body, const Sample& sample, std::size_t chunk_octets) {
  const mta::Macros macros = macros_of(sample);
  LegWriter legs(negotiated);
  if (!negotiated.has_step(steps::kNoHeaders)) {
    for (const mta::HeaderField& field : header) {
      mta::append_header(legs.out(), negotiated, field);
      legs.end_event(steps::kNoReplyHeader, Leg::Kind::Header);
    }
  }
  legs.macros(Command::EndOfHeader, Stage::EndOfHeader, macros);
  if (!negotiated.has_step(steps::kNoEndOfHeader)) {
    mta::append_packet(legs.out(), Command::EndOfHeader, {});
    legs.end_event(steps::kNoReplyEndOfHeader);
  }
  while (!body.empty() && !negotiated.has_step(steps::kNoBody)) {
    const std::string_view chunk = body.substr(0, chunk_octets);
    append_chunk_head(legs.out(), chunk.size());
    legs.end_event(steps::kNoReplyBody, Leg::Kind::Body, chunk);
    body.remove_prefix(chunk.size());
  }
  legs.macros(Command::EndOfMessage, Stage::EndOfMessage, macros);
  mta::append_packet(legs.out(), Command::EndOfMessage, {});
  legs.end_event(0, Leg::Kind::End);
  return legs.finish();
}

SampleLegs encode(const mta::Negotiated& negotiated, const Sample& sample, std::size_t chunk_octets) {
  mta::Macros macros = macros_of(sample);
  SampleLegs result;
  LegWriter greeting(negotiated);
  greeting.macros(Command::Connect, Stage::Connect, macros);
  if (!negotiated.has_step(steps::kNoConnect)) {
    mta::append_connect(greeting.out(), sample.client);
    greeting.end_event(steps::kNoReplyConnect);
  }
  greeting.macros(Command::Helo, Stage::Helo, macros);
  if (!negotiated.has_step(steps::kNoHelo)) {
    mta::append_helo(greeting.out(), sample.helo);
    greeting.end_event(steps::kNoReplyHelo);
  }
  result.greeting = greeting.finish();

  LegWriter mail(negotiated);
  mail.macros(Command::Mail, Stage::Mail, macros);
  if (!negotiated.has_step(steps::kNoMail)) {
    mta::append_mail(mail.out(), sample.envelope.mail_from, sample.envelope.mail_parameters);
    mail.end_event(steps::kNoReplyMail);
  }
  result.mail = mail.finish();

  for (const std::string& address : sample.envelope.rcpt) {
    macros["{rcpt_addr}"] = address;
    LegWriter rcpt(negotiated);
    rcpt.macros(Command::Rcpt, Stage::Rcpt, macros);
    if (!negotiated.has_step(steps::kNoRcpt)) {
      mta::append_rcpt(rcpt.out(), address);
      rcpt.end_event(steps::kNoReplyRcpt);
    }
    result.rcpt.push_back(rcpt.finish());
  }

  LegWriter data(negotiated);
  data.macros(Command::Data, Stage::Data, macros);
  if (!negotiated.has_step(steps::kNoData)) {
    mta::append_packet(data.out(), Command::Data, {});
    data.end_event(steps::kNoReplyData);
  }
  result.data = data.finish();
  result.content = encode_content(negotiated, sample.message.header, sample.message.body, sample, chunk_octets);
  return result;
}

}  // namespace assay::bench
