#include "mta/answers.h"

#include <string_view>
#include <utility>

namespace assay::mta {
namespace {

tl::unexpected<Failure> protocol_failure(std::string what) {
  return failure(Failure{Failure::Kind::Protocol, std::move(what)});
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

/// The address of an edit: without ESMTP parameters and without angle brackets.
std::string plain_address(std::string_view text) {
  if (!text.empty() && text.front() == '<') {
    return std::string(text.substr(1, text.find('>') - 1));
  }
  return std::string(text.substr(0, text.find(' ')));
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

}  // namespace

std::string name_of(char command) {
  constexpr const char* kDigits = "0123456789abcdef";
  if (command > ' ' && command < '\x7f') {
    return std::string("'") + command + "'";
  }
  const auto octet = static_cast<unsigned char>(command);
  return std::string("0x") + kDigits[octet >> 4U] + kDigits[octet & 0xFU];
}

bool is_final(const Answer& answer) noexcept {
  return answer.kind != Answer::Kind::Continue && answer.kind != Answer::Kind::Skip;
}

std::optional<Answer> parse_answer(const Packet& packet) {
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

Result<Edit> parse_edit(const Packet& packet, std::uint32_t actions) {
  const auto kind = static_cast<ReplyKind>(packet.command);
  if ((needed_action(kind) & actions) == 0) {
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

}  // namespace assay::mta
