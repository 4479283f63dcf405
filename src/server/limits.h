// What an administrator may tune (simsd.conf(5)), and the count of connections per address. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/limits.h"

namespace sims::server {

using ConnId = std::uint64_t;  // a connection's number, given by the driver and never used again

struct Limits {
  std::size_t connections = 16'384;             // in all, logged in or not
  std::size_t connections_per_address = 2'000;  // an IPv4 address or an IPv6 /64
  std::int64_t handshake_ms = proto::handshake_deadline_ms;
  std::size_t queue_bytes = 256 * 1024;  // waiting for one client; more and it is cut off
  std::int64_t ping_ms = 120'000;        // of silence: ping; as much again: cut off
};

// What counts as one address: an IPv4 address (also when mapped into IPv6) or the first 64 bits of an IPv6
// address. `address` is numeric, as net::Stream::peer_address() gives it; anything else stands for itself.
std::string address_group(std::string_view address);

// Connections in all and per address group.
class ConnectionCount {
 public:
  enum class Verdict { ok, full, address_full };
  // Counts it in when the verdict is ok; then leave() with the same group, once.
  Verdict enter(const std::string& group, const Limits& limits);
  void leave(const std::string& group);
  std::size_t total() const { return total_; }

 private:
  std::unordered_map<std::string, std::size_t> groups_;
  std::size_t total_ = 0;
};

// At most `burst` log lines at once, refilled `per_second`; counts what it held back. For events a stranger
// can cause.
class LogBudget {
 public:
  LogBudget(std::int64_t burst, std::int64_t per_second)
      : burst_(burst), rate_(per_second), left_ms_(burst * 1'000) {}
  // True: write the line. `held_back` is set to how many were not, since the last one that was.
  bool spend(std::int64_t steady_ms, std::uint64_t& held_back);

 private:
  std::int64_t burst_, rate_, left_ms_, last_ms_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace sims::server
