// The core: work for other threads, and time.
#include <algorithm>

#include "client/core/core_state.h"

namespace sims::client {
namespace {

constexpr std::size_t max_costly_calls = 16;

// Conversations of people who are no contacts: about 4 KiB each while their calls run. All that a peer has is
// full again long before the idle ones are dropped.
constexpr std::size_t max_callers = 1'000;
constexpr std::int64_t idle_ms = 120'000;

}  // namespace

bool ClientCore::State::start(std::unique_ptr<PeerWork> work) {
  if (!work->makes_costly_key) {
    effects.start_work(std::move(work));
    return true;
  }
  if (work->of_stranger && !strangers_keys_.take(clock.steady_ms)) return false;
  // Contacts go before strangers, and take their place. The caller's deadline ends the call of a stranger who
  // loses it.
  const auto of_contact = [](const std::unique_ptr<PeerWork>& one) { return !one->of_stranger; };
  auto place = costly_calls_.end();
  if (of_contact(work)) place = std::find_if_not(costly_calls_.begin(), costly_calls_.end(), of_contact);
  if (costly_calls_.size() >= max_costly_calls && place == costly_calls_.end()) return false;
  costly_calls_.insert(place, std::move(work));
  if (costly_calls_.size() > max_costly_calls) costly_calls_.pop_back();
  next_costly();
  return true;
}

void ClientCore::State::start(std::unique_ptr<RekeyWork> work) {
  costly_rekeys_.push_back(std::move(work));
  next_costly();
}

// One for a contact and one for a stranger at a time.
void ClientCore::State::next_costly() {
  for (auto at = costly_calls_.begin(); at != costly_calls_.end();) {
    bool& out = (*at)->of_stranger ? strangers_out_ : costly_out_;
    if (out) {
      ++at;
      continue;
    }
    auto work = std::move(*at);
    at = costly_calls_.erase(at);
    auto* talk = talking(work->peer);
    if (!talk || !talk->wants(*work)) continue;
    out = true;
    effects.start_work(std::move(work));
  }
  if (costly_out_ || costly_rekeys_.empty()) return;
  costly_out_ = true;
  effects.start_work(std::move(costly_rekeys_.front()));
  costly_rekeys_.pop_front();
}

void ClientCore::State::work_done(Work& work, Now now) {
  if (auto* server = dynamic_cast<ServerWork*>(&work)) return connection.work_done(*server, now);
  if (auto* call = dynamic_cast<PeerWork*>(&work)) {
    if (call->makes_costly_key) (call->of_stranger ? strangers_out_ : costly_out_) = false;
    if (auto* talk = talking(call->peer)) talk->work_done(*call, now);
  } else if (auto* rekey = dynamic_cast<RekeyWork*>(&work)) {
    costly_out_ = false;
    if (auto* talk = talking(rekey->peer)) talk->work_done(*rekey, now);
  }
  next_costly();
}

void ClientCore::State::tick(Now now) {
  connection.tick(now);
  window_lines.tick(now.steady_ms);
  restore_again(now);
  if (auto line = summary.tick(now)) window_lines.notice(nullptr, std::move(*line), now);
  shown.catching_up = summary.gathering();
  if (Context::online() && page_again_ms_ <= now.steady_ms) ask_page(now);
  while (!parked_.empty() && parked_.front().until_ms <= now.steady_ms)
    parked_.pop_front();
  index_touched();
  for (const auto& name : due_.take(now.steady_ms)) {
    auto* talk = talking(name);
    if (talk && talk->next_tick() <= now.steady_ms) talk->tick(now);
  }
  index_touched();
  for (const auto& name : idle_.take(now.steady_ms))
    drop(name);
}

std::int64_t ClientCore::State::next_tick() {
  index_touched();
  std::int64_t next = std::min(connection.next_tick(), summary.next_tick());
  next = std::min({next, outbox_again_ms_, waiting_again_ms_, window_lines.next_tick(), page_again_ms_,
                   due_.next(), idle_.next()});
  if (!parked_.empty()) next = std::min(next, parked_.front().until_ms);
  return next;
}

// What a conversation waits for depends on itself, on its peer and on the link. Each change of these comes to
// it by conversation() or talking(), or through lost(). Pace is shared, but only puts off what is due.
void ClientCore::State::index_touched() {
  for (const auto& name : touched_) {
    const auto at = conversations_.find(name);
    if (at == conversations_.end()) continue;
    ++looked_at_;
    const Conversation& talk = at->second;
    due_.set(name, talk.next_tick());
    idle_.set(name, talk.nothing_left() ? clock.steady_ms + idle_ms : INT64_MAX);
    if (talk.in_flight())
      in_flight_.insert(name);
    else
      in_flight_.erase(name);
  }
  touched_.clear();
}

void ClientCore::State::drop(const std::string& name) {
  conversations_.erase(name);
  touched_.erase(name);
  due_.erase(name);
  idle_.erase(name);
  in_flight_.erase(name);
}

void ClientCore::State::drop_all() {
  conversations_.clear();
  touched_.clear();
  due_.clear();
  idle_.clear();
  in_flight_.clear();
}

// Somebody else's place is taken only when nothing is left there. Who finds none hears nothing; contacts
// always find one.
bool ClientCore::State::room_for_caller(const Peer& peer) {
  const std::size_t most = pinned.peers().size() + max_callers;
  if (peer.known() || conversations_.size() < most) return true;
  index_touched();
  const std::string* quiet = idle_.earliest();
  if (!quiet) return false;
  drop(std::string(*quiet));
  return true;
}

}  // namespace sims::client
