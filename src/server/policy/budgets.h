// The limits that an administrator may tune (simsd.conf(5)), and rate-limit budgets. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/limits.h"
#include "server/policy/ip_address.h"

namespace sims::server {

using ConnId = std::uint64_t;  // a connection's number, given by the driver and never used again

// A token bucket's numbers: `burst` at once, and `each` per period from then on.
struct Rate {
  std::int64_t each = 0, burst = 0;
  std::int64_t period_ms = 1'000;
  bool operator==(const Rate&) const = default;
};

// Of mailboxes (sims-protocol(7) section 8).
struct MailLimits {
  std::size_t owner_letters = 5'000;  // waiting for one owner
  std::size_t owner_bytes = 8 << 20;
  std::size_t sender_letters = 1'000;  // of these from one sender
  std::size_t sender_bytes = 2 << 20;
  std::size_t newcomer_letters = 200;  // waiting anywhere, from an id that registered within a day
  std::size_t owner_receipts = 5'000;  // receipts are counted apart, each with room for 512 bytes
  std::size_t sender_receipts = 1'000;
  std::uint64_t days = 30;  // then an item is removed; at most 30, on which clients rely
  std::uint64_t total_bytes = std::uint64_t{4} << 30;  // of mail.db, all mailboxes and prekeys together
  std::size_t queued_bytes = 16 << 20;  // letters and receipts in memory that wait for the disk
  std::size_t once_keys = 5;            // of one owner for one asker in an hour

  bool operator==(const MailLimits&) const = default;
};

// "Source": an IPv4 address or an IPv6 /64. "Client": one that has logged in.
struct Limits {
  // Connections.
  std::size_t connections = 16'384;             // in all, logged in or not
  std::size_t connections_per_address = 2'000;  // from one source
  std::size_t unauthenticated = 8'192;          // not logged in, in all; past it the oldest one is evicted
  std::size_t unauthenticated_per_address = 256;
  std::int64_t handshake_ms = proto::handshake_deadline_ms;
  std::int64_t ping_ms = 120'000;  // of silence, then a ping; as much again, then disconnected
  // Logins: public-key work.
  Rate handshakes{1'000, 2'000};                    // in all
  Rate handshakes_per_address{10, 100};             // from one source
  Rate rsa_handshakes_per_address{10, 10, 60'000};  // of those; a key takes half a second to make
  Rate logins{2, 60};                               // of one id; each is announced to everybody
  Rate registrations{20, 20, 3'600'000};            // new names from one source
  std::int64_t penalty_max_ms = 600'000;            // how long a source can be shut out; 0: never
  std::vector<AddressRange> exempt = {*AddressRange::parse("127.0.0.0/8"), *AddressRange::parse("::1")};
  // Messages from clients.
  Rate messages{500, 5'000};
  Rate message_bytes{2 << 20, 16 << 20};
  Rate lists{10, 100};
  Rate finds{30, 30, 60'000};
  Rate prekey_requests{60, 300, 60'000};
  Rate prekey_uploads{30, 30, 60'000};
  std::size_t unanswered_calls = 100;  // of one client in a minute
  // Output that waits for clients.
  std::size_t queue_bytes = 256 * 1024;       // for one; a client with more is disconnected
  std::size_t queue_bytes_total = 256 << 20;  // for all, together with partial frames received
  std::int64_t stall_ms = 10'000;             // a client that takes none of it for so long is disconnected
  MailLimits mail;

  bool operator==(const Limits&) const = default;
};

// The most memory that simsd takes, in bytes: simsd.conf(5), MEMORY.
std::size_t memory_bound(const Limits& limits, std::size_t registered);

// A budget (token bucket) under a Rate. A new one is full.
class Budget {
 public:
  // Spends if enough is left; false: it is not, and nothing was spent.
  bool take(const Rate& rate, std::int64_t steady_ms, std::int64_t cost = 1) {
    if (left(rate, steady_ms) < cost) return false;
    spend(rate, steady_ms, cost);
    return true;
  }
  // Always spends. Returns what is left, which may be negative.
  std::int64_t spend(const Rate& rate, std::int64_t steady_ms, std::int64_t cost = 1);
  std::int64_t left(const Rate& rate, std::int64_t steady_ms);
  bool full(const Rate& rate, std::int64_t steady_ms) { return left(rate, steady_ms) >= rate.burst; }

 private:
  std::int64_t spent_ = 0;  // multiplied by the period, against rounding
  std::int64_t last_ms_ = 0;
};

// A rate limit for log lines; counts the lines that it held back.
class LogBudget {
 public:
  explicit LogBudget(Rate rate) : rate_(rate) {}
  // True: write the line, and `held_back` is set to the number of lines held back since the last
  // one.
  bool spend(std::int64_t steady_ms, std::uint64_t& held_back);
  void hold_back(std::uint64_t lines) { held_back_ += lines; }

 private:
  Rate rate_;
  Budget budget_;
  std::uint64_t held_back_ = 0;
};

}  // namespace sims::server
