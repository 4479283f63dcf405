// Rate limits and retry delays. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>

#include "crypto/rng.h"

namespace sims::client {

// At most `burst` events at once, refilled by one every `interval_ms`.
class TokenBucket {
 public:
  TokenBucket(int burst, std::int64_t interval_ms) : burst_(burst), interval_ms_(interval_ms), left_(burst) {}

  bool take(std::int64_t now_ms) {
    if (left_ == burst_) filled_ms_ = now_ms;  // a full bucket does not save up time
    const std::int64_t come = (now_ms - filled_ms_) / interval_ms_;
    if (come > 0) {
      left_ = static_cast<int>(std::min<std::int64_t>(burst_, left_ + come));
      filled_ms_ += come * interval_ms_;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  // When take() can next be true.
  std::int64_t next_ms() const { return left_ > 0 ? INT64_MIN : filled_ms_ + interval_ms_; }

 private:
  int burst_;
  std::int64_t interval_ms_;
  int left_;
  std::int64_t filled_ms_ = 0;
};

// At most `max` events in any span of `window_ms`, however they fall.
class Ration {
 public:
  Ration(std::size_t max, std::int64_t window_ms) : max_(max), window_ms_(window_ms) {}

  bool has_one(std::int64_t now_ms) {
    while (!taken_.empty() && taken_.front() + window_ms_ <= now_ms)
      taken_.pop_front();
    return taken_.size() < max_;
  }
  bool take(std::int64_t now_ms) {
    if (!has_one(now_ms)) return false;
    taken_.push_back(now_ms);
    return true;
  }
  // When has_one() can next be true.
  std::int64_t next_ms() const { return taken_.size() < max_ ? INT64_MIN : taken_.front() + window_ms_; }

 private:
  std::size_t max_;
  std::int64_t window_ms_;
  std::deque<std::int64_t> taken_;
};

// Limits acks for repeated or undisplayed messages of one peer: at most 60 in any minute, 3 of them
// for one message (sims-protocol(7) section 6). More acks would tell the sender at any time whether
// we are online.
class Reacks {
 public:
  bool take(const std::string& message, std::int64_t now_ms) {
    while (!acks_.empty() && now_ms - acks_.front().at_ms >= minute_ms)
      acks_.pop_front();
    const auto same =
        std::count_if(acks_.begin(), acks_.end(), [&](const Ack& one) { return one.message == message; });
    if (acks_.size() >= max_of_all || same >= max_of_one) return false;
    acks_.push_back({now_ms, message});
    return true;
  }

 private:
  struct Ack {
    std::int64_t at_ms;
    std::string message;
  };
  static constexpr std::int64_t minute_ms = 60'000;
  static constexpr std::size_t max_of_all = 60;
  static constexpr std::ptrdiff_t max_of_one = 3;
  std::deque<Ack> acks_;
};

// The rate of outgoing texts. Together with acks for as many incoming ones they stay below the 500
// messages a second (5,000 at once) that a relay takes from one client by default. A stricter relay
// answers `rate-limited`.
class Pace {
 public:
  bool take(std::int64_t now_ms) { return now_ms >= held_until_ms_ && texts_.take(now_ms); }
  std::int64_t next_ms() const { return std::max(held_until_ms_, texts_.next_ms()); }
  std::int64_t held_until_ms() const { return held_until_ms_; }
  // A refusal: nothing goes out for a second, and for longer if that was not enough. Refusals
  // during the pause are of messages sent before it.
  void hold(std::int64_t now_ms) {
    if (now_ms < held_until_ms_) return;
    if (now_ms - held_until_ms_ > forget_ms) hold_ms_ = min_ms;
    held_until_ms_ = now_ms + hold_ms_;
    hold_ms_ = std::min(max_ms, 2 * hold_ms_);
  }

 private:
  static constexpr std::int64_t min_ms = 1'000, max_ms = 16'000, forget_ms = 30'000;
  TokenBucket texts_{2'000, 4};
  std::int64_t held_until_ms_ = INT64_MIN / 2, hold_ms_ = min_ms;
};

// The wait before attempt number `failures` + 1: at random from low to low * 2^failures, at most high. The
// jitter keeps a thousand clients of a restarted server apart.
inline std::int64_t backoff_ms(int failures, std::int64_t low, std::int64_t high, crypto::Rng& rng) {
  const std::int64_t top = std::min(high, low << std::clamp(failures, 0, 30));
  ByteArray<8> random;
  rng.fill(random);
  return low +
         static_cast<std::int64_t>(load_u64be(random.data()) % static_cast<std::uint64_t>(top - low + 1));
}

}  // namespace sims::client
