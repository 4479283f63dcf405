// Pins the loop's thread, measures how long it waits for its processor, and moves it if that is too long.
#include "os/cpu_affinity.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace sims {

namespace {

constexpr int none = -1;
constexpr std::int64_t judged_after_ms = 100;
constexpr std::int64_t max_waited = 10;  // a tenth of its time
constexpr std::int64_t unknown = -1;

bool allow(const cpu_set_t& cpus) {
  return sched_setaffinity(0, sizeof cpus, &cpus) == 0;
}

// All processors: the kernel intersects them with the cpuset.
cpu_set_t any() {
  cpu_set_t cpus = {};
  for (unsigned i = 0; i < CPU_SETSIZE; ++i)
    CPU_SET(i, &cpus);
  return cpus;
}

// The kernel refuses `cpus` if the cpuset has none of them any more.
void allow_or_any(const cpu_set_t& cpus) {
  static_cast<void>(allow(cpus) || allow(any()));
}

// Lets the calling thread use `all` except `cpu`; `none` excludes nothing.
void exclude(const cpu_set_t& all, int cpu) {
  constexpr int inherited = -2;
  thread_local int left = inherited;
  if (left == cpu) return;
  left = cpu;
  cpu_set_t cpus = all;
  if (cpu != none) CPU_CLR(static_cast<unsigned>(cpu), &cpus);
  allow_or_any(cpus);
}

// The next one of them, or the first.
int after(const cpu_set_t& all, int cpu) {
  do
    cpu = (cpu + 1) % CPU_SETSIZE;
  while (!CPU_ISSET(static_cast<unsigned>(cpu), &all));
  return cpu;
}

// How long the calling thread was ready and did not run: proc(5), schedstat.
std::int64_t waited_ns() {
  const int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return unknown;
  char text[128] = {};  // "ran waited times"
  std::int64_t waited = unknown;
  if (read(file, text, sizeof text - 1) > 0) {
    char* second = nullptr;
    static_cast<void>(std::strtoll(text, &second, 10));
    waited = std::strtoll(second, nullptr, 10);
  }
  close(file);
  return waited;
}

}  // namespace

// With more processors than a cpu_set_t holds the kernel refuses; then others_ is 0 and nothing is
// pinned.
LoopCpu::LoopCpu() : pinned_to_(none), cpu_(none) {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
  free_ = all_;
  const int count = CPU_COUNT(&all_);
  if (count < 1) return;
  // The thread was not restricted if asking for all processors gives it no more.
  cpu_set_t got;
  if (!allow(any()) || sched_getaffinity(0, sizeof got, &got) != 0) return;
  if (CPU_EQUAL(&got, &all_))
    free_ = any();
  else
    allow_or_any(all_);
  others_ = static_cast<unsigned>(count) - 1;
}

void LoopCpu::measure(std::int64_t steady_ms) noexcept {
  const std::int64_t passed_ms = steady_ms - looked_ms_, before = waited_ns_;
  looked_ms_ = steady_ms;
  waited_ns_ = waited_ns();
  if (pinned_to_ == none || before == unknown || waited_ns_ == unknown) return;
  pinned_ms_ += passed_ms;
  pinned_waited_ns_ += waited_ns_ - before;
}

void LoopCpu::pin(std::int64_t steady_ms) noexcept {
  if (others_ == 0) return;
  if (pinned_to_ == none || steady_ms - looked_ms_ >= judged_after_ms) measure(steady_ms);
  int cpu = cpu_.load(std::memory_order_relaxed);
  if (pinned_ms_ >= judged_after_ms) {
    if (cpu != none && pinned_waited_ns_ * max_waited > pinned_ms_ * 1'000'000) cpu = after(all_, cpu);
    pinned_ms_ = pinned_waited_ns_ = 0;
  }
  if (cpu == none) cpu = sched_getcpu();
  if (cpu == pinned_to_) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<unsigned>(cpu), &one);
  if (allow(one)) {
    pinned_to_ = cpu;
  } else {  // that processor is no longer available: choose another one next time
    restore_mask();
    cpu = none;
  }
  cpu_.store(cpu, std::memory_order_relaxed);
}

void LoopCpu::unpin(std::int64_t steady_ms) noexcept {
  if (pinned_to_ == none) return;
  measure(steady_ms);
  restore_mask();
}

void LoopCpu::restore_mask() noexcept {
  if (pinned_to_ == none) return;
  allow_or_any(free_);
  pinned_to_ = none;
}

void LoopCpu::avoid_loop_cpu() const noexcept {
  if (others_ > 0) exclude(free_, cpu_.load(std::memory_order_relaxed));
}

void LoopCpu::use_any_cpu() const noexcept {
  if (others_ > 0) exclude(free_, none);
}

}  // namespace sims
