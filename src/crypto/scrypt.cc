// scrypt over Crypto++: the costs that are accepted, and the choice of a cost by measuring.
#include "crypto/scrypt.h"

#include <cryptopp/scrypt.h>

#include <algorithm>
#include <bit>
#include <new>

#include "base/secret.h"

namespace sims::crypto {

namespace {
constexpr std::uint64_t min_n = 1 << 14, max_n = 1 << 20;
}

bool acceptable(const ScryptCost& cost) {
  return std::has_single_bit(cost.n) && cost.n >= min_n && cost.n <= max_n && cost.r == 8 && cost.p == 1;
}

bool scrypt(ByteView passphrase, ByteView salt, const ScryptCost& cost, MutableBytes out) {
  try {
    // Crypto++ wipes its working memory.
    CryptoPP::Scrypt().DeriveKey(out.data(), out.size(), passphrase.data(), passphrase.size(), salt.data(),
                                 salt.size(), cost.n, cost.r, cost.p);
    return true;
  } catch (const CryptoPP::Exception&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

ScryptCost scrypt_cost_for(std::int64_t target_ms, const std::function<std::int64_t()>& clock_ms) {
  ScryptCost cost{min_n};
  Secret<32> out;
  const std::int64_t start = clock_ms();
  if (!scrypt({}, {}, cost, out.writable())) return cost;
  // Doubled while the half-way point to the double, as a factor, is still below the target.
  for (std::int64_t took = std::max<std::int64_t>(clock_ms() - start, 1);
       cost.n < max_n && took * 14 / 10 < target_ms; took *= 2)
    cost.n *= 2;
  return cost;
}

}  // namespace sims::crypto
