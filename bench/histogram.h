// A histogram of durations in buckets 1.6 % wide, like HdrHistogram: any number of values in 30
// KiB.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace sims::bench {

class Histogram {
 public:
  void add(std::int64_t ns) {
    const auto v = static_cast<std::uint64_t>(ns < 0 ? 0 : ns);
    ++buckets_[bucket(v)];
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  // A quantile: the upper end of the bucket that reaches that share of the values; 0 if there are
  // none.
  double us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > 0 && seen >= wanted) return static_cast<double>(upper(i)) / 1'000;
    }
    return 0;
  }

 private:
  static constexpr int bits = 6;  // 64 buckets for each power of two
  static std::size_t bucket(std::uint64_t v) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(v)) - bits - 1);
    return (static_cast<std::size_t>(shift) << bits) + static_cast<std::size_t>(v >> shift);
  }
  static std::uint64_t upper(std::size_t i) {
    const std::size_t shift = i < (2 << bits) ? 0 : (i >> bits) - 1;
    return ((i - (shift << bits)) + 1) << shift;
  }
  std::array<std::uint64_t, 64 << bits> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace sims::bench
