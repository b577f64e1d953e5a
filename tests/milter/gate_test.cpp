#include "milter/gate.h"

#include <chrono>
#include <thread>

#include "tests/support/catch.h"

using assay::milter::Gate;
using std::chrono::milliseconds;
using Entry = Gate::Entry;

TEST_CASE("milter/gate: a closed gate lets nobody in and waits for those inside", "[milter]") {
  Gate gate;
  REQUIRE(gate.enter(2) == Entry::Granted);
  REQUIRE(gate.enter(2) == Entry::Granted);
  CHECK(gate.in_flight() == 2);
  gate.close();
  CHECK(gate.is_closed());
  CHECK(gate.enter(9) == Entry::Closed);
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

TEST_CASE("milter/gate: as many as the bound says are in flight, not one more; one that leaves makes room",
          "[milter]") {
  Gate gate;
  REQUIRE(gate.enter(3) == Entry::Granted);
  REQUIRE(gate.enter(3) == Entry::Granted);
  REQUIRE(gate.enter(3) == Entry::Granted);
  CHECK(gate.enter(3) == Entry::Full);
  CHECK(gate.in_flight() == 3);
  CHECK(gate.entered() == 3);
  gate.leave();
  CHECK(gate.enter(3) == Entry::Granted);
  // A bound that was lowered meanwhile.
  gate.leave();
  CHECK(gate.enter(2) == Entry::Full);
  gate.leave();
  CHECK(gate.enter(2) == Entry::Granted);
}
