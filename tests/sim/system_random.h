// The kernel's randomness (getrandom(2)) decided by a seed, so that also the parts that take no Rng are the same in
// two runs: the client's store makes its keys by itself. For one thread.
#pragma once

#include <cstdint>

namespace sims::test {

// From now on, until the object dies; then the kernel's again.
class SeededSystemRandom {
 public:
  explicit SeededSystemRandom(std::uint64_t seed);
  ~SeededSystemRandom();
  SeededSystemRandom(const SeededSystemRandom&) = delete;
  SeededSystemRandom& operator=(const SeededSystemRandom&) = delete;
};

}  // namespace sims::test
