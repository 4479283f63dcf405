// Adds a duration to a histogram.
#include "server/policy/stats.h"

#include <algorithm>

namespace sims::server {

void Histogram::add(std::uint64_t us, std::uint64_t times) {
  const auto place = std::lower_bound(bounds_us.begin(), bounds_us.end(), us) - bounds_us.begin();
  counts[static_cast<std::size_t>(place)] += times;
  count += times;
  sum_us += us * times;
}

}  // namespace sims::server
