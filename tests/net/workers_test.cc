// Worker threads: their number, dropped jobs, signals.
#include "net/workers.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <optional>

using sims::net::Workers;

TEST_CASE("workers: waiting jobs get a thread each, up to the limit; jobs that never began are dropped") {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0, most = 0;
  bool go_on = false;
  std::vector<int> ran;
  const auto owned = std::make_shared<int>(0);
  std::optional<Workers> workers(std::in_place, 3);
  for (int i = 0; i < 5; ++i)
    workers->add([&, owned, i] {
      std::unique_lock lock(mutex);
      most = std::max(most, ++running);
      changed.notify_all();
      changed.wait(lock, [&] { return go_on; });
      --running;
      ran.push_back(i);
    });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return running == 3; });  // forever with fewer threads
  }
  std::thread opener([&] {
    while (owned.use_count() > 4)  // until ~Workers has dropped two: three run, and there is ours
      std::this_thread::yield();
    const std::lock_guard lock(mutex);
    go_on = true;
    changed.notify_all();
  });
  workers.reset();
  opener.join();
  std::sort(ran.begin(), ran.end());
  CHECK(ran == std::vector<int>{0, 1, 2});
  CHECK(most == 3);
  CHECK(owned.use_count() == 1);
}

TEST_CASE("workers: a thread that is free takes the next job") {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::thread::id> ran;
  Workers workers(1);
  for (std::size_t i = 0; i < 20; ++i) {
    workers.add([&] {
      const std::lock_guard lock(mutex);
      ran.push_back(std::this_thread::get_id());
      changed.notify_all();
    });
    if (i % 3 != 0) continue;  // now and then it is idle first
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ran.size() == i + 1; });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ran.size() == 20; });
  CHECK(std::count(ran.begin(), ran.end(), ran[0]) == 20);
  CHECK(ran[0] != std::this_thread::get_id());
}

TEST_CASE("workers: they leave signals to the loop, but not those of their own faults") {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<sigset_t> blocked;
  Workers workers(1);
  workers.add([&] {
    const std::lock_guard lock(mutex);
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked.emplace());
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return blocked.has_value(); });
  for (const int outside : {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGCHLD, SIGALRM})
    CHECK(sigismember(&*blocked, outside) == 1);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    CHECK(sigismember(&*blocked, fault) == 0);
}
