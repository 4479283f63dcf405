// The AccountStore on disk: `accounts.db` in the state folder (SQLite, WAL, synchronous FULL: a binding that
// was confirmed survives a power cut). All bindings are also in memory, so only a new registration touches
// the disk.
#pragma once

#include <memory>

#include "base/sqlite.h"
#include "server/accounts.h"

namespace sims::server {

class SqliteAccounts : public AccountStore {
 public:
  // Opens or makes the file (0600). Fails in words for a file that is damaged, from a newer version, or not
  // ours.
  static Result<std::unique_ptr<SqliteAccounts>> open(const std::string& path);
  ~SqliteAccounts() override;

  Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                std::uint64_t unix_s) override;
  bool registered(const proto::Id& id) const override { return cache_.registered(id); }
  std::size_t size() const override { return cache_.size(); }

 private:
  explicit SqliteAccounts(sqlite::Database db) : db_(std::move(db)) {}
  Result<void> prepare();  // settings, schema, check
  Result<void> load();
  Result<void> store(const std::string& name, const proto::Id& id, std::uint64_t unix_s);

  sqlite::Database db_;
  std::mutex writing_;  // one registration at a time; taken before the cache's own
  MemoryAccounts cache_;
};

}  // namespace sims::server
