#include "cli/input.h"

#include <chrono>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::Time;
using assay::cli::parse_now;
using std::chrono::seconds;

}  // namespace

TEST_CASE("cli/input: --now is a Unix time or RFC 3339", "[cli][input]") {
  struct Row {
    const char* text;
    long long expected;
  };
  const auto row = GENERATE(Row{"0", 0}, Row{"1763820309", 1763820309}, Row{"1970-01-01T00:00:00Z", 0},
                            Row{"2025-11-22T14:05:09Z", 1763820309}, Row{"2025-11-22t14:05:09z", 1763820309},
                            Row{"2025-11-22 14:05:09Z", 1763820309}, Row{"2025-11-22T14:05:09.987654Z", 1763820309},
                            Row{"2025-11-22T15:35:09+01:30", 1763820309}, Row{"2025-11-22T06:05:09-08:00", 1763820309},
                            // The examples of RFC 3339 section 5.8; a leap second is the second after it.
                            Row{"1985-04-12T23:20:50.52Z", 482196050}, Row{"1996-12-19T16:39:57-08:00", 851042397},
                            Row{"1990-12-31T23:59:60Z", 662688000}, Row{"9999-12-31T23:59:59Z", 253402300799},
                            Row{"253402300799", 253402300799});
  CAPTURE(row.text);
  const auto time = parse_now(row.text);
  REQUIRE(time);
  CHECK(*time == Time(seconds(row.expected)));
}

TEST_CASE("cli/input: anything else is refused with what to give", "[cli][input]") {
  const auto* const text = GENERATE("", "-1", "1.5", "1763820309 ", "99999999999999999999", "253402300800", "now",
                                    "2025-11-22", "2025-11-22T14:05:09", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z",
                                    "2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z", "2025-01-01T24:00:00Z",
                                    "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z", "2025-01-01T00:00:00.Z",
                                    "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00+0000", "2025-01-01T00:00:00Zx",
                                    "25-01-01T00:00:00Z", "1937-01-01T12:00:27.87+00:20", "9999-12-31T23:59:59-00:01");
  CAPTURE(text);
  const auto time = parse_now(text);
  REQUIRE(!time);
  CHECK(time.error().find("2026-11-22T14:05:09Z") != std::string::npos);
}

TEST_CASE("cli/input: a message is read up to the bound and no further", "[cli][input][bounds]") {
  const assay::test::TemporaryFolder folder;
  constexpr std::size_t kBound = std::size_t{1} << 20U;
  const std::string octets(kBound, '\x80');
  const auto whole = assay::cli::read_file(folder.write("message", octets), kBound);
  REQUIRE(whole);
  CHECK(*whole == octets);
  const auto refused = assay::cli::read_file(folder.write("message", octets + "x"), kBound);
  REQUIRE(!refused);
  CHECK(refused.error() ==
        folder.path("message") + " is larger than 1 MiB, the most that is read: is it the right file?");
}

TEST_CASE("cli/input: what cannot be read says why", "[cli][input]") {
  const assay::test::TemporaryFolder folder;
  const auto missing = assay::cli::read_file(folder.path("missing"));
  REQUIRE(!missing);
  CHECK(missing.error() == "cannot open " + folder.path("missing") + ": No such file or directory");
  const auto directory = assay::cli::read_file(folder.path(""));
  REQUIRE(!directory);
  CHECK(directory.error() == "cannot read " + folder.path("") + ": Is a directory");
}

TEST_CASE("cli/input: zone files or servers replace where answers come from", "[cli][input]") {
  using assay::cli::apply;
  assay::resolver::Settings configured;
  configured.zones = {"configured.zone"};
  configured.forward.emplace();
  const auto same = apply({}, configured);
  REQUIRE(same);
  CHECK(*same == configured);

  const auto zones = apply({{"a.zone", "b.zone"}, {}}, configured);
  REQUIRE(zones);
  CHECK(zones->zones == std::vector<std::string>{"a.zone", "b.zone"});

  const auto servers = apply({{}, {"192.0.2.53", "::1@5353"}}, configured);
  REQUIRE(servers);
  CHECK(servers->zones.empty());
  REQUIRE(servers->forward);
  REQUIRE(servers->forward->size() == 2);
  CHECK(servers->forward->at(0).address.to_string() == "192.0.2.53");
  CHECK(servers->forward->at(0).port == 53);
  CHECK(servers->forward->at(1).address.to_string() == "::1");
  CHECK(servers->forward->at(1).port == 5353);

  CHECK(!apply({{"a.zone"}, {"192.0.2.53"}}, configured));
  const auto bad = apply({{}, {"dns.example"}}, configured);
  REQUIRE(!bad);
  CHECK(bad.error().rfind("--dns dns.example: ", 0) == 0);
}
