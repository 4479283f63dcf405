// The event loop, timers, signals and descriptors, over libuv. src/net is the only folder that uses
// libuv. Rules for all of src/net:
//   - Use everything on the thread that runs the loop, except Loop::post(), which any thread may
//     call.
//   - An owner may destroy a handle inside any of that handle's callbacks. (Handles live in heap
//     boxes, which their owner abandons when it dies.) No callback is called after that.
//   - Callbacks must not throw.
//   - Handles must not outlive their loop.
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
  // Asserts that every handle was closed, drops posted functions and jobs that have not begun, and
  // waits for running jobs and name lookups.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();       // until stop(), or until there is nothing left to wait for
  void stop();      // makes run() return after this turn
  Now now() const;  // the clocks, read at most once in each phase of a turn

  // Runs f on the loop's thread soon. May be called from any thread.
  void post(std::function<void()> f);
  static constexpr unsigned max_workers = 16;  // at most so many jobs at once
  // Runs job on a worker thread, then done on the loop's thread. If the loop ends first, done is
  // dropped. The objects that both functions own are destroyed on the loop's thread.
  void work(std::function<void()> job, std::function<void()> done);
  // The same on a single thread of its own, one job after the other: a slow disk delays no other
  // jobs.
  void work_in_order(std::function<void()> job, std::function<void()> done);
  // Runs f once at the end of this turn, before the loop waits again: the place for one write per
  // peer and turn. Functions that f adds run in the same turn, unless they add others again and again:
  // then timers and I/O run in between.
  void at_turn_end(std::function<void()> f);

  uv_loop_s* uv() const;
  struct State;  // for src/net alone

 private:
  std::unique_ptr<State> state_;
};

// A timer, one-shot or repeating. Times are in milliseconds; a repeat of 0 means once.
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

// Calls on_signal for each delivery of a signal. It does not keep the loop running.
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

// Reports readiness of a descriptor that the caller owns (a terminal, a pipe) and that outlives
// this object. It sets O_NONBLOCK on the open file description, so open one of your own (/dev/tty
// again), never use a shared stdin. Not for regular files, which cannot be polled.
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
