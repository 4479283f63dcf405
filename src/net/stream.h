// A connected stream socket: TCP, or a Unix socket (net/unix_socket.h). The rules of net/loop.h
// apply.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/loop.h"

namespace sims::net {

class Stream {
 public:
  struct Callbacks {
    // Bytes of one read. The view is the loop's shared read buffer, valid during the call.
    std::function<void(ByteView)> on_read;
    // The end, called at most once: an empty reason for an orderly end (by the other side, or after
    // finish()), else words. Not called after close(). After the other side's orderly end one may
    // still write() and finish().
    std::function<void(const std::string& reason)> on_end;
    // All queued bytes have been handed to the kernel. Called only after a write() that had to
    // queue bytes.
    std::function<void()> on_drain;
  };
  // Takes over a connected stream socket (from net/unix_socket.h). If it fails, the caller still
  // owns it.
  static Result<std::unique_ptr<Stream>> adopt(Loop& loop, int fd);
  ~Stream();  // closes at once; queued bytes are lost
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_callbacks(Callbacks callbacks);  // before start()
  void start();                             // begins to read
  // The most bytes of a read, 64 KiB unless set. A stream is read once in each turn of the loop, so
  // that a fast sender does not delay the others.
  void set_read_size(std::size_t bytes);
  // Writes as much as possible at once and queues a copy of the rest. Does nothing after finish()
  // or close().
  void write(std::string_view bytes);
  std::size_t queued() const;  // bytes not yet handed to the kernel
  // Sends the queued bytes, shuts down, waits for the other side to close (dropping what it sends),
  // and closes. Gives up after `limit_ms`. on_end reports the end.
  void finish(std::int64_t limit_ms);
  void close();                                    // at once
  const std::string& peer_address() const;         // numeric, without the port: "192.0.2.1", "2001:db8::1"
  std::optional<std::uint32_t> peer_user() const;  // user id of a Unix socket's other side; nullopt: TCP

  struct Box;  // for src/net alone

 private:
  friend class Listener;
  friend class Connector;
  explicit Stream(Box* box);
  Box* box_;
};

}  // namespace sims::net
