// Where a window is scrolled to, and the time zone in which it shows times. Plain data.
#pragma once

#include <cstdint>

namespace sims::tui {

// Seconds east of UTC at that moment. The program gives the time zone's, tests a fixed one.
using UtcOffset = int (*)(std::int64_t unix_s);

// Where a window is scrolled to: its bottom row is row `row` of line `serial`.
struct Scroll {
  bool following = true;  // at the end; the rest does not count
  std::uint64_t serial = 0;
  int row = 0;
};

}  // namespace sims::tui
