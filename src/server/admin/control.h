// One connection of simsctl(8): bytes in, bytes out, pure. The edge is server/control_socket.
//
//   request   one JSON object a line, at most max_request bytes: {"do":"kick","who":"conn:7"}
//   answer    any number of {"row":{...}}, then {"ok":true,...} or {"error":"words"}
//
// Requests are answered one after the other. Lists come in pages: "next" in the answer, if there is more, is
// the next request's "after".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "server/admin/operations.h"

namespace sims::server {

class ControlSession {
 public:
  static constexpr std::size_t max_request = 4'096;        // without the LF; also what may wait behind one
  static constexpr std::size_t output_enough = 64 * 1024;  // no further request is looked at meanwhile

  // on_output: an answer that took its time is there. Both functions and the operations outlive the session;
  // on_output is not called from within its own functions, nor after its end.
  ControlSession(Operations& operations, std::function<std::uint64_t()> unix_s,
                 std::function<void()> on_output);
  ~ControlSession();
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  void received(ByteView bytes);
  std::string take_output();
  // After each take_output() that was not empty, and when it changes: whether the other side does not read,
  // so that nothing is worked on. If it does, the requests that wait are gone on with.
  void set_output_blocked(bool blocked);
  bool busy() const;      // on a request whose answer takes its time
  bool finished() const;  // the connection ends once the output is out: what came was no request

 private:
  struct State;
  std::shared_ptr<State> state_;  // answers that come later hold it weakly
};

}  // namespace sims::server
