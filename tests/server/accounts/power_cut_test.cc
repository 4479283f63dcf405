// The AccountStore when the machine goes: a power cut at every point at which the disk changes, a
// full disk, and kill -9.
#include <doctest/doctest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "server/accounts/sqlite_accounts.h"
#include "support/faulty_disk.h"
#include "support/server_folder.h"
#include "support/some_id.h"

namespace sims {
namespace {

using proto::ErrorCode;
using proto::Id;
using server::Ban;
using server::Binding;
using server::SqliteAccounts;
using test::FaultyDisk;
using test::id;

// The first column of a statement's rows, a line each; or its error.
std::string ask(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  std::string out;
  const auto row = [](void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) += std::string(columns[0] == nullptr ? "" : columns[0]) + "\n";
    return 0;
  };
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK || sqlite3_exec(db, sql, row, &out, nullptr) != SQLITE_OK)
    out = std::string("cannot be read: ") + sqlite3_errmsg(db);
  sqlite3_close(db);
  return out;
}

constexpr const char* everything =
    "SELECT 'account ' || name || ' ' || id || ' ' || registered FROM account UNION ALL "
    "SELECT 'ban ' || kind || ' ' || value || ' ' || reason || ' ' || made || ' ' || until FROM ban UNION "
    "ALL "
    "SELECT 'invitation ' || hex(hash) || ' ' || made || ' ' || until FROM invitation ORDER BY 1";

// A store on the disk, with an administrator and clients that act by a seed. After each step the
// states that the disk could have come back with are opened.
class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed), disk_(folder_.path) {
    disk_.changed = [this] { images_.push_back(disk_.after_power_cut(random_)); };
  }
  FaultyDisk& disk() { return disk_; }

  void run(int steps) {
    step([&] { reopen(); });
    for (int n = 0; n < steps && wrong.empty(); ++n)
      step([&] { change(); });
    disk_.changed = [] {};
  }

  std::string wrong;  // the first thing, in words
  int opened = 0;     // images

 private:
  template <class F>
  void step(F what) {
    const std::string before = state_;
    what();
    auto observer = std::exchange(disk_.changed, [] {});
    state_ = ask(path_, everything);
    for (const auto& image : std::exchange(images_, {}))
      verify(image, before, state_);
    for (int n = 0; n < 2; ++n)  // confirmed changes stay
      verify(disk_.after_power_cut(random_), state_, state_);
    disk_.changed = observer;
  }

  void reopen() {
    store_.reset();
    auto store = SqliteAccounts::open(path_);
    REQUIRE_MESSAGE(store, (store ? "" : store.error()));
    store_ = std::move(*store);
  }

  void change() {
    const auto name = "name" + std::to_string(random_.pick(12));
    const auto who = id(static_cast<std::uint32_t>(random_.pick(15)));
    const auto code = "code" + std::to_string(random_.pick(5));
    ++now_;
    const auto until = random_.pick(2) == 0 ? 0 : now_ + random_.pick(20);
    switch (random_.pick(16)) {
      case 0:
        return reopen();
      case 1:
        ask(path_, "PRAGMA wal_checkpoint(PASSIVE)");
        return;
      case 2:
        ask(path_, "PRAGMA wal_checkpoint(TRUNCATE)");
        return;
      case 3:
      case 4:
      case 5:
        static_cast<void>(
            store_->ban({Ban::Kind::name, name, std::string(random_.pick(3'000), 'r'), now_, until}));
        return;
      case 6:
        static_cast<void>(store_->unban(Ban::Kind::name, name));
        return;
      case 7:
      case 8:
        static_cast<void>(store_->release(name));
        return;
      case 9:
      case 10:
        static_cast<void>(store_->invite(code, now_, until));
        return;
      case 11:
      case 12:
        static_cast<void>(store_->redeem(name, who, code, now_));
        return;
      default:
        static_cast<void>(store_->bind(name, who, true, now_));
        return;
    }
  }

  void verify(const FaultyDisk::Image& image, const std::string& before, const std::string& after) {
    if (!wrong.empty()) return;
    ++opened;
    test::Folder folder(test::in_memory());
    for (const auto& [name, content] : image)
      if (!name.ends_with("-shm")) std::ofstream(folder.path + "/" + name, std::ios::binary) << content;
    const auto path = folder.path + "/accounts.db";
    {
      const auto store = SqliteAccounts::open(path);  // which checks its integrity
      if (!store) wrong = store.error();
    }
    if (!wrong.empty()) return;
    const auto found = ask(path, everything);
    if (found != before && found != after)
      wrong = "found:\n" + found + "expected:\n" + before + "or:\n" + after;
  }

  test::Folder folder_{test::in_memory()};
  const std::string path_ = folder_.path + "/accounts.db";
  test::FixedRng random_;
  FaultyDisk disk_;
  std::unique_ptr<SqliteAccounts> store_;  // after the disk, which it needs at its end
  std::vector<FaultyDisk::Image> images_;
  std::string state_;
  std::uint64_t now_ = 1;
};

TEST_CASE("44: a power cut at any point keeps all confirmed changes, and no partial ones") {
  int opened = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    Trial trial(seed);
    trial.run(60);
    CHECK(trial.wrong == "");
    opened += trial.opened;
  }
  CHECK(opened > 1'000);
  MESSAGE(opened << " states of the disk were opened");
}

TEST_CASE("a disk that says it has written what it has not is found out by the same trial") {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Trial trial(seed);
    trial.disk().always(FaultyDisk::Operation::sync, FaultyDisk::Fault::lie);
    trial.run(60);
    found += trial.wrong != "";
  }
  CHECK(found == 4);
}

TEST_CASE("44: on a full disk changes are refused, data stays, and the store recovers by itself") {
  test::Folder folder;
  FaultyDisk disk(folder.path);
  const auto opened = SqliteAccounts::open(folder.path + "/accounts.db");
  REQUIRE(opened);
  const auto& store = *opened;
  REQUIRE(store->bind("alice", id(1), true, 1));
  REQUIRE(store->invite("code", 1, 0));
  REQUIRE(store->ban({Ban::Kind::name, "mallory", "", 1, 0}));
  disk.always(FaultyDisk::Operation::write, FaultyDisk::Fault::full);
  for (int n = 0; n < 3; ++n) {
    const auto refused = store->bind("bob", id(2), true, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::internal);
    CHECK(refused.error().text == "the registration could not be stored; try again later");
    CHECK(store->redeem("bob", id(2), "code", 1).error().code == ErrorCode::internal);
    const auto banned = store->ban({Ban::Kind::name, "eve", "", 1, 0});
    REQUIRE_FALSE(banned);
    CHECK(banned.error() == "database or disk is full");
    CHECK_FALSE(store->unban(Ban::Kind::name, "mallory"));
    CHECK_FALSE(store->release("alice"));
    CHECK_FALSE(store->invite("more", 1, 0));
  }
  CHECK(store->bind("alice", id(1), false, 1) == Binding::known);
  CHECK_FALSE(store->registered(id(2)));
  CHECK(store->bans().size() == 1);
  disk.mend();
  CHECK(store->redeem("bob", id(2), "code", 1) == Binding::made);
  CHECK(store->release("alice") == true);
}

TEST_CASE("44: a page that can't be read at the start is said as that, not as damage") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  FaultyDisk disk(folder.path);
  {
    const auto store = SqliteAccounts::open(path);
    REQUIRE(store);
    REQUIRE((*store)->bind("alice", id(1), true, 1));
  }
  for (int page = 1; page < 8; ++page) {
    int reads = 0;
    disk.fault = [&](FaultyDisk::Operation asked, std::string_view) {
      return asked == FaultyDisk::Operation::read && ++reads >= page ? FaultyDisk::Fault::error
                                                                     : FaultyDisk::Fault::none;
    };
    const auto store = SqliteAccounts::open(path);
    REQUIRE_FALSE(store);
    CHECK(store.error() == path + ": disk I/O error: Input/output error");
  }
  disk.mend();
  const auto store = SqliteAccounts::open(path);
  REQUIRE(store);
  CHECK((*store)->id_of("alice") == id(1));
}

// Binds names one after the other and says so after each, until it is killed.
[[noreturn]] void bind_until_killed(const std::string& path, std::uint32_t from, int out) {
  auto store = SqliteAccounts::open(path);
  if (!store) _exit(1);
  for (std::uint32_t n = from;; ++n) {
    if (!(*store)->bind("name" + std::to_string(n), id(n), true, 1)) _exit(2);
    if (::write(out, &n, sizeof n) != sizeof n) _exit(3);
  }
}

TEST_CASE("44: 200 times kill -9 during registrations: each confirmed one is there") {
  test::Folder folder(test::in_memory());
  const auto path = folder.path + "/accounts.db";
  test::FixedRng random(9);
  std::uint32_t next = 0;
  std::int64_t slowest = 0;
  for (int round = 0; round < 200; ++round) {
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) bind_until_killed(path, next, pipes[1]);
    ::close(pipes[1]);
    // After so many confirmations, at whatever point it is then.
    std::uint32_t last = next, n = 0;
    for (auto more = random.pick(8); more > 0 && ::read(pipes[0], &n, sizeof n) == sizeof n; --more)
      last = n + 1;
    REQUIRE(kill(child, SIGKILL) == 0);
    while (::read(pipes[0], &n, sizeof n) == sizeof n)
      last = n + 1;
    ::close(pipes[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const auto began = std::chrono::steady_clock::now();
    const auto store = SqliteAccounts::open(path);
    slowest = std::max(slowest, (std::chrono::steady_clock::now() - began).count());
    REQUIRE_MESSAGE(store, (store ? "" : store.error()));
    const auto size = (*store)->size();
    CHECK(size >= last);
    CHECK(size <= last + 1);  // bound, and killed before it could say so
    std::uint32_t wrong = 0;
    for (n = 0; n < size; ++n)
      wrong += (*store)->id_of("name" + std::to_string(n)) != id(n);
    CHECK(wrong == 0);
    next = static_cast<std::uint32_t>(size);
  }
  CHECK(next > 200);
  MESSAGE(next << " names, opened again in at most " << slowest / 1'000'000 << " ms");
}

}  // namespace
}  // namespace sims
