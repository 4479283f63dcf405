// Processes that die at any point, and memories restored from a backup: rows 25 and 26 of the
// attack list.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;

namespace {

struct Crash {};

// Alice and bob, and a relay that checks every message: one key of a ratchet must never seal two
// texts.
struct Watched {
  Watched() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    relay.pass = [this](Guest&, Guest& to, const std::string& message) {
      look(message);
      relay.give(to, message);
    };
    alice.connect();
    bob.connect();
  }
  void look(const std::string& message) {
    passed.push_back(message);
    const std::string type = Relay::type_of(message);
    if (type == "client-connect" && message.find("\"key\":") != std::string::npos) {
      const auto at = message.find("\"key\":");
      const std::string key = message.substr(at, message.find('"', at + 8) - at);
      CHECK(handshake_keys.insert(key).second);
    }
    if (type != "client-com") return;
    const auto from = message.find("\"ratchet\":"), to = message.find('}', from);
    auto& said = under[message.substr(from, to - from)];
    if (said.empty()) said = message;
    CHECK(said == message);
  }
  static std::vector<std::string> bodies(const Guest& guest, bool mine) {
    std::vector<std::string> all;
    for (const auto& row : guest.trust.rows)
      if (row.entry.mine == mine) all.push_back(row.entry.body);
    return all;
  }
  // Checks that `to` has all that `from` has on disk, the same, once, and nothing else.
  static void check_same(const Guest& from, const Guest& to) {
    std::map<std::string, std::string> sent, got;
    for (const auto& row : from.trust.rows) {
      if (!row.entry.mine) continue;
      CHECK(row.entry.delivery == Delivery::delivered);
      sent[row.entry.uid] = row.entry.body;
    }
    for (const auto& row : to.trust.rows)
      if (!row.entry.mine) CHECK(got.emplace(row.entry.uid, row.entry.body).second);
    CHECK(sent == got);
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
  std::vector<std::string> passed;
  std::map<std::string, std::string> under;  // by ratchet header
  std::set<std::string> handshake_keys;
};

// false: the scenario has fewer calls.
bool die_at(int call, bool sender) {
  CAPTURE(call);
  CAPTURE(sender);
  Watched watched;
  auto& relay = watched.relay;
  Guest& alice = watched.alice;
  Guest& bob = watched.bob;
  Guest& victim = sender ? alice : bob;
  int calls = 0;
  bool died = false;
  std::set<std::string> taken;  // texts that send_text() accepted
  victim.trust.on_call = [&] {
    if (++calls == call) throw Crash{};
  };
  const auto step = [&](auto action) {
    try {
      action();
    } catch (const Crash&) {
      died = true;
      victim.trust.on_call = nullptr;
      victim.restart();
    }
  };
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    step([&] {
      if (alice.core->send_text("bob", "to bob " + number, false, relay.now))
        taken.insert("to bob " + number);
      relay.settle();
    });
    step([&] {
      if (bob.core->send_text("alice", "to alice " + number, false, relay.now))
        taken.insert("to alice " + number);
      relay.settle();
    });
    step([&] { relay.advance(1'500); });
  }
  victim.trust.on_call = nullptr;
  relay.advance(120'000);
  Watched::check_same(alice, bob);
  Watched::check_same(bob, alice);
  for (const Guest* guest : {&alice, &bob})
    for (const auto& body : Watched::bodies(*guest, true))
      taken.erase(body);
  CHECK(taken.empty());
  return died;
}

}  // namespace

TEST_CASE(
    "attack 26: a crash at any call of the Memory: a text goes out with the same uid and bytes, or not at "
    "all") {
  for (const bool sender : {true, false}) {
    int call = 1;
    while (die_at(call, sender))
      ++call;
    CHECK(call > 20);
  }
}

TEST_CASE(
    "attack 25: yesterday's memory: reported, a new handshake, no key used again, nothing shown twice") {
  Watched watched;
  auto& relay = watched.relay;
  Guest& alice = watched.alice;
  Guest& bob = watched.bob;
  REQUIRE(alice.say("bob", "the day before"));
  relay.hide("bob");
  REQUIRE(alice.say("bob", "typed yesterday"));
  const auto yesterday = alice.trust.backup();
  relay.show("bob", bob.id);
  relay.advance(5'000);
  REQUIRE(bob.heard.size() == 2);
  REQUIRE(alice.say("bob", "today"));
  REQUIRE(bob.say("alice", "today, too"));
  relay.advance(2'000);
  const auto old_session = watched.passed;

  alice.trust.restore(yesterday);
  alice.options.restored = true;
  const auto handshakes = watched.handshake_keys.size();
  alice.restart();
  CHECK(alice.count("", Line::Kind::alert, "from a backup") == 1);
  relay.advance(5'000);
  // Texts that had not arrived yesterday went again, in a new session, and were recognised.
  CHECK(watched.handshake_keys.size() > handshakes);
  CHECK(bob.heard.size() == 3);
  REQUIRE(alice.say("bob", "restored"));
  REQUIRE(bob.say("alice", "welcome back"));
  relay.advance(10'000);  // a letter could be before it until then
  CHECK(bob.heard.back() == "alice: restored");
  CHECK(alice.heard.back() == "bob: welcome back");
  for (const auto& row : alice.trust.rows)
    if (row.entry.mine) CHECK(row.entry.delivery == Delivery::delivered);

  // The old session's messages are dropped at both sides.
  const auto heard = alice.heard.size() + bob.heard.size();
  for (const auto& message : old_session) {
    if (Relay::type_of(message) != "client-com") continue;
    relay.give(alice, message);
    relay.give(bob, message);
    relay.settle();
  }
  CHECK(alice.heard.size() + bob.heard.size() == heard);
}

TEST_CASE("attack 25: the receiver's memory is yesterday's: texts sent again are shown again, once") {
  Watched watched;
  auto& relay = watched.relay;
  Guest& alice = watched.alice;
  Guest& bob = watched.bob;
  const auto yesterday = bob.trust.backup();
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    watched.look(message);
    if (&from != &bob || Relay::type_of(message) != "ack") relay.give(to, message);
  };
  REQUIRE(alice.say("bob", "not proved"));
  REQUIRE(bob.heard.size() == 1);
  bob.trust.restore(yesterday);
  bob.restart();
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    watched.look(message);
    relay.give(to, message);
  };
  relay.advance(60'000);
  CHECK(Watched::bodies(bob, false) == std::vector<std::string>{"not proved"});
  Watched::check_same(alice, bob);
}
