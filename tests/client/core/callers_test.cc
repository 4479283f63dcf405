// Many callers: the cost of a turn depends on what changed, not on the number of peers.
#include <doctest/doctest.h>

#include "client/core/due_times.h"
#include "client/core/relay.h"
#include "proto/channel/handshake.h"

using namespace sims;
using namespace sims::test;
using client::DueTimes;

namespace {

constexpr int crowd = 3'000;
constexpr std::size_t max_callers = 1'000;

struct Crowd {
  Crowd() : alice(relay.add("alice")), bob(relay.add("bob")) {
    for (int i = 0; i < crowd; ++i) {
      ByteArray<32> bytes;
      relay.random.fill(bytes);
      bytes[31] &= 0x0f;  // the last character's unused bits don't matter
      ids.push_back(proto::Id::of(crypto::PublicKey{bytes}));
      relay.listed["caller" + std::to_string(i)] = ids.back();
    }
    relay.listed["alice"] = alice.id;
    relay.listed["bob"] = bob.id;
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
    proto::HandshakeOptions options;
    options.kind = proto::HandshakeKind::client_client;
    options.role = proto::Role::initiator;
    options.identity = &somebody;
    options.name = "caller";
    options.suites = crypto::default_suites();
    options.peer = alice.id;
    frame = proto::Handshake(std::move(options), ephemerals).start();
  }

  // Phase 1 is not signed: only its src differs.
  void call(std::size_t who) {
    std::string mine = frame;
    const std::string own = proto::Id::of(somebody.public_key()).str();
    mine.replace(mine.find(own), own.size(), ids[who].str());
    relay.give(alice, mine);
  }
  void all_call() {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      call(i);
      (void)alice.core->next_tick();  // a turn each
    }
    relay.settle();
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
  std::vector<proto::Id> ids;
  FixedRng random{7};
  FixedEphemerals ephemerals{8};
  crypto::SigningKey somebody = crypto::SigningKey::generate(random);
  std::string frame;
};

}  // namespace

TEST_CASE("due times: the earliest first, each once, replaced and erased") {
  DueTimes due;
  CHECK(due.next() == INT64_MAX);
  CHECK(due.earliest() == nullptr);
  due.set("a", 30);
  due.set("b", 10);
  due.set("c", 20);
  due.set("b", 25);
  CHECK(due.next() == 20);
  CHECK(*due.earliest() == "c");
  due.erase("c");
  due.erase("nobody");
  due.set("d", INT64_MAX);
  CHECK(due.size() == 2);
  CHECK(due.take(24).empty());
  CHECK(due.take(30) == std::vector<std::string>{"b", "a"});
  CHECK(due.take(INT64_MAX - 1).empty());
  due.set("a", 5);
  due.clear();
  CHECK(due.next() == INT64_MAX);
}

TEST_CASE("attack 45: calls of a crowd: a turn looks at changes only, and few calls are answered at once") {
  Crowd c;
  const auto before = c.alice.core->load();
  c.all_call();
  const auto after = c.alice.core->load();
  CHECK(after.conversations <= max_callers + 1);
  CHECK(after.conversations >= max_callers);
  CHECK(after.examined - before.examined <= 3 * crowd);
}

TEST_CASE("attack 45: calls of a crowd: contacts still talk, and the crowd leaves nothing behind") {
  Crowd c;
  c.all_call();
  REQUIRE(c.bob.say("alice", "through the crowd"));
  REQUIRE(c.alice.say("bob", "back"));
  CHECK(c.alice.heard == std::vector<std::string>{"bob: through the crowd"});
  CHECK(c.bob.heard == std::vector<std::string>{"alice: back"});
  c.relay.advance(31'000);  // their calls' deadline
  c.relay.advance(121'000);
  CHECK(c.alice.core->load().conversations == 1);  // bob's, with its session
  const auto quiet = c.alice.core->load().examined;
  REQUIRE(c.alice.say("bob", "and on"));
  c.relay.advance(600'000);
  CHECK(c.bob.heard.size() == 2);
  CHECK(c.alice.core->load().examined - quiet <= 10);
}

TEST_CASE("attack 45: the call limit of a peer whose conversation was dropped is not reset too early") {
  Crowd c;
  const auto answers = [&] { return Relay::count(c.alice.asked, "\"phase\":2"); };
  for (int i = 0; i < 20; ++i)
    c.call(0), c.relay.settle();
  const auto first = answers();
  CHECK(first < 20);
  c.relay.advance(31'000);
  for (int i = 0; i < 20; ++i)
    c.call(0), c.relay.settle();
  CHECK(answers() < 2 * first);
}
