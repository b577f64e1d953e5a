#include <algorithm>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/support/rfc6376.h"
#include "verify/message/body.h"

using namespace assay;
using message::Canonicalization;

/// Input: an octet that says how long chunks are, one that says how much l= covers, and a body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::size_t chunk = 1 + data[0] % 64U;
  const std::string body(fuzz::as_text(data + 2, size - 2));

  struct Wanted {
    message::BodyDigestSpec spec;
    std::string canonical;  ///< The whole body, by the words of the RFC.
    message::BodyDigests::Id id = 0;
  };
  std::vector<Wanted> wanted;
  message::BodyDigests digests;
  for (const auto form : {Canonicalization::Simple, Canonicalization::Relaxed}) {
    const std::string whole = form == Canonicalization::Simple ? test::simple_body(body) : test::relaxed_body(body);
    const std::uint64_t part = data[1] * std::uint64_t{whole.size() + 2} / 256;
    for (const auto length : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(part)}) {
      wanted.push_back({{form, crypto::Hash::Sha256, length}, whole});
      wanted.back().id = digests.require(wanted.back().spec);
    }
  }
  for (std::size_t begin = 0; begin < body.size() && digests.wants_more(); begin += chunk) {
    digests.update(std::string_view(body).substr(begin, chunk));
  }
  digests.finish();
  for (const Wanted& each : wanted) {
    const std::uint64_t length = each.spec.length.value_or(each.canonical.size());
    fuzz::require(digests.value(each.id) == crypto::digest(crypto::Hash::Sha256, each.canonical.substr(0, length)));
    if (each.spec.length) {
      fuzz::require(digests.is_shorter_than_length(each.id) == (length > each.canonical.size()));
      fuzz::require(digests.has_unsigned_octets(each.id) == (length < each.canonical.size()));
    }
  }
  return 0;
}
