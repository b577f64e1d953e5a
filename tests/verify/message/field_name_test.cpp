#include "verify/message/field_name.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "verify/base/text.h"

using namespace assay;
using message::FieldName;

TEST_CASE("message/field_name: letter case is all that may differ", "[message]") {
  const std::string name = "X-Some-Long-Field-Name-Of-32-Oct";
  for (std::size_t size = 0; size <= name.size(); ++size) {
    const std::string text = name.substr(0, size);
    std::string upper = text;
    for (char& c : upper) {
      c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
    CAPTURE(text);
    CHECK(FieldName(text) == FieldName(upper));
    CHECK(FieldName(text) == FieldName(to_lower(text)));
    CHECK(FieldName(text, FieldName(upper).keys()) == FieldName(text));
    CHECK(FieldName(text) != FieldName(text + "x"));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = '~';
      CHECK(FieldName(text) != FieldName(other));
      CHECK(((FieldName(text) < FieldName(other)) != (FieldName(other) < FieldName(text))));
    }
  }
}

TEST_CASE("message/field_name: every octet is its own, but for A to Z", "[message]") {
  for (int i = 0; i < 256; ++i) {
    for (int k = 0; k < 256; ++k) {
      const std::string a(1, static_cast<char>(i));
      const std::string b(1, static_cast<char>(k));
      // At the start, in the middle and at the end of a name.
      const bool is_same = to_lower(a) == to_lower(b);
      const bool all_agree =
          (FieldName(a) == FieldName(b)) == is_same &&
          (FieldName("12345678" + a + "12345678") == FieldName("12345678" + b + "12345678")) == is_same &&
          (FieldName("123456789" + a) == FieldName("123456789" + b)) == is_same;
      if (!all_agree) {
        CAPTURE(i, k);
        CHECK(all_agree);
      }
    }
  }
}

TEST_CASE("message/field_name: the order is one, whatever the names", "[message][property]") {
  test::Dice dice(5322);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) {
    names.push_back(dice.text(dice.below(22), "aAbZ-\xC1"));
  }
  for (const std::string& a : names) {
    for (const std::string& b : names) {
      CAPTURE(a, b);
      REQUIRE((FieldName(a) == FieldName(b)) == iequals(a, b));
      REQUIRE((FieldName(a) < FieldName(b)) == (FieldName(b) > FieldName(a)));
      for (const std::string& c : names) {
        if (FieldName(a) < FieldName(b) && FieldName(b) < FieldName(c)) {
          REQUIRE(FieldName(a) < FieldName(c));
        }
      }
    }
  }
}
