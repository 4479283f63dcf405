// The store's keys and their protection: the one row of the table `store`. Its generation tells a
// store from an older copy of it; the newest one is also noted outside of the folder.
#pragma once

#include <optional>
#include <string>

#include "base/secret.h"
#include "client/store/store.h"
#include "client/store/store_file.h"
#include "crypto/scrypt.h"
#include "crypto/sign.h"

namespace sims::client {

// The one row of the table `store`.
struct StoreHead {
  Id id;
  std::int64_t generation = 0;  // raised by each program that holds the store
  Store::Lock lock = Store::Lock::none;
  ByteArray<16> salt{};
  crypto::ScryptCost cost;
  SecretBytes master;    // Lock::none: the key in clear; else a token
  std::string identity;  // a token of the seed
};

class Vault {
 public:
  explicit Vault(StoreFile& file) : file_(file) {}

  const StoreHead& head() const { return head_; }
  Result<void> read_head();
  // `note`: the file with the newest generation; empty: none.
  void set_note(std::string note) { note_ = std::move(note); }
  void compare_with_note();                    // sets restored(), and skips the missing generations
  bool restored() const { return restored_; }  // the file is older than the note

  // --- keys
  bool unlocked() const { return sealer_.has_value(); }
  Sealer& sealer() { return *sealer_; }  // while unlocked
  const std::optional<Secret<32>>& master() const { return master_; }
  const std::optional<crypto::SigningKey>& identity() const {
    return identity_;
  }                                     // at one address until lock()
  void make(const Secret<32>& master);  // of a new file
  Result<void> unlock(Secret<32> key);  // after a failure: still locked
  void lock();                          // wipes all keys
  Result<void> wrap(Store::Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                    std::string_view wrapped);  // in a transaction; then read_head()

  // --- the generation. Each program raises it once it holds the unlocked store, and then every 100
  // commits, so that a copy made in between is older.
  Result<void> count_up();                   // in a transaction that also puts the sum of the pins
  void count_down() { --head_.generation; }  // that transaction failed
  void note_down() const;                    // call when that transaction lasts

 private:
  StoreFile& file_;
  StoreHead head_;
  std::string note_;
  bool restored_ = false;
  std::optional<Secret<32>> master_;
  std::optional<Sealer> sealer_;
  std::optional<crypto::SigningKey> identity_;
};

}  // namespace sims::client
