// Unix stream sockets with a path. A path longer than the kernel allows (108 bytes) works through
// its folder's descriptor in /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sims::net {

// Listens at `path` (mode 0600 from the start) and returns the descriptor, for Listener::adopt().
// Replaces an existing socket: the caller knows that no server uses it. Fails in words, also when
// anything else is there, which it does not touch.
Result<int> listen_at_path(const std::string& path);

struct NotConnected {
  int error;  // errno: ENOENT, ECONNREFUSED (no server), EAGAIN (the server does not accept), EACCES...
  std::string words;
};
// Connects and returns the descriptor, which the caller owns. Waits up to `patience` for room in
// the server's queue of connections.
Result<int, NotConnected> connect_to_path(const std::string& path,
                                          std::chrono::milliseconds patience = std::chrono::seconds(30));

// The user id of the other side of a connected Unix socket; nullopt: it is not one.
std::optional<std::uint32_t> user_of_peer(int fd);

}  // namespace sims::net
