// simsd's state folder (0700): `identity` (the server's key, 0600), `accounts.db`, `accounts.db.begun` (there
// are no accounts yet), `lock`. One simsd at a time.
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

  // Makes what is missing in a folder without an identity. Fails in words, also when another simsd has the
  // folder, and when accounts that existed are missing or empty.
  static Result<StateFolder> open(const std::string& path);
};

// The identity alone, for --print-id: works beside a running simsd; made if there is none yet.
Result<crypto::SigningKey> load_identity(const std::string& state_dir);

}  // namespace sims::server
