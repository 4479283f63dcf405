#include "base/loop_cpu.h"

namespace sims {

namespace {

constexpr int none = -1;

// The calling thread may use all but one of them, or all: none.
void leave(const cpu_set_t& all, int cpu) {
  thread_local int left = none;
  if (left == cpu || CPU_COUNT(&all) < 2) return;
  left = cpu;
  cpu_set_t cpus = all;
  if (cpu != none) CPU_CLR(static_cast<unsigned>(cpu), &cpus);
  static_cast<void>(sched_setaffinity(0, sizeof cpus, &cpus));
}

}  // namespace

// With more processors than a cpu_set_t holds the kernel refuses: there are none to share out, then.
LoopCpu::LoopCpu() : cpu_(none) {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
}

void LoopCpu::seen() noexcept {
  cpu_.store(sched_getcpu(), std::memory_order_relaxed);
}

void LoopCpu::keep_off() const noexcept {
  leave(all_, cpu_.load(std::memory_order_relaxed));
}

void LoopCpu::anywhere() const noexcept {
  leave(all_, none);
}

}  // namespace sims
