#include "base/loop_cpu.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace sims {

namespace {

constexpr int none = -1;
constexpr std::int64_t look_after_ms = 300;
constexpr std::int64_t most_waited = 10;  // the part of its time

void allow(const cpu_set_t& cpus) {
  static_cast<void>(sched_setaffinity(0, sizeof cpus, &cpus));
}

// The calling thread may use all but one of them, or all: none.
void leave(const cpu_set_t& all, int cpu) {
  constexpr int inherited = -2;
  thread_local int left = inherited;
  if (left == cpu) return;
  left = cpu;
  cpu_set_t cpus = all;
  if (cpu != none) CPU_CLR(static_cast<unsigned>(cpu), &cpus);
  allow(cpus);
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
LoopCpu::LoopCpu() : cpu_(none) {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
  several_ = CPU_COUNT(&all_) > 1;
}

void LoopCpu::choose(std::int64_t steady_ms) noexcept {
  const std::int64_t passed_ns = (steady_ms - looked_ms_) * 1'000'000, before = waited_ns_;
  const int now_at = cpu_.load(std::memory_order_relaxed);
  looked_ms_ = steady_ms;
  waited_ns_ = waited_ns();
  if (now_at == none)
    cpu_.store(sched_getcpu(), std::memory_order_relaxed);
  else if ((waited_ns_ - before) * most_waited > passed_ns)
    cpu_.store(after(all_, now_at), std::memory_order_relaxed);
}

void LoopCpu::hold(std::int64_t steady_ms) noexcept {
  if (!several_) return;
  if (cpu_.load(std::memory_order_relaxed) == none || steady_ms - looked_ms_ >= look_after_ms)
    choose(steady_ms);
  const int cpu = cpu_.load(std::memory_order_relaxed);
  if (cpu < 0 || cpu >= CPU_SETSIZE) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(cpu), &one);
  allow(one);
}

void LoopCpu::release() noexcept {
  if (several_) allow(all_);
}

void LoopCpu::keep_off() const noexcept {
  if (several_) leave(all_, cpu_.load(std::memory_order_relaxed));
}

void LoopCpu::anywhere() const noexcept {
  if (several_) leave(all_, none);
}

}  // namespace sims
