// What the client core asks of the program around it: I/O, work on other threads, notifications. Pure.
#pragma once

#include <memory>
#include <string>

#include "client/model/model.h"

namespace sims::client {

// CPU work for another thread: run() touches nothing but itself. Give it back with ClientCore::work_done().
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  // Run it on CPU time that others want less: it may take its time.
  virtual bool in_spare_time() const { return false; }
};

// What the core wants done. Called from inside the core's own functions: implementations must not call back
// into it synchronously.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual void open_link(const std::string& host_port) = 0;  // then link_opened() or link_closed()
  virtual void write(std::string bytes) = 0;
  // flush: after what was written went out. No link_closed() follows.
  virtual void close_link(bool flush) = 0;
  virtual void start_work(std::unique_ptr<Work> work) = 0;
  virtual void changed() = 0;  // the model changed: redraw at the end of the turn
  // For scripts and notifications, once the commit succeeded that keeps it; `line` is also in the model,
  // which shows it before.
  virtual void received(const Peer& peer, const Line& line) = 0;
  virtual void delivery_changed(const Peer& peer, const Line& line) = 0;
};

}  // namespace sims::client
