// Opens the state folder: lock, identity, then accounts, which must not have been lost.
#include "server/daemon/state_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/key_file.h"
#include "os/log.h"

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

// The marker exists from before the identity is made until the accounts are on the disk. So an
// identity without the marker has had accounts, even after a power cut at any moment.
std::string marker_of(const std::string& accounts) {
  return accounts + ".begun";
}

// Only its name matters; the file may belong to root.
Result<void> remove_marker(const std::string& marker) {
  if (::unlink(marker.c_str()) != 0) return fail(marker + ": " + std::strerror(errno));
  return sync_folder_of(marker);
}

bool any_accounts(const std::string& path) {
  return file_exists(path) || file_exists(path + "-wal");
}

// Call it with the lock held.
Result<crypto::SigningKey> read_or_make_identity(const std::string& folder) {
  const auto path = folder + "/identity", accounts = folder + "/accounts.db";
  if (file_exists(path)) return read_identity(path);
  if (!any_accounts(accounts)) TRY(write_private_file(marker_of(accounts), ""));
  auto key = crypto::make_key_file(path, identity_header);
  if (!key) return fail("identity key: " + key.error());
  return key;
}

// Refuses a missing file and one of at most one byte: SQLite would make a new database and delete
// the journal.
Result<void> check_not_lost(const std::string& path, const std::string& advice) {
  const std::string journal = path + "-wal";
  if (!file_exists(path))
    return fail(path + " is missing beside " + (file_exists(journal) ? journal : "an identity that had one") +
                advice);
  if (file_size(path).value_or(0) > 1) return {};
  return fail(path + (file_size(path) ? " is empty" : " is no file") + advice);
}

// Refuses an emptied or lost file: with it every name would be free.
Result<std::unique_ptr<SqliteAccounts>> open_accounts(const std::string& path) {
  const auto marker = marker_of(path);
  const bool begun = file_exists(marker), there = file_exists(path);
  const auto advice = "; put a backup in its place, or move what is left away and make an empty file " +
                      marker + " to begin without any names";
  if (!begun) TRY(check_not_lost(path, advice));
  auto accounts = SqliteAccounts::open(path, begun ? std::string() : advice);
  TRY(accounts);
  if (!there) log::notice("event=accounts-made path={}", log::remote{path});
  if (begun) TRY(remove_marker(marker));
  return std::move(*accounts);
}

}  // namespace

Result<StateFolder> StateFolder::open(const std::string& path) {
  auto lock = lock_folder(path);
  TRY(lock);
  // Never replace a lost key silently: with a new key every client would take this server for an
  // impostor.
  if (!file_exists(path + "/identity") && any_accounts(path + "/accounts.db"))
    return fail("identity key: " + path +
                "/identity is missing beside an accounts.db; restore it, or make a new one with --print-id");
  auto identity = read_or_make_identity(path);
  TRY(identity);
  auto accounts = open_accounts(path + "/accounts.db");
  if (!accounts) return fail("accounts: " + accounts.error());
  return StateFolder{std::move(*lock), std::move(*identity), std::move(*accounts), path};
}

Result<crypto::SigningKey> load_identity(const std::string& state_dir) {
  if (file_exists(state_dir + "/identity")) return read_identity(state_dir + "/identity");
  auto lock = lock_folder(state_dir);
  TRY(lock);
  return read_or_make_identity(state_dir);
}

}  // namespace sims::server
