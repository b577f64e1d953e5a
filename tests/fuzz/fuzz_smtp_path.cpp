#include <optional>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/message/smtp_path.h"

using namespace assay;

/// Input: what followed MAIL FROM:, and behind an octet 0 what the MTA made of it.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::as_text(data, size);
  const bool has_macro = rest.find('\0') != std::string_view::npos;
  const std::string argument(fuzz::take_part(rest));
  const std::optional<std::string> macro = has_macro ? std::optional<std::string>(rest) : std::nullopt;

  if (const auto path = message::parse_smtp_path(argument)) {
    // What it was read as reads as itself.
    const auto again = message::parse_smtp_path(path->mailbox);
    fuzz::require(again && again->mailbox == path->mailbox && again->domain == path->domain &&
                  again->local_part == path->local_part && again->is_null == path->is_null);
    fuzz::require(message::domain_of_path(argument) == path->domain);
    fuzz::require(path->is_null == path->mailbox.empty());
    fuzz::require(path->domain.empty() || path->mailbox.ends_with("@" + path->domain));
    // ESMTP parameters behind a path with angle brackets do not change it.
    const auto with_parameters = message::parse_smtp_path("<" + path->mailbox + "> SIZE=1 BODY=8BITMIME");
    fuzz::require(with_parameters && with_parameters->mailbox == path->mailbox);
  } else {
    fuzz::require(message::domain_of_path(argument).empty());
  }
  // Either a path that reads as itself wherever it is read again, or the argument, which does not read.
  const std::string read = message::read_smtp_path(argument, macro);
  const auto again = message::parse_smtp_path(read);
  fuzz::require(again ? again->mailbox == read : read == argument);
  fuzz::require(message::read_smtp_path(read, std::nullopt) == read);

  if (macro) {
    fuzz::require(message::is_same_mailbox(argument, *macro) == message::is_same_mailbox(*macro, argument));
    fuzz::require(message::is_same_domain(argument, *macro) == message::is_same_domain(*macro, argument));
  }
  fuzz::require(!again || message::is_same_mailbox(read, read));
  return 0;
}
