// LoopCpu: pinning the loop, and keeping other threads off its processor.
#include "os/cpu_affinity.h"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <latch>
#include <thread>
#include <tuple>
#include <vector>

using sims::LoopCpu;

namespace {

using Cpus = std::vector<unsigned>;

Cpus allowed() {
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
  Cpus cpus;
  for (unsigned i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &mask)) cpus.push_back(i);
  return cpus;
}

void go_to(const Cpus& cpus) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const unsigned cpu : cpus)
    CPU_SET(cpu, &mask);
  REQUIRE(sched_setaffinity(0, sizeof mask, &mask) == 0);
}

Cpus without(Cpus cpus, unsigned cpu) {
  std::erase(cpus, cpu);
  return cpus;
}

// Runs the function in a thread of its own, so that its changes of the mask end with the thread.
template <class F>
auto apart(F function) {
  std::packaged_task<decltype(function())()> task(std::move(function));
  auto result = task.get_future();
  std::thread(std::move(task)).join();
  return result.get();
}

// How long this thread was ready and did not run; -1: the kernel doesn't say.
long waited_ms() {
  std::ifstream file("/proc/thread-self/schedstat");
  long ran = 0, waited = 0;
  return file >> ran >> waited ? waited / 1'000'000 : -1;
}

// Works until the thread has waited 40 ms for its processor; false: it never waits, or the kernel
// doesn't say.
bool wait_40_ms() {
  const auto before = waited_ms();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (waited_ms() - before < 40)
    if (std::chrono::steady_clock::now() > until) return false;
  return true;
}

}  // namespace

TEST_CASE("loop_cpu: pinned, the loop stays where it is; others avoid that processor and may return") {
  const Cpus all = allowed();
  if (all.size() < 2) return;  // one processor: see the last test
  apart([&all] {
    LoopCpu loop;
    go_to({all[1]});
    loop.pin(1'000);
    const auto [at_first, off, back] = apart([&] {
      loop.use_any_cpu();
      const Cpus first = allowed();
      loop.avoid_loop_cpu();
      const Cpus second = allowed();
      loop.use_any_cpu();
      return std::tuple(first, second, allowed());
    });
    CHECK(at_first == all);  // it had inherited the loop's mask
    CHECK(off == without(all, all[1]));
    CHECK(back == all);
    loop.unpin(1'001);
    CHECK(allowed() == all);
    go_to({all[0]});
    loop.pin(1'000'000);
    CHECK(allowed() == Cpus{all[1]});  // where it was
  });
}

TEST_CASE(
    "loop_cpu: a loop that has to wait moves to another processor though it is held, and the others follow") {
  const Cpus all = allowed();
  if (all.size() < 2) return;
  bool ready = false;
  std::latch begun(1);
  std::jthread busy([&](const std::stop_token& stop) {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(all[0], &first);
    ready = sched_setaffinity(0, sizeof first, &first) == 0;
    begun.count_down();
    while (!stop.stop_requested()) {
    }
  });
  begun.wait();
  REQUIRE(ready);
  apart([&] {
    LoopCpu loop;
    go_to({all[0]});
    loop.pin(1'000);
    if (!wait_40_ms()) {
      REQUIRE(waited_ms() <= 0);
      MESSAGE("the kernel doesn't count how long a thread waits");
      return;
    }
    loop.pin(1'050);  // too early to look
    CHECK(allowed() == Cpus{all[0]});
    loop.unpin(1'050);
    loop.pin(9'000);  // it was pinned for 50 ms of them
    CHECK(allowed() == Cpus{all[0]});
    loop.unpin(9'050);
    loop.pin(10'000);
    CHECK(allowed() == Cpus{all[1]});
    apart([&] {
      loop.avoid_loop_cpu();
      CHECK(allowed() == without(all, all[1]));
    });
    loop.pin(1'000'000'000);  // it has not waited for a tenth of that
    CHECK(allowed() == Cpus{all[1]});
    loop.unpin(1'000'000'000);
    go_to({all[0]});
    CHECK(wait_40_ms());
    loop.pin(1'000'000'001);
    loop.unpin(1'000'000'301);
    loop.pin(1'000'000'400);
    CHECK(allowed() == Cpus{all[1]});  // waiting while it was not pinned does not count
  });
}

TEST_CASE("loop_cpu: it uses the processors of its mask, not all of the machine's") {
  const Cpus all = allowed();
  if (all.size() < 2) return;
  apart([&all] {
    LoopCpu loop;
    CHECK(loop.others() == all.size() - 1);
  });
  apart([&all] {
    go_to({all[0]});
    const LoopCpu lonely;
    CHECK(lonely.others() == 0);
  });
}

TEST_CASE("loop_cpu: before the first pin, and with one processor, no mask changes") {
  const Cpus all = allowed();
  apart([&all] {
    const LoopCpu quiet;
    quiet.avoid_loop_cpu();
    CHECK(allowed() == all);
  });
  apart([&all] {
    go_to({all[0]});
    LoopCpu lonely;
    lonely.pin(1'000);
    lonely.avoid_loop_cpu();
    CHECK(allowed() == Cpus{all[0]});
    lonely.unpin(1'001);
    CHECK(allowed() == Cpus{all[0]});
  });
}
