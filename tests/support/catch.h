#pragma once

// Catch2 2.x (Debian 12) or 3.x. Tests keep to what both have: TEST_CASE, SECTION, DYNAMIC_SECTION, GENERATE, CAPTURE,
// CHECK, REQUIRE.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
