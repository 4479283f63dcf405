// Reserves a processor for an event loop while other threads have long work. A loop that wakes on a
// processor where such a thread runs waits for up to milliseconds, whatever the priorities; and the
// kernel wakes it there (near the process that sent to it) even when another processor is idle. So,
// while there is such work, the loop is pinned to one processor and the workers avoid that one.
// Without such work the kernel moves the loop freely.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace sims {

// Threads: a thread works for one LoopCpu only, and must not outlive it. A thread that starts while
// the loop is pinned inherits the loop's processor, and leaves it with its first piece of work.
// Errors: a refused system call is ignored, since only speed depends on it. If the constructing
// thread may use all processors of its cpuset (cpuset(7)), later changes of the cpuset are
// followed. If it was restricted to some of them (taskset(1)), those are used forever.
class LoopCpu {
 public:
  LoopCpu();

  unsigned others() const noexcept { return others_; }  // beside the loop's, when this was made

  // Call it on the loop's thread when a piece of work begins. Pins the loop to the processor where
  // it is, later to the same one again. If the loop had to wait for more than a tenth of 100 ms
  // pinned, because something else keeps its processor busy, it moves to the next one.
  void pin(std::int64_t steady_ms) noexcept;
  void unpin(std::int64_t steady_ms) noexcept;  // no more work

  // Call one of these on a worker thread before each piece of work; it makes a system call only
  // after a change. avoid_loop_cpu(): all processors except the loop's, if there are others.
  // use_any_cpu(): all of them, for more work than the others can do.
  void avoid_loop_cpu() const noexcept;
  void use_any_cpu() const noexcept;

 private:
  void measure(std::int64_t steady_ms) noexcept;
  void restore_mask() noexcept;

  cpu_set_t all_;   // at the start
  cpu_set_t free_;  // these, or any that the cpuset will ever have
  unsigned others_ = 0;
  int pinned_to_;                               // the loop's mask: one processor, or all
  std::atomic<int> cpu_;                        // where it is held, or was
  std::int64_t looked_ms_ = 0, waited_ns_ = 0;  // since it was held or looked at; all waiting until then
  std::int64_t pinned_ms_ = 0, pinned_waited_ns_ = 0;  // held since its processor was last judged
};

}  // namespace sims
