// Now: the time until something is due.
#include "base/clock.h"

#include <doctest/doctest.h>

#include <cstdint>

namespace sims {
namespace {

TEST_CASE("the time until something is due") {
  const Now now{1'000, 0};
  CHECK(now.ms_until(1'001) == 1);
  CHECK(now.ms_until(1'000) == 0);
  CHECK(now.ms_until(999) == 0);
  CHECK(now.ms_until(INT64_MIN) == 0);
  CHECK(now.ms_until(INT64_MAX) == INT64_MAX - 1'000);
}

}  // namespace
}  // namespace sims
