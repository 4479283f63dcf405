// Randomness from one place: getrandom(2) through a 4 KiB pool per thread, each byte wiped as it is handed
// out, the pool dropped after fork. Tests inject their own Rng.
#pragma once

#include "base/bytes.h"

namespace sims::crypto {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableBytes out) = 0;
};

// Safe from every thread. Aborts the program if the kernel gives no randomness (it always does on Linux
// >= 3.17).
Rng& system_rng();

}  // namespace sims::crypto
