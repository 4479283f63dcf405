// A connected stream socket: TCP, or one with a path (net/unix_socket.h). net/loop.h's rules hold.
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
    // Bytes just read; the view is the loop's shared read buffer, valid during the call. One call per read of
    // the socket.
    std::function<void(ByteView)> on_read;
    // The end, once: an empty reason for an orderly end (by the other side, or of finish()), else words. Not
    // called after close(). After the other side's orderly end one may still write() and finish().
    std::function<void(const std::string& reason)> on_end;
    // The bytes queued have all been handed to the kernel (only after a write() that could not be at once).
    std::function<void()> on_drain;
  };
  // Takes over a connected stream socket (of net/unix_socket.h); when it fails the caller still has it.
  static Result<std::unique_ptr<Stream>> adopt(Loop& loop, int fd);
  ~Stream();  // closes at once; queued bytes are lost
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_callbacks(Callbacks callbacks);  // before start()
  void start();                             // reading
  // At most so many bytes a read; one read in each turn of the loop, so that who sends much does not keep the
  // others waiting. 64 KiB unless set.
  void set_read_size(std::size_t bytes);
  // Tries to write at once (uv_try_write) and queues a copy of the rest. Nothing after close().
  void write(std::string_view bytes);
  std::size_t queued() const;  // bytes not yet handed to the kernel
  // Sends what is queued, shuts down, waits for the other side's end (what it still sends is dropped) and
  // closes; gives up after `limit_ms`. on_end says when it is over.
  void finish(std::int64_t limit_ms);
  void close();                                    // at once
  const std::string& peer_address() const;         // numeric, without the port: "192.0.2.1", "2001:db8::1"
  std::optional<std::uint32_t> peer_user() const;  // who connected to a Unix socket; nullopt: to another

  struct Box;  // for src/net alone

 private:
  friend class Listener;
  friend class Connector;
  explicit Stream(Box* box);
  Box* box_;
};

}  // namespace sims::net
