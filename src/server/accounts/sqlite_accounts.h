// The AccountStore on disk: `accounts.db` in the state folder. SQLite with WAL and synchronous
// FULL: confirmed changes survive a power cut. Everything is also in memory, so only changes touch
// the disk.
#pragma once

#include <memory>

#include "os/sqlite.h"
#include "server/accounts/accounts.h"

namespace sims::server {

class SqliteAccounts : public AccountStore {
 public:
  // Opens or creates the file (0600), and migrates that of an older simsd. Fails in words for a
  // file that is damaged, from a newer version, or not ours. With `if_empty` it creates nothing: it
  // refuses a file without tables, leaves it as it is, and appends `if_empty` to the error.
  static Result<std::unique_ptr<SqliteAccounts>> open(const std::string& path,
                                                      std::string_view if_empty = {});
  ~SqliteAccounts() override;

  Result<Binding, Refusal> check(const std::string& name, const proto::Id& id, bool open) const override {
    return cache_.check(name, id, open);
  }
  Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                std::uint64_t unix_s) override;
  Result<Binding, Refusal> redeem(const std::string& name, const proto::Id& id, std::string_view code,
                                  std::uint64_t unix_s) override;
  std::size_t invitations(std::uint64_t unix_s) const override { return cache_.invitations(unix_s); }
  Result<void> invite(std::string_view code, std::uint64_t unix_s, std::uint64_t until) override;
  Result<void> ban(const Ban& ban) override;
  Result<bool> unban(Ban::Kind kind, const std::string& value) override;
  std::vector<Ban> bans() const override { return cache_.bans(); }
  Result<bool> release(const std::string& name) override;
  bool registered(const proto::Id& id) const override { return cache_.registered(id); }
  std::optional<std::uint64_t> registered_at(const proto::Id& id) const override {
    return cache_.registered_at(id);
  }
  std::optional<proto::Id> id_of(const std::string& name) const override { return cache_.id_of(name); }
  std::optional<std::string> name_of(const proto::Id& id) const override { return cache_.name_of(id); }
  std::vector<Account> names(const std::string& after, std::size_t limit) const override {
    return cache_.names(after, limit);
  }
  std::size_t size() const override { return cache_.size(); }

  // Writes a snapshot to a new file (0600), which can replace accounts.db. It reads on a connection
  // of its own, so changes go on meanwhile; it blocks on the disk. Fails in words and leaves
  // nothing behind, also when `path` exists.
  Result<void> backup(const std::string& path);

 private:
  SqliteAccounts(sqlite::Database db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  Result<void> prepare();  // settings, schema, check
  Result<void> make_schema(std::int64_t from);
  Result<void> check_schema();
  Result<void> load();
  Result<void> load_accounts();
  Result<void> load_bans();
  Result<void> load_invitations();
  // All that change() does to the file, or nothing of it. With writing_ held.
  template <class F>
  Result<void> write(F change);
  Result<void> store(const std::string& name, const proto::Id& id, std::uint64_t unix_s);
  // Asks check() for the verdict, and when it is `made` has change() stored and done() remembered.
  template <class Check, class Change, class Done>
  Result<Binding, Refusal> registration(const std::string& name, Check check, Change change, Done done);

  sqlite::Database db_;
  std::string path_;
  std::mutex writing_;  // one change at a time; taken before the cache's own
  std::mutex copying_;  // one backup at a time
  MemoryAccounts cache_;
};

}  // namespace sims::server
