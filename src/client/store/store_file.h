// The open file store.db: its path, its database, and texts for its errors.
#pragma once

#include <memory>
#include <string>

#include "client/store/seal.h"
#include "os/sqlite.h"

namespace sims::client {

struct StoreFile {
  StoreFile(std::string in, sqlite::Database opened) : folder(std::move(in)), db(std::move(opened)) {}

  const std::string folder;
  sqlite::Database db;
  std::string read_only;  // why it cannot be written; empty: it can
  bool made = false;      // made by this open, with a new identity
  bool log_left = false;  // SQLite's log was there: the last program ended unclean

  std::string path() const { return folder + "/store.db"; }
  std::string in_file(std::string_view why) const { return path() + ": " + std::string(why); }
  std::string damaged(std::string_view what) const { return in_file(sqlite::damaged(what)); }
  // Seals `plain` for its place, which is the table and the tag; `sql` has both as parameters.
  Result<void> put_row(Sealer& sealer, const char* sql, std::string_view table, const Tag& tag,
                       std::string_view plain);
};

// The places of rows, for Sealer. No table has a name that another one begins with.
std::string row_place(std::string_view table, ByteView tag);
std::string row_place(std::string_view table, std::uint64_t number, std::uint64_t other);
constexpr const char* put_value = "INSERT OR REPLACE INTO value (tag, token) VALUES (?, ?)";

// Opens the folder's store.db with this version's schema. If it is missing, makes it, from the
// older layout's files if there are any. (schema.cc)
Result<std::unique_ptr<StoreFile>> open_store_file(const std::string& folder);

}  // namespace sims::client
