// The sessions that are owed an ack which waits for output to go with, in the order in which it is
// due. Pure.
#pragma once

#include <utility>
#include <vector>

#include "server/relay/deadlines.h"

namespace sims::server {

class AckQueue {
 public:
  // The due time is not before that of earlier calls.
  void add(std::int64_t steady_ms, ConnId conn) { entries_.emplace_back(steady_ms, conn); }
  std::int64_t next_due() const { return taken_ < entries_.size() ? entries_[taken_].first : never; }
  // The next one; only if next_due() is not `never`.
  ConnId take() { return entries_[taken_++].second; }
  // After a few take(): drops taken entries in one piece, so that the list's memory is used again.
  void compact() {
    if (taken_ * 2 < entries_.size()) return;
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0)));
  }

 private:
  std::vector<std::pair<std::int64_t, ConnId>> entries_;
  std::size_t taken_ = 0;
};

}  // namespace sims::server
