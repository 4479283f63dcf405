// The derivation of a store's key from a passphrase, half a second of work. See
// Store::derivation().
#pragma once

#include <optional>
#include <string>

#include "base/secret.h"
#include "client/model/effects.h"
#include "crypto/scrypt.h"

namespace sims::client {

class Derivation final : public Work {
 public:
  // Without a cost: measures the one that takes about half a second on this computer.
  Derivation(SecretBytes passphrase, const ByteArray<16>& salt, std::optional<crypto::ScryptCost> cost)
      : passphrase_(std::move(passphrase)), salt_(salt), cost_(cost) {}
  void run() override;  // on any thread; the passphrase is wiped at its end

 private:
  friend class Store;
  SecretBytes passphrase_;
  ByteArray<16> salt_;
  std::optional<crypto::ScryptCost> cost_;
  Secret<32> key_;
  std::string problem_ = "the passphrase was not worked on";  // empty: the key is there
};

}  // namespace sims::client
