// The owner's process dies around a letter: row 53 of the attack list.
#include <doctest/doctest.h>

#include <map>

#include "client/core/postbox.h"

using namespace sims;
using namespace sims::test;
using client::Standing;
using proto::PrekeyUse;

namespace {

struct Crash {};

// A stored first letter and its key's private half are never on disk together.
void check_wiped(const Guest& bob) {
  for (const auto& [at, session] : bob.trust.mail.sessions) {
    const auto key = bob.trust.mail.prekeys.find({at.first, at.second.number});
    REQUIRE(key != bob.trust.mail.prekeys.end());
    if (key->second->key.use == PrekeyUse::once) CHECK(key->second->key.secret.size() == 0);
  }
}

// false: the scenario has fewer calls.
bool die_at(int call) {
  CAPTURE(call);
  Relay relay;
  Guest& bob = relay.add("bob");
  const auto server = proto::Id::of(relay.identity.public_key());
  Postbox box(relay, bob);
  Writer alice("alice", 91), carol("carol", 92);
  bob.trust.pinned[server]["alice"] = {alice.id, false, 1, Standing::contact};
  box.names = {{"alice", alice.id}, {"carol", carol.id}};
  box.stock(2, true);
  auto once = alice.session(box.take(), bob.id, relay.now);
  auto many = alice.session(box.take(PrekeyUse::many), bob.id, relay.now);
  auto strange = carol.session(box.take(), bob.id, relay.now);
  box.put(alice.letter(once, "one", relay.now));
  box.put(alice.letter(once, "two", relay.now));
  box.put(carol.letter(strange, "hello", relay.now));
  box.put(alice.letter(many, "three", relay.now));

  int calls = 0;
  bool died = false;
  const auto step = [&](auto action) {
    try {
      action();
    } catch (const Crash&) {
      died = true;
      bob.trust.on_call = nullptr;
      bob.trust.lose_uncommitted();
      check_wiped(bob);
      bob.restart();
    }
  };
  bob.trust.on_call = [&] {
    if (++calls == call) throw Crash{};
  };
  step([&] {
    bob.connect();
    box.settle();
  });
  step([&] { box.advance(1'000); });
  step([&] { (void)bob.core->accept("carol", relay.now); });
  step([&] { box.advance(1'000); });
  bob.trust.on_call = nullptr;
  box.settle();
  box.advance(60'000);
  if (bob.knows("carol") && !bob.peer("carol").known()) (void)bob.core->accept("carol", relay.now);
  box.advance(1'000);

  CHECK(box.items.empty());
  std::map<std::string, int> stored;
  for (const auto& row : bob.trust.rows)
    ++stored[row.entry.body];
  CHECK(stored == std::map<std::string, int>{{"one", 1}, {"two", 1}, {"three", 1}, {"hello", 1}});
  CHECK(box.delivered(alice) == 3);
  CHECK(box.delivered(carol) == 1);
  CHECK(box.unopened(alice) == 0);
  CHECK(bob.trust.mail.arrived.empty());
  CHECK(bob.trust.mail.accounts.at(server).taken >= box.taken);
  CHECK(bob.count("", client::Line::Kind::alert) == 0);
  check_wiped(bob);
  return died;
}

}  // namespace

TEST_CASE(
    "attack 53: the owner dies at any call of its Memory: each letter shown once, receipted in the end") {
  int call = 1;
  while (die_at(call))
    ++call;
  CHECK(call > 40);
}
