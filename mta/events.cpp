#include "mta/events.h"

#include <algorithm>
#include <utility>

#include "mta/answers.h"

namespace assay::mta {
namespace {

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

/// A packet written in place at the end of `out`: its length is filled in when this ends.
class PacketWriter {
 public:
  PacketWriter(std::string& out, Command command) : out_(out), start_(out.size()) {
    out_.append(4, '\0');
    out_ += static_cast<char>(command);
  }
  ~PacketWriter() {
    const std::size_t length = out_.size() - start_ - 4;
    for (std::size_t i = 0; i < 4; ++i) {
      out_[start_ + i] = static_cast<char>(length >> (24U - 8U * i) & 0xFFU);
    }
  }
  PacketWriter(const PacketWriter&) = delete;
  PacketWriter& operator=(const PacketWriter&) = delete;

  void address(std::string_view text) {
    out_ += '<';
    out_ += text.substr(0, text.find('\0'));
    out_.append(">\0", 2);
  }

 private:
  std::string& out_;
  std::size_t start_;
};

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

}  // namespace

Result<Negotiated> parse_negotiation(const Packet& packet, std::uint32_t version, std::uint32_t actions,
                                     std::uint32_t steps) {
  Negotiated negotiated;
  if (packet.command != static_cast<char>(ReplyKind::Negotiate)) {
    return protocol_failure("the answer to the negotiation is " + name_of(packet.command));
  }
  DataReader reader(packet.data);
  negotiated.version = reader.uint32();
  negotiated.actions = reader.uint32();
  negotiated.steps = reader.uint32();
  while (reader.ok() && !reader.at_end()) {
    const std::uint32_t stage = reader.uint32();
    const std::string names = reader.string();
    if (stage >= kStages) {
      return protocol_failure("a macro list for the unknown stage " + std::to_string(stage));
    }
    negotiated.macro_lists[stage] = split_words(names);
  }
  if (!reader.ok()) {
    return protocol_failure("the answer to the negotiation is cut off");
  }
  if (negotiated.version == 0 || negotiated.version > version) {
    return protocol_failure("protocol version " + std::to_string(negotiated.version) + ", offered was " +
                            std::to_string(version));
  }
  if ((negotiated.actions & ~actions) != 0 || (negotiated.steps & ~steps) != 0) {
    return protocol_failure("actions or steps are asked for that were not offered");
  }
  return negotiated;
}

void append_offer(std::string& out, std::uint32_t version, std::uint32_t actions, std::uint32_t steps) {
  const PacketWriter packet(out, Command::Negotiate);
  append_uint32(out, version);
  append_uint32(out, actions);
  append_uint32(out, steps);
}

void append_macros(std::string& out, const Negotiated& negotiated, Command command, Stage stage, const Macros& macros,
                   bool with_empty) {
  const std::size_t before = out.size();
  bool any = false;
  {
    const PacketWriter packet(out, Command::Macro);
    out += static_cast<char>(command);
    const auto& asked_for = negotiated.macro_lists[static_cast<std::size_t>(stage)];
    for (const std::string& name : asked_for ? *asked_for : default_macros(stage)) {
      const auto found = macros.find(name);
      if (found != macros.end() && (with_empty || !found->second.empty())) {
        append_string(out, name);
        append_string(out, found->second);
        any = true;
      }
    }
  }
  if (!any) {
    out.resize(before);
  }
}

void append_connect(std::string& out, const Client& client) {
  const PacketWriter packet(out, Command::Connect);
  append_string(out, client.name);
  if (client.ip.empty()) {
    out += 'U';
    return;
  }
  out += client.ip.find(':') != std::string::npos ? '6' : '4';
  append_uint16(out, client.port);
  append_string(out, client.ip);
}

void append_helo(std::string& out, std::string_view name) {
  const PacketWriter packet(out, Command::Helo);
  append_string(out, name);
}

void append_mail(std::string& out, std::string_view address, const std::vector<std::string>& parameters) {
  PacketWriter packet(out, Command::Mail);
  packet.address(address);
  for (const std::string& parameter : parameters) {
    append_string(out, parameter);
  }
}

void append_rcpt(std::string& out, std::string_view address) {
  PacketWriter packet(out, Command::Rcpt);
  packet.address(address);
}

void append_header(std::string& out, const Negotiated& negotiated, const HeaderField& field) {
  const PacketWriter packet(out, Command::Header);
  std::string_view value = field.value;
  if (!negotiated.has_step(steps::kHeaderLeadingSpace) && !value.empty() && value.front() == ' ') {
    value.remove_prefix(1);
  }
  append_string(out, field.name);
  append_string(out, value);
}

}  // namespace assay::mta
