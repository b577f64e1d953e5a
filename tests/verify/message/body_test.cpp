#include "verify/message/body.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/rfc6376.h"
#include "verify/base/base64.h"

using namespace assay;
using crypto::Hash;
using message::BodyDigests;
using message::BodyDigestSpec;
using message::Canonicalization;

namespace {

std::string reference(const std::string& body, Canonicalization form) {
  return form == Canonicalization::Simple ? test::simple_body(body) : test::relaxed_body(body);
}

const BodyDigestSpec kSimple{Canonicalization::Simple, Hash::Sha256, std::nullopt};
const BodyDigestSpec kRelaxed{Canonicalization::Relaxed, Hash::Sha256, std::nullopt};

std::string hash_of(const std::string& body, const BodyDigestSpec& spec) {
  BodyDigests digests;
  const auto id = digests.require(spec);
  digests.update(body);
  digests.finish();
  return encode_base64(digests.value(id).view());
}

/// Feeds `body` in chunks whose sizes `next_size` chooses, with every kind of spec at once, and compares with the
/// reference.
template <class NextSize>
void check_against_reference(const std::string& body, NextSize next_size) {
  BodyDigests digests;
  std::vector<std::pair<BodyDigests::Id, BodyDigestSpec>> specs;
  for (const auto form : {Canonicalization::Simple, Canonicalization::Relaxed}) {
    const std::uint64_t size = reference(body, form).size();
    for (const auto hash : {Hash::Sha256, Hash::Sha1}) {
      specs.emplace_back(0, BodyDigestSpec{form, hash, std::nullopt});
    }
    for (const std::uint64_t length : {std::uint64_t{0}, size / 2, size - (size == 0 ? 0 : 1), size, size + 1}) {
      specs.emplace_back(0, BodyDigestSpec{form, Hash::Sha256, length});
    }
  }
  for (auto& [id, spec] : specs) {
    id = digests.require(spec);
  }
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t size = next_size();
    digests.update(std::string_view(body).substr(begin, size));
    begin += size;
  }
  digests.finish();
  for (const auto& [id, spec] : specs) {
    const std::string whole = reference(body, spec.canonicalization);
    const std::string signed_part = spec.length ? whole.substr(0, static_cast<std::size_t>(*spec.length)) : whole;
    const bool is_same = digests.value(id) == digest(spec.hash, signed_part) &&
                         digests.is_shorter_than_length(id) == (spec.length && whole.size() < *spec.length) &&
                         digests.has_unsigned_octets(id) == (spec.length && whole.size() > *spec.length);
    // Bodies are printed for failures alone: that would be the longest part of the test.
    if (!is_same) {
      CAPTURE(body, whole, spec.length.value_or(std::uint64_t(-1)));
      CHECK(is_same);
    }
  }
  CHECK(true);
}

void check_with_chunks_of(const std::string& body, std::size_t size) {
  check_against_reference(body, [size] { return size; });
}

}  // namespace

TEST_CASE("message/body: empty bodies (RFC 6376 sections 3.4.3 and 3.4.4)", "[message]") {
  for (const std::string body : {"", "\r\n", "\r\n\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(hash_of(body, kSimple) == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    CHECK(hash_of(body, kRelaxed) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  }
  CHECK(hash_of(" \t\r\n\t", kRelaxed) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  CHECK(hash_of("", {Canonicalization::Simple, Hash::Sha1, std::nullopt}) == "uoq1oCgLlTqpdDX/iUbLy7J1Wic=");
  CHECK(hash_of("", {Canonicalization::Relaxed, Hash::Sha1, std::nullopt}) == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
}

TEST_CASE("message/body: what is hashed can be copied (RFC 6376 sections 3.4.5 and 3.5, l=)", "[message]") {
  const std::string body = " C \r\nD \t E\r\n\r\n\r\n";
  struct Row {
    BodyDigestSpec spec;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {{Canonicalization::Simple, Hash::Sha256, std::nullopt}, " C \r\nD \t E\r\n"},
      {{Canonicalization::Relaxed, Hash::Sha256, std::nullopt}, " C\r\nD E\r\n"},
      {{Canonicalization::Relaxed, Hash::Sha256, 5}, " C\r\nD"},
      {{Canonicalization::Relaxed, Hash::Sha256, 0}, ""},
      {{Canonicalization::Relaxed, Hash::Sha256, 9}, " C\r\nD E\r\n"},
      {{Canonicalization::Simple, Hash::Sha256, 1000}, " C \r\nD \t E\r\n"},
  };
  for (std::size_t chunk = 1; chunk <= body.size(); ++chunk) {
    CAPTURE(chunk);
    BodyDigests digests;
    std::vector<std::string> copies(rows.size());
    std::vector<BodyDigests::Id> ids;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ids.push_back(digests.require(rows[i].spec));
      digests.copy_to(ids.back(), [&copies, i](std::string_view octets) { copies[i] += octets; });
    }
    for (std::size_t at = 0; at < body.size(); at += chunk) {
      digests.update(std::string_view(body).substr(at, chunk));
    }
    digests.finish();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CAPTURE(i);
      CHECK(copies[i] == rows[i].expected);
      CHECK(digests.value(ids[i]) == digest(Hash::Sha256, rows[i].expected));
    }
  }
}

TEST_CASE("message/body: canonical forms", "[message]") {
  struct Row {
    std::string body, simple, relaxed;
  };
  for (const Row& row : {
           Row{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},  // RFC 6376 section 3.4.5
           Row{"a", "a\r\n", "a\r\n"},
           Row{"a ", "a \r\n", "a\r\n"},
           Row{"a\r\n \r\n", "a\r\n \r\n", "a\r\n"},
           Row{"\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
           Row{"\t\ta", "\t\ta\r\n", " a\r\n"},
           Row{"a\rb", "a\rb\r\n", "a\rb\r\n"},
           Row{"a \rb", "a \rb\r\n", "a \rb\r\n"},
           Row{"a\r", "a\r\r\n", "a\r\r\n"},
           Row{"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
           Row{"a\r\r\n", "a\r\r\n", "a\r\r\n"},
           Row{"a \r\r\n", "a \r\r\n", "a \r\r\n"},
           Row{"a\n\nb\n", "a\n\nb\n\r\n", "a\n\nb\n\r\n"},
           Row{"a \nb", "a \nb\r\n", "a \nb\r\n"},
           Row{"\n", "\n\r\n", "\n\r\n"},
           Row{"a\v \fb\xC2\xA0 ", "a\v \fb\xC2\xA0 \r\n", "a\v \fb\xC2\xA0\r\n"},
       }) {
    CAPTURE(row.body);
    CHECK(test::simple_body(row.body) == row.simple);
    CHECK(test::relaxed_body(row.body) == row.relaxed);
    CHECK(hash_of(row.body, kSimple) == encode_base64(digest(Hash::Sha256, row.simple).view()));
    CHECK(hash_of(row.body, kRelaxed) == encode_base64(digest(Hash::Sha256, row.relaxed).view()));
    for (std::size_t size = 1; size <= row.body.size(); ++size) {
      check_with_chunks_of(row.body, size);
    }
  }
}

TEST_CASE("message/body: every body of up to six octets, one octet at a time", "[message][property]") {
  constexpr std::string_view kAlphabet = "a \t\r\n";
  const auto check_all = [&](auto& self, std::string& body) -> void {
    BodyDigests digests;
    const auto simple = digests.require(kSimple);
    const auto relaxed = digests.require(kRelaxed);
    for (const char c : body) {
      digests.update({&c, 1});
    }
    digests.finish();
    if (!(digests.value(simple) == digest(Hash::Sha256, test::simple_body(body))) ||
        !(digests.value(relaxed) == digest(Hash::Sha256, test::relaxed_body(body)))) {
      CAPTURE(body);
      CHECK(false);
    }
    if (body.size() == 6) {
      return;
    }
    for (const char c : kAlphabet) {
      body.push_back(c);
      self(self, body);
      body.pop_back();
    }
  };
  std::string body;
  check_all(check_all, body);
}

TEST_CASE("message/body: random bodies in random chunks", "[message][property]") {
  std::mt19937 random(20'260'501);
  const auto up_to = [&random](std::size_t max) { return std::uniform_int_distribution<std::size_t>(0, max)(random); };
  for (int round = 0; round < 300; ++round) {
    // Words long enough that whole blocks pass unchanged, between runs of what the canonical forms look at.
    std::string body;
    const std::size_t parts = up_to(40);
    for (std::size_t i = 0; i < parts; ++i) {
      if (up_to(3) == 0) {
        body.append(up_to(300), 'x');
      }
      for (std::size_t k = up_to(6); k != 0; --k) {
        body += std::string_view("a  \t\r\n\r\n")[up_to(7)];
      }
    }
    check_with_chunks_of(body, 1);
    check_with_chunks_of(body, body.size() + 1);
    for (int times = 0; times < 3; ++times) {
      check_against_reference(body, [&] { return 1 + up_to(times == 0 ? 3 : 200); });
    }
  }
}

TEST_CASE("message/body: what stands around the edge of a vector or of a piece", "[message][property]") {
  for (const std::size_t edge : {16U, 8192U}) {
    for (std::size_t before = edge - 5; before < edge + 5; ++before) {
      for (const std::string event : {" ", "  ", "\t", " \r\n", "\r\n", "\r\n\r\n", " \r", "\r", " a ", "\r\n "}) {
        for (const std::size_t after : {0U, 1U, 15U, 16U, 17U, 200U}) {
          check_with_chunks_of(std::string(before, 'x') + event + std::string(after, 'y'), 100'000);
        }
      }
    }
  }
}

TEST_CASE("message/body: a chunk may end wherever white space is undecided", "[message][property]") {
  for (const std::string begin :
       {"a", "a ", "a \t", "a\r", "a \r", "a\r\n", "a \r\n", "a\r\n\t", "a\r\n \r", " ", "\r", ""}) {
    for (const std::string middle : {"", " ", "\t", "\r", "\n", "\r\n", " \r", "\r\r", "b"}) {
      for (const std::string end : {"", " ", "\r", "\n", "\r\n", "b", "\nb", "\r\nb"}) {
        const std::string body = begin + middle + end;
        std::size_t chunk = 0;
        check_against_reference(body, [&] {
          const std::size_t sizes[] = {begin.size(), middle.size(), end.size() + 1};
          return sizes[std::min<std::size_t>(chunk++, 2)];
        });
      }
    }
  }
}

TEST_CASE("message/body: long runs that are held back", "[message]") {
  std::string ends;
  for (int i = 0; i < 50'000; ++i) {
    ends += "\r\n";
  }
  const std::string spaces(100'000, '\t');
  for (const std::string& body :
       {"a" + ends, "a" + ends + "b", "a" + spaces + "b", "a" + spaces, spaces + ends + spaces}) {
    for (const std::size_t size : {4095U, 65'535U, 1'000'000U}) {
      check_with_chunks_of(body, size);
    }
  }
}

TEST_CASE("message/body: l= counts canonical octets (RFC 6376 section 3.5)", "[message]") {
  const auto with_length = [](Canonicalization form, std::uint64_t length) {
    return BodyDigestSpec{form, Hash::Sha256, length};
  };
  struct Row {
    std::string body;
    Canonicalization form;
    std::uint64_t length;
    std::string hashed;
    bool is_shorter, has_unsigned;
  };
  const auto simple = Canonicalization::Simple;
  const auto relaxed = Canonicalization::Relaxed;
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  for (const Row& row : {
           Row{"a  b\r\n", relaxed, 3, "a b", false, true},
           Row{"a  b\r\n", relaxed, 5, "a b\r\n", false, false},
           Row{"a  b\r\n", relaxed, 6, "a b\r\n", true, false},
           Row{"a  b\r\n", simple, 6, "a  b\r\n", false, false},
           Row{"a  b\r\n", simple, 0, "", false, true},
           Row{"", relaxed, 0, "", false, false},
           Row{"", relaxed, 1, "", true, false},
           Row{"", simple, 0, "", false, true},
           Row{"", simple, 2, "\r\n", false, false},
           Row{"ab", simple, 3, "ab\r", false, true},
           Row{"ab\r\n\r\n", simple, 4, "ab\r\n", false, false},
           Row{"ab\r\n\r\nc", simple, 4, "ab\r\n", false, true},
           Row{"ab", simple, kMax, "ab\r\n", true, false},
       }) {
    CAPTURE(row.body, row.length);
    BodyDigests digests;
    const auto id = digests.require(with_length(row.form, row.length));
    digests.update(row.body);
    digests.finish();
    CHECK(digests.value(id) == digest(Hash::Sha256, row.hashed));
    CHECK(digests.is_shorter_than_length(id) == row.is_shorter);
    CHECK(digests.has_unsigned_octets(id) == row.has_unsigned);
  }
}

TEST_CASE("message/body: when the rest of the body stops to matter", "[message]") {
  BodyDigests nothing;
  CHECK_FALSE(nothing.wants_more());
  nothing.update("a");
  nothing.finish();

  BodyDigests digests;
  const auto three = digests.require({Canonicalization::Relaxed, Hash::Sha256, 3});
  const auto none = digests.require({Canonicalization::Simple, Hash::Sha256, 0});
  CHECK(digests.wants_more());
  digests.update("ab");
  CHECK(digests.wants_more());
  digests.update("c");
  CHECK(digests.wants_more());  // still unknown whether more follows
  digests.update(" \r\n\r\n");
  CHECK(digests.wants_more());  // held back: only content makes it count
  digests.update("d");
  CHECK_FALSE(digests.wants_more());
  digests.update("ignored");
  digests.finish();
  CHECK(digests.value(three) == digest(Hash::Sha256, "abc"));
  CHECK(digests.has_unsigned_octets(three));
  CHECK_FALSE(digests.is_shorter_than_length(three));
  CHECK(digests.value(none) == digest(Hash::Sha256, ""));
  CHECK(digests.has_unsigned_octets(none));

  BodyDigests whole;
  const auto all = whole.require(kSimple);
  static_cast<void>(whole.require({Canonicalization::Simple, Hash::Sha256, 0}));
  whole.update("abc");
  CHECK(whole.wants_more());
  CHECK_FALSE(whole.has_unsigned_octets(all));
}

TEST_CASE("message/body: equal specs share one hash", "[message]") {
  BodyDigests digests;
  const auto first = digests.require(kSimple);
  const auto with_zero = digests.require({Canonicalization::Simple, Hash::Sha256, 0});
  CHECK(first != with_zero);  // l=0 is not the same as no l=
  CHECK(digests.require(kRelaxed) != first);
  CHECK(digests.require({Canonicalization::Simple, Hash::Sha1, std::nullopt}) != first);
  CHECK(digests.require(kSimple) == first);
  CHECK(digests.require({Canonicalization::Simple, Hash::Sha256, 0}) == with_zero);
  BodyDigests moved(std::move(digests));
  moved.update("a");
  moved.finish();
  CHECK(moved.value(first) == digest(Hash::Sha256, "a\r\n"));
}

TEST_CASE("message/body: fifty lengths have the hashes that each has alone", "[message][bounds]") {
  const std::string body = "a b\r\n c\t d\r\n\r\nlast line\r\n";
  BodyDigests digests;
  std::vector<std::pair<BodyDigests::Id, BodyDigestSpec>> specs;
  for (std::uint64_t length = 50; length-- > 0;) {
    const BodyDigestSpec spec{length % 3 == 0 ? Canonicalization::Simple : Canonicalization::Relaxed, Hash::Sha256,
                              length};
    specs.emplace_back(digests.require(spec), spec);
  }
  specs.emplace_back(digests.require(kRelaxed), kRelaxed);
  digests.update(body);
  digests.finish();
  for (const auto& [id, spec] : specs) {
    const std::string text = reference(body, spec.canonicalization);
    CHECK(digests.value(id) ==
          crypto::digest(Hash::Sha256, std::string_view(text).substr(0, spec.length.value_or(text.size()))));
  }
}
