#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/message/address.h"
#include "verify/message/author.h"
#include "verify/message/smtp_path.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  if (const auto path = message::parse_smtp_path(text)) {
    const auto again = message::parse_smtp_path(path->mailbox);
    fuzz::require(again && again->mailbox == path->mailbox && again->domain == path->domain &&
                  again->is_null == path->is_null && message::domain_of_path(text) == path->domain);
  }
  if (const auto list = message::parse_address_list(text, 3)) {
    for (const message::AddrSpec& address : list->addresses) {
      // What an address was read as reads as itself.
      const auto again = message::parse_address_list(address.text, 3);
      fuzz::require(again && again->total == 1 && again->addresses.front().domain == address.domain);
    }
  }
  message::HeaderBlock headers;
  headers.add("From", text);
  const auto authors = message::find_authors(headers, 5);
  fuzz::require((authors.status == message::FromStatus::Ok) == !authors.domains.empty());
  return 0;
}
