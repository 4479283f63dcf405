// What the core keeps of one connection. Owned by the core's table, found by number: never keep a pointer
// across an asynchronous step. There are tens of thousands of them, nearly all idle: no buffer stays here.
#pragma once

#include <tsl/robin_map.h>

#include <atomic>
#include <memory>
#include <string>

#include "proto/transport.h"
#include "server/limits.h"

namespace sims::server {

struct Session {
  Session(ConnId number, std::string_view from, proto::Transport t)
      : conn(number), address(from), transport(std::move(t)) {}

  ConnId conn;
  std::string address;
  proto::Transport transport;
  std::shared_ptr<std::atomic<bool>> gone;  // for the work under way; null when logged in or before
  std::string out;               // frames not yet handed to the driver; its memory is the core's, see flush()
  std::size_t stuck = 0;         // bytes that the driver had not got rid of when it was asked last
  std::int64_t last_heard = 0;   // steady ms
  std::int64_t wake_at = 0;      // steady ms; 0: no deadline
  std::uint32_t wake_place = 0;  // among those with the same deadline
  std::uint64_t own_change = 0;  // the number of its own `online` change
  std::uint64_t seen_change = 0;  // presence changes before this one are known to the client
  std::uint32_t place = 0;        // among those who are online
  bool online = false;            // logged in
  bool pinged = false;            // and nothing was heard since
  bool ack_at_once = false;       // the ack that is owed does not wait
  bool ack_listed = false;        // is on the core's list of acks that wait
  bool dirty = false;             // is on the core's list of sessions with output
  bool ended = false;             // closed; its memory goes at the end of the turn
};

using SessionTable = tsl::robin_map<ConnId, std::unique_ptr<Session>>;

}  // namespace sims::server
