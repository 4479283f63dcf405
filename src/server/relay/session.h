// What the core keeps of one connection. Owned by the core's table, found by number: never keep a pointer
// across an asynchronous step. There are tens of thousands of them, nearly all idle: no buffer stays here.
#pragma once

#include <tsl/robin_map.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "proto/channel/transport.h"
#include "server/policy/admission.h"
#include "server/policy/stats.h"

namespace sims::server {

constexpr std::int64_t call_minute_ms = 60'000;

// Calls that were not answered, in the last minute.
struct Calls {
  struct Call {
    proto::Id dst;
    std::int64_t at;  // steady ms
  };
  std::deque<Call> open;  // in no more room than they need: see memory_bound()

  void forget_old(std::int64_t steady_ms) {
    std::erase_if(open, [&](const Call& call) { return call.at + call_minute_ms <= steady_ms; });
  }
};

// What an id has spent. It outlasts the connection: who comes again has no new budgets.
struct Spending {
  Budget messages, message_bytes, lists, finds;
  std::unique_ptr<Calls> calls;  // null: none

  bool full(const Limits& limits, std::int64_t steady_ms) {
    if (calls) calls->forget_old(steady_ms);
    return messages.full(limits.messages, steady_ms) && lists.full(limits.lists, steady_ms) &&
           message_bytes.full(limits.message_bytes, steady_ms) && finds.full(limits.finds, steady_ms) &&
           (!calls || calls->open.empty());
  }
};

struct Session {
  Session(ConnId number, std::string_view from, const AdmissionSlot& counted, proto::Transport t)
      : conn(number), address(from), guest(counted), transport(std::move(t)) {}

  ConnId conn;
  std::string address;
  AdmissionSlot guest;
  proto::Transport transport;
  std::shared_ptr<std::atomic<bool>> gone;  // for the work under way; null when logged in or before
  std::string out;              // frames not yet handed to the driver; its memory is the core's, see flush()
  std::size_t stuck = 0;        // bytes that the driver had not got rid of when it was asked last
  std::size_t held = 0;         // bytes of a frame that is not whole yet
  std::int64_t held_since = 0;  // steady ms; its beginning
  std::uint64_t written = 0;    // bytes given to the driver
  std::uint64_t taken = 0;      // of those, what the network had taken at `taken_ms`
  std::int64_t taken_ms = 0;    // steady; when it last took something, while it is stuck
  Spending spent;
  std::int64_t refused_until = 0;   // steady ms: its messages, since it sends too fast
  std::uint32_t ack_credit = 0;     // acks that are owed for what it got are not counted as its messages
  std::uint64_t sent = 0, got = 0;  // messages forwarded from and to it
  std::uint64_t Stats::Handshakes::*outcome = &Stats::Handshakes::left;  // if it ended now
  std::int64_t last_heard = 0;                                           // steady ms
  std::int64_t wake_at = 0;                                              // steady ms; 0: no deadline
  std::uint32_t wake_place = 0;                                          // among those with the same deadline
  std::uint64_t own_change = 0;   // the number of its own `online` change
  std::uint64_t seen_change = 0;  // presence changes before this one are known to the client
  std::uint32_t place = 0;        // among those who are online
  bool redeeming = false;         // its invitation is looked at; before log_in() it may say nothing else
  bool online = false;            // logged in
  bool pinged = false;            // and nothing was heard since
  bool fast = false;              // has used up some of its burst
  bool read_little = false;       // and the driver knows
  bool ack_at_once = false;       // the ack that is owed does not wait
  bool ack_listed = false;        // is on the core's list of acks that wait
  bool stuck_listed = false;      // is on the core's list of slow readers
  bool dirty = false;             // is on the core's list of sessions with output
  bool ended = false;             // closed; its memory goes at the end of the turn
};

using SessionTable = tsl::robin_map<ConnId, std::unique_ptr<Session>>;

}  // namespace sims::server
