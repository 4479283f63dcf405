// Mail that is given to its owner: order, window, acks, a second login, slow readers, failing disks
// (sims-protocol(7) section 8, The mailbox).
#include <algorithm>

#include "proto/limits.h"
#include "server/relay/mail.h"
#include "support/fixed_rng.h"

namespace sims {
namespace {

using test::ack;
using test::Client;
using test::has;
using test::letter;
using test::mail_of;
using test::receipt;
using test::say;
using test::told;
using test::Told;
using test::World;
using Mail = std::vector<std::string>;

server::Policy quick() {
  server::Policy policy = test::roomy();
  policy.limits.messages = {100'000, 100'000};
  policy.limits.message_bytes = {1 << 30, 1 << 30};
  policy.limits.mail.newcomer_letters = 1'000;
  return policy;
}

// alice is online; bob has been here.
struct Post : World {
  explicit Post(server::Policy p = quick()) : World(std::move(p)) {
    relay->closed(bob.conn, now);
    pass(200);
  }
  Mail write(std::size_t count, std::size_t padding = 0, Client* from = nullptr) {
    Mail out;
    for (; count > 0; --count) {
      Client& sender = from ? *from : alice;
      out.push_back(letter(sender, bob, written++, padding));
      say(*this, sender, out.back());
    }
    return out;
  }
  Client back() {
    Client c = login("bob", 2);
    REQUIRE(c.statuses.size() <= 1);
    return c;
  }
  std::uint64_t written = 0;
  Client bob = login("bob", 2), alice = login("alice", 1);
};

std::string status(std::uint64_t taken, std::uint64_t waiting) {
  proto::PrekeysStatus out;
  out.taken = taken;
  out.waiting = waiting;
  return encode(out);
}

Mail part(const Mail& all, std::size_t from, std::size_t to) {
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

}  // namespace

TEST_CASE("letters and receipts wait and are given after the login in order, until they are acked") {
  Post w;
  Mail all = w.write(2);
  all.push_back(receipt(w.alice, w.bob, 7));
  say(w, w.alice, all.back());
  Client bob = w.back();
  CHECK(bob.statuses == Mail{status(0, 3)});
  CHECK(mail_of(w, bob) == all);
  ack(w, bob);
  CHECK(w.mail.strikes == 1);
  CHECK(w.mail.inner.stats().letters == 0);
  w.relay->closed(bob.conn, w.now);
  Client again = w.back();
  CHECK(again.statuses == Mail{status(3, 0)});
  CHECK(mail_of(w, again).empty());
}

TEST_CASE("nothing is given before the state of the prekeys, and that not before earlier acks are applied") {
  Post w;
  const auto all = w.write(3);
  Client bob = w.back();
  CHECK(mail_of(w, bob) == all);
  w.mail.held = true;
  ack(w, bob);
  Client again = w.login("bob", 2);
  CHECK(w.closed(bob));
  w.write(1);
  CHECK(again.statuses.empty());
  CHECK(mail_of(w, again).empty());
  w.mail.held = false;
  w.release_mail();
  w.pump({&again});
  REQUIRE(again.statuses.size() == 1);
  CHECK(has(again.statuses[0], R"("taken":3)"));
  CHECK(mail_of(w, again).size() == 1);
  const auto mark = [](const std::string& m) { return m.starts_with(R"({"type":"client-mail")"); };
  CHECK(mark(again.in_order.back()));
}

TEST_CASE("a second login is given what the first was given and did not ack") {
  Post w;
  const auto all = w.write(5);
  Client first = w.back();
  CHECK(mail_of(w, first) == all);
  const auto second_of_all = first.transport.received() - 4;
  say(w, first, encode(proto::Ack{"bob", second_of_all}));
  Client second = w.back();
  CHECK(w.closed(first));
  CHECK(told(w, first) == test::Told{"id-taken -"});
  CHECK(second.statuses == Mail{status(2, 3)});
  CHECK(mail_of(w, second) == part(all, 2, 5));
}

TEST_CASE("at most 50 items are given ahead of the acks") {
  Post w;
  const auto all = w.write(120);
  Client bob = w.back();
  CHECK(mail_of(w, bob) == part(all, 0, 50));
  w.pass(5'000);
  CHECK(mail_of(w, bob).empty());
  std::size_t at = 50;
  while (at < 120) {
    ack(w, bob);
    const auto more = mail_of(w, bob);
    REQUIRE(!more.empty());
    CHECK(more.size() <= 50);
    CHECK(more == part(all, at, at + more.size()));
    at += more.size();
  }
  ack(w, bob);
  CHECK(w.mail.inner.stats().letters == 0);
}

TEST_CASE(
    "70: at most 50 items are given ahead of what is struck off, so that no crash makes `taken` look older") {
  Post w;
  const auto all = w.write(120);
  Client bob = w.back();
  CHECK(mail_of(w, bob) == part(all, 0, 50));
  SUBCASE("the disk is slow") {
    w.mail.held = true;
    for (int i = 0; i < 3; ++i) {
      ack(w, bob);
      w.pass(1'000);
      CHECK(mail_of(w, bob).empty());
    }
    w.mail.held = false;
    w.release_mail();
  }
  SUBCASE("it fails") {
    w.mail.fail_strikes = true;
    for (int i = 0; i < 3; ++i) {
      ack(w, bob);
      w.pass(1'000);
      CHECK(mail_of(w, bob).empty());
    }
    w.mail.fail_strikes = false;
    w.pass(2'000);
  }
  CHECK(mail_of(w, bob) == part(all, 50, 100));
  ack(w, bob);
  CHECK(mail_of(w, bob) == part(all, 100, 120));
}

TEST_CASE("at most 256 KiB are given ahead of the acks, whatever the sizes") {
  Post w;
  const auto all = w.write(30, 40'000);
  Client bob = w.back();
  std::size_t at = 0;
  while (at < all.size()) {
    const auto more = mail_of(w, bob);
    REQUIRE(!more.empty());
    std::size_t bytes = 0;
    for (const auto& m : more)
      bytes += m.size();
    CHECK(bytes <= proto::mail_window_bytes);
    CHECK(more == part(all, at, at + more.size()));
    at += more.size();
    w.pass(1'000);  // the window stays closed
    CHECK(mail_of(w, bob).size() + more.size() <= proto::mail_window_bytes / 40'000);
    ack(w, bob);
  }
}

TEST_CASE("an owner who is online is given a letter when it is stored, by one write a turn") {
  Post w;
  Client bob = w.back();
  w.mail.held = true;
  const auto all = w.write(20);
  CHECK(mail_of(w, bob).empty());
  w.mail.release(20);
  w.wire.lines[bob.conn].writes = 0;
  w.relay->mail_answers(w.now);
  w.relay->turn_end(w.now);
  CHECK(w.mail.waiting() == 1);
  const auto later = w.write(3);  // while items are asked for
  w.mail.release(4, 1);
  w.relay->mail_answers(w.now);
  w.mail.held = false;
  w.release_mail();
  CHECK(w.wire.lines[bob.conn].writes <= 2);
  auto expected = all;
  expected.insert(expected.end(), later.begin(), later.end());
  CHECK(mail_of(w, bob) == expected);
  ack(w, bob);
  CHECK(w.mail.inner.stats().letters == 0);
  const auto last = w.write(1);
  CHECK(mail_of(w, bob) == last);
}

TEST_CASE("a letter that is stored while items are asked for, and not among them, is given too") {
  Post w;
  Client bob = w.back();
  w.mail.held = true;
  const auto first = w.write(1);
  w.release_mail(1);
  const auto second = w.write(1);
  w.mail.release(1);  // the items, without the second letter
  w.mail.release(1);  // the second letter
  w.mail.reverse_answers();
  w.relay->mail_answers(w.now);
  w.relay->turn_end(w.now);
  CHECK(mail_of(w, bob) == first);
  w.release_mail();
  CHECK(mail_of(w, bob) == second);
}

TEST_CASE("an ack of live messages strikes nothing off, one for the future only what was given") {
  Post w;
  const auto all = w.write(1);
  Client bob = w.back();
  CHECK(mail_of(w, bob) == all);
  say(w, bob, R"({"type":"ack","name":"bob","id":0})");  // the prekeys
  CHECK(w.mail.strikes == 0);
  say(w, bob, R"({"type":"ack","name":"bob","id":9007199254740991})");
  CHECK(w.mail.strikes == 1);
  const auto more = w.write(1);
  CHECK(mail_of(w, bob) == more);
  CHECK(w.mail.strikes == 1);
  CHECK(w.mail.inner.stats().letters == 1);
}

TEST_CASE("a slow reader with 1,000 letters is not cut off, nor for live messages beside them") {
  Post w;
  const auto all = w.write(1'000, 700);
  Client bob = w.dial("bob", 2);
  w.pump({&bob});
  auto& line = w.wire.lines[bob.conn];
  Mail got = mail_of(w, bob);
  std::size_t live = 0;
  // bob's connection takes a part of its output each second.
  for (int second = 0; got.size() < all.size() && second < 2'000; ++second) {
    line.stuck = line.to_client.size();
    ack(w, bob);
    say(w, w.alice, w.alice.disconnect_message(bob, "live"));
    w.pass(1'000);
    REQUIRE_FALSE(w.closed(bob));
    REQUIRE(line.stuck < 2 * 66'000);
    line.stuck = 0;
    for (auto& m : mail_of(w, bob))
      got.push_back(std::move(m));
    while (!bob.take("client-disconnect").empty())
      ++live;
  }
  CHECK(got == all);
  CHECK(live > 5);
  CHECK(w.stats().slow_readers == 0);
}

TEST_CASE("mail that waits to be read takes nothing of the room for live messages") {
  Post w;
  w.write(10, 40'000);
  Client bob = w.dial("bob", 2);
  w.wire.lines[bob.conn].stuck = 0;
  w.mail.held = true;
  w.pump({&bob});
  w.wire.lines[bob.conn].stuck = 1;  // reads no more
  w.mail.held = false;
  w.release_mail();
  const auto mail = w.wire.lines[bob.conn].stuck;
  CHECK(mail > 60'000);
  CHECK(mail < 140'000);
  std::size_t live = 0;
  while (!w.closed(bob)) {
    say(w, w.alice, w.alice.disconnect_message(bob, std::string(1'000, 'x')));
    live += 1'000;
    w.pump({&w.alice});
  }
  CHECK(live > 150'000);  // queue_bytes, sealed
}

TEST_CASE("mail waits on disk while the output of all clients takes half of its memory") {
  auto policy = quick();
  policy.limits.queue_bytes_total = 400'000;
  Post w(policy);
  const auto all = w.write(2);
  Client carol = w.login("carol", 3);
  w.wire.lines[carol.conn].stuck = 1;
  while (w.wire.lines[carol.conn].stuck < 210'000)
    say(w, w.alice, w.alice.disconnect_message(carol, std::string(10'000, 'x')));
  Client bob = w.back();
  CHECK(mail_of(w, bob).empty());
  w.wire.lines[carol.conn].stuck = 0;
  w.pass(2'000);
  CHECK(mail_of(w, bob) == all);
}

TEST_CASE("questions that fail are asked again, and mail is given once the disk is back") {
  Post w;
  const auto all = w.write(3);
  SUBCASE("the status") {
    w.mail.fail_status = true;
    Client bob = w.login("bob", 2);
    w.pass(5'000);
    CHECK(bob.statuses.empty());
    CHECK(mail_of(w, bob).empty());
    w.mail.fail_status = false;
    w.pass(1'000);
    CHECK(mail_of(w, bob) == all);
    CHECK(bob.statuses == Mail{status(0, 3)});
  }
  SUBCASE("the items") {
    w.mail.fail_takes = true;
    Client bob = w.back();
    CHECK(bob.statuses == Mail{status(0, 3)});
    w.pass(5'000);
    CHECK(mail_of(w, bob).empty());
    w.mail.fail_takes = false;
    w.pass(1'000);
    CHECK(mail_of(w, bob) == all);
  }
  SUBCASE("the strikes") {
    Client bob = w.back();
    CHECK(mail_of(w, bob) == all);
    w.mail.fail_strikes = true;
    ack(w, bob);
    w.pass(5'000);
    const auto more = w.write(1);
    CHECK(mail_of(w, bob).empty());  // not before the earlier ones are struck off: they would be given twice
    CHECK(w.mail.inner.stats().letters == 4);
    w.mail.fail_strikes = false;
    SUBCASE("by time") {
      w.pass(1'000);
      CHECK(mail_of(w, bob) == more);
    }
    SUBCASE("at the next login") {
      Client again = w.back();
      CHECK(again.statuses == Mail{status(3, 1)});
      CHECK(mail_of(w, again) == more);
    }
    CHECK(w.mail.inner.stats().letters == 1);
  }
  w.pass(10'000);
  CHECK(w.mail.inner.stats().letters <= 3);
}

TEST_CASE("70: while strikes fail nobody is told a `taken` that lacks them") {
  Post w;
  w.write(3);
  Client bob = w.back();
  CHECK(mail_of(w, bob).size() == 3);
  w.mail.fail_strikes = true;
  ack(w, bob);
  w.pass(5'000);
  Client again = w.login("bob", 2);
  w.pass(5'000);
  CHECK(again.statuses.empty());
  w.mail.fail_strikes = false;
  w.pass(1'000);
  mail_of(w, again);
  CHECK(again.statuses == Mail{status(3, 0)});
}

TEST_CASE("a banned or released id loses its mailbox; its letters in others' boxes stay") {
  for (const auto& how : {"id", "name", "release", "later"}) {
    CAPTURE(how);
    Post w;
    w.write(3);
    Client bob = w.login("bob", 2);
    mail_of(w, bob);
    Client carol = w.login("carol", 3);
    w.relay->closed(carol.conn, w.now);
    say(w, bob, letter(bob, carol, 0));
    w.mail.fail_done = how == std::string("later");
    std::vector<std::string> dropped;
    const auto note = [&](const std::string& error) { dropped.push_back(error); };
    if (how == std::string("release")) {
      w.relay->drop_mail(w.bob.id(), note);
      REQUIRE(w.accounts.release("bob"));
    } else {
      const bool by_name = how == std::string("name");
      w.relay->ban({by_name ? server::Ban::Kind::name : server::Ban::Kind::id,
                    by_name ? "bob" : w.bob.id().str(),
                    {},
                    0,
                    0},
                   w.now, note);
    }
    CHECK(dropped.empty());
    w.answer_mail();
    CHECK(dropped == std::vector<std::string>{w.mail.fail_done ? "no disk" : ""});
    if (w.mail.fail_done) {
      CHECK(w.mail.inner.stats().letters == 4);
      CHECK(has(w.wire.logged.back(), "event=mail-forget-failed"));
      w.mail.fail_done = false;
      w.pass(1'000);
    }
    CHECK(w.mail.inner.stats().letters == 1);
  }
}

TEST_CASE(
    "a mailbox that is closed for a release takes nothing, and says so in words that ask to try again") {
  Post w;
  Client bob = w.login("bob", 2);
  told(w, bob);
  told(w, w.alice);
  REQUIRE(w.relay->close_mail(bob.id()));
  CHECK_FALSE(w.relay->close_mail(bob.id()));
  const auto claim = encode(proto::PrekeyRequest{bob.id(), {std::string(crypto::all_suites()[0].name)}});
  const auto first = say(w, w.alice, letter(w.alice, bob, 100));
  say(w, w.alice, receipt(w.alice, bob, 100));
  say(w, w.alice, claim);
  const auto busy = [&](std::uint64_t n) { return "busy " + std::to_string(n); };
  const auto ack = [&](std::uint64_t n) { return "ack " + std::to_string(n); };
  CHECK(told(w, w.alice) ==
        Told{busy(first), ack(first), busy(first + 1), ack(first + 1), busy(first + 2), ack(first + 2)});
  const auto upload = say(w, bob, encode(proto::PrekeysUpload{{}, true}));
  CHECK(told(w, bob) == Told{busy(upload), ack(upload)});
  w.relay->open_mail(bob.id());
  say(w, w.alice, letter(w.alice, bob, 101));  // does not overtake the first one
  CHECK(told(w, w.alice) == Told{busy(first + 3), ack(first + 3)});
  w.pass(500);
  say(w, w.alice, letter(w.alice, bob, 100));
  w.pass(200);
  CHECK(told(w, w.alice) == Told{ack(first + 4)});
}

TEST_CASE("at the start the mailboxes of those who are banned go, whose bans came just before the last end") {
  Post w;
  w.write(1);
  Client carol = w.login("carol", 3), dave = w.login("dave", 4);
  for (auto* who : {&carol, &dave}) {
    w.relay->closed(who->conn, w.now);
    say(w, w.alice, letter(w.alice, *who, 200));
  }
  REQUIRE(w.mail.inner.stats().letters == 3);
  using server::Ban;
  REQUIRE(w.accounts.ban({Ban::Kind::id, w.bob.id().str(), {}, w.now.unix_s(), 0}));
  REQUIRE(w.accounts.ban({Ban::Kind::name, "carol", {}, w.now.unix_s(), w.now.unix_s() + 100}));
  REQUIRE(w.accounts.ban({Ban::Kind::id, dave.id().str(), {}, w.now.unix_s(), w.now.unix_s() + 10}));
  REQUIRE(w.accounts.ban({Ban::Kind::address, "203.0.113.0/24", {}, w.now.unix_s(), 0}));
  w.pass(20'000);
  w.restart(0);
  w.relay->drop_banned_mail(w.now);
  w.answer_mail();
  CHECK(w.mail.inner.stats().letters == 1);  // of who is welcome again
}

TEST_CASE("52: a relay killed at random points: every acked letter is given, in order, until it was acked") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    test::FixedRng rng(seed);
    World w(quick());
    Client bob = w.login("bob", 2), alice = w.login("alice", 1);
    w.mail.held = true;
    std::deque<std::pair<std::uint64_t, std::string>> unacked;  // alice's letters and their seqs
    Mail acked, got;                                            // got: by bob, and acked to the relay
    std::uint64_t written = 0;
    const auto read_acks = [&] {
      w.pump({&alice});
      for (const auto id : std::exchange(alice.acks, {}))
        for (; !unacked.empty() && unacked.front().first <= id; unacked.pop_front())
          acked.push_back(unacked.front().second);
      REQUIRE(alice.take("error").empty());
    };
    const auto put_again = [&] {
      for (auto& [seq, text] : unacked)
        seq = say(w, alice, text);
    };
    std::size_t unread = 0;  // of bob's mail, items that he did not ack
    const auto read_mail = [&] {
      w.pump({&bob});
      for (const auto& m : mail_of(w, bob)) {
        if (std::find(got.begin(), got.end(), m) == got.end()) got.push_back(m);
        ++unread;
      }
    };
    for (int step = 0; step < 60; ++step) {
      switch (rng.pick(7)) {
        case 0:
        case 1: {
          const auto text = letter(alice, bob, written++);
          unacked.emplace_back(say(w, alice, text), text);
          break;
        }
        case 2:
          w.release_mail(rng.pick(4));
          break;
        case 3:
          read_acks();
          break;
        case 4:
          read_mail();
          break;
        case 5:
          read_mail();
          if (std::exchange(unread, 0) > 0) ack(w, bob);
          break;
        case 6:
          if (rng.pick(4) > 0) break;
          if (rng.pick(2) == 0) read_acks();
          if (rng.pick(2) == 0) read_mail();
          w.restart(rng.pick(4));
          unread = 0;
          alice = w.login("alice", 1);
          bob = w.login("bob", 2);
          put_again();
          break;
      }
    }
    w.mail.held = false;
    for (int i = 0; i < 20; ++i) {
      w.release_mail();
      read_acks();
      read_mail();
      ack(w, bob);
    }
    CHECK(unacked.empty());
    CHECK(got == acked);
    CHECK(acked.size() == written);
    CHECK(w.mail.inner.stats().letters == 0);
  }
}

}  // namespace sims
