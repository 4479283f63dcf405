// Reads the kernel's clocks, and writes a time as UTC.
#include "base/clock.h"

#include <fmt/chrono.h>
#include <time.h>

namespace sims {
namespace {
std::int64_t milliseconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}
}  // namespace

Now read_clocks() {
  return {milliseconds(CLOCK_MONOTONIC), milliseconds(CLOCK_REALTIME)};
}

std::int64_t steady_us() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1'000;
}

std::string utc_time(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

}  // namespace sims
