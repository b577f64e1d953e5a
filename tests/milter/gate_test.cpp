#include "milter/gate.h"

#include <chrono>
#include <thread>

#include "tests/support/catch.h"

using assay::milter::Gate;
using std::chrono::milliseconds;

TEST_CASE("milter/gate: a closed gate lets nobody in and waits for those inside", "[milter]") {
  Gate gate;
  REQUIRE(gate.enter());
  REQUIRE(gate.enter());
  CHECK(gate.in_flight() == 2);
  gate.close();
  CHECK(gate.is_closed());
  CHECK_FALSE(gate.enter());
  CHECK(gate.in_flight() == 2);
  CHECK(gate.entered() == 2);
  CHECK_FALSE(gate.wait_until_empty(milliseconds(10)));
  std::thread leaver([&gate] {
    gate.leave();
    gate.leave();
  });
  CHECK(gate.wait_until_empty(std::chrono::minutes(1)));
  leaver.join();
  CHECK(gate.in_flight() == 0);
  CHECK(gate.entered() == 2);
}
