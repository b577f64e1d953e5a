#include "verify/dkim/checks.h"

#include <chrono>
#include <string>

#include "tests/support/catch.h"

namespace assay::dkim {
namespace {

/// A signature over `body` in the simple form, up to l= where it is given.
Signature over(const std::string& body, std::optional<std::uint64_t> length) {
  Signature signature;
  const auto hash = crypto::digest(crypto::Hash::Sha256, body.substr(0, length.value_or(body.size())));
  signature.body_hash.assign(hash.view().begin(), hash.view().end());
  signature.body_length = length;
  return signature;
}

Reason check(const Signature& signature, const std::string& body) {
  message::BodyDigests digests;
  const auto id = digests.require(body_digest_spec(signature));
  digests.update(body);
  digests.finish();
  return check_body(signature, digests, id);
}

const std::string kBody = "one\r\ntwo\r\n";

}  // namespace

TEST_CASE("dkim/checks: the body hash must be that of the body (RFC 6376 section 6.1.3 step 3)", "[dkim]") {
  CHECK(check(over(kBody, std::nullopt), kBody) == Reason::None);
  CHECK(check(over(kBody, std::nullopt), "one\r\ntwO\r\n") == Reason::BodyHashMismatch);
  CHECK(check(over(kBody, std::nullopt), kBody + "more\r\n") == Reason::BodyHashMismatch);
}

TEST_CASE("dkim/checks: l= must not exceed the canonical body (RFC 6376 section 3.5, l=)", "[dkim]") {
  CHECK(check(over(kBody, kBody.size()), kBody) == Reason::None);
  // The hash would be the same: there is nothing beyond the end.
  CHECK(check(over(kBody, kBody.size() + 1), kBody) == Reason::BodyShorterThanLength);
}

TEST_CASE("dkim/checks: octets that l= leaves unsigned are told (RFC 6376 section 8.2)", "[dkim]") {
  CHECK(check(over(kBody, kBody.size() - 1), kBody) == Reason::UnsignedBody);
  CHECK(check(over(kBody, kBody.size()), kBody + "more\r\n") == Reason::UnsignedBody);
  CHECK(check(over(kBody, kBody.size()), "One\r\ntwo\r\nmore\r\n") == Reason::BodyHashMismatch);
}

TEST_CASE("dkim/checks: l=0 signs no octet of the body, which is not the same as no l= (RFC 6376 section 3.5, l=)",
          "[dkim]") {
  CHECK(body_digest_spec(over(kBody, 0)).length == std::uint64_t{0});
  CHECK_FALSE(body_digest_spec(over(kBody, std::nullopt)).length);
  CHECK(check(over(kBody, 0), kBody) == Reason::UnsignedBody);
  CHECK(check(over("", 0), "") == Reason::UnsignedBody);  // The simple form of an empty body is a CRLF.
}

TEST_CASE("dkim/checks: a signature expires at x=, give or take the skew (RFC 6376 section 3.5, x=)", "[dkim]") {
  const Limits limits;
  const Time now{std::chrono::seconds(1'750'000'000)};
  const auto at = static_cast<std::uint64_t>((now - limits.clock_skew).time_since_epoch().count());
  Signature signature;
  CHECK(check_times(signature, limits, now) == Reason::None);
  signature.expiration = at;
  CHECK(check_times(signature, limits, now) == Reason::None);
  signature.expiration = at - 1;
  CHECK(check_times(signature, limits, now) == Reason::Expired);
  signature.expiration = 0;  // Not the same as absent.
  CHECK(check_times(signature, limits, now) == Reason::Expired);
}

TEST_CASE("dkim/checks: a signature from the future is none, give or take the skew (RFC 6376 section 3.5, t=)",
          "[dkim]") {
  const Limits limits;
  const Time now{std::chrono::seconds(1'750'000'000)};
  Signature signature;
  signature.timestamp = static_cast<std::uint64_t>((now + limits.clock_skew).time_since_epoch().count());
  CHECK(check_times(signature, limits, now) == Reason::None);
  ++*signature.timestamp;
  CHECK(check_times(signature, limits, now) == Reason::FutureTimestamp);
  // Before 1970, as a clock that was never set may have it, everything is the future.
  CHECK(check_times(signature, limits, Time{std::chrono::seconds(-1'000)}) == Reason::FutureTimestamp);
}

}  // namespace assay::dkim
