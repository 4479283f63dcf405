// The pool of ephemeral keys: filled up to its sizes by its own thread, each key given once, a clean end at
// any time.
#include "server/key_pool.h"

#include <doctest/doctest.h>

#include <future>

#include "support/vectors.h"

namespace sims {
namespace {

using server::KeyPool;

const LoopCpu anywhere;  // no loop says where it is

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

crypto::P384Key small_key(std::uint8_t scalar) {
  Bytes bytes(48, 0);
  bytes.back() = scalar;
  return crypto::P384Key::from_scalar(bytes);
}

// Counts what is made; the n-th P-384 key is the scalar n.
struct Counted {
  std::atomic<int> p384 = 0, rsa = 0;
  KeyPool::Makers makers() {
    return {[this] { return small_key(static_cast<std::uint8_t>(++p384)); },
            [this] {
              ++rsa;
              return some_key();
            }};
  }
};

TEST_CASE("it makes nothing before fill(), then its sizes and no more, and refills what was taken") {
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

TEST_CASE("RSA keys are made from the moment that somebody wants them") {
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

TEST_CASE("without a P-384 key made ahead the caller makes one, each another") {
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
                                        KeyPool::Makers{nullptr, [&, may_go_on] {
                                                          if (std::exchange(first, false))
                                                            started.set_value();
                                                          may_go_on.wait();
                                                          return some_key();
                                                        }});
  pool->fill(true);
  started.get_future().wait();
  CHECK_FALSE(pool->rsa());
  std::thread end([&] { pool.reset(); });
  go_on.set_value();
  end.join();
  CHECK(pool == nullptr);
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
