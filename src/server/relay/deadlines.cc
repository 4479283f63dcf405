// Deadlines: sets, clears and finds the earliest one.
#include "server/relay/deadlines.h"

namespace sims::server {

void Deadlines::set(Session& s, std::int64_t steady_ms) {
  clear(s);
  auto& same = at_[steady_ms];
  s.deadline = {steady_ms, static_cast<std::uint32_t>(same.size())};
  same.push_back(&s);
}

void Deadlines::clear(Session& s) {
  const auto at = at_.find(s.deadline.at);
  if (at == at_.end()) return;
  auto& same = at->second;
  same[s.deadline.place] = same.back();
  same[s.deadline.place]->deadline.place = s.deadline.place;
  same.pop_back();
  if (same.empty()) at_.erase(at);
  s.deadline.at = 0;
}

Session* Deadlines::due(std::int64_t steady_ms) const {
  return next() <= steady_ms ? at_.begin()->second.back() : nullptr;
}

}  // namespace sims::server
