// Tests of windows and the history behind them.
#include "client/state/history.h"

#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;

namespace {

struct Pair {
  explicit Pair(client::CoreOptions options = {})
      : alice(relay.add("alice", options)), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
  }
  // An earlier run: one text after the other, each third ours.
  void past(int count, std::size_t size = 1) {
    const client::PeerKey key{proto::Id::of(relay.identity.public_key()), "bob"};
    for (int i = 1; i <= count; ++i) {
      client::HistoryEntry entry;
      entry.mine = i % 3 == 0;
      entry.uid = "past" + std::to_string(i);
      entry.body = std::to_string(i);
      entry.body.resize(std::max(size, entry.body.size()), '.');
      entry.at_unix_ms = i;
      REQUIRE(alice.trust.add(key, entry));
    }
    REQUIRE(alice.trust.commit());
  }
  const client::Peer& peer() { return alice.peer("bob"); }
  std::vector<int> shown() {
    std::vector<int> all;
    for (const Line& line : peer().lines)
      if (line.row != 0) all.push_back(static_cast<int>(line.at_unix_ms));
    return all;
  }
  // Serials grow, as a binary search of a window expects.
  void check_order() {
    for (std::size_t i = 1; i < peer().lines.size(); ++i)
      CHECK(peer().lines[i - 1].serial < peer().lines[i].serial);
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("the first look at a window reads the newest page, the rest is read on request") {
  Pair pair;
  pair.past(250);
  pair.alice.connect();
  CHECK(pair.peer().lines.empty());
  CHECK(pair.peer().unread > 0);
  pair.alice.core->mark_read("bob", pair.relay.now);
  REQUIRE(pair.shown().size() == client::History::page);
  CHECK(pair.shown().front() == 151);
  CHECK(pair.shown().back() == 250);
  CHECK(pair.peer().older);
  const Line& mine = pair.peer().lines[2];
  CHECK(mine.text == "153");
  CHECK(mine.mine);
  CHECK(mine.delivery == Delivery::delivered);
  CHECK(mine.uid == "past153");

  CHECK(pair.alice.core->load_older("bob", 120));
  CHECK(pair.shown().front() == 31);
  CHECK(pair.alice.core->load_older("bob", 120));
  CHECK(pair.shown().front() == 1);
  CHECK_FALSE(pair.peer().older);
  CHECK_FALSE(pair.alice.core->load_older("bob", 120));
  CHECK(pair.shown().size() == 250);
  pair.check_order();
  CHECK_FALSE(pair.alice.core->load_older("nobody", 1));
}

TEST_CASE("texts that came before the first look are not read twice") {
  Pair pair;
  pair.past(3);
  pair.alice.connect();
  pair.bob.connect();
  REQUIRE(pair.bob.say("alice", "new"));
  CHECK(pair.peer().lines.back().text == "new");
  pair.alice.core->mark_read("bob", pair.relay.now);
  CHECK(pair.shown().size() == 4);
  CHECK(pair.peer().lines.back().text == "new");
  CHECK_FALSE(pair.peer().older);
  pair.check_order();
}

TEST_CASE("a full window reads no more, and lines that fall out at its top can be read again") {
  client::CoreOptions options;
  options.max_lines = 50;
  Pair pair(options);
  pair.past(200);
  pair.alice.connect();
  pair.alice.core->mark_read("bob", pair.relay.now);
  CHECK(pair.shown().size() == 50);
  CHECK(pair.peer().older);
  CHECK_FALSE(pair.alice.core->load_older("bob", 10));
  REQUIRE(pair.alice.say("bob", "newest"));
  CHECK(pair.peer().lines.size() == 50);
  CHECK(pair.shown().front() == 152);
}

TEST_CASE("a window is also limited in bytes") {
  Pair pair;
  pair.past(400, 16'384);
  pair.alice.connect();
  pair.alice.core->mark_read("bob", pair.relay.now);
  while (pair.alice.core->load_older("bob", 100)) {
  }
  CHECK(pair.shown().size() == 256);
  CHECK(pair.peer().older);
}

TEST_CASE("a request for older lines that finds none and no end is not reported as a change") {
  client::CoreOptions options;
  std::size_t length = 0, most = 100;
  bool reports = false;
  SUBCASE("the window has too many lines") {
    options.max_lines = client::History::page;
  }
  SUBCASE("the window has too many bytes") {
    length = 65'536;
  }
  SUBCASE("the next page is empty") {
    options.max_lines = 1'000;
    most = 200;
    reports = true;
  }
  Pair pair(options);
  pair.past(300, length);
  pair.alice.connect();
  pair.alice.core->mark_read("bob", pair.relay.now);
  if (reports) REQUIRE(pair.alice.core->load_older("bob", most));
  const int changes = pair.alice.changes;
  CHECK_FALSE(pair.alice.core->load_older("bob", most));
  CHECK(pair.alice.changes == changes + (reports ? 1 : 0));
  CHECK(pair.peer().older != reports);
  CHECK_FALSE(pair.alice.core->load_older("bob", most));
  CHECK(pair.alice.changes == changes + (reports ? 1 : 0));
}

TEST_CASE("cleared lines come back with the next start, not by scrolling") {
  Pair pair;
  pair.past(20);
  pair.alice.connect();
  pair.bob.connect();
  pair.alice.core->mark_read("bob", pair.relay.now);
  pair.alice.core->clear("bob");
  CHECK(pair.peer().lines.empty());
  CHECK_FALSE(pair.alice.core->load_older("bob", 10));
  REQUIRE(pair.bob.say("alice", "after"));
  pair.alice.core->mark_read("bob", pair.relay.now);
  CHECK_FALSE(pair.alice.core->load_older("bob", 10));
  CHECK(pair.shown().size() == 1);
  pair.alice.restart();
  pair.alice.core->mark_read("bob", pair.relay.now);
  CHECK(pair.shown().size() == 21);
}

TEST_CASE("an erased history is gone, except unsent texts") {
  Pair pair;
  pair.past(20);
  pair.alice.connect();
  pair.alice.core->mark_read("bob", pair.relay.now);
  pair.bob.connect();
  pair.alice.gather = true;
  REQUIRE(pair.alice.say("bob", "just delivered"));
  REQUIRE(pair.alice.delivered == 1);
  pair.relay.hide("bob");
  REQUIRE(pair.alice.say("bob", "on its way"));
  pair.alice.core->notice("bob", "our own words", pair.relay.now);
  REQUIRE(pair.alice.core->erase_history("bob"));
  CHECK(pair.alice.trust.clean());
  REQUIRE(pair.alice.trust.rows.size() == 1);
  CHECK(pair.alice.trust.rows[0].entry.body == "on its way");
  CHECK(pair.shown().size() == 1);
  CHECK(pair.alice.count("bob", Line::Kind::notice, "our own words") == 1);
  CHECK_FALSE(pair.alice.core->load_older("bob", 10));
  CHECK_FALSE(pair.alice.core->erase_history("nobody").has_value());
}

TEST_CASE("a history can be switched off and on while the program runs") {
  Pair pair;
  pair.alice.connect();
  pair.bob.connect();
  REQUIRE(pair.alice.say("bob", "kept"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.size() == 1);
  pair.alice.core->set_keep_history(false);
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.size() == 1);  // until the next text
  REQUIRE(pair.alice.say("bob", "not kept"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.empty());
  pair.alice.core->set_keep_history(true);
  REQUIRE(pair.alice.say("bob", "kept again"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.size() == 1);
}

TEST_CASE("without a history no delivered or read text stays, and none is shown twice") {
  client::CoreOptions options;
  options.keep_history = false;
  Pair pair(options);
  pair.alice.connect();
  pair.bob.connect();
  REQUIRE(pair.alice.say("bob", "out"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.empty());
  REQUIRE(pair.bob.say("alice", "in"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.size() == 1);  // nobody has read it yet
  pair.alice.restart();
  CHECK(pair.peer().unread == 1);
  pair.alice.core->mark_read("bob", pair.relay.now);
  CHECK(pair.peer().lines.back().text == "in");
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.empty());
  CHECK(pair.peer().lines.back().text == "in");
  CHECK(pair.alice.trust.uids.size() == 1);
  pair.relay.hide("bob");
  REQUIRE(pair.alice.say("bob", "waits"));
  pair.relay.advance(2'000);
  CHECK(pair.alice.trust.rows.size() == 1);
}
