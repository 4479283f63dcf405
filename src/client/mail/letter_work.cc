// FailedLetters: counts failures by sender, in any hour.
#include "client/mail/letter_work.h"

#include <algorithm>

namespace sims::client {

bool FailedLetters::over(const proto::Id& sender, std::int64_t now_ms) {
  const auto at = failed_.find(sender);
  if (at == failed_.end()) return false;
  auto& times = at->second;
  while (!times.empty() && times.front() + hour_ms <= now_ms)
    times.pop_front();
  if (times.empty()) failed_.erase(at);
  return failed_.contains(sender) && failed_.at(sender).size() >= budget;
}

void FailedLetters::add(const proto::Id& sender, std::int64_t now_ms) {
  if (failed_.size() >= max_senders && !failed_.contains(sender))
    failed_.erase(std::min_element(failed_.begin(), failed_.end(), [](const auto& a, const auto& b) {
      return a.second.back() < b.second.back();
    }));
  auto& times = failed_[sender];
  times.push_back(now_ms);
  if (times.size() > budget) times.pop_front();
}

}  // namespace sims::client
