#include "verify/message/author.h"

#include <algorithm>

#include "verify/base/text.h"
#include "verify/message/address.h"

namespace assay::message {
namespace {

/// Domains of one From field that are read, the same one written again counted again. Converting U-labels takes
/// microseconds, and a header may hold a hundred thousand.
constexpr std::size_t kMaxDomainsRead = 1000;

/// Those with other characters than ASCII, each written again counted again: one may take a tenth of a millisecond.
constexpr std::size_t kMaxInternationalRead = 20;
/// Mailboxes of one From field, whatever they say. Beyond it the rest is not even checked.
constexpr std::size_t kMaxMailboxes = 10'000;

/// How many octets Sendmail may need to write a mailbox: it puts names in quotes, that of a group before it, too, with
/// a backslash before the quotes in them, a blank beside each comment (crackaddr()), and an octet before each that it
/// gives a meaning of its own, 0x80 to 0x9F and 0xFF (SM_MM_QUOTE).
std::size_t octets_in_sendmail(std::string_view written) {
  constexpr std::size_t kQuotes = 2;
  const auto grows = [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return c == '(' || c == ')' || c == '"' || (octet >= 0x80 && octet <= 0x9F) || octet == 0xFF;
  };
  const std::size_t names = written.find(':') == std::string_view::npos ? 1 : 2;
  return written.size() + names * kQuotes +
         static_cast<std::size_t>(std::count_if(written.begin(), written.end(), grows));
}

/// Adds the mailboxes of one From field to `authors` and tells what the field is worth by itself.
FromStatus read_field(std::string_view value, std::size_t max_domains, bool sendmail_delivers, Authors& authors) {
  const std::size_t max_kept = max_domains + 1;
  const std::size_t kept_before = authors.mailboxes.size();
  std::size_t mailboxes = 0;
  std::size_t domains_read = 0;
  std::size_t international_read = 0;
  bool all_usable = true;
  std::string beyond;
  const auto total = for_each_address(value, [&](const AddrSpec& address) {
    if (++mailboxes > kMaxMailboxes) {
      beyond = "more than " + std::to_string(kMaxMailboxes) + " mailboxes";
      return false;
    }
    if (sendmail_delivers && octets_in_sendmail(address.written) > kSendmailMailboxOctets) {
      beyond = "a mailbox of which Sendmail would cut off the end";
      return false;
    }
    if (authors.mailboxes.size() < max_kept) {
      authors.mailboxes.push_back(address.text);
    }
    if (authors.status == FromStatus::Repeated || authors.domains.size() == max_kept || !all_usable) {
      return true;  // What else it names changes nothing.
    }
    if (++domains_read > kMaxDomainsRead) {
      beyond = "more than " + std::to_string(kMaxDomainsRead) + " mailboxes";
      return false;
    }
    if (!is_ascii(address.domain) && ++international_read > kMaxInternationalRead) {
      beyond = "more than " + std::to_string(kMaxInternationalRead) + " domains in other characters than ASCII";
      return false;
    }
    // RFC 9989 section 5.3.1: A-labels before anything else. Literals and names that DNS cannot carry have none.
    auto domain = Domain::parse(address.domain);
    if (!domain) {
      all_usable = false;
      authors.detail = domain.error().what;
    } else if (std::find(authors.domains.begin(), authors.domains.end(), *domain) == authors.domains.end()) {
      authors.domains.push_back(std::move(*domain));
    }
    return true;
  });
  if (!total) {
    // Half a list would show a mailbox that the field may not mean at all.
    authors.mailboxes.resize(kept_before);
    authors.detail =
        !beyond.empty() ? beyond : total.error().what + " (at octet " + std::to_string(total.error().offset) + ")";
    return FromStatus::Unparsable;
  }
  if (*total == 0) {
    authors.detail = "no mailbox";
  }
  return *total != 0 && all_usable ? FromStatus::Ok : FromStatus::NoDomain;
}

/// Whether a line of `value` after its first is a From field to readers that take a CR or a LF alone for a line end
/// (RFC 5322 section 2.2 allows neither; Python's email package is one that does). A HeaderBlock holds no LF without
/// CR.
bool hides_from_field(std::string_view value) {
  constexpr std::string_view kName = "From";
  for (std::size_t cr = value.find('\r'); cr != std::string_view::npos; cr = value.find('\r')) {
    value.remove_prefix(cr + 1);
    std::string_view line = value.substr(value.starts_with('\n') ? 1 : 0);
    if (istarts_with(line, kName)) {
      line.remove_prefix(kName.size());
      const std::size_t end = line.find_first_not_of(" \t");
      if (end != std::string_view::npos && line[end] == ':') {
        return true;
      }
    }
  }
  return false;
}

bool has_hidden_from_field(const HeaderBlock& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (hides_from_field(headers[i].value)) {
      return true;
    }
  }
  return false;
}

}  // namespace

const char* to_string(FromStatus status) noexcept {
  switch (status) {
    case FromStatus::Ok: return "ok";
    case FromStatus::Missing: return "missing";
    case FromStatus::Repeated: return "repeated";
    case FromStatus::Unparsable: return "unparsable";
    case FromStatus::NoDomain: return "no_domain";
  }
  return "";
}

Authors find_authors(const HeaderBlock& headers, std::size_t max_domains, bool sendmail_delivers) {
  Authors authors;
  const std::vector<std::size_t> fields = headers.find("From");
  if (fields.size() == 1 && !has_hidden_from_field(headers)) {
    authors.status = read_field(headers[fields.front()].value, max_domains, sendmail_delivers, authors);
  } else if (!fields.empty()) {
    authors.status = FromStatus::Repeated;
    for (const std::size_t index : fields) {
      if (authors.mailboxes.size() > max_domains) {
        break;  // No more are kept.
      }
      static_cast<void>(read_field(headers[index].value, max_domains, sendmail_delivers, authors));
    }
  }
  if (authors.status != FromStatus::Ok) {
    authors.domains.clear();
  }
  if (authors.status == FromStatus::Repeated) {
    authors.detail.clear();
  }
  return authors;
}

}  // namespace assay::message
