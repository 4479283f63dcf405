// The table `mail_secret`: the private halves of prekeys and the states of mail sessions. They are
// forgotten while the rest of the file stays (sims-protocol(7) section 8, "Wiping"), so an old value
// must be in no page of the file.
//
// SQLite's `secure_delete` is not enough for that. It zeros a row that is deleted, and a page that
// is freed. But when it moves rows to another page to balance a tree, it may leave their bytes in
// the unused part of the first one, and it forgets that they are there. About one in a thousand
// deleted rows was found in the file afterwards. So a secret lies on overflow pages, which belong to
// one row each, never move, and are zeroed when they are freed. The column `pad` makes it so: it
// fills the part of a row that SQLite keeps in the tree, which for a table without rowids and pages
// of 4,096 bytes is at most 1,002 bytes (fileformat2.html, section 1.6).
#pragma once

#include <optional>

#include "base/secret.h"
#include "client/store/vault.h"

namespace sims::client {

class SecretTable {
 public:
  SecretTable(StoreFile& file, Vault& vault) : file_(file), vault_(vault) {}

  // `tag`: that of the row which the secret belongs to. nullopt: there is none, or it does not open.
  Result<std::optional<SecretBytes>> read(const Tag& tag);

  // --- in a transaction
  Result<void> put(const Tag& tag, ByteView secret);  // new, or instead of the old one
  Result<void> erase(const Tag& tag);                 // nothing if there is none

  // Whether an old value was wiped since the last call: the commit must leave no trace of it.
  bool take_wiped() { return std::exchange(wiped_, false); }

 private:
  Result<bool> has(const Tag& tag);

  StoreFile& file_;
  Vault& vault_;
  bool wiped_ = false;
};

}  // namespace sims::client
