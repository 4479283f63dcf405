// Accepts connections at an address. net/loop.h's rules hold.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "net/stream.h"

namespace sims::net {

class Listener {
 public:
  // Binds and listens (a numeric host: see Endpoint::resolve; IPv6 sockets are v6-only). on_accept gets each
  // new stream, not yet started.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& at,
                                                  std::function<void(std::unique_ptr<Stream>)> on_accept);
  // The same without a loop yet: adopt() or close() the descriptor.
  static Result<int> open(const Endpoint& at);
  // Takes over a listening socket (systemd's, or one with a path: net/unix_socket.h).
  static Result<std::unique_ptr<Listener>> adopt(Loop& loop, int fd,
                                                 std::function<void(std::unique_ptr<Stream>)> on_accept);
  ~Listener();
  Endpoint bound() const;        // with the real port
  std::uint64_t pauses() const;  // times that there were no descriptors to accept with

 private:
  struct Box;
  explicit Listener(Box* box);
  Box* box_;
};

}  // namespace sims::net
