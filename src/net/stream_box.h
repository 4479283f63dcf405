// The heap box of a stream. Private to src/net. Its owner (a Stream, or a Connector's attempt)
// abandons it with release(); libuv's close callbacks free it.
#pragma once

#include <string>

#include "net/loop_state.h"
#include "net/stream.h"

namespace sims::net {

struct Stream::Box {
  uv_tcp_t tcp;
  uv_timer_t limit;  // of finish(); end_soon() uses it to report `broken`
  int holders = 3;   // two open handles and the owner
  Callbacks callbacks;
  std::string peer;
  std::size_t queued = 0;
  std::size_t read_size = 65'536;
  std::uint64_t read_turn = 0;  // of the last read
  bool reading = false;
  bool read_ended = false;    // by the other side or by an error
  bool finishing = false;     // finish() was called: input is dropped
  bool shut = false;          // all output was sent, and the socket shut down
  bool end_reported = false;  // on_end was called, or must not be called any more
  std::string broken;

  static Box* make(Loop::State& loop);
  // Reads the peer's address and sets the options of a connected socket; false: it is disconnected.
  bool connected();
  void close();    // no callback is called any more
  void release();  // close(), and the owner gives up the box

  void read(ssize_t size, const uv_buf_t* buffer) noexcept;
  void queue(std::string bytes);
  void wrote(std::size_t size, int status) noexcept;
  void shut_down();
  // Calls on_end, so it must be the last statement of its caller.
  void end(const std::string& reason) noexcept;
  // end() from the loop: a function that the owner calls must not call back synchronously.
  void end_soon(int status);
  void start_limit(std::int64_t ms);

 private:
  void close_handles();
  void drop_holder();
};

// "192.0.2.1", "2001:db8::1"; a mapped IPv4 address as IPv4; empty for other families.
std::string numeric_address(const sockaddr* address);
std::uint16_t port_of(const sockaddr* address);

}  // namespace sims::net
