// The source of all randomness: getrandom(2) through a 4 KiB pool per thread. Each byte is wiped as it is
// handed out, and a fork discards the pool. Tests inject their own Rng.
#pragma once

#include "base/bytes.h"

namespace sims::crypto {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableBytes out) = 0;
};

// Safe from every thread. Aborts the program if the kernel gives no randomness (Linux 3.17 and later
// always does).
Rng& system_rng();

}  // namespace sims::crypto
