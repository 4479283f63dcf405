// The order of texts and their times of sending in whole conversations: `after` and `sent`
// (sims-protocol(7) section 6), against a server that withholds texts.
#include "client/conversation/text_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "client/core/relay.h"
#include "client/model/sent_time.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::SentNote;
using client::TextOrder;

namespace {

using Words = std::vector<std::string>;

constexpr const char* not_come = "something before this has not come";

// Alice wrote "one", which came, and "two", which the server refused after it had left her.
struct Gap {
  Gap() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
    REQUIRE(alice.say("bob", "one"));
    relay.refuse = [](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
      if (Relay::type_of(message) == "client-com") return proto::ErrorCode::too_large;
      return std::nullopt;
    };
    const auto two = alice.say("bob", "two");
    relay.refuse = nullptr;
    REQUIRE(alice.delivery("bob", *two) == Delivery::failed);
    relay.advance(2'000);  // its mark is on disk
    REQUIRE(bob.heard == Words{"alice: one"});
    alice.restart();  // the next session counts from 0
    relay.settle();
  }
  // Makes "two" unsent again.
  void revive_two() {
    for (auto& row : alice.trust.rows)
      if (row.entry.body == "two") row.entry.delivery = Delivery::queued;
    alice.restart();
    relay.settle();
  }
  // Of bob's window, oldest first.
  Words lines() const {
    Words out;
    for (const Line& line : bob.peer("alice").lines)
      if (line.kind == Line::Kind::text || !line.missing.empty()) out.push_back(line.text);
    return out;
  }
  Relay relay;
  Guest& alice;
  Guest& bob;
};

struct Pair {
  Pair() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  // Of bob's window: the newest text.
  const Line& last_line() const {
    const auto& lines = bob.peer("alice").lines;
    const auto at = std::find_if(lines.rbegin(), lines.rend(),
                                 [](const Line& line) { return line.kind == Line::Kind::text; });
    REQUIRE(at != lines.rend());
    return *at;
  }
  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("attack 7: across sessions a missing text causes a notice after a minute, until it comes") {
  Gap gap;
  auto& [relay, alice, bob] = gap;
  REQUIRE(alice.say("bob", "three"));
  REQUIRE(alice.say("bob", "four"));
  CHECK(alice.delivered == 3);  // acked though their lines wait
  relay.advance(50'000);
  CHECK(bob.heard == Words{"alice: one"});
  CHECK(bob.peer("alice").unread == 1);
  SUBCASE("it comes in time") {
    gap.revive_two();
    CHECK(bob.heard == Words{"alice: one", "alice: two", "alice: three", "alice: four"});
    CHECK(gap.lines() == Words{"one", "two", "three", "four"});
  }
  SUBCASE("it does not") {
    relay.advance(11'000);
    CHECK(bob.heard == Words{"alice: one", "alice: three", "alice: four"});
    CHECK(gap.lines() == Words{"one", not_come, "three", "four"});
    gap.revive_two();
    CHECK(gap.lines() == Words{"one", "three", "four", "two"});
    CHECK(bob.peer("alice").lines.back().disordered);
    CHECK(sent_note(bob.peer("alice").lines.back()) == SentNote::sent);
  }
}

TEST_CASE("attack 7: waiting texts, and notices about missing ones, last through restarts") {
  Gap gap;
  auto& [relay, alice, bob] = gap;
  REQUIRE(alice.say("bob", "three"));
  relay.settle();
  bob.restart();
  relay.settle();
  CHECK(bob.heard == Words{"alice: one"});
  SUBCASE("it comes") {
    gap.revive_two();
    CHECK(bob.heard == Words{"alice: one", "alice: two", "alice: three"});
    bob.restart();
    bob.core->mark_read("alice", relay.now);
    CHECK(gap.lines() == Words{"one", "two", "three"});
  }
  SUBCASE("it comes with the first login after a day") {
    relay.now.unix_ms += 86'400'000;
    bob.restart();
    CHECK(bob.heard == Words{"alice: one"});
    gap.revive_two();
    CHECK(bob.heard == Words{"alice: one", "alice: two", "alice: three"});
  }
  SUBCASE("it does not, and comes later") {
    relay.advance(61'000);
    CHECK(bob.heard == Words{"alice: one", "alice: three"});
    bob.restart();
    bob.core->mark_read("alice", relay.now);
    CHECK(gap.lines() == Words{"one", not_come, "three"});
    gap.revive_two();
    CHECK(gap.lines() == Words{"one", "three", "two"});
    bob.restart();
    bob.core->mark_read("alice", relay.now);
    CHECK(gap.lines() == Words{"one", "three", "two"});
  }
}

TEST_CASE("attack 7: a crash at any call of the Memory loses no text that waits, and shows each once") {
  for (int die_at = 1; die_at < 400; ++die_at) {
    CAPTURE(die_at);
    Gap gap;
    auto& [relay, alice, bob] = gap;
    REQUIRE(alice.say("bob", "three"));
    int calls = 0;
    bool died = false;
    bob.trust.on_call = [&] {
      if (++calls == die_at) throw std::runtime_error("dies here");
    };
    try {
      gap.revive_two();
      relay.advance(61'000);
    } catch (const std::runtime_error&) {
      died = true;
    }
    bob.trust.on_call = nullptr;
    if (!died) {
      CHECK(die_at > 5);
      return;
    }
    bob.restart();
    relay.advance(120'000);
    bob.core->mark_read("alice", relay.now);
    CHECK(gap.lines() == Words{"one", "two", "three"});
  }
}

TEST_CASE("attack 7: the first text that a reader has of an author starts the chain") {
  Gap gap;
  auto& [relay, alice, bob] = gap;
  bob.trust.restore({bob.trust.servers, bob.trust.pinned, {}, {}, {}, {}, 0, {}});
  bob.restart();
  relay.settle();
  REQUIRE(alice.say("bob", "three"));
  relay.advance(10'000);  // a letter could be before it until then
  CHECK(bob.heard.back() == "alice: three");
  CHECK(bob.count("alice", Line::Kind::notice, "before this") == 0);
}

TEST_CASE("attack 7: a text that was discarded before a session took it is no predecessor") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.hide("bob");
  REQUIRE(alice.say("bob", "two"));
  alice.restart(false);
  for (auto& row : alice.trust.rows)
    if (row.entry.body == "two") row.entry.delivery = Delivery::failed;  // given up
  relay.listed["bob"] = bob.id;
  alice.connect();
  relay.settle();
  REQUIRE(alice.say("bob", "three"));
  CHECK(bob.heard.back() == "alice: three");
}

TEST_CASE("attack 7: at most 200 texts of an author wait") {
  TextOrder order;
  client::HistoryEntry entry;
  for (std::size_t i = 0; i <= TextOrder::max_waiting; ++i) {
    CHECK_FALSE(order.take_due(0));
    entry.uid = std::to_string(i);
    order.add(entry, 60'000);
  }
  CHECK(order.take_due(0)->uid == "0");
  CHECK_FALSE(order.take_due(59'999));
  CHECK(order.take_due(60'000)->uid == "1");
}

TEST_CASE("attack 7: withheld by the relay and delivered later: its time of sending is shown") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "hello"));
  CHECK(sent_note(pair.last_line()) == SentNote::none);
  Words withheld;
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (&to != &bob) return relay.give(to, message);
    if (Relay::type_of(message) == "client-com") withheld.push_back(message);
  };
  REQUIRE(alice.say("bob", "Shall I pay?"));
  REQUIRE(withheld.size() == 1);
  const std::int64_t sent = relay.now.unix_ms;
  relay.advance(15'000);
  SUBCASE("soon") {
    relay.give(bob, withheld[0]);
    relay.settle();  // on disk, and reported
    CHECK(bob.heard.back() == "alice: Shall I pay?");
    CHECK(sent_note(pair.last_line()) == SentNote::none);
  }
  SUBCASE("after two minutes") {
    relay.now.unix_ms += 110'000;
    relay.give(bob, withheld[0]);
    relay.settle();  // on disk, and reported
    CHECK(bob.heard.back() == "alice: Shall I pay?");
    CHECK(pair.last_line().sent_unix_ms == sent);
    CHECK(sent_note(pair.last_line()) == SentNote::sent);
    bob.restart();
    bob.core->mark_read("alice", relay.now);
    CHECK(sent_note(pair.last_line()) == SentNote::sent);
    CHECK(pair.last_line().sent_unix_ms == sent);
  }
}

TEST_CASE("attack 7: an unlikely time of the author is marked") {
  constexpr std::int64_t now = 1'700'000'000'000, minute = 60'000, day = 86'400'000;
  CHECK(client::sent_note(now, now, false) == SentNote::none);
  CHECK(client::sent_note(now, now - 2 * minute, false) == SentNote::none);
  CHECK(client::sent_note(now, now - 2 * minute - 1, false) == SentNote::sent);
  CHECK(client::sent_note(now, now - 1'000, true) == SentNote::sent);
  CHECK(client::sent_note(now, now - 32 * day, false) == SentNote::sent);
  CHECK(client::sent_note(now, now - 33 * day, false) == SentNote::unlikely);
  CHECK(client::sent_note(now, now + minute, false) == SentNote::none);  // clocks differ
  CHECK(client::sent_note(now, now + 5 * minute, false) == SentNote::unlikely);
  CHECK(client::sent_note(now, 0, true) == SentNote::none);  // not stored
}
