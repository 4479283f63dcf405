// The scroll position of a window, and the time zone of the shown times. Plain data.
#pragma once

#include <cstdint>

namespace sims::tui {

// The offset in seconds east of UTC at that moment. The program passes the local time zone's, tests a fixed
// one.
using UtcOffset = int (*)(std::int64_t unix_s);

// The bottom row of the window shows row `row` of line `serial`.
struct Scroll {
  bool following = true;  // the window shows the newest line; the rest is unused
  std::uint64_t serial = 0;
  int row = 0;
};

}  // namespace sims::tui
