// PresenceBroadcast: one round over all sessions, while sessions come and go.
#include "server/relay/presence_broadcast.h"

#include <algorithm>

#include "proto/limits.h"

namespace sims::server {

void PresenceBroadcast::place(Session* s, std::size_t at) {
  everyone_[at] = s;
  s->presence.place = static_cast<std::uint32_t>(at);
}

void PresenceBroadcast::join(Session& s) {
  everyone_.push_back(nullptr);
  place(&s, everyone_.size() - 1);
}

// The last session moves into the gap. If the round has passed the gap but not yet the last
// session, the gap moves up to the round's place first.
void PresenceBroadcast::part(Session& s) {
  std::size_t gap = s.presence.place;
  if (running_ && gap < next_) {
    place(everyone_[--next_], gap);
    gap = next_;
  }
  place(everyone_.back(), gap);
  everyone_.pop_back();
}

void PresenceBroadcast::schedule(std::int64_t steady_ms) {
  if (scheduled_ == never && !running_ && !stopped_) scheduled_ = steady_ms;
}

void PresenceBroadcast::stop() {
  scheduled_ = never;
  running_ = false;
  stopped_ = true;
}

void PresenceBroadcast::begin(const Presence& presence, std::int64_t steady_ms) {
  scheduled_ = never;
  running_ = true;
  next_ = 0;
  from_ = presence.first_change();
  to_ = presence.next_change();
  events_ = presence.events(from_, to_);
  began_ = steady_ms;
}

Session* PresenceBroadcast::next() {
  return complete() ? nullptr : everyone_[next_++];
}

void PresenceBroadcast::finish(Presence& presence, std::int64_t steady_ms) {
  presence.forget_changes(to_);
  running_ = false;
  next_ = 0;
  events_ = {};
  if (presence.next_change() > presence.first_change())
    schedule(std::max(began_ + proto::list_gather_ms, steady_ms + 1));
}

}  // namespace sims::server
