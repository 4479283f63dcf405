// ExpiryClock: how letters expire when the wall clock jumps.
#include "server/mailbox/expiry_clock.h"

#include <doctest/doctest.h>

namespace sims {
namespace {

using server::ExpiryClock;
constexpr std::uint64_t start = 1'767'225'600, minute = 60, day = 86'400;

// A call a minute.
struct Server {
  explicit Server(std::uint64_t wall_at_first = start) : wall(wall_at_first) { now = tell(); }
  std::uint64_t tell() { return clock.unix_s(wall, steady_ms); }
  void pass(std::uint64_t seconds) {
    for (std::uint64_t s = 0; s < seconds; s += minute) {
      wall += minute;
      steady_ms += minute * 1'000;
      now = tell();
    }
  }
  ExpiryClock clock;
  std::uint64_t wall, now = 0;
  std::int64_t steady_ms = 123'456;
};

TEST_CASE("letters expire by the wall clock, also one that drifts") {
  Server s;
  CHECK(s.now == start);
  s.pass(day);
  CHECK(s.now == start + day);
  for (int n = 0; n < 100; ++n) {
    s.wall += 30;
    s.pass(minute);
  }
  CHECK(s.now == s.wall);
  CHECK_FALSE(s.clock.wall_is_ahead());
}

TEST_CASE("a clock that is set forwards by 40 days is believed after a day, not at once") {
  Server s;
  s.wall += 40 * day;
  s.pass(day - minute);
  CHECK(s.now == start + day - minute);
  CHECK(s.clock.wall_is_ahead());
  SUBCASE("set right") {
    s.wall -= 40 * day;
    s.pass(10 * day);
    CHECK(s.now == s.wall);
  }
  SUBCASE("or not") {
    s.pass(minute);
    CHECK(s.now == s.wall);
  }
  CHECK_FALSE(s.clock.wall_is_ahead());
}

TEST_CASE("a clock that is set back is followed, and what it regains then comes a day late") {
  Server s;
  s.wall -= day;
  s.pass(minute);
  CHECK(s.now == start - day + minute);
  s.wall += day;
  s.pass(minute);
  CHECK(s.now == start - day + 2 * minute);
  s.pass(day);
  CHECK(s.now == s.wall);
}

}  // namespace
}  // namespace sims
