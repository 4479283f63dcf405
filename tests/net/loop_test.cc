// The loop: turns, timers, posted functions, work, signals, readable descriptors.
#include "net/loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "net_support.h"

using namespace sims;
using namespace sims::net;
using sims::test::run;

TEST_CASE("a loop with nothing to wait for returns, after it has run the functions for the turn's end") {
  Loop loop;
  std::vector<int> order;
  loop.at_turn_end([&] {
    order.push_back(1);
    loop.at_turn_end([&] { order.push_back(2); });
  });
  loop.run();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("a turn's end that never ends holds up neither timers nor I/O") {
  Loop loop;
  std::array<int, 2> ends;
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  bool read = false, fired = false;
  std::function<void()> again = [&] { loop.at_turn_end(again); };
  {
    Readable readable(loop, ends[0], [&] {
      char byte = 0;
      read = ::read(ends[0], &byte, 1) == 1;
    });
    Timer timer(loop, [&] {
      fired = true;
      if (read) loop.stop();
    });
    timer.start(1, 1);
    again();
    run(loop);
  }
  CHECK(read);
  CHECK(fired);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a timer fires once, or repeats until it is stopped, and its owner may die inside") {
  Loop loop;
  int once = 0, repeated = 0, last = 0;
  Timer first(loop, [&] { ++once; });
  first.start(1);
  Timer second(loop, [&] {
    if (++repeated == 3) second.stop();
  });
  second.start(1, 1);
  std::unique_ptr<Timer> third;
  third = std::make_unique<Timer>(loop, [&] {
    ++last;
    third.reset();
  });
  third->start(1, 1);
  run(loop);
  CHECK(once == 1);
  CHECK(repeated == 3);
  CHECK(last == 1);
  CHECK_FALSE(third);
}

TEST_CASE("the end of the turn comes before the loop waits again") {
  Loop loop;
  bool ended = false;
  Timer quick(loop, [&] { loop.at_turn_end([&] { ended = true; }); });
  quick.start(0);
  Timer slow(loop, [&] {
    CHECK(ended);
    loop.stop();
  });
  slow.start(50);
  Timer never(loop, [] {});
  never.start(1'000'000);
  run(loop);
  CHECK(ended);
}

TEST_CASE("now() is constant within a callback and advances between turns") {
  Loop loop;
  Now first;
  Timer a(loop, [&] {
    first = loop.now();
    CHECK(loop.now().steady_ms == first.steady_ms);
  });
  a.start(0);
  Timer b(loop, [&] {
    CHECK(loop.now().steady_ms >= first.steady_ms + 20);
    CHECK(loop.now().unix_ms > 1'600'000'000'000);
  });
  b.start(30);
  run(loop);
}

TEST_CASE("now() is fresh after a turn that a timer began, when something else wakes the loop") {
  Loop loop;
  std::atomic<std::int64_t> before = 0;
  std::int64_t woken = 0;
  Timer first(loop, [&] { loop.at_turn_end([&] { before = loop.now().steady_ms; }); });
  first.start(0);
  Timer never(loop, [] {});
  never.start(1'000'000);
  // Wakes the loop as a socket does, after an idle time.
  std::thread other([&] {
    while (before == 0 || read_clocks().steady_ms < before + 60)
      std::this_thread::yield();
    loop.post([&] {
      woken = loop.now().steady_ms;
      loop.stop();
    });
  });
  run(loop);
  other.join();
  CHECK(woken >= before + 60);
}

TEST_CASE("functions posted from other threads run on the loop's thread, all of them") {
  Loop loop;
  const auto here = std::this_thread::get_id();
  int count = 0;
  std::vector<std::thread> threads;
  Timer keep_running(loop, [] {});
  keep_running.start(1'000'000);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        loop.post([&] {
          CHECK(std::this_thread::get_id() == here);
          if (++count == 1'000) loop.stop();
        });
      }
    });
  }
  run(loop);
  for (auto& t : threads)
    t.join();
  CHECK(count == 1'000);
}

TEST_CASE("work runs on another thread, then done on the loop's") {
  Loop loop;
  const auto here = std::this_thread::get_id();
  std::thread::id worker;
  bool done = false;
  loop.work([&] { worker = std::this_thread::get_id(); },
            [&] {
              CHECK(std::this_thread::get_id() == here);
              done = true;
            });
  run(loop);
  CHECK(done);
  CHECK(worker != here);
  CHECK(worker != std::thread::id());
}

TEST_CASE("work_in_order: one after the other, and other work does not wait for it") {
  Loop loop;
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future();
  std::vector<int> order;
  loop.work_in_order([&] { may_go_on.wait(); }, [&] { order.push_back(1); });
  for (int n = 2; n < 40; ++n)
    loop.work_in_order([] {}, [&order, n] { order.push_back(n); });
  for (int n = 0; n < 40; ++n)
    loop.work([] {},
              [&] {
                order.push_back(0);
                if (order.size() == 40) go_on.set_value();
              });
  run(loop);
  REQUIRE(order.size() == 79);
  CHECK(std::count(order.begin(), order.begin() + 40, 0) == 40);
  for (int n = 1; n < 40; ++n)
    CHECK(order[static_cast<std::size_t>(39 + n)] == n);
}

TEST_CASE("when the loop ends first, done is dropped, and the objects that it owns are freed") {
  std::mutex mutex;
  std::condition_variable started;
  bool running = false;
  std::atomic<bool> finished = false, done = false;
  auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    loop.work(
        [&] {
          {
            std::lock_guard guard(mutex);
            running = true;
          }
          started.notify_one();
          for (int i = 0; i < 1'000; ++i)
            std::this_thread::yield();
          finished = true;
        },
        [&, owned] { done = true; });
    for (int i = 0; i < 50; ++i)
      loop.work([owned] {}, [&, owned] { done = true; });
    loop.post([&, owned] { done = true; });
    loop.at_turn_end([&, owned] { done = true; });
    std::unique_lock guard(mutex);
    started.wait(guard, [&] { return running; });
  }
  CHECK(finished);  // the loop waits for a running job, which may use the caller's objects
  CHECK_FALSE(done);
  CHECK(owned.use_count() == 1);
}

TEST_CASE("a loop closes what it has also when it was stopped while it did not run") {
  Loop loop;
  Timer timer(loop, [] {});
  timer.start(60'000);
  loop.stop();
  // Its destructor asserts that nothing is left.
}

TEST_CASE("a signal reaches the loop and does not keep it running") {
  Loop loop;
  int seen = 0;
  std::unique_ptr<Signal> usr1;
  usr1 = std::make_unique<Signal>(loop, SIGUSR1, [&] {
    ++seen;
    usr1.reset();
    loop.stop();
  });
  loop.run();
  CHECK(seen == 0);
  Timer raise_it(loop, [] { ::raise(SIGUSR1); });
  raise_it.start(1);
  Timer keep_running(loop, [] {});
  keep_running.start(1'000'000);
  run(loop);
  CHECK(seen == 1);
}

TEST_CASE("a readable descriptor calls back, and its owner may be destroyed inside") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  {
    Loop loop;
    std::string got;
    std::unique_ptr<Readable> reader;
    reader = std::make_unique<Readable>(loop, ends[0], [&] {
      char buffer[16];
      ssize_t size = ::read(ends[0], buffer, sizeof buffer);
      REQUIRE(size > 0);
      got.assign(buffer, static_cast<std::size_t>(size));
      reader.reset();
    });
    REQUIRE(::write(ends[1], "key", 3) == 3);
    run(loop);
    CHECK(got == "key");
  }
  ::close(ends[0]);
  ::close(ends[1]);
}
