// The effects of a Relay, carried out by its driver: server/daemon, tests or the simulation.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "os/log.h"
#include "server/policy/budgets.h"
#include "server/relay/login_work.h"

namespace sims::server {

// The relay calls these from inside its own functions: implementations must not call back into it
// synchronously.
class Actions {
 public:
  virtual ~Actions() = default;
  // The bytes are the caller's: an implementation copies what it cannot send at once. Returns
  // queued(id).
  virtual std::size_t write(ConnId id, std::string_view bytes) = 0;
  // Bytes given to write() that the network has not taken yet.
  virtual std::size_t queued(ConnId id) const = 0;
  // Ends the connection; flush: after the written bytes went out (within a few seconds). The relay
  // has forgotten it: do not call closed(); the relay ignores bytes that still arrive.
  virtual void close(ConnId id, bool flush) = 0;
  // Whether to read little at a time from this connection: it sends fast, and the others must not
  // wait.
  virtual void read_little(ConnId id, bool on) = 0;
  virtual void start_work(ConnId id, std::unique_ptr<LoginWork> work) = 0;
  virtual void log(log::Level level, std::string line) = 0;
};

}  // namespace sims::server
