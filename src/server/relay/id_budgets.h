// The rate-limit budgets of one id, and its unanswered calls. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "proto/identity.h"
#include "server/policy/budgets.h"

namespace sims::server {

constexpr std::int64_t call_minute_ms = 60'000;

// Calls of the last minute that were not answered.
struct Calls {
  struct Call {
    proto::Id dst;
    std::int64_t at;  // steady ms
  };
  std::deque<Call> open;  // a deque, which wastes little memory: see memory_bound()

  void forget_old(std::int64_t steady_ms) {
    std::erase_if(open, [&](const Call& call) { return call.at + call_minute_ms <= steady_ms; });
  }
};

// For prekeys (sims-protocol(7) section 8).
struct MailBudgets {
  Budget requests, uploads;
};

// The budgets outlast the connection: see SavedBudgets.
struct IdBudgets {
  Budget messages, message_bytes, lists, finds;
  std::unique_ptr<Calls> calls;       // null: no calls
  std::unique_ptr<MailBudgets> mail;  // null: full ones

  bool full(const Limits& limits, std::int64_t steady_ms) {
    if (calls) calls->forget_old(steady_ms);
    return messages.full(limits.messages, steady_ms) && lists.full(limits.lists, steady_ms) &&
           message_bytes.full(limits.message_bytes, steady_ms) && finds.full(limits.finds, steady_ms) &&
           (!calls || calls->open.empty()) &&
           (!mail || (mail->requests.full(limits.prekey_requests, steady_ms) &&
                      mail->uploads.full(limits.prekey_uploads, steady_ms)));
  }
};

}  // namespace sims::server
