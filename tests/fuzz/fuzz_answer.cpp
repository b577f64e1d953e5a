#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "resolver/answer_reader.h"
#include "resolver/parsed_octets.h"
#include "resolver/wire_name.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"
#include "verify/dkim/key.h"
#include "verify/dmarc/record.h"
#include "verify/spf/record.h"

using namespace assay;

namespace {

constexpr std::size_t kHeaderOctets = 12;

/// The question that the message repeats, so that most inputs answer theirs; or one of our own.
dns::Question question_of(std::span<const std::uint8_t> message) {
  constexpr dns::Type kTypes[] = {dns::Type::A, dns::Type::AAAA, dns::Type::MX, dns::Type::TXT, dns::Type::PTR};
  const dns::Question fallback{"example.com", dns::Type::TXT};
  std::size_t end = kHeaderOctets;
  while (end < message.size() && message[end] != 0 && message[end] < 64) {
    end += 1U + message[end];
  }
  if (end + 3 > message.size() || message[end] != 0) {
    return fallback;
  }
  const auto name = resolver::from_wire(fuzz::as_text(message.data() + kHeaderOctets, end + 1 - kHeaderOctets));
  if (!name || !dns::is_askable(to_lower(*name))) {
    return fallback;
  }
  const unsigned code = static_cast<unsigned>(message[end + 1] << 8U) | message[end + 2];
  constexpr unsigned kCodes[] = {1, 28, 15, 16, 12};  // RFC 1035 section 3.2.2, RFC 3596
  for (std::size_t i = 0; i < std::size(kCodes); ++i) {
    if (kCodes[i] == code) {
      return {to_lower(*name), kTypes[i]};
    }
  }
  return {to_lower(*name), dns::Type::TXT};
}

bool is_name_or_root(const std::string& name) {
  return name.empty() || (dns::is_askable(name) && name == to_lower(name));
}

void check(const dns::Answer& answer, const dns::Question& question, std::size_t octets) {
  const bool is_found = answer.status == dns::Status::Found;
  fuzz::require(answer.addresses.empty() !=
                (is_found && (question.type == dns::Type::A || question.type == dns::Type::AAAA)));
  fuzz::require(answer.exchanges.empty() != (is_found && question.type == dns::Type::MX));
  fuzz::require(answer.texts.empty() != (is_found && question.type == dns::Type::TXT));
  fuzz::require(answer.names.empty() != (is_found && question.type == dns::Type::PTR));
  fuzz::require(answer.status != dns::Status::Bogus);
  fuzz::require((answer.status == dns::Status::TempFail) == !answer.detail.empty());
  fuzz::require(answer.ttl.count() >= 0 && answer.ttl.count() <= 0x7FFF'FFFF);
  std::size_t held = 0;
  for (const std::string& text : answer.texts) {
    held += text.size();
  }
  fuzz::require(held <= octets && answer.addresses.size() <= octets && answer.names.size() <= octets);
  fuzz::require(std::all_of(answer.names.begin(), answer.names.end(), is_name_or_root));
  fuzz::require(std::is_sorted(answer.exchanges.begin(), answer.exchanges.end(),
                               [](const auto& a, const auto& b) { return a.preference < b.preference; }));
  for (const auto& exchange : answer.exchanges) {
    fuzz::require(is_name_or_root(exchange.host));
  }
}

dns::Status status_with(std::span<const std::uint8_t> message, std::size_t at, unsigned clear, unsigned set,
                        const dns::Question& question) {
  std::vector<std::uint8_t> changed(message.begin(), message.end());
  changed[at] = static_cast<std::uint8_t>((changed[at] & ~clear) | set);
  return resolver::read_answer(changed, question).status;
}

}  // namespace

/// Input: a DNS message.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> message(data, size);
  const dns::Question question = question_of(message);
  const dns::Answer answer = resolver::read_answer(message, question);
  check(answer, question, size);
  fuzz::require(resolver::read_answer(message, question).status == answer.status);
  if (answer.status != dns::Status::TempFail) {
    // A message that is truncated, no answer, an error, cut short or to another question says nothing (RFC 1035 4.1.1).
    fuzz::require(status_with(message, 2, 0, 0x02, question) == dns::Status::TempFail);
    fuzz::require(status_with(message, 2, 0x80, 0, question) == dns::Status::TempFail);
    fuzz::require(status_with(message, 3, 0x0F, 0x02, question) == dns::Status::TempFail);
    fuzz::require(resolver::read_answer(message.first(kHeaderOctets), question).status == dns::Status::TempFail);
    const dns::Question other{"not." + question.name, question.type};
    fuzz::require(!dns::is_askable(other.name) ||
                  resolver::read_answer(message, other).status == dns::Status::TempFail);
    // RFC 1035 section 2.3.3: the letter case of the question does not matter.
    std::vector<std::uint8_t> upper(message.begin(), message.end());
    for (std::size_t i = kHeaderOctets; i < upper.size() && upper[i] != 0; i += 1U + upper[i]) {
      for (std::size_t j = i + 1; j <= i + upper[i]; ++j) {
        upper[j] = is_lower(static_cast<char>(upper[j])) ? static_cast<std::uint8_t>(upper[j] - 'a' + 'A') : upper[j];
      }
    }
    fuzz::require(resolver::read_answer(upper, question).status == answer.status);
  }
  // What is read from the texts, whatever they are.
  if (!answer.texts.empty()) {
    static_cast<void>(spf::record_of(answer));
    static_cast<void>(dmarc::records_of(answer));
    static_cast<void>(dkim::keys_of(answer));
    static_cast<void>(resolver::parsed_octets(question, answer));
  }
  return 0;
}
