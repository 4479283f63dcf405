// Summary: counts texts from the login until it is quiet, and words the line.
#include "client/state/catch_up.h"

#include <algorithm>
#include <vector>

namespace sims::client {
namespace {

constexpr std::int64_t quiet_ms = 1'000, longest_ms = 15'000;
constexpr std::int64_t longest_mail_ms = 60'000;  // while letters that waited come in
constexpr std::size_t named = 5;

}  // namespace

void Summary::online(bool again, Now now) {
  again_ = again;
  listed_ = false;
  items_ = 0;
  texts_.clear();
  until_ms_ = ends_ms_ = now.steady_ms + longest_ms;
}

void Summary::wait(Now now) {
  if (items_ > 0)
    until_ms_ = ends_ms_;
  else if (listed_)
    until_ms_ = std::min(now.steady_ms + quiet_ms, ends_ms_);
}

void Summary::expects(std::uint64_t items, Now now) {
  if (!gathering() || items == 0) return;
  items_ = items;
  ends_ms_ += longest_mail_ms - longest_ms;
  wait(now);
}

void Summary::item_came(Now now) {
  if (!gathering() || items_ == 0) return;
  --items_;
  wait(now);
}

void Summary::received(const std::string& name, Now now) {
  if (!gathering()) return;
  ++texts_[name];
  wait(now);
}

void Summary::list_complete(Now now) {
  if (!gathering() || listed_) return;
  listed_ = true;
  wait(now);
}

std::optional<std::string> Summary::tick(Now now) {
  if (!gathering() || now.steady_ms < *until_ms_) return std::nullopt;
  until_ms_.reset();
  if (texts_.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::size_t>> all(texts_.begin(), texts_.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string line = again_ ? "While the link was down: " : "While you were away: ";
  std::size_t others = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i >= named)
      others += all[i].second;
    else
      line += (i > 0 ? ", " : "") + std::to_string(all[i].second) + " from " + all[i].first;
  }
  if (others > 0) line += ", " + std::to_string(others) + " from others";
  return line;
}

}  // namespace sims::client
