#include "policy/names.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::policy {
namespace {

NameList list(std::initializer_list<const char*> patterns) {
  NameList names;
  for (const char* const pattern : patterns) {
    REQUIRE(names.add(pattern));
  }
  return names;
}

}  // namespace

TEST_CASE("policy/names: a name is that name, a pattern every name below it", "[policy][names]") {
  const NameList names = list({"example.com", "*.example.org", "Bücher.example"});
  for (const char* const name :
       {"example.com", "EXAMPLE.com", "a.example.org", "a.b.example.org", "xn--bcher-kva.example",
        "b\xC3\xBC"
        "cher.EXAMPLE"}) {
    CAPTURE(name);
    CHECK(names.contains(std::string_view(name)));
  }
  for (const char* const name : {"a.example.com", "example.org", "xexample.org", "org", "", "com"}) {
    CAPTURE(name);
    CHECK_FALSE(names.contains(std::string_view(name)));
  }
}

TEST_CASE("policy/names: a long list answers as a short one", "[policy][names]") {
  // Up to 8 names are compared, more are hashed.
  NameList names = list({"example.com", "*.example.org"});
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK(names.contains(std::string_view("example.com")));
    CHECK(names.contains(std::string_view("a.b.example.org")));
    CHECK(names.contains(std::string_view(".example.org")));
    CHECK_FALSE(names.contains(std::string_view("a.example.com")));
    CHECK_FALSE(names.contains(std::string_view("example.org")));
    CHECK_FALSE(names.contains(std::string_view("aexample.org")));
    REQUIRE(names.add("name" + std::to_string(i) + ".example"));
    REQUIRE(names.add("*.name" + std::to_string(i) + ".example"));
  }
}

TEST_CASE("policy/names: text that is no domain is compared as text", "[policy][names]") {
  const NameList names = list({"[192.0.2.1]", "List.One"});
  CHECK(names.contains(std::string_view("[192.0.2.1]")));
  CHECK(names.contains(std::string_view("list.one")));
  CHECK_FALSE(names.contains(std::string_view("192.0.2.1")));
}

TEST_CASE("policy/names: what names nothing is refused", "[policy][names]") {
  NameList names;
  for (const std::string& pattern :
       {std::string(), std::string("*"), std::string("*."), std::string("a.*.b"), std::string("*example.com"),
        std::string("*.*.example.com"), std::string("a b"), std::string("a\nb"), std::string(254, 'a')}) {
    CAPTURE(pattern);
    CHECK_FALSE(names.add(pattern));
  }
  CHECK(names.add(std::string(253, 'a')));
}

TEST_CASE("policy/names: covers and overlaps", "[policy][names]") {
  CHECK(list({"*.example.com"}).covers(list({"a.example.com", "*.b.example.com"})));
  CHECK_FALSE(list({"*.example.com"}).covers(list({"example.com"})));
  CHECK_FALSE(list({"*.b.example.com"}).covers(list({"*.example.com"})));
  CHECK(list({"*.example.com"}).covers(list({"*.example.com"})));
  CHECK(list({"a.example.com"}).overlaps(list({"*.example.com"})));
  CHECK(list({"*.com"}).overlaps(list({"*.example.com"})));
  CHECK_FALSE(list({"example.com"}).overlaps(list({"*.example.com"})));
}

TEST_CASE("policy/names: what came from a file is written as the file", "[policy][names]") {
  NameList names = list({"example.com"});
  names.begin_file("/etc/assay/partners", "00ff");
  REQUIRE(names.add("example.org"));
  names.end_file();
  REQUIRE(names.add("example.net"));
  CHECK(names.written() == std::vector<std::string>{"example.com", "@/etc/assay/partners", "example.net"});
  CHECK(names.digests() == std::vector<std::string>{"00ff"});
  CHECK(names.contains(std::string_view("example.org")));
}

}  // namespace assay::policy
