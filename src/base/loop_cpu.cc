#include "base/loop_cpu.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace sims {

namespace {

constexpr int none = -1;
constexpr std::int64_t look_after_ms = 300, old_after_ms = 1'000;
constexpr std::int64_t most_waited = 10;  // the part of its time

bool allow(const cpu_set_t& cpus) {
  return sched_setaffinity(0, sizeof cpus, &cpus) == 0;
}

// The calling thread may use all but one of them, or all: none.
void leave(const cpu_set_t& all, int cpu) {
  constexpr int inherited = -2;
  thread_local int left = inherited;
  if (left == cpu) return;
  left = cpu;
  cpu_set_t cpus = all;
  if (cpu != none) CPU_CLR(static_cast<unsigned>(cpu), &cpus);
  static_cast<void>(allow(cpus));
}

// The next one of them, or the first.
int after(const cpu_set_t& all, int cpu) {
  do
    cpu = (cpu + 1) % CPU_SETSIZE;
  while (!CPU_ISSET(static_cast<unsigned>(cpu), &all));
  return cpu;
}

// How long the calling thread was ready and did not run, as the kernel counts it: proc(5), schedstat. 0 if it
// doesn't.
std::int64_t waited_ns() {
  const int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128] = {};  // "ran waited times"
  std::int64_t waited = 0;
  if (read(file, text, sizeof text - 1) > 0) {
    char* second = nullptr;
    static_cast<void>(std::strtoll(text, &second, 10));
    waited = std::strtoll(second, nullptr, 10);
  }
  close(file);
  return waited;
}

}  // namespace

// With more processors than a cpu_set_t holds the kernel refuses: there are none to share out, then.
LoopCpu::LoopCpu() : held_at_(none), cpu_(none) {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
  const int count = CPU_COUNT(&all_);
  if (count > 1) others_ = static_cast<unsigned>(count) - 1;
}

void LoopCpu::choose(std::int64_t steady_ms) noexcept {
  const std::int64_t passed_ms = steady_ms - looked_ms_, before = waited_ns_;
  const int last = cpu_.load(std::memory_order_relaxed);
  if (last != none && passed_ms < look_after_ms) return;
  looked_ms_ = steady_ms;
  waited_ns_ = waited_ns();
  int cpu = last;
  if (last == none || (held_at_ == none && passed_ms >= old_after_ms))
    cpu = sched_getcpu();
  else if ((waited_ns_ - before) * most_waited > passed_ms * 1'000'000)
    cpu = after(all_, last);
  cpu_.store(cpu >= 0 && cpu < CPU_SETSIZE ? cpu : none, std::memory_order_relaxed);
}

void LoopCpu::hold(std::int64_t steady_ms) noexcept {
  if (others_ == 0) return;
  choose(steady_ms);
  const int cpu = cpu_.load(std::memory_order_relaxed);
  if (cpu == held_at_) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  if (cpu != none) CPU_SET(static_cast<unsigned>(cpu), &one);
  if (cpu != none && allow(one)) {
    held_at_ = cpu;
    return;
  }
  release();  // that processor has gone: chosen anew the next time
  cpu_.store(none, std::memory_order_relaxed);
}

void LoopCpu::release() noexcept {
  if (held_at_ == none) return;
  static_cast<void>(allow(all_));
  held_at_ = none;
}

void LoopCpu::keep_off() const noexcept {
  if (others_ > 0) leave(all_, cpu_.load(std::memory_order_relaxed));
}

void LoopCpu::anywhere() const noexcept {
  if (others_ > 0) leave(all_, none);
}

}  // namespace sims
