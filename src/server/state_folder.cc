#include "server/state_folder.h"

#include "base/log.h"
#include "crypto/key_file.h"

namespace sims::server {

namespace {

constexpr std::string_view identity_header = "# simsd identity key (Ed25519 seed, base64). Keep it secret.";

Result<FileLock> lock_folder(const std::string& path) {
  if (auto made = make_private_folder(path); !made) return fail("state folder: " + made.error());
  auto lock = FileLock::take(path + "/lock");
  if (!lock) return fail("state folder: " + lock.error() + " (does another simsd run on it?)");
  return lock;
}

Result<crypto::SigningKey> read_identity(const std::string& path) {
  auto key = crypto::read_key_file(path, identity_header);
  if (!key) return fail("identity key: " + key.error());
  return key;
}

// With the lock held.
Result<crypto::SigningKey> read_or_make_identity(const std::string& folder) {
  const auto path = folder + "/identity";
  if (file_exists(path)) return read_identity(path);
  auto key = crypto::make_key_file(path, identity_header);
  if (!key) return fail("identity key: " + key.error());
  return key;
}

// A file that was cut off or lost would give every name away: an empty one is ours only while it is being
// made, which the marker beside it says.
Result<std::unique_ptr<SqliteAccounts>> open_accounts(const std::string& path) {
  const std::string marker = path + ".begun", journal = path + "-wal";
  const bool begun = file_exists(marker), there = file_exists(path);
  constexpr const char* advice = "; put a backup in its place, or remove what is left to begin without names";
  if (there && !begun && file_size(path) == 0) return fail(path + " is empty" + advice);
  if (!there && !begun && file_exists(journal)) return fail(path + " is missing beside " + journal + advice);
  if (!there && !begun)
    if (auto made = write_private_file(marker, ""); !made) return fail(made.error());
  auto accounts = SqliteAccounts::open(path);
  if (!accounts) return fail(accounts.error());
  if (!there) log::notice("event=accounts-made path={}", log::remote{path});
  if (!there || begun)
    if (auto removed = remove_secret_file(marker); !removed) return fail(removed.error());
  return std::move(*accounts);
}

}  // namespace

Result<StateFolder> StateFolder::open(const std::string& path) {
  auto lock = lock_folder(path);
  if (!lock) return fail(lock.error());
  // With a new key every client would take this server for an impostor: never replace a lost one silently.
  if (!file_exists(path + "/identity") && file_exists(path + "/accounts.db"))
    return fail("identity key: " + path +
                "/identity is missing beside an accounts.db; restore it, or make a new one with --print-id");
  auto identity = read_or_make_identity(path);
  if (!identity) return fail(identity.error());
  auto accounts = open_accounts(path + "/accounts.db");
  if (!accounts) return fail("accounts: " + accounts.error());
  return StateFolder{std::move(*lock), std::move(*identity), std::move(*accounts), path};
}

Result<crypto::SigningKey> load_identity(const std::string& state_dir) {
  if (file_exists(state_dir + "/identity")) return read_identity(state_dir + "/identity");
  auto lock = lock_folder(state_dir);
  if (!lock) return fail(lock.error());
  return read_or_make_identity(state_dir);
}

}  // namespace sims::server
