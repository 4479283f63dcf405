// The processor of an event loop, which threads with long work leave to it. A loop that wakes where such a
// thread runs waits for up to milliseconds, whatever the priorities, and the kernel does wake it there (near
// the process that sent to it) though another processor is idle. So, while there is such work, the loop stays
// on one processor and the others keep off it; without it the loop goes where the kernel moves it.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace sims {

// A thread serves one of these only, and must not outlive it. What the kernel refuses is left as it is: only
// speed depends on it. A thread that is begun while the loop is held inherits its processor, and leaves it
// with its first piece of work.
//
// If the thread that makes it may use all processors of its cpuset (cpuset(7)), changes of that are followed;
// if it has been given some of them (taskset(1)), those are shared out for good.
class LoopCpu {
 public:
  LoopCpu();

  unsigned others() const noexcept { return others_; }  // beside the loop's, when this was made

  // The loop's thread, with each piece of work that begins: first where it is, then there again. If of 100 ms
  // held it had to wait for more than a tenth, because something else keeps its processor busy, it moves to
  // the next one.
  void pin(std::int64_t steady_ms) noexcept;
  void unpin(std::int64_t steady_ms) noexcept;  // no more work

  // Other threads, before each piece of work (a system call only when something has changed): all but the
  // loop's processor, if there are others; or any, for when there is more to do than those can.
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
