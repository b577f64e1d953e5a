#include "tests/support/signed_message.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "verify/base/text.h"

namespace assay::test {
namespace {

std::string with_crlf(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
      result += '\r';
    }
    result += text[i];
  }
  return result;
}

void add_field(message::HeaderBlock& headers, std::string_view field) {
  const auto colon = field.find(':');
  if (colon != std::string_view::npos) {
    headers.add(field.substr(0, colon), field.substr(colon + 1));
  }
}

}  // namespace

SignedMessage read_signed_message(std::string_view text) {
  const std::string octets = with_crlf(text);
  SignedMessage message;
  std::size_t begin = 0;
  std::size_t position = 0;
  while (position < octets.size() && octets.compare(position, 2, "\r\n") != 0) {
    const auto line_end = octets.find("\r\n", position);
    position = line_end == std::string::npos ? octets.size() : line_end + 2;
    if (position == octets.size() || !is_wsp(octets[position])) {
      add_field(message.headers, std::string_view(octets).substr(begin, position - begin));
      begin = position;
    }
  }
  if (position < octets.size()) {
    message.body = octets.substr(position + 2);
  }
  return message;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<dkim::Outcome> verify_dkim(const SignedMessage& message, dns::Resolver& dns, const Limits& limits, Time now,
                                       const std::vector<Domain>& authors, bool wants_trace) {
  message::BodyDigests body;
  const auto candidates = dkim::select(message.headers, authors, body, limits);
  body.update(message.body);
  body.finish();
  dkim::HeaderHashes hashes(message.headers);
  auto effort = dkim::Effort::for_signatures(hashes, limits);
  return dkim::verify_all(candidates, body, dns, effort, limits, now, wants_trace);
}

arc::Outcome verify_arc(const SignedMessage& message, dns::Resolver& dns, const Limits& limits, Time now,
                        bool wants_trace) {
  message::BodyDigests body;
  const auto chain = arc::Chain::collect(message.headers, body, limits);
  body.update(message.body);
  body.finish();
  dkim::HeaderHashes hashes(message.headers);
  auto effort = dkim::Effort::for_chain(dkim::Effort::for_signatures(hashes, limits), limits);
  return chain.verify(body, dns, effort, limits, now, wants_trace);
}

}  // namespace assay::test
