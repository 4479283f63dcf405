// DueTimes: a map from names to due times, and the names sorted by time.
#include "client/core/due_times.h"

namespace sims::client {

void DueTimes::set(const std::string& name, std::int64_t due_ms) {
  const auto at = times_.find(name);
  if (at != times_.end()) {
    if (at->second == due_ms) return;
    order_.erase({at->second, name});
    times_.erase(at);
  }
  if (due_ms == INT64_MAX) return;
  times_.emplace(name, due_ms);
  order_.emplace(due_ms, name);
}

void DueTimes::clear() {
  times_.clear();
  order_.clear();
}

std::int64_t DueTimes::next() const {
  return order_.empty() ? INT64_MAX : order_.begin()->first;
}

const std::string* DueTimes::earliest() const {
  return order_.empty() ? nullptr : &order_.begin()->second;
}

std::vector<std::string> DueTimes::take(std::int64_t now_ms) {
  std::vector<std::string> due;
  while (next() <= now_ms) {
    auto first = order_.extract(order_.begin());
    times_.erase(first.value().second);
    due.push_back(std::move(first.value().second));
  }
  return due;
}

}  // namespace sims::client
