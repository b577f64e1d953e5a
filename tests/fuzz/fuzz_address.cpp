#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/message/address.h"
#include "verify/message/author.h"

using namespace assay;

/// Input: the value of a From field.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 3;
  message::HeaderBlock headers;
  headers.add("From", fuzz::as_text(data, size));
  const std::string text(headers[0].value);  // with the line ends that a header has
  const auto list = message::parse_address_list(text, kMost);
  if (list) {
    fuzz::require(list->addresses.size() == std::min(list->total, kMost));
    for (const message::AddrSpec& address : list->addresses) {
      // What an address was read as reads as itself.
      const auto again = message::parse_address_list(address.text, kMost);
      fuzz::require(again && again->total == 1 && again->addresses.front().domain == address.domain &&
                    again->addresses.front().local_part == address.local_part);
      fuzz::require(address.text.find_first_of("\r\n\0", 0, 3) == std::string::npos);
    }
  }
  const auto authors = message::find_authors(headers, kMost);
  fuzz::require((authors.status == message::FromStatus::Ok) == !authors.domains.empty());
  fuzz::require(authors.domains.size() <= kMost + 1 && authors.mailboxes.size() <= kMost + 1);
  for (auto domain = authors.domains.begin(); domain != authors.domains.end(); ++domain) {
    fuzz::require(std::count(authors.domains.begin(), authors.domains.end(), *domain) == 1);
  }
  if (authors.status == message::FromStatus::Ok) {
    // Nobody is an author whom the list does not name.
    fuzz::require(list.has_value() && list->total >= authors.domains.size());
    for (const message::AddrSpec& address : list->addresses) {
      const auto domain = Domain::parse(address.domain);
      fuzz::require(domain && (authors.domains.size() > kMost ||
                               std::count(authors.domains.begin(), authors.domains.end(), *domain) == 1));
    }
  }
  // A second From field, in any letter case, is never overlooked (RFC 5322 section 3.6).
  headers.add("fROM", " a@example.com");
  fuzz::require(message::find_authors(headers, kMost).status == message::FromStatus::Repeated);
  return 0;
}
