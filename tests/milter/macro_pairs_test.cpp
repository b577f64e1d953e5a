#include "milter/macro_pairs.h"

#include <string_view>

#include "tests/support/catch.h"

using assay::milter::octets_in_pairs;
using namespace std::string_view_literals;

TEST_CASE("milter/macro_pairs: a name without a value is left out, whole pairs are not", "[milter]") {
  CHECK(octets_in_pairs(""sv) == 0);
  CHECK(octets_in_pairs("M"sv) == 1);
  CHECK(octets_in_pairs("Mi\0A1\0"sv) == 6);
  CHECK(octets_in_pairs("Mi\0\0"sv) == 4);  // an empty value is one
  CHECK(octets_in_pairs("Mi\0"sv) == 1);
  CHECK(octets_in_pairs("M\0"sv) == 1);
  CHECK(octets_in_pairs("Mi\0A1\0j\0"sv) == 6);
  CHECK(octets_in_pairs("Mi\0A1\0\0"sv) == 6);
  CHECK(octets_in_pairs("Mi\0A1\0j\0b\0k\0"sv) == 10);
  // libmilter counts the NULs and passes over text behind the last.
  CHECK(octets_in_pairs("Mi\0A1\0j"sv) == 7);
  CHECK(octets_in_pairs("Mi\0A1\0j\0b"sv) == 6);
  // The stage may be any octet.
  CHECK(octets_in_pairs("\0i\0A1\0"sv) == 6);
  CHECK(octets_in_pairs("\0i\0"sv) == 1);
}

TEST_CASE("milter/macro_pairs: this libmilter reads through it", "[milter]") {
  CHECK(assay::milter::reads_macros_in_pairs());
}
