// Files of older versions open with all their data and get the current schema; files of newer
// versions are not changed.
#include "client/store/mail_fixture.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Standing;
using client::Store;
using proto::Id;

namespace {

// The names of the tests' data files; this version writes the newest.
constexpr const char* versions[] = {"store-1.sql", "store-2.sql", "store-3.sql"};

// A folder with the store of an older version.
void put_old(const std::string& folder, const char* name) {
  REQUIRE(make_private_folder(folder));
  REQUIRE(write_private_file(folder + "/store.db", ""));
  const auto made = raw(folder).execute(read_text(std::string("tests/client/store/data/") + name).c_str());
  if (!made) FAIL(made.error());
}

std::string schema(const std::string& folder) {
  auto db = raw(folder);
  std::string out = std::to_string(db.number("PRAGMA user_version").value());
  sqlite::Statement rows(db, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");
  REQUIRE(rows.each([&]() -> Result<void> {
    for (int column = 0; column < 3; ++column)
      out.append("\n").append(rows.text(column));
    return {};
  }));
  return out;
}

std::string said(const client::HistoryEntry& one) {
  std::string out = one.mine ? "me: " : "";
  if (one.action) out += "* ";
  out += one.body;
  if (one.mine) out += " " + std::to_string(static_cast<int>(one.delivery));
  return out + (one.why.empty() ? "" : " " + one.why);
}

void check_content(Store& store) {
  CHECK(Id::of(store.identity().public_key()) == store.id());
  CHECK(store.server("chat.example.org")->id == some_id(1));
  CHECK(store.server("chat.example.org")->first_seen_unix_ms == 1'700'000'000'001);
  CHECK(store.server("[::1]")->id == some_id(2));
  const auto peers = store.peers(some_id(1));
  REQUIRE(peers.size() == 2);
  CHECK(peers.at("bob").id == some_id(3));
  CHECK(peers.at("bob").verified);
  CHECK(peers.at("bob").standing == Standing::contact);
  CHECK(peers.at("bob").first_seen_unix_ms == 1'700'000'000'003);
  CHECK(peers.at("bob").read_row == 2);
  CHECK(peers.at("carol").standing == Standing::request);
  CHECK(store.peers(some_id(2)).at("eve").standing == Standing::blocked);
  CHECK(store.settings().server == "chat.example.org:7467");
  CHECK(store.settings().name == "alice");
  CHECK(store.settings().suite == "ecdhe,rsa");
  CHECK(store.get("draft of bob") == "half a sent");
}

void check_said(Store& store) {
  const auto bob = peer(1, "bob"), eve = peer(2, "eve");
  const auto number = [](Delivery delivery) { return std::to_string(static_cast<int>(delivery)); };
  std::vector<std::string> lines;
  const auto page = store.before(bob, 0, 100).value();
  for (const auto& one : page) {
    CHECK(one.uid == "uid of " + one.body);
    CHECK(one.at_unix_ms == 1'700'000'000'123);
    lines.push_back(said(one));
  }
  CHECK(lines == std::vector<std::string>{"hello", "me: Grüße, 世界 🌍 " + number(Delivery::delivered),
                                          "* waves", "me: too late " + number(Delivery::failed) + " given up",
                                          "me: see you " + number(Delivery::queued),
                                          "me: tomorrow " + number(Delivery::sent)});
  CHECK(store.before(peer(1, "carol"), 0, 9)->size() == 1);
  CHECK(store.before(eve, 0, 9)->empty());
  CHECK(store.seen(eve, some_id(3), "uid of gone"));
  CHECK(store.seen(bob, some_id(3), "uid of waves"));
  CHECK_FALSE(store.seen(bob, some_id(3), "uid of gone"));
  CHECK(store.unread(bob, 2) == 1);
  const auto out = store.outbox(some_id(1)).value();
  REQUIRE(out.size() == 1);
  REQUIRE(out.at("bob").size() == 2);
  CHECK(out.at("bob")[0].peer_id == some_id(3));
  CHECK(out.at("bob")[0].body == "see you");
  auto search = store.search(std::nullopt, "GRÜSSE", 9);
  search->run();
  CHECK(search->problem.empty());
  CHECK(search->hits.size() == 1);
}

// What schema 3 knows of letters.
void check_mail(Store& store) {
  const Id server = some_id(1);
  CHECK(store.mail_account(server).value() == client::MailAccount{7, number(3)});
  CHECK(store.prekeys(server).value().size() == 3);
  const auto opened = store.prekey(server, number(1)).value();
  CHECK(opened->opener == session_key(11, 1));
  CHECK(opened->acked_unix_s == some_unix_s);
  CHECK(opened->secret.size() == 0);
  CHECK(text_of(store.prekey(server, number(2)).value()->secret.view()) == "half of 2");
  CHECK(store.prekey(server, number(3)).value()->use == proto::PrekeyUse::many);
  const auto session = store.mail_session(server, session_key(11, 1)).value();
  CHECK(text_of(session->state.view()) == "state");
  CHECK(session->stranger);
  CHECK(store.mail_counts(server, some_id(11), number(3)).value() ==
        client::MailMemory::MailCounts{1, 1, 1, 1, 1, 1});
  CHECK(store.receipt(server, session_key(11, 1), 0).value()->message == "receipt 1.0");
  CHECK(store.owed_receipts(server).value().at(0).message == "receipt 3.0");
  CHECK(store.arrived(server).value().at(0).message == "a letter");
  const auto deliveries = store.deliveries(server).value();
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].row == 6);
  CHECK(deliveries[0].to == some_id(3));
  CHECK(text_of(deliveries[0].letters.at(0).ack_key.view()) == "a key");
}

void check_no_mail(Store& store) {
  const Id server = some_id(1);
  CHECK(store.mail_account(server).value() == client::MailAccount{});
  CHECK(store.prekeys(server).value().empty());
  CHECK(store.owed_receipts(server).value().empty());
  CHECK(store.arrived(server).value().empty());
  CHECK(store.deliveries(server).value().empty());
}

}  // namespace

TEST_CASE("store: files of older versions open, keep their data, and can be used") {
  for (const char* version : versions) {
    CAPTURE(version);
    TempFolder temp;
    const std::string home = temp / "home", fresh = temp / "fresh";
    put_old(home, version);
    for (int round = 0; round < 2; ++round) {
      auto store = open_store(home);
      CHECK_FALSE(store->made_identity());
      CHECK(store->lock_kind() == Store::Lock::passphrase);
      test::unlock(*store, "correct horse");
      check_content(*store);
      version == versions[2] ? check_mail(*store) : check_no_mail(*store);
      if (round == 0) {
        if (version != versions[0])  // chains, without a field of this version
          CHECK(store->last_from(peer(1, "bob"), some_id(3)).value_or(client::LastText{}).uid ==
                "uid of may I?");
        check_said(*store);
        CHECK(store->add(peer(1, "bob"), entry("new")).value() == 9);
        CHECK(store->add(peer(1, "dave"), entry("hi")).value() == 10);
        REQUIRE(store->commit());
      }
      CHECK(store->before(peer(1, "bob"), 0, 9)->back().body == "new");
    }
    open_store(fresh);
    CHECK(schema(home) == schema(fresh));
    CHECK(mode(home + "/store.db") == 0600);
  }
}

TEST_CASE("attack 28: unsent texts of an older version get their key before that key is forgotten") {
  TempFolder temp;
  put_old(temp.path(), "store-1.sql");
  auto store = open_store(temp.path());
  test::unlock(*store, "correct horse");
  REQUIRE(store->forget_peer(some_id(1), "bob"));
  REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(7), false, 1}));
  REQUIRE(store->commit());
  const auto out = store->outbox(some_id(1)).value();
  REQUIRE(out.at("bob").size() == 2);
  for (const auto& one : out.at("bob"))
    CHECK(one.peer_id == some_id(3));
}

TEST_CASE("store: the newest of the old files has this version's schema") {
  TempFolder temp;
  put_old(temp / "old", versions[std::size(versions) - 1]);
  open_store(temp / "new");
  CHECK(schema(temp / "old") == schema(temp / "new"));
}

TEST_CASE("store: the file of a newer version is refused in words and not changed") {
  TempFolder temp;
  put_old(temp.path(), versions[std::size(versions) - 1]);
  const std::string path = temp / "store.db";
  REQUIRE(raw(temp.path()).execute("PRAGMA user_version = 99; CREATE TABLE new (x)"));
  const std::string before = content(path);
  auto opened = Store::open(temp.path());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().starts_with(path + ": made by a newer version of SIMS (schema 99, here "));
  CHECK(content(path) == before);
  CHECK(test::list_folder(temp.path()) == std::vector<std::string>{"store.db"});
}
