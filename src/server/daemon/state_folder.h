// simsd's state folder (0700): `identity` (the server's key, 0600), `accounts.db`,
// `accounts.db.begun` (there are no accounts yet), `lock`. One simsd at a time.
#pragma once

#include <memory>
#include <string>

#include "crypto/sign.h"
#include "os/files.h"
#include "server/accounts/sqlite_accounts.h"

namespace sims::server {

struct StateFolder {
  FileLock lock;
  crypto::SigningKey identity;
  std::unique_ptr<SqliteAccounts> accounts;
  std::string path;

  // Locks the folder and opens its files; makes them in a folder without an identity. Fails in
  // words, also when another simsd uses the folder, and when accounts that existed are missing or
  // empty.
  static Result<StateFolder> open(const std::string& path);
};

// Reads the identity alone, or makes it if there is none, for --print-id. Works beside a running
// simsd.
Result<crypto::SigningKey> load_identity(const std::string& state_dir);

}  // namespace sims::server
