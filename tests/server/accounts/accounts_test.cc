// The contract of an AccountStore, for each implementation. Failures of the file are tested in
// sqlite_accounts_test.cc and power_cut_test.cc.
#include "server/accounts/accounts.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <tuple>

#include "base/base64.h"
#include "os/files.h"
#include "os/sqlite.h"
#include "server/accounts/invitation.h"
#include "server/accounts/sqlite_accounts.h"
#include "support/fixed_rng.h"
#include "support/server_folder.h"

namespace sims {
namespace {

using proto::ErrorCode;
using proto::Id;
using server::AccountStore;
using server::Ban;
using server::Binding;
using server::SqliteAccounts;

Id id(std::uint8_t n) {
  return *Id::shaped(base64_encode(Bytes(32, n), Base64::url_unpadded));
}

ErrorCode refusal(AccountStore& store, const std::string& name, const Id& who, bool open = true) {
  const auto verdict = store.bind(name, who, open, 1);
  REQUIRE_FALSE(verdict);
  return verdict.error().code;
}

void contract(AccountStore& store) {
  CHECK(store.size() == 0);
  CHECK_FALSE(store.registered(id(1)));
  CHECK(store.bind("alice", id(1), true, 1) == Binding::made);
  CHECK(store.bind("alice", id(1), true, 2) == Binding::known);
  CHECK(store.bind("alice", id(1), false, 2) == Binding::known);
  CHECK(store.registered(id(1)));
  CHECK(refusal(store, "alice", id(2)) == ErrorCode::name_taken);
  CHECK(refusal(store, "malice", id(1)) == ErrorCode::id_taken);
  CHECK(refusal(store, "bob", id(2), false) == ErrorCode::not_registered);
  CHECK_FALSE(store.registered(id(2)));
  CHECK(store.bind("bob", id(2), true, 1) == Binding::made);
  CHECK(refusal(store, "bob", id(1)) == ErrorCode::name_taken);  // both are bound, to others
  CHECK(store.size() == 2);
}

// Many threads claim one name, and each other's.
void race(AccountStore& store) {
  for (int round = 0; round < 20; ++round) {
    const auto name = "name" + std::to_string(round);
    std::atomic<int> made = 0, taken = 0;
    std::vector<std::thread> threads;
    for (std::uint8_t n = 0; n < 4; ++n)
      threads.emplace_back([&, n] {
        const auto verdict = store.bind(name, id(static_cast<std::uint8_t>(10 + 4 * round + n)), true, 1);
        if (verdict)
          ++made;
        else if (verdict.error().code == ErrorCode::name_taken)
          ++taken;
      });
    for (auto& t : threads)
      t.join();
    CHECK(made == 1);
    CHECK(taken == 3);
  }
  CHECK(store.size() == 20);
  // One client on two connections: both are in, one of them registered.
  std::atomic<int> in = 0, made = 0;
  std::vector<std::thread> twice;
  for (int n = 0; n < 2; ++n)
    twice.emplace_back([&] {
      const auto verdict = store.bind("twice", id(200), true, 1);
      if (verdict) ++in, made += *verdict == Binding::made;
    });
  for (auto& t : twice)
    t.join();
  CHECK(in == 2);
  CHECK(made == 1);
}

// --- names, invitations, bans ----------------------------------------------------------------------

void releases(AccountStore& store) {
  CHECK(store.release("alice") == false);
  REQUIRE(store.bind("alice", id(1), true, 10));
  REQUIRE(store.bind("bob", id(2), true, 20));
  REQUIRE(store.bind("carol", id(3), true, 30));
  CHECK(store.id_of("bob") == id(2));
  CHECK(store.id_of("dave") == std::nullopt);
  CHECK(store.name_of(id(2)) == "bob");
  CHECK(store.registered_at(id(2)) == 20);
  CHECK(store.registered_at(id(9)) == std::nullopt);
  CHECK(store.name_of(id(9)) == std::nullopt);
  CHECK(store.release("bob") == true);
  CHECK(store.name_of(id(2)) == std::nullopt);
  CHECK(store.release("bob") == false);
  CHECK(store.id_of("bob") == std::nullopt);
  CHECK_FALSE(store.registered(id(2)));
  CHECK(store.size() == 2);
  CHECK(store.bind("bob", id(4), true, 40) == Binding::made);     // the name is free
  CHECK(store.bind("robert", id(2), true, 50) == Binding::made);  // and the id
  std::string seen, after;
  for (auto page = store.names(after, 2); !page.empty(); page = store.names(after, 2)) {
    CHECK(page.size() <= 2);
    for (const auto& account : page) {
      CHECK(store.id_of(account.name) == account.id);
      seen += account.name + ":" + std::to_string(account.registered) + " ";
    }
    after = page.back().name;
  }
  CHECK(seen == "alice:10 bob:40 carol:30 robert:50 ");
  CHECK(store.names("", 0).empty());
}

void refused_code(AccountStore& store, const std::string& name, const Id& who, std::string_view code,
                  std::uint64_t now) {
  const auto verdict = store.redeem(name, who, code, now);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().code == ErrorCode::not_registered);
  CHECK(verdict.error().text == "this invitation is not valid");
  CHECK_FALSE(store.registered(who));
}

void invites(AccountStore& store) {
  CHECK_FALSE(store.invitations(1));
  refused_code(store, "alice", id(1), "", 1);
  REQUIRE(store.bind("alice", id(1), true, 1));
  REQUIRE(store.invite("one", 1, 100));
  CHECK(store.invitations(99));
  CHECK_FALSE(store.invitations(100));
  CHECK_FALSE(store.invite("one", 2, 0));  // it is open
  refused_code(store, "bob", id(2), "two", 50);
  refused_code(store, "bob", id(2), "ONE", 50);
  refused_code(store, "bob", id(2), "one", 100);  // expired
  // A client that needs no invitation, or may not have the name, uses none up.
  CHECK(store.redeem("alice", id(1), "one", 50) == Binding::known);
  CHECK(store.redeem("alice", id(1), "two", 50) == Binding::known);
  CHECK(store.redeem("alice", id(2), "one", 50).error().code == ErrorCode::name_taken);
  CHECK(store.redeem("malice", id(1), "one", 50).error().code == ErrorCode::id_taken);
  CHECK(store.redeem("bob", id(2), "one", 99) == Binding::made);
  CHECK(store.names("alice", 1).at(0).registered == 99);
  CHECK_FALSE(store.invitations(99));
  refused_code(store, "carol", id(3), "one", 99);  // used
  REQUIRE(store.invite("one", 99, 0));             // forever
  CHECK(store.invitations(1ull << 40));
  CHECK(store.redeem("carol", id(3), "one", 1ull << 40) == Binding::made);
}

// Expired invitations make room for new ones.
void many_invitations(AccountStore& store) {
  for (std::size_t n = 0; n < server::max_invitations; ++n)
    REQUIRE(store.invite("code" + std::to_string(n), 1, n == 0 ? 5 : 9));
  const auto full = store.invite("more", 4, 9);
  REQUIRE_FALSE(full);
  CHECK(full.error() == "1000 invitations are open: no more until some are used or expire");
  refused_code(store, "alice", id(1), "more", 4);
  REQUIRE(store.invite("more", 5, 20));
  CHECK_FALSE(store.invite("again", 5, 20));
  REQUIRE(store.redeem("alice", id(1), "more", 5));
  REQUIRE(store.invite("again", 5, 20));
  REQUIRE(store.invite("late", 9, 30));
  CHECK(store.redeem("bob", id(2), "again", 9) == Binding::made);
}

// Many clients with one code.
void race_for_a_code(AccountStore& store) {
  for (std::uint8_t round = 0; round < 10; ++round) {
    REQUIRE(store.invite("code", 1, 0));
    std::atomic<int> made = 0, refused = 0;
    std::vector<std::thread> threads;
    for (std::uint8_t n = 0; n < 4; ++n)
      threads.emplace_back([&, n] {
        const auto who = static_cast<std::uint8_t>(4 * round + n);
        const auto verdict = store.redeem("name" + std::to_string(who), id(who), "code", 1);
        if (verdict)
          ++made;
        else if (verdict.error().code == ErrorCode::not_registered)
          ++refused;
      });
    for (auto& t : threads)
      t.join();
    CHECK(made == 1);
    CHECK(refused == 3);
    CHECK_FALSE(store.invitations(1));
  }
  CHECK(store.size() == 10);
}

std::string listed(const AccountStore& store) {
  std::string out;
  for (const auto& b : store.bans())
    out += fmt::format("{} {} {} {}-{}\n", to_string(b.kind), b.value, b.reason, b.made, b.until);
  return out;
}

void bans(AccountStore& store) {
  CHECK(store.bans().empty());
  CHECK(store.unban(Ban::Kind::name, "mallory") == false);
  REQUIRE(store.ban({Ban::Kind::name, "mallory", "spam", 10, 0}));
  REQUIRE(store.ban({Ban::Kind::address, "192.0.2.0/24", "flood", 11, 100}));
  REQUIRE(store.ban({Ban::Kind::id, id(1).str(), "", 12, 0}));
  REQUIRE(store.ban({Ban::Kind::address, "mallory", "another kind", 13, 0}));
  REQUIRE(store.ban({Ban::Kind::name, "mallory", "spam again", 14, 50}));
  CHECK(listed(store) == "id " + id(1).str() + " " +
                             " 12-0\nname mallory spam again 14-50\n"
                             "address 192.0.2.0/24 flood 11-100\naddress mallory another kind 13-0\n");
  CHECK(store.unban(Ban::Kind::id, id(1).str()) == true);
  CHECK(store.unban(Ban::Kind::id, id(1).str()) == false);
  REQUIRE(store.ban({Ban::Kind::name, "eve", "", 50, 0}));  // mallory's is over
  CHECK(listed(store) ==
        "name eve  50-0\naddress 192.0.2.0/24 flood 11-100\naddress mallory another kind 13-0\n");
  // The store does not apply bans to names: the relay does.
  CHECK(store.bind("eve", id(1), true, 1) == Binding::made);
}

TEST_CASE("the kinds of bans have words") {
  for (const auto kind : {Ban::Kind::id, Ban::Kind::name, Ban::Kind::address})
    CHECK(server::parse_ban_kind(to_string(kind)) == kind);
  CHECK(server::parse_ban_kind("Name") == std::nullopt);
}

// Each on a store of its own.
constexpr void (*contracts[])(AccountStore&) = {contract,         race,           releases, invites, bans,
                                                many_invitations, race_for_a_code};

TEST_CASE("contract: in memory") {
  for (const auto keeps : contracts) {
    server::MemoryAccounts store;
    keeps(store);
  }
}

TEST_CASE("contract: in a file") {
  test::Folder folder(test::in_memory());
  int n = 0;
  for (const auto keeps : contracts) {
    const auto path = folder.path + "/" + std::to_string(++n);
    auto store = SqliteAccounts::open(path);
    REQUIRE(store);
    keeps(**store);
    // The file has the same content as memory had.
    const auto before = listed(**store);
    const auto accounts = (*store)->names("", 1'000);
    const bool open = (*store)->invitations(1);
    store->reset();
    store = SqliteAccounts::open(path);
    REQUIRE(store);
    CHECK(listed(**store) == before);
    CHECK((*store)->invitations(1) == open);
    const auto again = (*store)->names("", 1'000);
    REQUIRE(again.size() == accounts.size());
    for (std::size_t i = 0; i < again.size(); ++i)
      CHECK(std::tie(again[i].name, again[i].id, again[i].registered) ==
            std::tie(accounts[i].name, accounts[i].id, accounts[i].registered));
  }
}

}  // namespace
}  // namespace sims
