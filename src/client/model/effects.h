// The operations that the client core asks of its program: I/O, work on other threads,
// notifications. Pure.
#pragma once

#include <memory>
#include <string>

#include "client/model/model.h"

namespace sims::client {

// CPU work for another thread: run() touches only its own data. Give it back with
// ClientCore::work_done().
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  // True for work that may take long: run it at low priority.
  virtual bool in_spare_time() const { return false; }
};

// The effects of the core. They are called from inside the core's functions: implementations must
// not call back into the core synchronously.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual void open_link(const std::string& host_port) = 0;  // then link_opened() or link_closed()
  virtual void write(std::string bytes) = 0;
  // flush: close after the written bytes went out. No link_closed() follows.
  virtual void close_link(bool flush) = 0;
  virtual void start_work(std::unique_ptr<Work> work) = 0;
  virtual void changed() = 0;  // the model changed: redraw at the end of the turn
  // For scripts and notifications. Called once the text is committed; `line` is also in the model,
  // which shows it before that.
  virtual void received(const Peer& peer, const Line& line) = 0;
  virtual void delivery_changed(const Peer& peer, const Line& line) = 0;
};

}  // namespace sims::client
