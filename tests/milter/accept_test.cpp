#include "milter/accept.h"

#include "tests/support/catch.h"

using assay::milter::connection_ceiling;

TEST_CASE("milter/accept: connections leave descriptors for DNS, the log and the configuration", "[milter]") {
  // Two resolvers of 4,096 + 64 sockets, and 64 more; half of all where that is less; 16,384 where there are plenty.
  CHECK(connection_ceiling(0) == 0);
  CHECK(connection_ceiling(200) == 100);
  CHECK(connection_ceiling(1024) == 512);
  CHECK(connection_ceiling(16'768) == 8384);
  CHECK(connection_ceiling(20'000) == 20'000 - 8384);
  CHECK(connection_ceiling(16'384 + 8384) == 16'384);
  CHECK(connection_ceiling(16'384 + 8385) == 16'384);
  CHECK(connection_ceiling(65'536) == 16'384);
}
