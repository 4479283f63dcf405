// TCP: a connected stream, a listener, and connecting by name. sims::net::Loop's rules hold.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"

namespace sims::net {

// 0 to 65535 in decimal, and nothing else.
std::optional<std::uint16_t> parse_port(std::string_view text);

// "127.0.0.1:7467", "[::1]:7467", "host:7467", "host" (then with default_port). The port may be 0 where it is
// listened on.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  static Result<Endpoint> parse(std::string_view text, std::uint16_t default_port);
  std::string str() const;  // brackets around IPv6
  // Every address that the host stands for now, numeric, each once. Waits for the resolver: for a program's
  // start.
  Result<std::vector<Endpoint>> resolve() const;
};

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

// Resolves and connects. Of several addresses at most 8 are tried, 250 ms apart, both families by turns (RFC
// 8305); the first that answers wins. A failure names what was wrong with each. Dies quietly: no callback
// after that.
class Connector {
 public:
  Connector(Loop& loop, Endpoint to, std::function<void(Result<std::unique_ptr<Stream>>)> on_done);
  ~Connector();

 private:
  struct Box;
  Box* box_;
};

}  // namespace sims::net
