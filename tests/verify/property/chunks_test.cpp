// The verdict depends on the octets of a message alone, not on how they arrive.
#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "tests/support/rfc6376.h"
#include "tests/verify/property/vectors.h"
#include "verify/base/text.h"

using namespace assay;
using test::Dice;
using test::Vector;

namespace {

/// Cuts where the body is given to the Verification: offsets, ascending.
using Cuts = std::vector<std::size_t>;

std::string verdict_of(const Vector& vector, const message::SplitMessage& message, const Cuts& cuts) {
  Verification verification(Limits{}, {});
  test::feed_envelope(verification, vector);
  test::feed_headers(verification, message);
  const std::string_view body = message.body;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    verification.body(body.substr(begin, cut - begin));
    begin = cut;
  }
  verification.body(body.substr(begin));
  return test::write(verification.finish(*vector.dns, vector.now));
}

Cuts every_octet(std::size_t size) {
  Cuts cuts;
  for (std::size_t at = 0; at <= size; ++at) {
    cuts.push_back(at);
  }
  return cuts;
}

/// Places where a chunk's end could matter: around line ends, runs of WSP and both ends.
Cuts near_interesting_places(const std::string& body) {
  constexpr std::size_t kNear = 1;
  std::set<std::size_t> places;
  const auto add_around = [&](std::size_t at) {
    for (std::size_t cut = at - std::min(at, kNear); cut <= std::min(at + kNear, body.size()); ++cut) {
      places.insert(cut);
    }
  };
  add_around(0);
  add_around(body.size());
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (is_crlf_or_wsp(body[at]) && (at == 0 || body[at - 1] != body[at])) {
      add_around(at);
      add_around(at + 1);
    }
  }
  return {places.begin(), places.end()};
}

Cuts random_cuts(Dice& dice, std::size_t size) {
  const std::size_t longest = 1 + dice.below(dice.flip() ? 4 : 100);
  Cuts cuts;
  for (std::size_t at = dice.below(longest + 1); at < size; at += dice.below(longest + 1)) {
    cuts.push_back(at);
  }
  return cuts;
}

void with_line_ends(message::SplitMessage& message, std::string_view line_end, std::string_view at_end) {
  for (auto& field : message.fields) {
    std::string value;
    for (std::size_t at = 0; at < field.value.size(); ++at) {
      const bool is_fold = field.value.compare(at, 2, "\r\n") == 0;
      value += is_fold ? line_end : std::string_view(field.value).substr(at, 1);
      at += is_fold ? 1 : 0;
    }
    field.value = value.append(at_end);
  }
}

}  // namespace

TEST_CASE("property/chunks: a message gives one verdict, wherever its body is cut", "[property][chunks]") {
  Dice dice(6376);
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    const auto& body = vector.message.body;
    const std::string expected = verdict_of(vector, vector.message, {});
    REQUIRE(verdict_of(vector, vector.message, every_octet(body.size())) == expected);
    for (const std::size_t cut : near_interesting_places(body)) {
      CAPTURE(cut);
      REQUIRE(verdict_of(vector, vector.message, {cut}) == expected);
    }
    for (int round = 0; round < 4; ++round) {
      REQUIRE(verdict_of(vector, vector.message, random_cuts(dice, body.size())) == expected);
    }
  }
}

TEST_CASE("property/chunks: the hashes of a body are those of its canonical forms, wherever it is cut in two",
          "[property][chunks]") {
  using message::Canonicalization;
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    const std::string& body = vector.message.body;
    for (const auto form : {Canonicalization::Simple, Canonicalization::Relaxed}) {
      const std::string whole = form == Canonicalization::Simple ? test::simple_body(body) : test::relaxed_body(body);
      for (const std::size_t length : {std::size_t{0}, whole.size() / 2, whole.size(), whole.size() + 1}) {
        const auto expected = crypto::digest(crypto::Hash::Sha256, whole.substr(0, length));
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
          message::BodyDigests digests;
          const auto id = digests.require({form, crypto::Hash::Sha256, length});
          digests.update(std::string_view(body).substr(0, cut));
          digests.update(std::string_view(body).substr(cut));
          digests.finish();
          CAPTURE(cut, length);
          REQUIRE(digests.value(id) == expected);
          REQUIRE(digests.is_shorter_than_length(id) == (length > whole.size()));
          REQUIRE(digests.has_unsigned_octets(id) == (length < whole.size()));
        }
      }
    }
  }
}

TEST_CASE("property/chunks: folds may come as LF or CRLF, and a value with or without its line end",
          "[property][chunks]") {
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    const std::string expected = verdict_of(vector, vector.message, {});
    for (const char* line_end : {"\n", "\r\n"}) {
      for (const char* at_end : {"", "\n", "\r\n"}) {
        message::SplitMessage message = vector.message;
        with_line_ends(message, line_end, at_end);
        REQUIRE(verdict_of(vector, message, {}) == expected);
      }
    }
  }
}

TEST_CASE("property/chunks: what the MTA need not send would not have changed the verdict", "[property][chunks]") {
  for (const Vector& vector : test::vectors()) {
    CAPTURE(vector.name);
    Verification verification(Limits{}, {});
    test::feed_envelope(verification, vector);
    test::feed_headers(verification, vector.message);
    for (const char c : vector.message.body) {
      if (!verification.wants_body()) {
        break;
      }
      verification.body({&c, 1});
    }
    REQUIRE(test::write(verification.finish(*vector.dns, vector.now)) == verdict_of(vector, vector.message, {}));
  }
}
