// The pool of ephemeral keys: filled up to its sizes by its own thread, each key given once, a
// clean end at any time.
#include "server/daemon/key_pool.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <time.h>

#include <future>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "support/vectors.h"

namespace sims {
namespace {

using server::KeyPool;

const LoopCpu anywhere;  // no loop is pinned

crypto::RsaKey some_key() {
  return std::move(*crypto::RsaKey::from_pkcs8(test::rsa_test_key()));
}

// Waits at most 10 s for a condition that another thread fulfils.
template <class Condition>
bool soon(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

crypto::P384Key small_key(std::uint8_t scalar) {
  Bytes bytes(48, 0);
  bytes.back() = scalar;
  return crypto::P384Key::from_scalar(bytes);
}

// Counts the keys made; the n-th P-384 key is the scalar n.
struct Counted {
  std::atomic<int> p384 = 0, rsa = 0;
  KeyPool::Makers makers() {
    return {[this] { return small_key(static_cast<std::uint8_t>(++p384)); },
            [this](const auto&) {
              ++rsa;
              return std::optional(some_key());
            }};
  }
};

TEST_CASE("it makes nothing before fill(), then its sizes and no more, and replaces taken keys") {
  Counted made;
  KeyPool pool({5, 3}, anywhere, made.makers());
  CHECK_FALSE(pool.rsa());
  CHECK(made.p384 == 0);
  pool.fill(true);
  const auto full = [&] { return pool.ready().p384 == 5 && pool.ready().rsa == 3; };
  REQUIRE(soon(full));
  CHECK(made.p384 == 5);
  CHECK(made.rsa == 3);
  CHECK(pool.rsa());
  CHECK(pool.p384().public_point() == small_key(1).public_point());
  CHECK(pool.p384().public_point() == small_key(2).public_point());
  REQUIRE(soon(full));
  CHECK(made.p384 == 7);
  CHECK(made.rsa == 4);
  pool.fill(true);  // harmless
}

TEST_CASE("RSA keys are made from fill(true) on") {
  Counted made;
  KeyPool pool({2, 2}, anywhere, made.makers());
  pool.fill(false);
  REQUIRE(soon([&] { return pool.ready().p384 == 2; }));
  CHECK(pool.p384().public_point() == small_key(1).public_point());
  REQUIRE(soon([&] { return pool.ready().p384 == 2; }));
  CHECK(made.rsa == 0);
  pool.fill(true);
  REQUIRE(soon([&] { return pool.ready().rsa == 2; }));
  CHECK(made.p384 == 3);
}

TEST_CASE("with an empty pool each caller makes its own P-384 key") {
  Counted made;
  KeyPool pool({4, 4}, anywhere, made.makers());
  CHECK(pool.p384().public_point() == small_key(1).public_point());
  CHECK(pool.p384().public_point() == small_key(2).public_point());
  CHECK(made.p384 == 2);
}

TEST_CASE("an empty pool gives no RSA key at once, and ends while one is being made") {
  std::promise<void> started, go_on;
  auto may_go_on = go_on.get_future().share();
  bool first = true;
  auto pool = std::make_unique<KeyPool>(KeyPool::Sizes{0, 1}, anywhere,
                                        KeyPool::Makers{nullptr, [&, may_go_on](const auto&) {
                                                          if (std::exchange(first, false))
                                                            started.set_value();
                                                          may_go_on.wait();
                                                          return std::optional(some_key());
                                                        }});
  pool->fill(true);
  started.get_future().wait();
  CHECK_FALSE(pool->rsa());
  std::thread end([&] { pool.reset(); });
  go_on.set_value();
  end.join();
  CHECK(pool == nullptr);
}

TEST_CASE("it ends in the middle of a key, on each of its threads") {
  for (const int made_before : {0, 1}) {
    CAPTURE(made_before);
    std::atomic<int> begun = 0;
    auto pool = std::make_unique<KeyPool>(
        KeyPool::Sizes{0, 2}, anywhere,
        KeyPool::Makers{nullptr, [&](const auto& go_on) -> std::optional<crypto::RsaKey> {
                          if (begun++ < made_before) return some_key();
                          while (go_on())
                            std::this_thread::yield();
                          return std::nullopt;
                        }});
    pool->fill(true);
    REQUIRE(soon([&] { return begun == made_before + 1; }));
    pool.reset();
    CHECK(pool == nullptr);
  }
}

TEST_CASE("the first key is made at once, the others by a thread that uses idle time") {
  std::mutex mutex;
  std::vector<int> rsa_policies, p384_policies;
  const auto note = [&mutex](std::vector<int>& policies) {
    const std::lock_guard lock(mutex);
    policies.push_back(sched_getscheduler(0));
  };
  KeyPool pool({2, 3}, anywhere,
               {[&] { return note(p384_policies), small_key(1); },
                [&](const auto&) { return note(rsa_policies), std::optional(some_key()); }});
  pool.fill(true);
  REQUIRE(soon([&] { return pool.ready().p384 == 2 && pool.ready().rsa == 3; }));
  const std::lock_guard lock(mutex);
  CHECK(rsa_policies == std::vector{SCHED_OTHER, SCHED_IDLE, SCHED_IDLE});
  CHECK(p384_policies == std::vector{SCHED_IDLE, SCHED_IDLE});
}

TEST_CASE("one RSA key at a time: the thread with spare time waits while another one is urgent") {
  std::atomic<int> urgent = 0, steps = 0;
  std::atomic<bool> urgent_may_end = false;
  KeyPool pool({0, 3}, anywhere, {nullptr, [&](const auto& go_on) -> std::optional<crypto::RsaKey> {
                                    if (sched_getscheduler(0) != SCHED_IDLE) {
                                      if (++urgent == 2)
                                        while (!urgent_may_end && go_on())
                                          std::this_thread::yield();
                                      return some_key();
                                    }
                                    while (!urgent_may_end) {
                                      ++steps;
                                      if (!go_on()) return std::nullopt;
                                    }
                                    return some_key();
                                  }});
  pool.fill(true);
  REQUIRE(soon([&] { return steps > 0; }));
  CHECK(pool.rsa());
  REQUIRE(soon([&] { return urgent == 2; }));
  // It may finish a step that it had begun; then it pauses.
  const auto still = [&] {
    const int before = steps;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return steps == before;
  };
  CHECK(soon(still));
  urgent_may_end = true;
  REQUIRE(soon([&] { return pool.ready().rsa == 3; }));
  CHECK(urgent == 2);
}

TEST_CASE("many threads take keys, each key once") {
  server::KeySlots<int> slots(64);
  std::atomic<int> sum = 0, taken = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n)
    threads.emplace_back([&] {
      while (taken < 1'000)
        if (const auto key = slots.take()) sum += *key, ++taken;
    });
  for (int key = 1; key <= 1'000;) {
    if (slots.ready() < slots.size()) slots.put(key++);
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(taken == 1'000);
  CHECK(sum == 500'500);
  for (int key = 0; key < 65; ++key)
    slots.put(key);
  CHECK(slots.ready() == 64);
}

TEST_CASE("the thread with spare time takes a quarter of a processor at most") {
  // By its own clock: it rests three times what it worked, however little it gets.
  std::atomic<std::int64_t> worked_us = 0, passed_us = 0;
  std::atomic<bool> done = false;
  KeyPool pool({0, 2}, anywhere, {nullptr, [&](const auto& go_on) -> std::optional<crypto::RsaKey> {
                                    if (sched_getscheduler(0) != SCHED_IDLE) return some_key();
                                    const auto cpu = [] {
                                      timespec t{};
                                      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
                                      return t.tv_sec * 1'000'000 + t.tv_nsec / 1'000;
                                    };
                                    const auto began = steady_us();
                                    const auto before = cpu();
                                    while (cpu() - before < 50'000)
                                      if (!go_on()) return std::nullopt;
                                    worked_us = cpu() - before;
                                    passed_us = steady_us() - began;
                                    done = true;
                                    return some_key();
                                  }});
  pool.fill(true);
  REQUIRE(soon([&] { return done.load(); }));
  CHECK(passed_us > 3 * worked_us);
}

TEST_CASE("real keys are keys") {
  KeyPool pool({1, 1}, anywhere);
  pool.fill(true);
  REQUIRE(pool.wait_for_rsa(std::chrono::seconds(30)));
  REQUIRE(soon([&] { return pool.ready().p384 == 1; }));
  const auto rsa = pool.rsa();
  REQUIRE(rsa);
  CHECK(crypto::rsa_valid_spki(rsa->spki()));
  CHECK(crypto::p384_point(pool.p384().public_point()));
}

}  // namespace
}  // namespace sims
