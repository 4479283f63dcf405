// scrypt (RFC 7914): a key from a passphrase, slow and memory-hard so that guesses are expensive. Not in
// sims-protocol(7): nothing derived with it leaves this computer.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"

namespace sims::crypto {

struct ScryptCost {
  std::uint64_t n = 1 << 14;  // a power of two; the memory taken is 128 * n * r bytes
  std::uint32_t r = 8, p = 1;
  bool operator==(const ScryptCost&) const = default;
};

// Whether a file may ask for this cost: at most 1 GiB, and no weaker than the costs we choose ourselves.
bool acceptable(const ScryptCost& cost);

// Fills out. False: not enough memory, or not a valid cost. Blocks; may be called from any thread.
bool scrypt(ByteView passphrase, ByteView salt, const ScryptCost& cost, MutableBytes out);

// Returns the acceptable cost nearest to `target_ms` on this computer, measured by one run of the cheapest.
// clock_ms: any steady clock.
ScryptCost scrypt_cost_for(std::int64_t target_ms, const std::function<std::int64_t()>& clock_ms);

}  // namespace sims::crypto
