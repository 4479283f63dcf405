// One connection of simsctl(8) on the server: bytes in, bytes out. Pure; the edge is
// daemon/control_socket.
//
//   request   one JSON object a line, at most max_request bytes: {"do":"kick","who":"conn:7"}
//   answer    any number of {"row":{...}}, then {"ok":true,...} or {"error":"words"}
//
// Requests are answered one after the other. Lists come in pages: if there are more rows, the
// answer has "next", which the next request repeats as "after".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "server/admin/operations.h"

namespace sims::server {

class ControlSession {
 public:
  static constexpr std::size_t max_request =
      4'096;  // bytes without the LF; also the limit for waiting requests
  static constexpr std::size_t output_enough = 64 * 1024;  // with more output no further request is read

  // on_output: called when a late answer has arrived. Both functions and the operations outlive the
  // session; on_output is not called from within the session's own functions, nor after its end.
  ControlSession(Operations& operations, std::function<std::uint64_t()> unix_s,
                 std::function<void()> on_output);
  ~ControlSession();
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  void received(ByteView bytes);
  std::string take_output();
  // Whether the other side does not read its output, so that no request is worked on. Call it after
  // each take_output() that was not empty, and when it changes. With `false` the waiting requests
  // go on.
  void set_output_blocked(bool blocked);
  bool busy() const;      // working on a request whose answer comes later
  bool finished() const;  // the input was not a request: close the connection after its output

 private:
  struct State;
  std::shared_ptr<State> state_;  // late answers hold it weakly
};

}  // namespace sims::server
