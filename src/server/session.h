// What the core keeps of one connection. Owned by the core's table, found by number: never keep a pointer
// across an asynchronous step.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "proto/transport.h"
#include "server/limits.h"

namespace sims::server {

struct Session {
  Session(ConnId number, std::string_view from, proto::Transport t)
      : conn(number), address(from), transport(std::move(t)) {}

  ConnId conn;
  std::string address;
  proto::Transport transport;
  std::string out;                // frames of this turn, not yet handed to the driver
  std::int64_t last_heard = 0;    // steady ms
  std::int64_t wake_at = 0;       // its place among the core's deadlines
  std::uint64_t own_change = 0;   // the number of its own `online` change
  std::uint64_t seen_change = 0;  // presence changes before this one are known to the client
  bool online = false;            // logged in
  bool pinged = false;            // and nothing was heard since
  bool dirty = false;             // is on the core's list of sessions with output
  bool ended = false;             // closed; its memory goes at the end of the turn
};

using SessionTable = std::unordered_map<ConnId, std::unique_ptr<Session>>;

}  // namespace sims::server
