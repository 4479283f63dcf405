// Replaces getrandom(), and empties the pool that was filled before.
#include "sim/system_random.h"

#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "crypto/rng.h"
#include "support/fixed_rng.h"

namespace {

std::optional<sims::test::FixedRng> seeded;
std::uint64_t calls = 0;

}  // namespace

// Instead of the C library's.
extern "C" ssize_t getrandom(void* out, size_t size, unsigned flags) {
  ++calls;
  if (!seeded) return ::syscall(SYS_getrandom, out, size, flags);
  seeded->fill({static_cast<std::uint8_t*>(out), size});
  return static_cast<ssize_t>(size);
}

namespace sims::test {

namespace {

// system_rng() keeps a pool, which was filled before the seed was set.
void empty_the_pool() {
  const auto before = calls;
  ByteArray<1> byte;
  while (calls == before)
    crypto::system_rng().fill(byte);
}

}  // namespace

SeededSystemRandom::SeededSystemRandom(std::uint64_t seed) {
  seeded.emplace(seed);
  empty_the_pool();
}

SeededSystemRandom::~SeededSystemRandom() {
  seeded.reset();
  empty_the_pool();
}

}  // namespace sims::test
