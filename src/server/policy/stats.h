// The relay's counters and gauges, for simsctl(8) and the metrics (simsd(8), Metrics). Counters
// only grow. Owned by the relay; the daemon fills in the numbers marked as its own. Read them on
// the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/policy/budgets.h"

namespace sims::server {

// Why a connection, a login or a message was refused. One row each in refusal_names.
enum class Refused : std::uint8_t {
  going_away,
  banned,
  connections,          // in all
  address_connections,  // from one address
  penalty,              // its address failed too often lately
  address_handshakes,   // a second from one address
  handshakes,           // a second in all
  unauthenticated,      // too many that have not logged in: the oldest was evicted
  registrations,        // from one address in an hour
  id_logins,            // of one id
  login,                // name taken, not registered...
  messages,             // a second and client
  list_requests,
  find_requests,
  calls,            // too many that were not answered
  queue,            // the receiver reads too slowly
  mailbox_full,     // letters
  mail_busy,        // letters, receipts: the disk failed or is too slow
  prekey_requests,  // and uploads
  count
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Refused::count)> refusal_names{
    "going-away",     "banned",
    "connections",    "address-connections",
    "penalty",        "address-handshakes",
    "handshakes",     "unauthenticated",
    "registrations",  "id-logins",
    "login",          "messages",
    "list-requests",  "find-requests",
    "calls",          "queue",
    "mailbox-full",   "mail-busy",
    "prekey-requests"};

inline std::string_view name_of(Refused why) {
  return refusal_names[static_cast<std::size_t>(why)];
}

// Bounds in microseconds; the last bucket has none.
struct Histogram {
  static constexpr std::array<std::uint32_t, 12> bounds_us{
      50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 500'000, 2'500'000};
  std::array<std::uint64_t, bounds_us.size() + 1> counts{};
  std::uint64_t count = 0, sum_us = 0;
  void add(std::uint64_t us, std::uint64_t times = 1);
};

struct Stats {
  std::uint64_t opened = 0;  // connections that admission let in
  std::array<std::uint64_t, static_cast<std::size_t>(Refused::count)> refused{};
  struct Handshakes {
    std::uint64_t done = 0;     // logged in
    std::uint64_t refused = 0;  // by us: too many, another's name, not invited, banned
    std::uint64_t failed = 0;   // the client broke the protocol, or proved nothing
    std::uint64_t timed_out = 0;
    std::uint64_t left = 0;  // closed by the client
  };
  // By suite, in the order of crypto::all_suites(); the last: before a suite was chosen.
  std::array<Handshakes, 3> handshakes{};
  std::uint64_t registrations = 0;
  std::uint64_t messages = 0;       // forwarded
  std::uint64_t message_bytes = 0;  // of those, the sub-messages
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t faults = 0;        // connections that ended by the client's fault
  std::uint64_t slow_readers = 0;  // disconnected, since they read too slowly
  std::uint64_t idle_cut = 0;      // disconnected, since they were silent
  // Gauges.
  std::uint64_t connections = 0, online = 0, unauthenticated = 0;
  std::uint64_t partial_bytes = 0;     // of messages that have not arrived completely
  std::uint64_t queued_bytes = 0;      // waiting in the relay for clients, in all
  std::uint64_t max_queued_bytes = 0;  // the most for one client since the last reading
  std::uint64_t addresses = 0;         // remembered, with counts, budgets and penalties
  // The daemon's.
  Histogram hop;                              // from the read of a message's bytes to their write
  Histogram loop_lag;                         // how late timers fired
  std::uint64_t p384_keys = 0, rsa_keys = 0;  // gauges: made ahead, ready
  std::uint64_t accept_pauses = 0;            // because there were no descriptors
};

}  // namespace sims::server
