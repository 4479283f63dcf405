#include "base/loop_cpu.h"

#include <doctest/doctest.h>

#include <future>
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

// In a thread, which a change of the mask ends with.
template <class F>
auto apart(F function) {
  std::packaged_task<decltype(function())()> task(std::move(function));
  auto result = task.get_future();
  std::thread(std::move(task)).join();
  return result.get();
}

}  // namespace

TEST_CASE(
    "loop_cpu: a thread leaves the loop's processor, follows when the loop has moved, and may come back") {
  const Cpus all = allowed();
  if (all.size() < 2) return;  // nothing to leave: below
  apart([&all] {
    LoopCpu loop;
    go_to({all[1]});
    loop.seen();
    go_to(all);
    const auto [before, after, back] = apart([&] {
      loop.keep_off();
      const Cpus old = allowed();
      apart([&] { go_to({all[0]}), loop.seen(); });
      loop.keep_off();
      const Cpus moved = allowed();
      loop.anywhere();
      return std::tuple(old, moved, allowed());
    });
    CHECK(before == without(all, all[1]));
    CHECK(after == without(all, all[0]));
    CHECK(back == all);
    CHECK(allowed() == all);
  });
}

TEST_CASE("loop_cpu: before the loop was seen, and with one processor, all stay where they are") {
  const Cpus all = allowed();
  apart([&all] {
    const LoopCpu quiet;
    quiet.keep_off();
    CHECK(allowed() == all);
    go_to({all[0]});
    LoopCpu lonely;
    lonely.seen();
    lonely.keep_off();
    CHECK(allowed() == Cpus{all[0]});
  });
}
