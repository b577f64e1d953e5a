#include "config/units.h"

#include <random>

#include "tests/support/catch.h"

namespace assay::config {

using std::chrono::milliseconds;

TEST_CASE("config/units: a time is a whole number with its unit", "[config][units]") {
  CHECK(parse_duration("0s").value() == milliseconds(0));
  CHECK(parse_duration("250ms").value() == milliseconds(250));
  CHECK(parse_duration("5s").value() == milliseconds(5000));
  CHECK(parse_duration("2m").value() == milliseconds(120'000));
  CHECK(parse_duration("1h").value() == milliseconds(3'600'000));
  for (const char* bad : {"", "5", "s", "5 s", " 5s", "5s ", "5S", "5sec", "-5s", "+5s", "1.5s", "5d", "0x5s", "5ss",
                          "18446744073709551616s", "9223372036854775807h"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(parse_duration("5").error().what == "has no unit: write 5s (units: ms, s, m or h)");
  CHECK(parse_duration("5d").error().what == "has an unknown unit: use ms, s, m or h, without a space");
  CHECK(parse_duration("1.5s").error().what == "is not a whole number with a unit, such as 5s");
}

TEST_CASE("config/units: a size is a whole number with its binary unit", "[config][units]") {
  CHECK(parse_size("0B").value() == 0);
  CHECK(parse_size("512B").value() == 512);
  CHECK(parse_size("64KiB").value() == 65536);
  CHECK(parse_size("1MiB").value() == 1048576);
  CHECK(parse_size("2GiB").value() == 2147483648U);
  for (const char* bad :
       {"", "5", "5k", "5K", "5kB", "5KB", "5M", "5MB", "5mib", "5 MiB", "1.5MiB", "-1B", "18446744073709551615GiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
  CHECK(parse_size("5").error().what == "has no unit: write 5B (units: B, KiB, MiB or GiB)");
}

TEST_CASE("config/units: what is written is read back", "[config][units][property]") {
  CHECK(format_duration(milliseconds(30'000)) == "30s");
  CHECK(format_duration(milliseconds(90'000)) == "90s");
  CHECK(format_duration(milliseconds(1'500)) == "1500ms");
  CHECK(format_duration(milliseconds(0)) == "0s");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1024) == "1KiB");
  CHECK(format_size(1536) == "1536B");
  CHECK(format_size(std::uint64_t{3} << 30U) == "3GiB");
  std::mt19937 engine(1);
  for (int i = 0; i < 1000; ++i) {
    const auto number = static_cast<std::int64_t>(engine());
    CHECK(parse_duration(format_duration(milliseconds(number))).value() == milliseconds(number));
    CHECK(parse_size(format_size(static_cast<std::uint64_t>(number))).value() == static_cast<std::uint64_t>(number));
  }
}

}  // namespace assay::config
