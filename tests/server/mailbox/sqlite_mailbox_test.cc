// mail.db: restarts, other files in its place, two connections, full and failing disks, backups.
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "os/files.h"
#include "server/mailbox/mail_fixture.h"
#include "support/faulty_disk.h"

namespace sims {
namespace {

using namespace sims::test;
using server::MailBound;
using server::MailDatabase;
using server::MailLimits;
using server::PutFate;
using server::SqliteMailbox;

// How many people the file names.
std::int64_t people(const OnDisk& disk) {
  auto db = sqlite::Database::open_read_only(disk.path);
  REQUIRE(db);
  return db->number("SELECT count(*) FROM person").value();
}

void execute(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* why = nullptr;
  sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &why);
  sqlite3_close(db);
  REQUIRE_MESSAGE(why == nullptr, why);
}

std::string refusal(const std::string& path) {
  const auto opened = SqliteMailbox::open(path, {}, [] {});
  REQUIRE_FALSE(opened);
  return opened.error();
}

TEST_CASE("mail.db keeps everything across restarts, and is the owner's alone") {
  OnDisk disk;
  Asker box(disk);
  box.put(letter(1, 2, "a"));
  box.put(receipt(1, 2, "b"));
  box.put(letter(1, 2, "c"));
  box.strike(1, {hash_of("a")});
  box.publish(1, prekeys(1, 20));
  const auto given = box.claim(1, 9).prekey;
  const auto last = box.take(1).items.back().number;
  disk.open();
  CHECK(box.all(1) == "b c");
  CHECK(box.status(1).taken == 1);
  CHECK(box.status(1).last == prekey(20).number);
  CHECK(box.status(1).left[0].once == 19);
  CHECK(disk.owned->stats().letters == 1);
  CHECK(disk.owned->stats().receipts == 1);
  CHECK(disk.owned->stats().bytes == 2);
  CHECK(disk.owned->stats().prekeys == 19);
  CHECK(disk.owned->stats().oldest_unix_s == a_time);
  CHECK(disk.owned->stats().disk_bytes > 4'096);
  CHECK(box.fate(letter(1, 2, "c")) == PutFate::known);
  for (std::uint32_t asker = 100; const auto key = box.claim(1, asker).prekey; ++asker)
    CHECK(key->number != given->number);
  box.strike(1, {hash_of("b"), hash_of("c")});
  disk.open();
  box.put(letter(1, 2, "d"));
  CHECK(box.take(1).items.at(0).number > last);
  struct stat s {};
  REQUIRE(stat(disk.path.c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0600);
}

TEST_CASE("another program's file and that of a newer simsd are refused in words and left as they are") {
  Folder folder;
  const auto path = folder.path + "/mail.db";
  execute(path, "CREATE TABLE other (x)");
  CHECK(refusal(path) == path + ": not a file of simsd's: it has other tables");
  execute(path, "PRAGMA user_version = 1");
  CHECK(refusal(path) == path + ": not a file of simsd's: its person is missing");
  execute(path, "CREATE TABLE person (key)");
  CHECK(refusal(path) == path + ": not a file of simsd's: its person is another one");
  execute(path, "PRAGMA user_version = 2");
  CHECK(refusal(path) == path + ": made by another version of simsd (schema 2; this one knows up to 1)");
  std::ofstream(path + ".text") << std::string(5'000, 'x');
  CHECK(refusal(path + ".text").find("file is not a database") != std::string::npos);
  CHECK_FALSE(file_exists(path + ".rescue"));
}

TEST_CASE("two mailboxes with one file find each other's letters and claims") {
  OnDisk one, two(one.path);
  Asker first(one), second(two);
  first.publish(1, prekeys(1, 2));
  CHECK(first.fate(letter(1, 2, "a")) == PutFate::stored);
  CHECK(second.fate(letter(1, 2, "a")) == PutFate::known);
  CHECK(second.fate(letter(1, 2, "b")) == PutFate::stored);
  CHECK(first.fate(letter(1, 2, "c")) == PutFate::stored);
  CHECK(first.all(1) == "a b c");
  CHECK(second.all(1) == "a b c");
  const auto a = first.claim(1, 9).prekey, b = second.claim(1, 9).prekey;
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->number != b->number);
  CHECK_FALSE(first.claim(1, 9).prekey);
  CHECK(second.publish(1, prekeys(1, 2)).status.left.empty());
  second.strike(1, {hash_of("a")});
  first.strike(1, {hash_of("a"), hash_of("b")});
  CHECK(second.status(1).taken == 2);
  CHECK(second.summary(1).letters == 1);
}

TEST_CASE("a file that was replaced while simsd runs is not written to") {
  OnDisk disk;
  Asker box(disk);
  box.put(letter(1, 2, "a"));
  REQUIRE(move_file(disk.path, disk.path + ".elsewhere"));
  const auto put = box.put(letter(1, 2, "b"));
  CHECK(put.fate == PutFate::failed);
  CHECK(disk.owned->stats().trouble == "the file was replaced or removed while simsd runs; restart it");
}

TEST_CASE("a batch is one commit, and one put's refusal fails no other") {
  MailLimits limits;
  limits.sender_letters = 2;
  OnDisk disk(limits);
  for (server::Ticket n = 1; n <= 64; ++n)
    disk.owned->put(
        n,
        letter(static_cast<std::uint32_t>(n % 8), static_cast<std::uint32_t>(n % 16 / 8), std::to_string(n)),
        a_time);
  CHECK(disk.owned->batch_full());
  CHECK_FALSE(disk.owned->change());
  std::map<PutFate, int> fates;
  for (const auto& answer : disk.owned->take_answers())
    ++fates[std::get<server::PutAnswer>(answer).fate];
  CHECK(fates == std::map<PutFate, int>{{PutFate::stored, 32}, {PutFate::full, 32}});
  CHECK(disk.owned->stats().commits == 1);
  CHECK(disk.owned->stats().stored == 32);
  CHECK(disk.owned->stats().full == 32);
  CHECK(disk.owned->stats().waiting_puts == 0);
  CHECK(disk.owned->stats().waiting_put_bytes == 0);
}

TEST_CASE("puts that find no room in the queue fail at once, and hold back the sender's next ones") {
  MailLimits limits;
  limits.queued_bytes = 1'280;
  OnDisk disk(limits);
  auto& box = *disk.owned;
  for (std::uint32_t sender = 4; sender < 8; ++sender)
    box.put(sender, letter(1, sender, std::string(240, 'a')), a_time);
  box.put(1, letter(1, 2, std::string(11, 'b')), a_time);
  box.put(2, letter(1, 2, "c"), a_time);
  box.put(3, letter(1, 3, "d"), a_time);
  CHECK(box.stats().waiting_puts == 5);
  CHECK(box.stats().waiting_put_bytes == 961);
  auto answers = box.take_answers();
  REQUIRE(answers.size() == 2);
  for (const auto& answer : answers) {
    CHECK(std::get<server::PutAnswer>(answer).fate == PutFate::failed);
    CHECK(std::get<server::PutAnswer>(answer).bound == MailBound::queue);
  }
  disk.run();
  CHECK(box.take_answers().size() == 5);
  CHECK(box.stats().waiting_put_bytes == 0);
  CHECK(box.stats().failed == 2);
  CHECK(Asker(disk).fate(letter(1, 2, "c")) == PutFate::stored);
}

// The tickets of the puts that were stored.
std::set<server::Ticket> stored_in(const std::vector<server::MailAnswer>& answers) {
  std::set<server::Ticket> out;
  for (const auto& answer : answers)
    if (const auto* put = std::get_if<server::PutAnswer>(&answer); put && put->fate == PutFate::stored)
      out.insert(put->ticket);
  return out;
}

TEST_CASE("51: senders take turns, so a sender of many letters does not delay the others") {
  OnDisk disk;
  auto& box = *disk.owned;
  for (server::Ticket n = 1; n <= 1'000; ++n)
    box.put(n, letter(static_cast<std::uint32_t>(n % 10), 100, std::to_string(n)), a_time);
  box.put(2'000, letter(1, 101, "first"), a_time);
  box.put(2'001, letter(2, 101, "second"), a_time);
  CHECK(box.change());
  const auto first = stored_in(box.take_answers());
  CHECK(first.size() == 64);
  CHECK(first.contains(2'000));
  CHECK(first.contains(2'001));
  CHECK(*first.rbegin() == 2'001);
  CHECK(std::ranges::all_of(first, [](auto ticket) { return ticket <= 62 || ticket >= 2'000; }));
  disk.run();
  CHECK(stored_in(all_answers(box)).size() == 1'002 - 64);
}

TEST_CASE("51: one sender fills no more than a fourth of the queue, and a few do not fill it") {
  MailLimits limits;
  limits.queued_bytes = 4'000;
  OnDisk disk(limits);
  auto& box = *disk.owned;
  for (server::Ticket n = 1; n <= 11; ++n)
    box.put(n, letter(1, 2, std::string(100, static_cast<char>('a' + n))), a_time);
  CHECK(box.stats().failed == 1);
  for (std::uint32_t sender = 3; sender < 7; ++sender)
    box.put(10 + sender, letter(1, sender, std::string(1'000, static_cast<char>('a' + sender))), a_time);
  CHECK(box.stats().failed == 3);
  box.put(20, letter(1, 9, std::string(30, 'y')), a_time);
  CHECK(box.stats().failed == 3);
  disk.run();
  CHECK(stored_in(box.take_answers()).size() == 13);
}

TEST_CASE(
    "51: the relay gets some answers at a time, and no letter overtakes those that were refused meanwhile") {
  MailLimits limits;
  limits.sender_letters = 1;
  OnDisk disk(limits);
  auto& box = *disk.owned;
  for (server::Ticket n = 1; n <= 1'000; ++n)
    box.put(n, letter(1, 2, std::to_string(n)), a_time);
  disk.run();
  server::Ticket answered = 0;
  for (int turn = 0; turn < 4; ++turn) {
    box.put(1'001 + static_cast<server::Ticket>(turn), letter(1, 2, "later"), a_time);
    CHECK(box.stats().full == 1'000U + static_cast<unsigned>(turn));
    const auto some = box.take_answers();
    CHECK(some.size() <= 256);
    for (const auto& answer : some)
      CHECK(std::get<server::PutAnswer>(answer).ticket == ++answered);
  }
  answered += all_answers(box).size();
  CHECK(answered == 1'004);
  box.put(2'000, letter(1, 2, "now"), a_time);
  CHECK(box.stats().full == 1'003);
  CHECK(box.stats().waiting_puts == 1);
}

TEST_CASE("a box that is forgotten takes with it the letters that were put before, and no later ones") {
  OnDisk disk;
  auto& box = *disk.owned;
  for (server::Ticket n = 1; n <= 200; ++n)
    box.put(n, letter(n == 200 ? 7 : 8, 100, std::to_string(n)), a_time);
  box.forget(201, id(7));
  box.put(202, letter(7, 101, "later"), a_time);
  disk.run();
  static_cast<void>(box.take_answers());
  CHECK(Asker(disk).all(7) == "later");
}

TEST_CASE("mail.db names nobody of whom nothing is left; owners stay, and what they were told") {
  OnDisk disk;
  Asker box(disk);
  for (std::uint32_t sender = 50; sender < 60; ++sender)
    box.put(letter(1, sender, "from " + std::to_string(sender)));
  box.put(receipt(1, 60, "receipt"));
  box.put(letter(2, 50, "expires"));
  CHECK(people(disk) == 13);
  SUBCASE("struck off") {
    box.strike(1, {hash_of("from 50"), hash_of("from 51"), hash_of("receipt")});
    CHECK(people(disk) == 11);  // 50 has a letter elsewhere
    CHECK(box.status(1).taken == 3);
    CHECK(box.put(letter(1, 51, "again")).fate == PutFate::stored);
    CHECK(people(disk) == 12);
    CHECK(box.all(2) == "expires");
  }
  SUBCASE("expired") {
    CHECK(box.expire(a_time + 31 * a_day) == 12);
    CHECK(people(disk) == 0);
    CHECK(box.status(1).taken == 0);
  }
  SUBCASE("an owner's") {
    box.strike(1, {hash_of("from 50")});
    box.publish(2, prekeys(1, 2));
    box.expire(a_time + 31 * a_day);
    CHECK(people(disk) == 2);
    CHECK(box.status(1).taken == 1);
    CHECK(box.status(2).last == prekey(2).number);
    box.expire(a_time + 81 * a_day);
    CHECK(box.status(2).left.empty());
    CHECK(box.status(2).last == prekey(2).number);
    box.done([](auto& asked, auto ticket) { asked.drop_all(ticket); });
    CHECK(people(disk) == 1);
    CHECK(box.status(1).taken == 1);
    CHECK_FALSE(box.status(2).last);
  }
  SUBCASE("a key that was handed out after they were dropped is remembered with its owner") {
    box.publish(2, prekeys(1, 2));
    CHECK(box.claim(2, 70).prekey);
    box.done([](auto& asked, auto ticket) { asked.drop_all(ticket); });
    box.expire(a_time + 31 * a_day);
    CHECK(people(disk) == 1);
    box.publish(2, prekeys(1, 1));
    CHECK(box.status(2).left.empty());
    box.expire(a_time + 81 * a_day);
    CHECK(people(disk) == 0);
  }
  SUBCASE("forgotten") {
    box.put(letter(3, 1, "of who is forgotten"));
    box.strike(1, {hash_of("from 50")});
    box.done([](auto& asked, auto ticket) { asked.forget(ticket, id(1)); });
    CHECK(people(disk) == 4);  // both of its letter, both of that which expires
    box.strike(3, {hash_of("of who is forgotten")});
    CHECK(people(disk) == 3);
  }
}

TEST_CASE("50: prekeys and questions that wait for the disk are bounded; strikes are not refused") {
  MailLimits limits;
  limits.queued_bytes = 100'000;
  OnDisk disk(limits);
  auto& box = *disk.owned;
  server::Ticket ticket = 0;
  for (std::uint32_t owner = 0; owner < 100; ++owner)
    box.publish(++ticket, id(owner), prekeys(1, 20), false, a_time);
  for (std::uint32_t owner = 0; owner < 1'000; ++owner) {
    box.claim(++ticket, id(owner), id(1'000), {ecdhe}, a_time);
    box.status(++ticket, id(owner));
  }
  box.strike(++ticket, id(1), given({hash_of("a")}));
  const auto early = all_answers(box);
  CHECK(early.size() > ticket - 300);
  CHECK(early.size() < ticket - 10);
  for (const auto& answer : early)
    CHECK_FALSE(std::holds_alternative<server::StrikeAnswer>(answer));
  disk.run();
  CHECK(early.size() + all_answers(box).size() == ticket);
  CHECK(Asker(disk).publish(1, prekeys(30, 40)).fate == server::PublishAnswer::Fate::stored);
}

TEST_CASE("no more mail is read than the relay has taken") {
  OnDisk disk;
  auto& box = *disk.owned;
  Asker asker(disk);
  for (std::uint32_t owner = 0; owner < 20; ++owner)
    CHECK(asker.fate(letter(owner, 100, std::string(40'000, 'x'))) == PutFate::stored);
  for (std::uint32_t owner = 0; owner < 20; ++owner)
    box.take(1'000 + owner, id(owner), 0, 50, 1 << 18);
  for (std::size_t answered = 0; answered < 20;) {
    disk.run();
    const auto answers = box.take_answers();
    CHECK(answers.size() == 4);
    REQUIRE(!answers.empty());
    answered += answers.size();
  }
}

// --- disks ----------------------------------------------------------------------------------------

TEST_CASE("52: on a full disk letters are refused, and taken again by themselves when there is room") {
  Folder folder;
  FaultyDisk faulty(folder.path);
  OnDisk disk(folder.path + "/mail.db");
  Asker box(disk);
  box.put(letter(1, 2, "a"));
  box.publish(1, prekeys(1, 3));
  faulty.always(FaultyDisk::Operation::write, FaultyDisk::Fault::full);
  for (int n = 0; n < 3; ++n) {
    const auto put = box.put(letter(1, 2, "b"));
    CHECK(put.fate == PutFate::failed);
    CHECK(put.bound == MailBound::disk);
    CHECK(box.strike(1, {hash_of("a")}).failed);
    CHECK(box.publish(1, prekeys(4, 5)).fate == server::PublishAnswer::Fate::failed);
    const auto claim = box.claim(1, 9);
    CHECK(claim.failed);
    CHECK_FALSE(claim.prekey);
    CHECK(box.done([](auto& asked, auto ticket) { asked.purge(ticket, id(1)); }).error ==
          "database or disk is full");
    CHECK(box.all(1) == "a");
    // As every minute: it has nothing to remove, and finds that there is still no room.
    CHECK(box.done([](auto& asked, auto ticket) { asked.expire(ticket, a_time); }).error ==
          "database or disk is full");
    CHECK(disk.owned->stats().trouble == "database or disk is full");
  }
  CHECK(disk.owned->stats().failed == 3);
  faulty.mend();
  box.expire(a_time);
  CHECK(disk.owned->stats().trouble == "");
  CHECK(box.fate(letter(1, 2, "b")) == PutFate::stored);
  CHECK_FALSE(box.strike(1, {hash_of("a")}).failed);
  CHECK(box.claim(1, 9).prekey);
  CHECK(box.all(1) == "b");
}

TEST_CASE("52: puts behind a failed transaction fail with it, so that none overtakes") {
  Folder folder;
  FaultyDisk faulty(folder.path);
  OnDisk disk(folder.path + "/mail.db");
  auto& box = *disk.owned;
  for (server::Ticket n = 1; n <= 100; ++n)
    box.put(n, letter(1, 2, std::to_string(n)), a_time);
  box.status(101, id(1));
  int syncs = 0;
  faulty.fault = [&](FaultyDisk::Operation asked, std::string_view) {
    return asked == FaultyDisk::Operation::sync && ++syncs == 1 ? FaultyDisk::Fault::error
                                                                : FaultyDisk::Fault::none;
  };
  box.change();
  box.put(102, letter(1, 2, "not taken yet"), a_time);
  disk.run();
  int failed = 0, status = 0;
  for (const auto& answer : box.take_answers()) {
    if (const auto* put = std::get_if<server::PutAnswer>(&answer)) failed += put->fate == PutFate::failed;
    if (std::holds_alternative<server::StatusAnswer>(answer)) ++status;
  }
  CHECK(failed == 101);
  CHECK(status == 1);
  faulty.mend();
  Asker asker(disk);
  for (int n = 1; n <= 100; ++n)
    CHECK(asker.fate(letter(1, 2, std::to_string(n))) == PutFate::stored);
}

TEST_CASE("52: whatever operation of the disk fails, answers are true") {
  for (const auto operation : {FaultyDisk::Operation::write, FaultyDisk::Operation::sync,
                               FaultyDisk::Operation::read, FaultyDisk::Operation::truncate}) {
    for (const auto fault : {FaultyDisk::Fault::error, FaultyDisk::Fault::torn, FaultyDisk::Fault::full}) {
      Folder folder(in_memory());
      FaultyDisk faulty(folder.path);
      OnDisk disk(folder.path + "/mail.db");
      Asker box(disk);
      FixedRng random(7);
      std::set<std::string> stored;
      faulty.fault = [&](FaultyDisk::Operation asked, std::string_view) {
        return asked == operation && random.pick(3) == 0 ? fault : FaultyDisk::Fault::none;
      };
      for (int n = 0; n < 60; ++n) {
        const auto text = std::to_string(n) + std::string(random.pick(5'000), 'x');
        if (box.fate(letter(1, 2, text)) == PutFate::stored) stored.insert(text);
      }
      faulty.mend();
      disk.open();
      std::set<std::string> there;
      for (const auto& item : box.take(1).items)
        there.insert(item.bytes);
      CHECK(std::ranges::includes(there, stored));
      CHECK(disk.owned->stats().letters == there.size());
      CHECK(disk.owned->stats().trouble == "");
    }
  }
}

// --- size -----------------------------------------------------------------------------------------

TEST_CASE("nothing that waits is looked at when the file is opened") {
  Folder folder(in_memory());
  FaultyDisk faulty(folder.path);
  OnDisk disk(folder.path + "/mail.db");
  for (server::Ticket n = 1; n <= 5'000; ++n) {
    disk.owned->put(
        n, letter(static_cast<std::uint32_t>(n % 500), static_cast<std::uint32_t>(n % 9), std::to_string(n)),
        a_time);
    if (n % 64 == 0) disk.owned->change();
  }
  disk.run();
  disk.owned.reset();
  int reads = 0;
  faulty.fault = [&](FaultyDisk::Operation asked, std::string_view) {
    reads += asked == FaultyDisk::Operation::read;
    return FaultyDisk::Fault::none;
  };
  disk.open();
  CHECK(disk.owned->stats().letters == 5'000);
  CHECK(reads < 100);
}

TEST_CASE("a letter that was struck off is not in mail.db any more") {
  OnDisk disk;
  Asker box(disk);
  const std::string secret = "what nobody shall find " + std::string(9'000, 's');
  box.put(letter(1, 2, secret));
  disk.open();  // its log is in the file now
  const auto bytes_there = [&] {
    disk.owned.reset();
    const auto file = read_file(disk.path, 1 << 24);
    REQUIRE(file);
    const bool found = file->find("what nobody shall find") != std::string::npos ||
                       file->find("ssssssssssssssss") != std::string::npos;
    disk.open();
    return found;
  };
  CHECK(bytes_there());
  box.strike(1, {hash_of(secret)});
  CHECK_FALSE(bytes_there());
}

// --- backups --------------------------------------------------------------------------------------

TEST_CASE("a backup is a whole mail.db, made beside letters that come") {
  OnDisk disk;
  Asker box(disk);
  box.put(letter(1, 2, "a"));
  box.publish(1, prekeys(1, 3));
  const auto to = disk.folder.path + "/copy.db";
  const auto copy = [&](auto& asked, auto ticket) { asked.backup(ticket, to); };
  CHECK(box.done(copy).error == "");
  box.put(letter(1, 2, "b"));
  CHECK(box.done(copy).error.starts_with(to));  // there is one
  OnDisk restored(to);
  Asker other(restored);
  CHECK(other.all(1) == "a");
  CHECK(other.status(1).left[0].once == 3);
  CHECK(other.fate(letter(1, 2, "c")) == PutFate::stored);
  CHECK(box.all(1) == "a b");
}

TEST_CASE("the end of the server does not wait for a backup, which leaves no file") {
  OnDisk disk;
  Asker box(disk);
  for (int n = 0; n < 50; ++n)
    box.put(letter(1, 2, std::string(40'000, static_cast<char>('0' + n))));
  const auto to = disk.folder.path + "/copy.db";
  disk.owned->stop_copies();
  const auto done = box.done([&](auto& asked, auto ticket) { asked.backup(ticket, to); });
  CHECK(done.error != "");
  CHECK_FALSE(file_exists(to));
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
}

}  // namespace
}  // namespace sims
