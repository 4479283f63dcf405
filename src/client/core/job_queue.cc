// JobQueue: starts cheap work at once, and queues costly work, contacts before strangers.
#include "client/core/job_queue.h"

#include <algorithm>

namespace sims::client {
namespace {

constexpr std::size_t max_costly_calls = 16;

}  // namespace

bool JobQueue::start(std::unique_ptr<PeerWork> work, Now now) {
  if (!work->makes_costly_key) {
    effects_.start_work(std::move(work));
    return true;
  }
  if (work->of_stranger && !strangers_keys_.take(now.steady_ms)) return false;
  // Contacts go before strangers and may take their place. A stranger's call that lost its place
  // ends by the caller's deadline.
  const auto of_contact = [](const std::unique_ptr<PeerWork>& one) { return !one->of_stranger; };
  auto place = calls_.end();
  if (of_contact(work)) place = std::find_if_not(calls_.begin(), calls_.end(), of_contact);
  if (calls_.size() >= max_costly_calls && place == calls_.end()) return false;
  calls_.insert(place, std::move(work));
  if (calls_.size() > max_costly_calls) calls_.pop_back();
  start_next();
  return true;
}

void JobQueue::start(std::unique_ptr<RekeyWork> work) {
  rekeys_.push_back(std::move(work));
  start_next();
}

void JobQueue::start_next() {
  for (auto at = calls_.begin(); at != calls_.end();) {
    bool& out = (*at)->of_stranger ? strangers_out_ : costly_out_;
    if (out) {
      ++at;
      continue;
    }
    auto work = std::move(*at);
    at = calls_.erase(at);
    auto* conversation = conversations_.find(work->peer);
    if (!conversation || !conversation->wants(*work)) continue;
    out = true;
    effects_.start_work(std::move(work));
  }
  if (costly_out_ || rekeys_.empty()) return;
  costly_out_ = true;
  effects_.start_work(std::move(rekeys_.front()));
  rekeys_.pop_front();
}

void JobQueue::work_done(Work& work, Now now) {
  if (auto* call = dynamic_cast<PeerWork*>(&work)) {
    if (call->makes_costly_key) (call->of_stranger ? strangers_out_ : costly_out_) = false;
    if (auto* conversation = conversations_.find(call->peer)) conversation->work_done(*call, now);
  } else if (auto* rekey = dynamic_cast<RekeyWork*>(&work)) {
    costly_out_ = false;
    if (auto* conversation = conversations_.find(rekey->peer)) conversation->work_done(*rekey, now);
  } else if (auto* opening = dynamic_cast<OpeningWork*>(&work)) {
    if (auto* conversation = conversations_.find(opening->peer)) conversation->work_done(*opening, now);
  }
  start_next();
}

}  // namespace sims::client
