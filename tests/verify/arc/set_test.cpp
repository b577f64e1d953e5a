#include "verify/arc/set.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::arc {
namespace {

struct Row {
  const char* name;
  std::string text;
  unsigned expected;  ///< 0: no instance.
};

unsigned tagged(const std::string& text) {
  const auto instance = read_instance(dkim::TagList::parse(text, 100));
  return instance ? *instance : 0;
}

ChainValidation validation(const std::string& text) {
  return read_chain_validation(dkim::TagList::parse(text, 100));
}

}  // namespace

TEST_CASE("arc/set: the instance of the results stands first (RFC 8617 section 4.1.1)", "[arc][parse]") {
  const Row rows[] = {
      {"plain", " i=1; mx.example; none", 1},
      {"no space", "i=50;x", 50},
      {"leading zero", " i=01; x", 1},
      {"CFWS everywhere", " (a (nested) comment)\r\n i (b) = (c\\)) 7 (d) ; x", 7},
      {"0", " i=0; x", 0},
      {"51", " i=51; x", 0},
      {"three digits", " i=001; x", 0},
      {"empty", " i=; x", 0},
      {"word", " i=one; x", 0},
      {"sign", " i=+1; x", 0},
      {"capital I", " I=1; x", 0},
      {"missing", " mx.example; i=1", 0},
      {"not first", " mx.example; i=1; none", 0},
      {"no semicolon", " i=1 mx.example; none", 0},
      {"at the end", " i=1", 0},
      {"open comment", " (i=1; x", 0},
      {"no text", "", 0},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto results = parse_results(row.text);
      CHECK((results ? results->instance : 0) == row.expected);
    }
  }
  const std::string text = " i=1; mx.example; spf=pass";
  CHECK(parse_results(text)->payload == " mx.example; spf=pass");
}

TEST_CASE("arc/set: a number out of range is told from no number", "[arc][parse]") {
  CHECK(parse_results("i=51; x").error().number == 51);
  CHECK(parse_results("i=99; x").error().number == 99);
  CHECK(parse_results("i=100; x").error().number == 0);
  CHECK(read_instance(dkim::TagList::parse("i=51", 100)).error().number == 51);
}

TEST_CASE("arc/set: the instance of a signature may stand anywhere in the list", "[arc][parse]") {
  CHECK(tagged("i=1; a=x") == 1);
  CHECK(tagged("a=x; i = 12 ;b=y") == 12);
  CHECK(tagged("a=x; i=(c) 3 (d)") == 3);
  CHECK(tagged("a=x; I=1") == 0);
  CHECK(tagged("a=x; i=") == 0);
  CHECK(tagged("a=x; i=0") == 0);
  CHECK(tagged("a=x; i=1 2") == 0);
  CHECK(tagged("a=x; i=1; i=1") == 0);
  CHECK(tagged("a=x; i=1;; b=y") == 0);
  CHECK(tagged("a=x") == 0);
}

TEST_CASE("arc/set: cv= is none, fail or pass in any case, under a name in lower case (RFC 8617 section 3.9)",
          "[arc][parse]") {
  CHECK(validation("cv=none") == ChainValidation::None);
  CHECK(validation("cv=Pass") == ChainValidation::Pass);
  CHECK(validation("cv = (x) FAIL (y)") == ChainValidation::Fail);
  CHECK(validation("CV=pass") == ChainValidation::Malformed);
  CHECK(validation("cv=") == ChainValidation::Malformed);
  CHECK(validation("cv=passed") == ChainValidation::Malformed);
  CHECK(validation("cv=pass fail") == ChainValidation::Malformed);
  CHECK(validation("a=b") == ChainValidation::Malformed);
}

TEST_CASE("arc/set: no truncation of an instance crashes", "[arc][parse][property]") {
  const std::string text = " (a (b\\)) c) i (d) = (e) 12 (f) ; mx";
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    (void)parse_results(cut);
  }
  const std::string deep(100'000, '(');
  CHECK(!parse_results(deep));
}

}  // namespace assay::arc
