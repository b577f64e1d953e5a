#include "resolver/psl.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::Domain;
using assay::resolver::load_public_suffixes;

/// Of `name` by the list; "-" if it has none.
std::string organization(const assay::dmarc::PublicSuffixes& suffixes, const std::string& name) {
  const auto found = suffixes.organizational_domain(Domain::parse(name).value());
  return found ? found->str() : "-";
}

}  // namespace

TEST_CASE("resolver/psl: Debian's list is there and in both of its forms (RFC 7489 section 3.2)", "[resolver][psl]") {
  for (const char* path : {assay::resolver::kPublicSuffixFile, "/usr/share/publicsuffix/public_suffix_list.dat"}) {
    CAPTURE(path);
    const auto suffixes = load_public_suffixes(path);
    REQUIRE(suffixes);
    CHECK(organization(**suffixes, "a.b.c.d.example.com") == "example.com");
    CHECK(organization(**suffixes, "www.example.co.uk") == "example.co.uk");
    CHECK(organization(**suffixes, "com") == "-");
    CHECK(organization(**suffixes, "co.uk") == "-");
    // The private part of the list counts, too.
    CHECK(organization(**suffixes, "a.someone.github.io") == "someone.github.io");
    CHECK(organization(**suffixes, "github.io") == "-");
    // A top level that nobody knows is a suffix of one label.
    CHECK(organization(**suffixes, "a.b.example") == "b.example");
    CHECK(organization(**suffixes, "example") == "-");
    // An internationalized suffix, as A-labels: 公司.cn
    CHECK(organization(**suffixes, "www.shishi.xn--55qx5d.cn") == "shishi.xn--55qx5d.cn");
    CHECK(organization(**suffixes, "xn--55qx5d.cn") == "-");
  }
}

TEST_CASE("resolver/psl: what the list itself names, and so which top-level domains exist", "[resolver][psl]") {
  const auto suffixes = load_public_suffixes();
  REQUIRE(suffixes);
  // Of the IANA root zone; "ck" is on the list as "*.ck" alone.
  for (const char* const name : {"com", "org", "uk", "co.uk", "github.io", "xn--p1ai", "ck", "arpa", "museum"}) {
    CAPTURE(name);
    CHECK((*suffixes)->is_listed(Domain::parse(name).value()));
  }
  for (const char* const name : {"con", "cmo", "nett", "example.com", "example", "test", "localdomain", "www.ck"}) {
    CAPTURE(name);
    CHECK_FALSE((*suffixes)->is_listed(Domain::parse(name).value()));
  }
}

TEST_CASE("resolver/psl: the longest name that DNS carries has its Organizational Domain", "[resolver][psl]") {
  std::string name = "example.com";
  while (name.size() + 2 <= 253) {
    name.insert(0, "a.");
  }
  CHECK(organization(**load_public_suffixes(), name) == "example.com");
}

TEST_CASE("resolver/psl: a list that is missing or none is an error that names the package", "[resolver][psl]") {
  const assay::test::TemporaryFolder folder;
  const auto missing = load_public_suffixes(folder.path("missing"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error() == "the public suffix list " + folder.path("missing") +
                               " cannot be read: No such file or directory; install the package publicsuffix");
  for (const char* content : {"", "\n", "// com\n", "net\norg\n", "<html>com</html>\n", ".DAFSA@PSL_0   \n"}) {
    CAPTURE(content);
    const auto none = load_public_suffixes(folder.write("list", content));
    REQUIRE_FALSE(none);
    CHECK(none.error().find("publicsuffix") != std::string::npos);
  }
  CHECK_FALSE(load_public_suffixes(folder.path("")));
}
