// The processor of an event loop, which threads with long work leave to it. A loop that wakes where such a
// thread runs waits for up to milliseconds, whatever the priorities, and the kernel does wake it there though
// another processor is idle. Nothing is pinned: the loop goes where the kernel moves it, and the others make
// room again with their next piece of work.
#pragma once

#include <sched.h>

#include <atomic>

namespace sims {

// One for a process; the other threads must not outlive it. What the kernel refuses is left as it is: only
// speed depends on it.
class LoopCpu {
 public:
  // What is shared out are the processors that the calling thread may use.
  LoopCpu();

  // The loop's thread: this is where it is. A few nanoseconds, for whenever it gives work away.
  void seen() noexcept;

  // Other threads, before each piece of work (a system call only when something has changed): all but the
  // loop's processor, if there are others; or any, for when there is more to do than those can.
  void keep_off() const noexcept;
  void anywhere() const noexcept;

 private:
  cpu_set_t all_;
  std::atomic<int> cpu_;
};

}  // namespace sims
