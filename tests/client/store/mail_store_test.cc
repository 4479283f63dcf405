// Letters in the store's file: restarts, damage, faults of the disk, power cuts, and what is left of a
// wiped secret.
#include <set>
#include <unordered_set>

#include "client/store/mail_fixture.h"
#include "support/faulty_disk.h"
#include "support/server_folder.h"

using namespace sims;
using namespace sims::test;
using client::MailReceipt;
using client::Store;

namespace {

const proto::Id here = some_id(1), bob = some_id(11);
constexpr std::uint64_t of_bob = 11;
const client::PeerKey from_bob = {here, "bob"};

// One of each row.
void fill(Store& store) {
  REQUIRE(store.put_mail_account(here, {7, number(3)}));
  REQUIRE(store.put_prekey(here, prekey(1, "half of one")));
  REQUIRE(store.put_prekey(here, prekey(2, "half of two")));
  REQUIRE(store.put_mail_session(here, session(of_bob, 1, "state of one")));
  REQUIRE(store.put_mail_session(here, session(of_bob, 2, "state of two")));
  REQUIRE(store.put_receipt(here, receipt(of_bob, 1, 0)));
  REQUIRE(store.put_receipt(here, receipt(of_bob, 1, 1)));
  REQUIRE(store.add_arrived(here, {0, bob, false, "letter", 5}));
  client::MailDelivery delivery{4, bob, "a letter", {}, 5, 1, true, 9, {}};
  delivery.letters.push_back({0, digest("token"), secret("ack key")});
  REQUIRE(store.put_delivery(here, delivery));
  REQUIRE(store.commit());
}

// The errors of the functions that read fill().
std::vector<std::string> errors_of(Store& store) {
  std::vector<std::string> errors;
  const auto read = [&](const auto& result) {
    if (!result) errors.push_back(result.error());
  };
  read(store.mail_account(here));
  read(store.prekeys(here));
  for (std::uint64_t n : {1, 2}) {
    read(store.prekey(here, number(n)));
    read(store.mail_session(here, session_key(of_bob, n)));
    read(store.receipt(here, session_key(of_bob, 1), n - 1));
  }
  read(store.owed_receipts(here));
  read(store.arrived(here));
  read(store.deliveries(here));
  return errors;
}

// How much of fill() they give: rows and secrets.
std::size_t read_of(Store& store) {
  std::size_t count = store.mail_account(here).value() == client::MailAccount{7, number(3)};
  count += store.prekeys(here).value().size();
  for (std::uint64_t n : {1, 2}) {
    const auto key = store.prekey(here, number(n)).value();
    count += key.has_value() + (key && key->secret.size() > 0);
    count += store.mail_session(here, session_key(of_bob, n)).value().has_value();
    count += store.receipt(here, session_key(of_bob, 1), n - 1).value().has_value();
  }
  return count + store.owed_receipts(here).value().size() + store.arrived(here).value().size() +
         store.deliveries(here).value().size();
}
constexpr std::size_t all_of_it = 15;

std::vector<std::string> tokens(const std::string& folder) {
  std::vector<std::string> out;
  auto db = raw(folder);
  sqlite::Statement rows(db, "SELECT token FROM mail_secret");
  REQUIRE(rows.each([&]() -> Result<void> {
    out.emplace_back(rows.text(0));
    return {};
  }));
  return out;
}

// Pieces of these tokens in the files: all of 24 bytes and more are found. Each has a part at a multiple of the stride.
std::size_t pieces(const std::string& folder, const std::vector<std::string>& of) {
  constexpr std::size_t part = 8, stride = 24 - part;
  std::unordered_set<std::string_view> parts;
  for (const auto& token : of)
    for (std::size_t at = 16; at + part <= token.size(); ++at)
      parts.insert(std::string_view(token).substr(at, part));
  std::size_t found = 0;
  for (const char* name : {"/store.db", "/store.db-wal"}) {
    const std::string bytes = content(folder + name);
    for (std::size_t at = 0; at + part <= bytes.size(); at += stride)
      found += parts.contains(std::string_view(bytes).substr(at, part));
  }
  return found;
}

}  // namespace

TEST_CASE("mail store: all is there after a restart") {
  TempFolder temp;
  fill(*open_store(temp.path()));
  auto store = open_store(temp.path());
  CHECK(read_of(*store) == all_of_it);
  CHECK(store->take_damage().empty());
  CHECK(store->mail_account(here).value() == client::MailAccount{7, number(3)});
  CHECK(text_of(store->prekey(here, number(1)).value()->secret.view()) == "half of one");
  CHECK(text_of(store->mail_session(here, session_key(of_bob, 2)).value()->state.view()) == "state of two");
  CHECK(store->owed_receipts(here).value().size() == 2);
  CHECK(store->arrived(here).value().at(0).message == "letter");
  CHECK(text_of(store->deliveries(here).value().at(0).letters.at(0).ack_key.view()) == "ack key");
}

TEST_CASE("mail store: nothing is read or written while it is locked") {
  TempFolder temp;
  auto store = open_store(temp.path());
  fill(*store);
  set_passphrase(*store, "one");
  store->lock();
  CHECK(errors_of(*store) == std::vector<std::string>(11, "the store is locked"));
  CHECK_FALSE(store->put_mail_account(here, {}));
  CHECK_FALSE(store->owe_unopened(here, bob, digest("x"), "unopened", 5));
  CHECK_FALSE(store->add_arrived(here, {0, bob, false, "letter", 5}));
  test::unlock(*store, "one");
  CHECK(errors_of(*store).empty());
}

TEST_CASE("mail store: a damaged row, or one that was moved, reads as none, and the others are read") {
  // With how much is lost.
  for (const auto& [count, sql] : {
           std::pair(1u,
                     "UPDATE mail_server SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(6u, "UPDATE prekey SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(3u, "UPDATE prekey SET token = (SELECT max(token) FROM prekey)"),
           std::pair(6u, "UPDATE prekey SET token = ''"),
           std::pair(4u,
                     "UPDATE mail_secret SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(3u, "UPDATE mail_secret SET token = (SELECT max(token) FROM mail_secret)"),
           std::pair(4u, "DELETE FROM mail_secret"),
           std::pair(4u,
                     "UPDATE mail_receipt SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(2u, "UPDATE mail_receipt SET token = (SELECT max(token) FROM mail_receipt)"),
           std::pair(1u,
                     "UPDATE mail_arrived SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(1u, "UPDATE mail_arrived SET row = 9"),
           std::pair(1u,
                     "UPDATE mail_delivery SET token = substr(token, 1, 40) || 'AAAA' || substr(token, 45)"),
           std::pair(1u, "UPDATE mail_delivery SET tag = zeroblob(16)"),
       }) {
    CAPTURE(sql);
    TempFolder temp;
    auto store = open_store(temp.path());
    fill(*store);
    REQUIRE(raw(temp.path()).execute(sql));
    CHECK(read_of(*store) == all_of_it - count);
    const auto damage = store->take_damage();
    CHECK(damage.starts_with(temp / "store.db: damaged: "));
    CHECK(read_of(*store) == all_of_it - count);
    CHECK(store->take_damage().empty());  // it is told once
    CHECK(store->put_mail_account(here, {8, number(3)}));
    CHECK(store->commit());
  }
}

TEST_CASE("mail store: a receipt that is owed now stands behind those that were read, also after a restart") {
  TempFolder temp;
  fill(*open_store(temp.path()));
  auto store = open_store(temp.path());
  const auto owed = store->owed_receipts(here).value();
  REQUIRE(owed.size() == 2);
  for (const auto& one : owed)
    REQUIRE(store->receipt_covered(one.row));
  REQUIRE(store->put_receipt(here, receipt(of_bob, 2, 0)));
  REQUIRE(store->commit());
  CHECK(store->owed_receipts(here, owed.back().row).value().size() == 1);
}

TEST_CASE("mail store: a damaged prekey is forgotten in its time all the same") {
  TempFolder temp;
  auto store = open_store(temp.path());
  auto key = prekey(1, "half");
  REQUIRE(store->put_prekey(here, key));
  REQUIRE(store->commit());
  REQUIRE(raw(temp.path()).execute("UPDATE prekey SET token = ''"));
  REQUIRE(store->forget_old_mail(here, key.wipe_unix_s));
  CHECK_FALSE(tokens(temp.path()).empty());  // not yet: only the day is known
  REQUIRE(store->forget_old_mail(here, key.wipe_unix_s + day_s));
  CHECK_FALSE(store->prekey(here, number(1)).value());
  REQUIRE(store->commit());
  CHECK(tokens(temp.path()).empty());
}

TEST_CASE("mail store: a failed write of one letter takes the others of its commit back") {
  TempFolder temp;
  auto store = open_store(temp.path());
  fill(*store);
  REQUIRE(raw(temp.path()).execute("ALTER TABLE mail_server RENAME COLUMN token TO gone"));
  REQUIRE(store->erase_prekey(here, number(1)));
  REQUIRE(store->pin_server("a:1", {here, 1}));
  CHECK_FALSE(store->replace_server("a:1", {some_id(2), 2}));  // reads the account
  CHECK_FALSE(store->put_receipt(here, receipt(of_bob, 2, 0)));
  CHECK_FALSE(store->commit());
  REQUIRE(raw(temp.path()).execute("ALTER TABLE mail_server RENAME COLUMN gone TO token"));
  CHECK(store->prekey(here, number(1)).value());
}

// SQLite leaves bytes of rows that it moved: see store/secret_table.h.
TEST_CASE(
    "attack 53: no piece of a wiped private half or an old state is in the file once its traces are wiped") {
  TempFolder temp;
  auto store = open_store(temp.path());
  FixedRng random(5);
  std::vector<std::string> gone;
  std::uint64_t made = 0, wiped = 0;
  const auto half = [&] {
    constexpr std::size_t sizes[] = {48, 185, 700, 1'800, 5'000};
    return std::string(sizes[random.pick(std::size(sizes))], 'x');
  };
  for (int step = 0; step < 150; ++step) {
    const auto before = tokens(temp.path());
    for (std::size_t changes = 1 + random.pick(8); changes > 0; --changes) {
      const auto one = 1 + random.pick(made + 1);
      switch (random.pick(6)) {
        case 0:
        case 1:
          REQUIRE(store->put_prekey(here, prekey(++made, half())));
          break;
        case 2:
        case 3:
          REQUIRE(store->put_mail_session(here, session(of_bob, one, half())));
          break;
        case 4:
          REQUIRE(store->erase_prekey(here, number(one)));
          break;
        default:
          REQUIRE(store->close_oldest_session(here, bob));
      }
      REQUIRE(store->add(from_bob, entry(std::to_string(made))));
    }
    REQUIRE(store->commit());
    store->wipe_traces();
    CHECK_FALSE(store->has_traces());
    const auto after = tokens(temp.path());
    const std::set<std::string> kept(after.begin(), after.end());
    std::vector<std::string> now;
    std::copy_if(before.begin(), before.end(), std::back_inserter(now),
                 [&](const auto& token) { return !kept.contains(token); });
    CAPTURE(step);
    CHECK(pieces(temp.path(), now) == 0);
    wiped += now.size();
    gone.insert(gone.end(), now.begin(), now.end());
  }
  CHECK(pieces(temp.path(), gone) == 0);
  CHECK(pieces(temp.path(), tokens(temp.path())) > 0);
  CHECK(wiped > 200);
}

// In the log, traces stay until it is emptied.
TEST_CASE("attack 53: traces of wiped secrets are wiped with each 16th commit, at lock() and at the end") {
  TempFolder temp;
  auto store = open_store(temp.path());
  set_passphrase(*store, "one");
  const auto other = open_store(temp.path());  // keeps the log there
  std::uint64_t made = 0;
  const auto wipe_one = [&] {
    REQUIRE(store->put_prekey(here, prekey(++made, "half")));
    REQUIRE(store->commit());
    const auto token = tokens(temp.path());
    REQUIRE(token.size() == 1);
    REQUIRE(store->erase_prekey(here, number(made)));
    REQUIRE(store->commit());
    return token;
  };
  std::vector<std::string> gone;
  for (int commits = 1; commits <= 16; ++commits) {
    const auto token = wipe_one();
    gone.insert(gone.end(), token.begin(), token.end());
    CAPTURE(commits);
    CHECK((pieces(temp.path(), gone) > 0) == (commits < 16));
    CHECK(store->has_traces() == (commits < 16));
  }
  SUBCASE("in the middle of a transaction") {
    gone = wipe_one();
    REQUIRE(store->add(from_bob, entry("text")));
    store->wipe_traces();
    CHECK(store->has_traces());
    REQUIRE(store->commit());
    CHECK_FALSE(store->has_traces());
  }
  SUBCASE("a reader holds the log") {
    gone = wipe_one();
    {
      auto db = raw(temp.path());
      sqlite::Statement row(db, "SELECT token FROM history UNION SELECT id FROM store");
      REQUIRE(row.step() == true);
      store->wipe_traces();
      CHECK(store->has_traces());
    }
    store->wipe_traces();
    CHECK_FALSE(store->has_traces());
  }
  SUBCASE("lock()") {
    gone = wipe_one();
    store->lock();
  }
  SUBCASE("the end") {
    gone = wipe_one();
    store.reset();
  }
  CHECK(pieces(temp.path(), gone) == 0);
}

TEST_CASE("attack 53: a program that only reads leaves the log of the one that writes alone") {
  TempFolder temp;
  auto store = open_store(temp.path());
  REQUIRE(store->put_prekey(here, prekey(1, "half")));
  REQUIRE(store->commit());
  const auto size = content(temp / "store.db-wal").size();
  CHECK(size > 0);
  {
    auto reader = open_store(temp.path());
    CHECK(reader->prekey(here, number(1)).value());
    reader->wipe_traces();
  }
  CHECK(content(temp / "store.db-wal").size() == size);
}

namespace {

// Letters that come, one transaction each: the text is stored, the `once` key wiped, the session put
// or advanced, the receipt owed, the arrived letter dropped, and the item counted.
class Letters {
 public:
  static constexpr int count = 4;
  explicit Letters(Store& store) : store_(store) {}

  void prepare() {
    for (std::uint64_t n = 0; n < count; ++n) {
      REQUIRE(store_.put_prekey(here, prekey(n, "half of " + std::to_string(n))));
      REQUIRE(store_.add_arrived(here, {0, bob, false, "letter " + std::to_string(n), 5}));
    }
    REQUIRE(store_.put_mail_account(here, {0, std::nullopt}));
    REQUIRE(store_.commit());
  }
  // False: not stored.
  bool take(std::uint64_t n) {
    auto key = prekey(n, "");
    key.opener = session_key(of_bob, n);
    const auto letters = store_.arrived(here);
    bool done = letters && !letters->empty();
    done = done && store_.add(from_bob, entry("text " + std::to_string(n)));
    done = done && store_.put_prekey(here, key);
    done = done && store_.put_mail_session(here, session(of_bob, n, "state"));
    if (n > 0) done = done && store_.put_mail_session(here, session(of_bob, n - 1, "state, advanced"));
    done = done && store_.put_receipt(here, receipt(of_bob, n, 0));
    done = done && store_.drop_arrived(letters->front().row);
    done = done && store_.put_mail_account(here, {n + 1, std::nullopt});
    const bool lasts = store_.commit().has_value();  // ends a failure, too
    return done && lasts;
  }
  // The number of letters taken, if all agree on it; else the difference in words.
  static Result<std::uint64_t> taken(Store& store) {
    const auto texts = store.before(from_bob, 0, 100);
    if (!texts) return fail(texts.error());
    const std::uint64_t taken = texts->size();
    if (store.mail_account(here)->taken != taken) return fail("the account is another");
    if (store.arrived(here)->size() != count - taken) return fail("arrived letters are others");
    if (store.owed_receipts(here)->size() != taken) return fail("receipts are others");
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto key = store.prekey(here, number(n));
      const auto row = store.mail_session(here, session_key(of_bob, n));
      if (!key || !*key || !row) return fail("a prekey or session is missing");
      const bool wiped = n < taken;
      if (((*key)->secret.size() == 0) != wiped || (*key)->opener.has_value() != wiped)
        return fail("a private half is there with its text, or gone without it");
      if (row->has_value() != wiped) return fail("sessions are others");
      if (!wiped) continue;
      const std::string_view state = n + 1 == taken ? "state" : "state, advanced";
      if (text_of((*row)->state.view()) != state) return fail("a session's state is another");
    }
    return taken;
  }

 private:
  Store& store_;
};

// The disk as a folder that can be opened.
std::unique_ptr<Folder> put_down(const FaultyDisk::Image& image) {
  auto folder = std::make_unique<Folder>(in_memory());
  for (const auto& [name, bytes] : image) {
    if (name.ends_with("-shm")) continue;
    REQUIRE(write_private_file(folder->path + "/" + name, bytes));
  }
  return folder;
}

}  // namespace

TEST_CASE(
    "attack 53: a power cut at each change of the disk leaves a letter stored as a whole or not at "
    "all") {
  Folder home(in_memory());
  std::vector<FaultyDisk::Image> images;
  FixedRng random(3);
  FaultyDisk disk(home.path);
  auto store = open_store(home.path);
  Letters letters(*store);
  letters.prepare();
  std::vector<std::string> halves = tokens(home.path);
  disk.changed = [&] { images.push_back(disk.after_power_cut(random)); };
  int opened = 0;
  for (std::uint64_t n = 0; n < Letters::count; ++n) {
    CAPTURE(n);
    REQUIRE(letters.take(n));
    images.push_back(disk.after_power_cut(random));
    for (const auto& image : images) {
      const auto folder = put_down(image);
      const auto after = Store::open(folder->path);
      if (!after) FAIL(after.error());
      const auto taken = Letters::taken(**after);
      if (!taken) FAIL(taken.error());
      CHECK((*taken == n || *taken == n + 1));
      if (&image == &images.back()) CHECK(*taken == n + 1);  // what was confirmed stays
      ++opened;
      // The log may come back with old values. The next commit leaves none of them.
      REQUIRE((*after)->put("x", "y"));
      REQUIRE((*after)->commit());
      const auto left = tokens(folder->path);
      std::vector<std::string> wiped;
      for (const auto& half : halves)
        if (std::find(left.begin(), left.end(), half) == left.end()) wiped.push_back(half);
      CHECK(wiped.size() == *taken);
      CHECK(pieces(folder->path, wiped) == 0);
    }
    images.clear();
  }
  disk.changed = [] {};
  CHECK(opened > 30);
  MESSAGE(opened << " states of the disk were opened");
}

TEST_CASE("attack 53: an operation of the disk that fails takes a letter back as a whole, or not at all") {
  using Operation = FaultyDisk::Operation;
  using Fault = FaultyDisk::Fault;
  int failures = 0;
  for (const auto& [operation, kind] :
       {std::pair(Operation::write, Fault::full), std::pair(Operation::write, Fault::torn),
        std::pair(Operation::write, Fault::error), std::pair(Operation::sync, Fault::error),
        std::pair(Operation::read, Fault::error), std::pair(Operation::truncate, Fault::error)}) {
    for (int at = 0;; ++at) {
      CAPTURE(static_cast<int>(operation));
      CAPTURE(at);
      Folder home(in_memory());
      FaultyDisk disk(home.path);
      auto store = open_store(home.path);
      Letters letters(*store);
      letters.prepare();
      REQUIRE(letters.take(0));
      int left = at;
      disk.fault = [&, operation = operation, kind = kind](Operation asked, std::string_view) {
        return asked == operation && left-- == 0 ? kind : Fault::none;
      };
      const bool taken = letters.take(1);
      const bool failed = left < 0;
      disk.mend();
      CHECK(Letters::taken(*store).value() == (taken ? 2 : 1));
      if (!taken) REQUIRE(letters.take(1));
      CHECK(Letters::taken(*store).value() == 2);
      store.reset();
      CHECK(Letters::taken(*open_store(home.path)).value() == 2);
      failures += taken ? 0 : 1;
      if (!failed) break;
    }
  }
  CHECK(failures > 5);
}
