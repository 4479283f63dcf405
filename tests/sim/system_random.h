// Makes the kernel's randomness (getrandom(2)) depend on a seed. The client's store takes no Rng:
// without this its keys, and so its pages, would differ between two runs. For one thread.
#pragma once

#include <cstdint>

namespace sims::test {

// While the object lives; then the kernel's randomness is used again.
class SeededSystemRandom {
 public:
  explicit SeededSystemRandom(std::uint64_t seed);
  ~SeededSystemRandom();
  SeededSystemRandom(const SeededSystemRandom&) = delete;
  SeededSystemRandom& operator=(const SeededSystemRandom&) = delete;
};

}  // namespace sims::test
