// The core: work for other threads, and time.
#include <algorithm>

#include "client/core_state.h"

namespace sims::client {
namespace {

constexpr std::size_t max_costly_calls = 16;

}  // namespace

void Core::State::start(std::unique_ptr<PeerWork> work) {
  if (!work->makes_costly_key) return effects.start_work(std::move(work));
  // Contacts go before strangers, and take their place. Who finds none is ended by the caller's deadline.
  const auto known = [this](const std::unique_ptr<PeerWork>& one) {
    auto at = shown.peers.find(one->peer);
    return at != shown.peers.end() && at->second.known();
  };
  auto place = costly_calls_.end();
  if (known(work)) place = std::find_if_not(costly_calls_.begin(), costly_calls_.end(), known);
  if (costly_calls_.size() >= max_costly_calls && place == costly_calls_.end()) return;
  costly_calls_.insert(place, std::move(work));
  if (costly_calls_.size() > max_costly_calls) costly_calls_.pop_back();
  next_costly();
}

void Core::State::start(std::unique_ptr<RekeyWork> work) {
  costly_rekeys_.push_back(std::move(work));
  next_costly();
}

void Core::State::next_costly() {
  while (!costly_out_ && !costly_calls_.empty()) {
    auto work = std::move(costly_calls_.front());
    costly_calls_.pop_front();
    auto* talk = talking(work->peer);
    if (!talk || !talk->wants(*work)) continue;
    costly_out_ = true;
    effects.start_work(std::move(work));
  }
  if (costly_out_ || costly_rekeys_.empty()) return;
  costly_out_ = true;
  effects.start_work(std::move(costly_rekeys_.front()));
  costly_rekeys_.pop_front();
}

void Core::State::work_done(Work& work, Now now) {
  if (auto* server = dynamic_cast<ServerWork*>(&work)) return connection.work_done(*server, now);
  if (auto* call = dynamic_cast<PeerWork*>(&work)) {
    if (call->makes_costly_key) costly_out_ = false;
    if (auto* talk = talking(call->peer)) talk->work_done(*call, now);
  } else if (auto* rekey = dynamic_cast<RekeyWork*>(&work)) {
    costly_out_ = false;
    if (auto* talk = talking(rekey->peer)) talk->work_done(*rekey, now);
  }
  next_costly();
}

void Core::State::tick(Now now) {
  connection.tick(now);
  if (auto line = summary.tick(now)) window_lines.notice(nullptr, std::move(*line), now);
  shown.catching_up = summary.gathering();
  if (Context::online() && page_again_ms_ <= now.steady_ms) ask_page(now);
  while (!parked_.empty() && parked_.front().until_ms <= now.steady_ms)
    parked_.pop_front();
  for (auto& [name, talk] : conversations_)
    if (talk.next_tick() <= now.steady_ms) talk.tick(now);
}

std::int64_t Core::State::next_tick() const {
  std::int64_t next = std::min(connection.next_tick(), summary.next_tick());
  next = std::min(next, page_again_ms_);
  if (!parked_.empty()) next = std::min(next, parked_.front().until_ms);
  for (const auto& [name, talk] : conversations_)
    next = std::min(next, talk.next_tick());
  return next;
}

}  // namespace sims::client
