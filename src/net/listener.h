// Accepts connections at an address. The rules of net/loop.h apply.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "net/stream.h"

namespace sims::net {

class Listener {
 public:
  // Binds and listens at a numeric address (net/resolve.h resolves names); IPv6 sockets are
  // v6-only. on_accept gets each new stream, which it starts. Fails in words.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& at,
                                                  std::function<void(std::unique_ptr<Stream>)> on_accept);
  // The same without a loop. The caller owns the descriptor, and gives it to adopt() or closes it.
  static Result<int> open(const Endpoint& at);
  // Takes over a listening socket (systemd's, or one from net/unix_socket.h). If it fails, the
  // caller still owns the descriptor.
  static Result<std::unique_ptr<Listener>> adopt(Loop& loop, int fd,
                                                 std::function<void(std::unique_ptr<Stream>)> on_accept);
  ~Listener();
  Endpoint bound() const;        // the address with the real port
  std::uint64_t pauses() const;  // how often it paused because there were no descriptors

 private:
  struct Box;
  explicit Listener(Box* box);
  Box* box_;
};

}  // namespace sims::net
