// The pool of RSA keys: filled up to its size by its own thread, each key given once, a clean end at any
// time.
#include "server/rsa_pool.h"

#include <doctest/doctest.h>

#include <future>

#include "support/vectors.h"

namespace sims {
namespace {

using server::RsaPool;

crypto::RsaKey some_key() {
  return std::move(*crypto::RsaKey::from_pkcs8(test::rsa_test_key()));
}

// Waits for what another thread does, at most 10 s.
template <class Condition>
bool soon(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_CASE("it makes nothing before fill(), then its size and no more, and refills what was taken") {
  std::atomic<int> made = 0;
  RsaPool pool(3, [&] {
    ++made;
    return some_key();
  });
  CHECK_FALSE(pool.rsa());
  pool.fill();
  REQUIRE(soon([&] { return pool.ready() == 3; }));
  CHECK(made == 3);
  CHECK(pool.rsa());
  REQUIRE(soon([&] { return pool.ready() == 3; }));
  CHECK(made == 4);
  pool.fill();  // harmless
}

TEST_CASE("an empty pool gives nothing at once, and ends while a key is being made") {
  std::promise<void> started, go_on;
  auto may_go_on = go_on.get_future().share();
  bool first = true;
  auto pool = std::make_unique<RsaPool>(1, [&, may_go_on] {
    if (std::exchange(first, false)) started.set_value();
    may_go_on.wait();
    return some_key();
  });
  pool->fill();
  started.get_future().wait();
  CHECK_FALSE(pool->rsa());
  std::thread end([&] { pool.reset(); });
  go_on.set_value();
  end.join();
  CHECK(pool == nullptr);
}

TEST_CASE("a real key is a key") {
  RsaPool pool(1);
  pool.fill();
  REQUIRE(soon([&] { return pool.ready() == 1; }));
  const auto key = pool.rsa();
  REQUIRE(key);
  CHECK(crypto::rsa_valid_spki(key->spki()));
}

}  // namespace
}  // namespace sims
