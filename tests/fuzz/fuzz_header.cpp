#include <algorithm>
#include <string>

#include "mta/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/rfc6376.h"
#include "verify/base/text.h"
#include "verify/message/canonical.h"
#include "verify/message/header_block.h"
#include "verify/message/split.h"
#include "verify/message/squeeze.h"

using namespace assay;

namespace {

void check_squeezed(std::string_view text, std::size_t octets) {
  std::string quick(octets, '\0');
  std::string slow(octets, '\0');
  quick.resize(message::squeeze_wsp(text, octets, quick.data()));
  slow.resize(message::squeeze_wsp_slowly(text, octets, slow.data()));
  fuzz::require(quick == slow);
}

std::string canonical(const message::Field& field, message::Canonicalization form) {
  std::string out;
  message::append_canonical(out, field, form);
  return out;
}

}  // namespace

/// Input: a stored message.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const message::SplitMessage message = message::split(text);
  // What was cut is the message: put together it is cut the same way.
  std::string whole;
  message::HeaderBlock headers;
  std::size_t octets = 0;
  for (const auto& field : message.fields) {
    whole += field.name + ":" + field.value + "\r\n";
    headers.add(field.name, field.value);
    octets += headers[headers.size() - 1].raw.size() + 2;
  }
  whole += "\r\n" + message.body;
  const message::SplitMessage again = message::split(whole);
  fuzz::require(again.body == message.body && again.fields.size() == message.fields.size());
  for (std::size_t i = 0; i < message.fields.size(); ++i) {
    fuzz::require(again.fields[i].name == message.fields[i].name && again.fields[i].value == message.fields[i].value);
  }

  fuzz::require(headers.size() == message.fields.size() && headers.octets() == octets);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const message::Field field = headers[i];
    fuzz::require(fuzz::is_inside(field.name, field.raw) && fuzz::is_inside(field.value, field.raw));
    fuzz::require(field.raw == message.fields[i].name + ":" + message.fields[i].value);
    const auto same = headers.find(to_lower(field.name));
    fuzz::require(std::count(same.begin(), same.end(), i) == 1);
    fuzz::require((headers.name(i) == message::FieldName("from")) == iequals(field.name, "From"));
    // RFC 6376 section 3.4: a canonical form is its own canonical form, and the one of the RFC's own words.
    fuzz::require(canonical(field, message::Canonicalization::Simple) == field.raw);
    const std::string relaxed = canonical(field, message::Canonicalization::Relaxed);
    fuzz::require(relaxed == test::relaxed_field(field.name, field.value));
    message::HeaderBlock once;
    once.add(relaxed.substr(0, relaxed.find(':')), relaxed.substr(relaxed.find(':') + 1));
    fuzz::require(canonical(once[0], message::Canonicalization::Relaxed) == relaxed);
  }
  check_squeezed(text, text.size());
  check_squeezed(text, text.size() / 2);
  // The MTA of our tests takes any octets, too.
  const mta::Message stored = mta::split_message(text);
  fuzz::require(mta::to_text(mta::split_message(mta::to_text(stored))) == mta::to_text(stored));
  return 0;
}
