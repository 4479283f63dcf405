// Spends budgets, and bounds the memory that the limits allow the relay.
#include "server/policy/budgets.h"

#include <utility>

namespace sims::server {

std::size_t memory_bound(const Limits& limits, std::size_t registered) {
  constexpr std::size_t kib = 1'024, call = 64;  // a Calls::Call and its share of a deque's block
  // Of a connection 4 KiB are for mail: its window. The shortest letter, of 200 bytes, takes three times as
  // much again while it waits for the disk, and other questions to the mailboxes half of it. 16 MiB are the mailboxes' caches and threads.
  return 112 * kib * kib + limits.connections * (12 * kib + limits.unanswered_calls * call) +
         limits.unauthenticated * 16 * kib + limits.queue_bytes_total + 5 * limits.mail.queued_bytes +
         registered * kib;
}

std::int64_t Budget::left(const Rate& rate, std::int64_t steady_ms) {
  // A day fills every budget; the limit keeps the product small.
  const std::int64_t passed = std::clamp<std::int64_t>(steady_ms - last_ms_, 0, 86'400'000);
  last_ms_ = std::max(last_ms_, steady_ms);
  spent_ = std::max<std::int64_t>(0, spent_ - passed * rate.each);
  return rate.burst - (spent_ + rate.period_ms - 1) / rate.period_ms;
}

std::int64_t Budget::spend(const Rate& rate, std::int64_t steady_ms, std::int64_t cost) {
  const auto before = left(rate, steady_ms);
  spent_ += cost * rate.period_ms;
  return before - cost;
}

bool LogBudget::spend(std::int64_t steady_ms, std::uint64_t& held_back) {
  if (!budget_.take(rate_, steady_ms)) {
    ++held_back_;
    return false;
  }
  held_back = std::exchange(held_back_, 0);
  return true;
}

}  // namespace sims::server
