#include "config/wording.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::config {
namespace {

TEST_CASE("config/wording: what is quoted is printable", "[config][wording]") {
  CHECK(quote("") == R"("")");
  CHECK(quote("spf") == R"("spf")");
  // A terminal that got the escape would obey it.
  CHECK(quote("a\x1b[2J").find('\x1b') == std::string::npos);
}

TEST_CASE("config/wording: what is quoted is bounded", "[config][wording][bounds]") {
  const std::string longest(kMaxQuotedOctets, 'a');
  CHECK(quote(longest) == '"' + longest + '"');
  CHECK(quote(longest + "b").find('b') == std::string::npos);
}

TEST_CASE("config/wording: words are listed as in a sentence", "[config][wording]") {
  CHECK(join({}, " or ").empty());
  CHECK(join({"a"}, " or ") == "a");
  CHECK(join({"a", "b"}, " or ") == "a or b");
  CHECK(join({"a", "b", "c"}, " and ") == "a, b and c");
  CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
}

TEST_CASE("config/wording: a message ends with the word that was meant, if there is one", "[config][wording]") {
  CHECK(did_you_mean("acept", {"accept", "reject"}) == R"(; did you mean "accept"?)");
  CHECK(did_you_mean("zebra", {"accept", "reject"}).empty());
  CHECK(did_you_mean("acept", {}).empty());
}

}  // namespace
}  // namespace assay::config
