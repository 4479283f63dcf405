// Stream sockets with a name in the file system, also one longer than the kernel's addresses (108 bytes):
// then it is reached through its folder's descriptor in /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sims::net {

// Listens at `path` (mode 0600 from its first moment), in place of a socket that is there: the caller knows
// that nobody serves it. Anything else that is there is left alone, and an error. For Listener::adopt().
Result<int> listen_at_path(const std::string& path);

struct NotConnected {
  int error;  // errno: ENOENT, ECONNREFUSED (nobody serves it), EAGAIN (it stands still), EACCES...
  std::string words;
};
// Connects, waiting so long for a place among those whom the server has still to accept. The caller closes
// the descriptor.
Result<int, NotConnected> connect_to_path(const std::string& path,
                                          std::chrono::milliseconds patience = std::chrono::seconds(30));

// As who the other side of a connected socket runs; nullopt: unknown, for it is no Unix socket.
std::optional<std::uint32_t> user_of_peer(int fd);

}  // namespace sims::net
