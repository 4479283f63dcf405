// The event loop and what hangs on it, over libuv. The only folder that knows libuv. Everything here belongs
// to the thread that runs the loop but Loop::post() and the function given to Loop::work(). Handles live in
// heap boxes that their owner abandons when it dies: an owner may die inside any of its own callbacks.
// Callbacks must not throw.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

struct uv_loop_s;

namespace sims::net {

class Loop {
 public:
  Loop();
  // Asserts that every handle was closed, drops what was posted and waits for jobs and name lookups that
  // already run.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();       // until stop() or nothing is left to wait for
  void stop();      // run() returns after this turn
  Now now() const;  // clocks read once a turn

  // From any thread: runs f on the loop's thread soon.
  void post(std::function<void()> f);
  static constexpr unsigned max_workers = 16;  // jobs at once at most
  // Runs job on a worker thread, then done on the loop's thread. done is dropped, unrun, if the loop ends
  // first.
  void work(std::function<void()> job, std::function<void()> done);
  // Likewise one after the other on a thread for these: what waits for a disk holds up nothing else.
  void work_in_order(std::function<void()> job, std::function<void()> done);
  // Runs f once at the end of this turn (before the loop waits again): the place for one write per peer and
  // turn. What f itself adds runs in the same turn.
  void at_turn_end(std::function<void()> f);

  uv_loop_s* uv() const;
  struct State;  // for src/net alone

 private:
  std::unique_ptr<State> state_;
};

// One-shot or repeating. Dies quietly.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_fire);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void start(std::int64_t after_ms, std::int64_t repeat_ms = 0);
  void stop();

 private:
  struct Box;
  Box* box_;
};

// Alone it does not keep the loop running.
class Signal {
 public:
  Signal(Loop& loop, int signum, std::function<void()> on_signal);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  struct Box;
  Box* box_;
};

// Readiness of a descriptor that somebody else owns (a terminal, a pipe). Sets O_NONBLOCK on the open file:
// give it a description of its own (open /dev/tty again), never a shared stdin. Not for regular files, which
// cannot be polled.
class Readable {
 public:
  Readable(Loop& loop, int fd, std::function<void()> on_readable);
  ~Readable();
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

 private:
  struct Box;
  Box* box_;
};

}  // namespace sims::net
