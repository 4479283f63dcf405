// Time is a parameter: pure code gets it from its caller; only edges read clocks.
#pragma once

#include <cstdint>
#include <string>

namespace sims {

struct Now {
  std::int64_t steady_ms = 0;  // monotonic, for deadlines and intervals
  std::int64_t unix_ms = 0;    // wall clock, for people and for the (unchecked) time in tokens
  // How long until that steady time, 0 if it has come. "At once" may be any time before, also INT64_MIN.
  std::int64_t ms_until(std::int64_t due_ms) const { return due_ms > steady_ms ? due_ms - steady_ms : 0; }
  std::uint64_t unix_s() const { return static_cast<std::uint64_t>(unix_ms / 1000); }
};

Now read_clocks();         // CLOCK_MONOTONIC and CLOCK_REALTIME; for edges only
std::int64_t steady_us();  // CLOCK_MONOTONIC alone

// "2026-11-22T23:07:05Z"
std::string utc_time(std::int64_t unix_ms);

}  // namespace sims
