// The pools of random bytes: per thread, refilled, discarded by fork.
#include "crypto/rng.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/secret.h"

using namespace sims;

namespace {
ByteArray<16> draw() {
  ByteArray<16> out{};
  crypto::system_rng().fill(out);
  return out;
}
}  // namespace

TEST_CASE("randomness does not repeat, across pool refills and for requests larger than the pool") {
  std::set<ByteArray<16>> seen;
  for (int i = 0; i < 2000; ++i)
    seen.insert(draw());
  CHECK(seen.size() == 2000);
  Bytes large(10'000);
  crypto::system_rng().fill(large);
  for (std::size_t i = 0; i + 16 <= large.size(); i += 16) {
    ByteArray<16> piece;
    std::copy_n(large.begin() + static_cast<std::ptrdiff_t>(i), 16, piece.begin());
    seen.insert(piece);
  }
  CHECK(seen.size() == 2625);
  crypto::system_rng().fill({});
}

TEST_CASE("each thread has a pool of its own") {
  constexpr int threads = 4, draws = 1000;
  std::vector<std::vector<ByteArray<16>>> results(threads);
  {
    std::vector<std::jthread> running;
    for (auto& mine : results)
      running.emplace_back([&mine] {
        for (int i = 0; i < draws; ++i)
          mine.push_back(draw());
      });
  }
  std::set<ByteArray<16>> seen;
  for (auto& mine : results)
    seen.insert(mine.begin(), mine.end());
  CHECK(seen.size() == threads * draws);
}

TEST_CASE("after fork parent and child draw different bytes") {
  draw();  // fills the pool, which both processes would share
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto bytes = draw();
    _exit(write(ends[1], bytes.data(), bytes.size()) == 16 ? 0 : 1);
  }
  ByteArray<16> theirs{};
  CHECK(read(ends[0], theirs.data(), theirs.size()) == 16);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(theirs != draw());
  close(ends[0]);
  close(ends[1]);
}
