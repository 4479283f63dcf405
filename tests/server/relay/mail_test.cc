// Letters and receipts that clients send: fates, errors and acks in order (sims-protocol(7) sections 4 and 8).
#include <algorithm>

#include "proto/limits.h"
#include "server/relay/mail.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::letter;
using test::mail_of;
using test::receipt;
using test::say;
using test::told;
using test::Told;
using test::World;

// alice is online, bob has been here.
struct Post : World {
  explicit Post(server::Policy p = {}) : World(std::move(p)) {
    relay->closed(bob.conn, now);
    pass(200);
    told(*this, alice);
    mail.held = true;
  }
  Client bob = login("bob", 2), alice = login("alice", 1);
};

}  // namespace

TEST_CASE("a letter is stored byte for byte and acked in the turn of its commit") {
  Post w;
  const auto text = letter(w.alice, w.bob, 0);
  say(w, w.alice, text);
  REQUIRE(w.mail.puts.size() == 1);
  CHECK(w.mail.puts[0].bytes == text);
  CHECK(w.mail.puts[0].owner == w.bob.id());
  CHECK(w.mail.puts[0].sender == w.alice.id());
  CHECK(w.mail.puts[0].kind == server::MailKind::letter);
  w.pass(2'000);
  CHECK(told(w, w.alice).empty());
  w.wire.lines[w.alice.conn].writes = 0;
  w.release_mail();
  CHECK(w.wire.lines[w.alice.conn].writes == 1);
  CHECK(told(w, w.alice) == Told{"ack 0"});
  say(w, w.alice, text);
  w.release_mail();
  CHECK(told(w, w.alice) == Told{"ack 1"});
  CHECK(w.mail.inner.stats().letters == 1);
}

TEST_CASE("live messages behind a letter are forwarded; their acks and errors wait in order") {
  Post w;
  Client carol = w.login("carol", 3);
  w.release_mail();
  w.pump({&carol});
  told(w, w.alice);
  say(w, w.alice, w.alice.disconnect_message(carol, "before"));   // 0
  say(w, w.alice, letter(w.alice, w.bob, 1));                     // 1
  say(w, w.alice, w.alice.disconnect_message(carol, "behind"));   // 2
  say(w, w.alice, w.alice.disconnect_message(w.bob, "offline"));  // 3
  say(w, w.alice, letter(w.alice, w.bob, 4));                     // 4
  say(w, w.alice, R"({"type":"find","name":"nobody"})");          // 5
  say(w, w.alice, R"({"type":"ping"})");                          // 6
  w.pump({&carol});
  CHECK(has(carol.take("client-disconnect"), "before"));
  CHECK(has(carol.take("client-disconnect"), "behind"));
  w.pass(2'000);
  CHECK(told(w, w.alice) == Told{"ack 0"});
  SUBCASE("in order") {
    w.release_mail(1);
    CHECK(told(w, w.alice) == Told{"not-connected 3", "ack 3"});
    w.release_mail(1);
    CHECK(told(w, w.alice) == Told{"unknown-peer 5", "ack 6"});
  }
  SUBCASE("the later one first") {
    w.release_mail(1, 1);
    CHECK(told(w, w.alice).empty());
    w.release_mail(1);
    CHECK(told(w, w.alice) == Told{"not-connected 3", "unknown-peer 5", "ack 6"});
  }
  SUBCASE("both fail, the later one first") {
    w.mail.fail_puts = true;
    say(w, w.alice, letter(w.alice, carol, 7));
    say(w, w.alice, letter(w.alice, w.bob, 8));
    w.release_mail(1, 3);
    w.release_mail(1, 2);
    CHECK(told(w, w.alice).empty());
    w.release_mail();
    CHECK(told(w, w.alice) == Told{"not-connected 3", "unknown-peer 5", "busy 7", "busy 8", "ack 8"});
  }
}

TEST_CASE("no path acks a letter that is not stored") {
  Post w;
  Client carol = w.login("carol", 3);
  w.release_mail();
  told(w, w.alice);
  say(w, w.alice, w.alice.disconnect_message(carol, "before"));
  say(w, w.alice, letter(w.alice, w.bob, 1));
  say(w, w.alice, w.alice.disconnect_message(carol, "behind"));
  Told expected{"ack 0"};
  SUBCASE("time") {
    w.pass(4'000);
    say(w, w.alice, w.alice.disconnect_message(carol, "more"));
    w.pass(500);
  }
  SUBCASE("output that acks go with") {
    say(w, carol, carol.disconnect_message(w.alice, "hello"));
    say(w, w.alice, R"({"type":"list"})");
  }
  SUBCASE("a ping") {
    say(w, w.alice, R"({"type":"ping"})");
  }
  SUBCASE("the client's disconnect") {
    say(w, w.alice, R"({"type":"disconnect","name":"alice","id":2})");
    CHECK(w.closed(w.alice));
  }
  SUBCASE("a fault of the client") {
    say(w, w.alice, "rubbish");
    CHECK(w.closed(w.alice));
    expected.push_back("bad-frame 3");
  }
  SUBCASE("a fault in the frame") {
    w.bytes(w.alice.conn, "rubbish\n");
    CHECK(w.closed(w.alice));
    expected.push_back("bad-frame -");
  }
  SUBCASE("a second login") {
    Client again = w.login("alice", 1);
    CHECK(w.closed(w.alice));
    expected.push_back("id-taken -");
  }
  SUBCASE("a kick") {
    w.relay->kick(w.alice.conn, w.now);
    w.relay->turn_end(w.now);
    expected.push_back("going-away -");
  }
  SUBCASE("a ban") {
    w.relay->ban({server::Ban::Kind::id, w.alice.id().str(), {}, 0, 0}, w.now);
    w.relay->turn_end(w.now);
    expected.push_back("banned -");
  }
  SUBCASE("the end of the server") {
    w.relay->shutdown(w.now);
    expected.push_back("going-away -");
  }
  CHECK(told(w, w.alice) == expected);
  w.release_mail();  // also when the client is gone
  CHECK(w.mail.inner.stats().letters == 1);
}

TEST_CASE("an error that ends the connection does not wait, and takes no waiting error with it") {
  Post w;
  say(w, w.alice, letter(w.alice, w.bob, 0));
  say(w, w.alice, w.alice.disconnect_message(w.bob, "offline"));
  say(w, w.alice, letter(w.bob, w.alice, 2));
  CHECK(told(w, w.alice) == Told{"bad-message 2"});
  CHECK(w.closed(w.alice));
}

TEST_CASE("a full mailbox: the sender's letters to that owner are refused for 500 ms, nothing else is") {
  server::Policy policy;
  policy.limits.mail.sender_letters = 1;
  Post w(policy);
  w.mail.held = false;
  Client carol = w.login("carol", 3);
  told(w, w.alice);
  const auto result = [&](const std::string& message) {
    say(w, w.alice, message);
    w.pump({&w.alice});
    const auto error = w.alice.take("error");
    if (!error.empty()) CHECK(has(error, w.bob.id().str()));
    return told(w, w.alice);
  };
  CHECK(result(letter(w.alice, w.bob, 0)) == Told{"ack 0"});
  CHECK(result(letter(w.alice, w.bob, 1)) == Told{"mailbox-full 1", "ack 1"});
  // There would be room now.
  policy.limits.mail.sender_letters = 9;
  w.relay->reload(policy);
  CHECK(result(letter(w.alice, w.bob, 2)) == Told{"mailbox-full 2", "ack 2"});
  CHECK(w.mail.puts.size() == 2);
  CHECK(result(receipt(w.alice, w.bob, 3)) == Told{"ack 3"});
  CHECK(result(letter(w.alice, carol, 4)) == Told{"ack 4"});
  CHECK(say(w, carol, letter(carol, w.bob, 0)) == 0);
  CHECK(told(w, carol).back() == "ack 0");
  w.pass(499);
  CHECK(result(letter(w.alice, w.bob, 5)) == Told{"mailbox-full 5", "ack 5"});
  w.pass(1);
  CHECK(result(letter(w.alice, w.bob, 6)) == Told{"ack 6"});
  CHECK(w.stats().refused[static_cast<std::size_t>(server::Refused::mailbox_full)] == 1);
}

TEST_CASE("letters and receipts that can't be kept: too large, for nobody, too fast") {
  Post w;
  Client nobody = w.dial("nobody", 9);
  const auto fits = proto::max_forwarded - letter(w.alice, w.bob, 0).size();
  say(w, w.alice, letter(w.alice, w.bob, 0, fits + 1));
  CHECK(told(w, w.alice) == Told{"too-large 0", "ack 0"});
  CHECK(has(w.alice.take("error"), w.bob.id().str()));
  say(w, w.alice, letter(w.alice, w.bob, 1, fits));
  w.release_mail();
  CHECK(told(w, w.alice) == Told{"ack 1"});
  say(w, w.alice, letter(w.alice, nobody, 2));
  say(w, w.alice, receipt(w.alice, nobody, 3));
  CHECK(told(w, w.alice) == Told{"unknown-peer 2", "ack 2", "unknown-peer 3", "ack 3"});
  CHECK(has(w.alice.take("error"), nobody.id().str()));
  w.pass(10'000);
  w.policy.limits.messages = {1, 1};
  w.relay->reload(w.policy);
  say(w, w.alice, letter(w.alice, w.bob, 4));
  say(w, w.alice, letter(w.alice, w.bob, 5));
  CHECK(told(w, w.alice).empty());
  w.release_mail();
  CHECK(told(w, w.alice) == Told{"rate-limited 5", "ack 5"});
  CHECK(w.mail.puts.size() == 2);
}

TEST_CASE("a receipt for which there is no place is acked and nobody is told") {
  server::Policy policy;
  policy.limits.mail.sender_receipts = 1;
  Post w(policy);
  w.mail.held = false;
  say(w, w.alice, receipt(w.alice, w.bob, 0));
  say(w, w.alice, receipt(w.alice, w.bob, 1));
  CHECK(told(w, w.alice) == Told{"ack 0", "ack 1"});
  CHECK(w.mail.inner.stats().receipts == 1);
}

TEST_CASE("a letter without a fate after 5 s: busy, then the ack; it may be stored and given all the same") {
  Post w;
  say(w, w.alice, letter(w.alice, w.bob, 0));
  w.pass(1'000);
  say(w, w.alice, receipt(w.alice, w.bob, 1));
  w.pass(3'999);
  CHECK(told(w, w.alice).empty());
  w.pass(1);
  CHECK(told(w, w.alice) == Told{"busy 0", "ack 0"});
  say(w, w.alice, letter(w.alice, w.bob, 2));  // must not overtake
  w.pass(1'000);
  CHECK(told(w, w.alice) == Told{"busy 1", "busy 2", "ack 2"});
  CHECK(w.relay->next_tick() > w.now.steady_ms);
  w.release_mail();
  CHECK(told(w, w.alice).empty());
  CHECK(w.mail.inner.stats().letters == 1);
  w.mail.held = false;
  Client back = w.login("bob", 2);
  CHECK(mail_of(w, back).size() == 2);
}

TEST_CASE("a broken disk: busy for letters, relaying goes on, and it recovers by itself") {
  Post w;
  w.mail.held = false;
  w.mail.fail_puts = true;
  Client carol = w.login("carol", 3);
  told(w, w.alice);
  say(w, w.alice, letter(w.alice, w.bob, 0));
  say(w, w.alice, receipt(w.alice, w.bob, 1));
  CHECK(told(w, w.alice) == Told{"busy 0", "ack 0", "busy 1", "ack 1"});
  say(w, w.alice, w.alice.disconnect_message(carol, "live"));
  w.pump({&carol});
  CHECK(has(carol.take("client-disconnect"), "live"));
  w.mail.fail_puts = false;
  w.pass(500);
  told(w, w.alice);
  say(w, w.alice, letter(w.alice, w.bob, 0));
  CHECK(told(w, w.alice) == Told{"ack 3"});
}

TEST_CASE("errors behind a letter are bounded: past queue_bytes the client is cut off") {
  server::Policy policy;
  policy.limits.queue_bytes = 4'096;
  Post w(policy);
  say(w, w.alice, letter(w.alice, w.bob, 0));
  int sent = 0;
  while (!w.closed(w.alice) && sent < 100) {
    say(w, w.alice, w.alice.disconnect_message(w.bob, "offline"));
    ++sent;
  }
  CHECK(sent > 10);
  CHECK(sent < 40);
  CHECK(w.stats().slow_readers == 1);
  w.release_mail();
  CHECK(w.relay->connections() == 0);
}

TEST_CASE("errors behind letters are bounded in all, too, and their bytes are given back") {
  server::Policy policy;
  policy.limits.queue_bytes_total = 4'096;
  Post w(policy);
  Client carol = w.login("carol", 3);
  w.release_mail();
  w.pump({&carol});
  say(w, w.alice, letter(w.alice, w.bob, 0));
  say(w, carol, letter(carol, w.bob, 0));
  for (int sent = 0; !w.closed(carol); ++sent) {
    REQUIRE(sent < 40);
    if (sent < 8) say(w, w.alice, w.alice.disconnect_message(w.bob, "offline"));
    say(w, carol, carol.disconnect_message(w.bob, "offline"));
  }
  CHECK_FALSE(w.closed(w.alice));
  w.release_mail();
  CHECK(told(w, w.alice).back() == "ack 8");
  say(w, w.alice, letter(w.alice, w.bob, 9));
  for (int sent = 0; sent < 22; ++sent)
    say(w, w.alice, w.alice.disconnect_message(w.bob, "offline"));
  CHECK_FALSE(w.closed(w.alice));
}

TEST_CASE("who is banned gets no letters, receipts or prekeys' requests, until the ban is over") {
  for (const int way : {0, 1, 2, 3}) {
    CAPTURE(way);
    const bool by_name = way % 2 == 1, unbanned = way / 2 == 1;
    Post w;
    w.mail.held = false;
    const auto kind = by_name ? server::Ban::Kind::name : server::Ban::Kind::id;
    const auto value = by_name ? std::string("bob") : w.bob.id().str();
    w.relay->ban({kind, value, {}, 0, w.now.unix_s() + 10}, w.now);
    std::uint64_t n = 0;
    const auto all = [&] {
      say(w, w.alice, letter(w.alice, w.bob, n));
      say(w, w.alice, receipt(w.alice, w.bob, n));
      say(w, w.alice, encode(proto::PrekeyRequest{w.bob.id(), {std::string(crypto::all_suites()[0].name)}}));
      w.answer_mail();
      n += 3;
      w.pass(200);
      return told(w, w.alice);
    };
    CHECK(all() == Told{"unknown-peer 0", "ack 0", "unknown-peer 1", "ack 1", "unknown-peer 2", "ack 2"});
    CHECK(w.mail.puts.empty());
    CHECK(w.mail.inner.stats().letters == 0);
    if (unbanned)
      w.relay->unban(kind, value);
    else
      w.now.unix_ms += 10'000;
    CHECK(all().back() == "ack 5");
    CHECK(w.mail.puts.size() == 2);
    CHECK(w.mail.inner.stats().letters == 1);
  }
}

TEST_CASE("a newcomer is one for a day, where registration is open") {
  server::Policy policy;
  Post w(policy);
  const auto put = [&] {
    say(w, w.alice, letter(w.alice, w.bob, w.mail.puts.size()));
    return w.mail.puts.back().newcomer;
  };
  CHECK(put());
  w.now.unix_ms += 86'399'000;
  CHECK(put());
  w.now.unix_ms += 1'000;
  CHECK_FALSE(put());
  w.now.unix_ms -= 1'000;
  policy.registration_open = false;
  w.relay->reload(policy);
  CHECK_FALSE(put());
}

TEST_CASE("51: a flood of letters: bounds by sender and owner, and other boxes are unharmed") {
  server::Policy policy = test::roomy();
  policy.limits.mail.owner_letters = 50;
  policy.limits.mail.sender_letters = 20;
  World w(policy);
  Client bob = w.login("bob", 2), carol = w.login("carol", 3);
  w.relay->closed(bob.conn, w.now);
  w.relay->closed(carol.conn, w.now);
  std::size_t stored = 0;
  for (std::uint8_t n = 10; n < 20; ++n) {
    Client stranger = w.login("stranger" + std::to_string(n), n);
    told(w, stranger);
    for (std::uint64_t i = 0; i < 30; ++i) {
      say(w, stranger, letter(stranger, bob, i, i % 10 == 0 ? 40'000 : 10));
      say(w, stranger, receipt(stranger, bob, i));
    }
    const auto answers = told(w, stranger);
    const auto full = std::count_if(answers.begin(), answers.end(),
                                    [](const auto& a) { return a.starts_with("mailbox-full"); });
    CHECK(full >= 10);
    CHECK(answers.back() == "ack 59");
    CHECK_FALSE(w.closed(stranger));
    stored += static_cast<std::size_t>(30 - full);
    say(w, stranger, letter(stranger, carol, n));
    CHECK(told(w, stranger) == Told{"ack 60"});
  }
  CHECK(stored == 50);
  CHECK(w.mail.inner.stats().letters == stored + 10);
}

TEST_CASE("51: 1,000 strangers fill a box up to its bounds, and no other box") {
  World w(test::roomy());
  Client bob = w.login("bob", 2), carol = w.login("carol", 3);
  w.relay->closed(bob.conn, w.now);
  w.relay->closed(carol.conn, w.now);
  std::size_t full = 0;
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    Client stranger = w.login("stranger" + std::to_string(n), 0x100 + n);
    for (std::uint64_t i = 0; i < 6; ++i) {
      say(w, stranger, letter(stranger, bob, i));
      say(w, stranger, receipt(stranger, bob, i));
    }
    const auto answers = told(w, stranger);
    full += static_cast<std::size_t>(std::count_if(
        answers.begin(), answers.end(), [](const auto& a) { return a.starts_with("mailbox-full"); }));
    CHECK(answers.back() == "ack 11");
    say(w, stranger, letter(stranger, carol, n));
    CHECK(told(w, stranger) == Told{"ack 12"});
    CHECK_FALSE(w.closed(stranger));
    w.relay->closed(stranger.conn, w.now);
    w.wire.lines.erase(stranger.conn);
  }
  const auto& stats = w.mail.inner.stats();
  CHECK(full == 1'000);
  CHECK(stats.letters == 5'000 + 1'000);
  CHECK(stats.receipts == 5'000);
  CHECK(stats.dropped_receipts == 1'000);
}

}  // namespace sims
