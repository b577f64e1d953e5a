#include "observe/json_text.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "observe/record.h"
#include "tests/observe/random_record.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "tests/support/dice.h"

using assay::observe::JsonText;
using assay::observe::to_json;
using Json = nlohmann::ordered_json;

TEST_CASE("observe/json_text: values are written as RFC 8259 has them", "[observe][json]") {
  struct Row {
    JsonText value;
    const char* expected;
  };
  const Row rows[] = {
      {nullptr, "null"},
      {true, "true"},
      {false, "false"},
      {0U, "0"},
      {-7, "-7"},
      {std::numeric_limits<std::uint64_t>::max(), "18446744073709551615"},
      {"", R"("")"},
      {"a\"b\\c\xC3\xA9", "\"a\\\"b\\\\c\xC3\xA9\""},
      {std::string("\\\\"), R"("\\\\")"},
      {JsonText::array(), "[]"},
      {{}, "{}"},
      {{{"a", 1U}}, R"({"a":1})"},
      {{{"a", {{"b", nullptr}, {"c", JsonText::array()}}}, {"d", "e"}}, R"({"a":{"b":null,"c":[]},"d":"e"})"},
  };
  for (const Row& row : rows) {
    CHECK(row.value.str() == row.expected);
  }
}

TEST_CASE("observe/json_text: arrays and objects grow", "[observe][json]") {
  JsonText list = JsonText::array();
  list.push_back("a");
  list.push_back(JsonText{{"b", 2U}});
  JsonText object = {{"list", list}};
  object.add("more", JsonText::array());
  CHECK(object.str() == R"({"list":["a",{"b":2}],"more":[]})");
}

TEST_CASE("observe/json_text: a JSON library reads any record and writes it the same", "[observe][json][property]") {
  assay::test::Dice dice(20261126);
  for (int i = 0; i < 300; ++i) {
    const std::string line = to_json(assay::test::random_record(dice));
    REQUIRE(Json::parse(line).dump() == line);
  }
  const std::string line = to_json(assay::test::sample_record());
  CHECK(Json::parse(line).dump() == line);
}
