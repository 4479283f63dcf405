// The time by which letters and prekeys expire: a wall clock that was set forwards by mistake, or that was far behind
// when letters came, does not remove them at once. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sims::server {

class ExpiryClock {
 public:
  // It follows a wall clock that is set back. Of one that is set forwards it keeps its own pace for a day: time for
  // the owners to fetch their letters, and for the administrator to set the clock right.
  std::uint64_t unix_s(std::uint64_t wall_s, std::int64_t steady_ms) {
    const auto passed = steady_ms - last_steady_ms_;
    last_steady_ms_ = steady_ms;
    own_ms_ += passed;
    const auto wall_ms = static_cast<std::int64_t>(wall_s) * 1'000;
    const bool ahead = begun_ && wall_ms > own_ms_ + tolerated_ms;
    if (ahead) ahead_for_ms_ += passed;
    if (!ahead || ahead_for_ms_ >= believed_after_ms) {
      own_ms_ = wall_ms;
      ahead_for_ms_ = 0;
    }
    begun_ = true;
    return static_cast<std::uint64_t>(own_ms_) / 1'000;
  }
  bool wall_is_ahead() const { return ahead_for_ms_ > 0; }

 private:
  static constexpr std::int64_t tolerated_ms = 10 * 60'000, believed_after_ms = 86'400'000;
  bool begun_ = false;
  std::int64_t own_ms_ = 0, last_steady_ms_ = 0, ahead_for_ms_ = 0;
};

}  // namespace sims::server
