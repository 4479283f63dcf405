// The roster: lists in pages, changed keys, and limits on a server's list.
#include "client/state/roster.h"

#include <doctest/doctest.h>

#include <set>

#include "support/fake_memory.h"

using namespace sims;
using namespace sims::client;
using Event = Roster::Change::Event;

namespace {

// A different well-shaped id for each number.
Id id(std::uint64_t number) {
  std::string text(Id::length, 'A');
  for (std::size_t i = 0; i < 10; ++i, number /= 26)
    text[i] = static_cast<char>('a' + number % 26);
  return Id::shaped(text).value();
}

struct Fixture {
  Fixture()
      : pins(trust), roster(model, pins, [this](const std::string& name) { return in_use.contains(name); }) {
    model.self = id(0);
    model.self_name = "me";
    pins.load(id(99));
    roster.reset();
  }
  std::vector<Roster::Change> apply(proto::List::Event event, std::vector<proto::ListEntry> data) {
    proto::List list;
    list.event = event;
    list.data = std::move(data);
    std::vector<Roster::Change> changes;
    fits = roster.apply(list, {1'000, 5'000}, changes);
    return changes;
  }
  std::vector<Roster::Change> online(const std::string& name, const Id& who) {
    return apply(proto::List::Event::online, {{who, name, 7}});
  }
  std::vector<Roster::Change> offline(const std::string& name, const Id& who) {
    return apply(proto::List::Event::offline, {{who, name, 7}});
  }

  Model model;
  sims::test::FakeMemory trust;
  Pins pins;
  std::set<std::string> in_use;
  Roster roster;
  bool fits = true;
};

}  // namespace

TEST_CASE_FIXTURE(
    Fixture, "a peer that comes is shown; one that leaves is dropped, unless there is something to keep") {
  auto changes = online("bob", id(1));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].event == Event::came);
  CHECK_FALSE(changes[0].again);
  CHECK(model.peers.at("bob").online);
  CHECK(*roster.name_of(id(1)) == "bob");
  changes = online("bob", id(1));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].again);
  CHECK(apply(proto::List::Event::snapshot, {{id(1), "bob", 7}}).empty());
  changes = offline("bob", id(1));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].event == Event::left);
  CHECK(model.peers.empty());
  CHECK_FALSE(roster.name_of(id(1)));

  online("bob", id(1));
  model.peers.at("bob").lines.emplace_back();
  offline("bob", id(1));
  CHECK(model.peers.contains("bob"));
}

TEST_CASE_FIXTURE(Fixture, "we ourselves and impossible names are not shown") {
  CHECK(online("me", id(1)).empty());
  CHECK(online("bob", id(0)).empty());
  CHECK(online("../bob", id(1)).empty());
  CHECK(online("Bob", id(1)).empty());
  CHECK(model.peers.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "another id under a pinned name is a change, reported once, until the known one is back") {
  REQUIRE(pins.pin("bob", {id(1), true, 3}));
  roster.reset();
  CHECK(model.peers.at("bob").trust == Trust::verified);
  auto changes = online("bob", id(2));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].event == Event::changed);
  CHECK(model.peers.at("bob").id == id(1));
  CHECK(model.peers.at("bob").changed_to == id(2));
  CHECK(model.peers.at("bob").changed_unix_ms == 5'000);
  CHECK(model.peers.at("bob").was_verified);
  CHECK(online("bob", id(2)).empty());
  CHECK(offline("bob", id(2)).size() == 1);
  CHECK(model.peers.at("bob").trust == Trust::changed);
  changes = online("bob", id(1));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].event == Event::restored);
  CHECK(model.peers.at("bob").trust == Trust::verified);
  CHECK_FALSE(model.peers.at("bob").changed_to);
}

TEST_CASE_FIXTURE(Fixture, "an unpinned name may get another id only while nothing depends on it") {
  online("bob", id(1));
  offline("bob", id(1));
  CHECK(online("bob", id(2))[0].event == Event::came);
  CHECK(model.peers.at("bob").id == id(2));
  in_use.insert("bob");
  CHECK(online("bob", id(3))[0].event == Event::changed);
  CHECK(model.peers.at("bob").id == id(2));

  online("carol", id(4));
  model.peers.at("carol").lines.emplace_back();
  offline("carol", id(4));
  CHECK(online("carol", id(5))[0].event == Event::changed);
  CHECK(model.peers.at("carol").id == id(4));
}

TEST_CASE_FIXTURE(Fixture, "an id has one name and a name one id") {
  online("bob", id(1));
  auto changes = online("robert", id(1));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].event == Event::left);
  CHECK(changes[0].name == "bob");
  CHECK(changes[1].name == "robert");
  CHECK(*roster.name_of(id(1)) == "robert");
  online("robert", id(2));
  CHECK_FALSE(roster.name_of(id(1)));
  CHECK(*roster.name_of(id(2)) == "robert");
}

TEST_CASE_FIXTURE(Fixture, "after a reconnect, peers that are not listed again go with the last page") {
  online("bob", id(1));
  online("carol", id(2));
  roster.lost();
  CHECK(model.peers.size() == 2);
  CHECK_FALSE(model.peers.at("bob").online);
  apply(proto::List::Event::snapshot, {{id(2), "carol", 8}});
  std::vector<Roster::Change> gone;
  roster.snapshot_done(gone);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].event == Event::left);
  CHECK(gone[0].name == "bob");
  CHECK(model.peers.size() == 1);
  CHECK(model.peers.at("carol").online);
}

TEST_CASE_FIXTURE(Fixture, "a server can't fill our memory") {
  for (std::uint64_t i = 1; i <= Roster::max_peers; ++i)
    online("u" + std::to_string(i), id(i));
  CHECK(fits);
  online("late", id(Roster::max_peers + 1));
  CHECK_FALSE(fits);
  CHECK(model.peers.size() == Roster::max_peers);
}

TEST_CASE_FIXTURE(Fixture, "meet: shows who is not online; a known name's other id is a changed key") {
  std::vector<Roster::Change> changes;
  const Now now{1'000, 5'000};
  Peer* carol = roster.meet("carol", id(3), now, changes);
  REQUIRE(carol != nullptr);
  CHECK(carol->id == id(3));
  CHECK_FALSE(carol->online);
  CHECK(carol->standing == Standing::stranger);
  CHECK(changes.empty());
  // Nothing to keep: another id may follow, and the end of a list drops it.
  CHECK(roster.meet("carol", id(4), now, changes)->id == id(4));
  CHECK(changes.empty());
  roster.snapshot_done(changes);
  CHECK(changes.size() == 1);
  CHECK_FALSE(model.peers.contains("carol"));

  changes.clear();
  REQUIRE(pins.pin("bob", {id(1), true, 1, Standing::contact}));
  model.peers["bob"].name = "bob";
  roster.refresh("bob");
  Peer* bob = roster.meet("bob", id(2), now, changes);
  REQUIRE(bob != nullptr);
  CHECK(bob->id == id(1));
  CHECK(bob->trust == Trust::changed);
  CHECK(bob->changed_to == id(2));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].event == Event::changed);
  roster.meet("bob", id(2), now, changes);
  CHECK(changes.size() == 1);

  online("dave", id(5));
  CHECK(roster.meet("dave", id(6), now, changes) == nullptr);  // the list says otherwise
  CHECK(roster.meet("me", id(6), now, changes) == nullptr);
  CHECK(roster.meet("eve", id(0), now, changes) == nullptr);
  CHECK(roster.meet("not a name", id(6), now, changes) == nullptr);
}
