#include "verify/dkim/tag_list.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::dkim {
namespace {

constexpr std::size_t kMaxTags = 100;

struct Row {
  const char* name;
  std::string text;
  std::optional<std::string> expected;  ///< "name=value|..." or absent for an invalid list.
};

std::string join(const TagList& list) {
  std::string text;
  for (const Tag& tag : list.tags()) {
    text += (text.empty() ? "" : "|") + std::string(tag.name) + "=" + std::string(tag.value);
  }
  return text;
}

std::string numbered_tags(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "t" + std::to_string(i) + "=x;";
  }
  return text;
}

}  // namespace

TEST_CASE("dkim/tag_list: the grammar of RFC 6376 section 3.2", "[dkim][parse]") {
  const Row rows[] = {
      {"two tags", "a=1;b=2", "a=1|b=2"},
      {"one semicolon may end the list", "a=1;", "a=1"},
      {"FWS after the last semicolon", "a=1; \r\n ", "a=1"},
      {"an empty element is invalid", "a=1;;b=2", std::nullopt},
      {"two semicolons at the end are invalid", "a=1;;", std::nullopt},
      {"a semicolon at the start is invalid", ";a=1", std::nullopt},
      {"an empty list is invalid", "", std::nullopt},
      {"FWS alone is invalid", " \r\n ", std::nullopt},
      {"FWS around names and values is no part of them", " \r\n\ta\t =\r\n  1 \r\n ; b = 2\t", "a=1|b=2"},
      {"FWS inside a value is kept", "a=1 \t2;b=3\r\n 4", "a=1 \t2|b=3\r\n 4"},
      {"several folds inside a value", "a=1\r\n \r\n 2", "a=1\r\n \r\n 2"},
      {"names are case-sensitive", "a=1;A=2", "a=1|A=2"},
      {"a repeated name invalidates the entire list", "a=1;b=2;a=1", std::nullopt},
      {"an empty value is a value", "a=;b= ;c=\r\n ", "a=|b=|c="},
      {"'=' may stand in a value", "a==b=c==", "a==b=c=="},
      {"a name may hold digits and underscores", "a_1b=x", "a_1b=x"},
      {"a name may not start with a digit", "1a=x", std::nullopt},
      {"a name may not start with an underscore", "_a=x", std::nullopt},
      {"a name may not hold a hyphen", "a-b=x", std::nullopt},
      {"a name without '=' is invalid", "a", std::nullopt},
      {"a name without '=' before another is invalid", "a;b=1", std::nullopt},
      {"a value without a name is invalid", "=1", std::nullopt},
      {"UTF-8 in a value (RFC 8616 section 5)",
       "d=b\xC3\xBC"
       "cher.example",
       "d=b\xC3\xBC"
       "cher.example"},
      {"a NUL is invalid", std::string("a=1\0", 4), std::nullopt},
      {"a lone CR is invalid", "a=1\r2", std::nullopt},
      {"a lone LF is invalid", "a=1\n 2", std::nullopt},
      {"a CRLF that folds nothing is invalid", "a=1\r\n2", std::nullopt},
      {"DEL is invalid", "a=1\x7F", std::nullopt},
      {"a fold onto a line of WSP alone is no FWS before a name", "a=1;\r\n \r\n b=2", std::nullopt},
      {"a fold onto a line of WSP alone is no FWS before a value", "a=\r\n \r\n 1", std::nullopt},
      {"a fold onto a line of WSP alone is no FWS after a value", "a=1\r\n \r\n ;b=2", std::nullopt},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const TagList list = TagList::parse(row.text, kMaxTags);
      CHECK(list.error().has_value() == !row.expected.has_value());
      if (row.expected) {
        CHECK(join(list) == *row.expected);
      }
    }
  }
}

TEST_CASE("dkim/tag_list: an empty value is not an absent tag (RFC 6376 section 3.2)", "[dkim][parse]") {
  const std::string text = "a=;b=1";
  const TagList list = TagList::parse(text, kMaxTags);
  CHECK(list.find("a") == std::optional<std::string_view>(""));
  CHECK(list.find("c") == std::nullopt);
  CHECK(list.find("A") == std::nullopt);
}

TEST_CASE("dkim/tag_list: the number of tags is bounded", "[dkim][parse]") {
  const std::string at_bound = numbered_tags(kMaxTags);
  const std::string beyond = numbered_tags(kMaxTags + 1);
  CHECK(!TagList::parse(at_bound, kMaxTags).error());
  CHECK(TagList::parse(beyond, kMaxTags).error());
  CHECK(TagList::parse(beyond, kMaxTags).tags().size() == kMaxTags);
}

TEST_CASE("dkim/tag_list: the tags before a fault stay readable", "[dkim][parse]") {
  const std::string text = "d=example.com; s=one; ;b=x";
  const TagList list = TagList::parse(text, kMaxTags);
  REQUIRE(list.error());
  CHECK(list.error()->offset == 22);
  CHECK(join(list) == "d=example.com|s=one");
}

TEST_CASE("dkim/tag_list: colon-separated lists", "[dkim][parse]") {
  using Items = std::vector<std::string_view>;
  CHECK(split_colons("", 9).empty());
  CHECK(split_colons("a", 9) == Items{"a"});
  CHECK(split_colons("a :\r\n\tb: c", 9) == Items{"a", "b", "c"});
  CHECK(split_colons("a::b:", 9) == Items{"a", "", "b", ""});
  CHECK(split_colons("a:b:c", 2) == Items{"a", "b"});
}

}  // namespace assay::dkim
