// The contract of client::Memory, for each implementation.
#include "client/model/memory.h"

#include "client/store/store_fixture.h"
#include "support/fake_memory.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Memory;
using client::Standing;

namespace {

const client::PeerKey bob = peer(1, "bob"), carol = peer(1, "carol"), other_bob = peer(2, "bob");

std::string bodies(const Result<std::vector<client::HistoryEntry>>& entries) {
  REQUIRE(entries);
  std::string out;
  for (const auto& one : *entries)
    out += (out.empty() ? "" : ",") + one.body;
  return out;
}

void keys(Memory& memory) {
  CHECK_FALSE(memory.server("a:1"));
  REQUIRE(memory.pin_server("a:1", {some_id(1), 5}));
  REQUIRE(memory.pin_server("a:1", {some_id(2), 6}));
  CHECK(memory.server("a:1")->id == some_id(2));
  CHECK(memory.server("a:1")->first_seen_unix_ms == 6);
  CHECK(memory.peers(some_id(1)).empty());
  REQUIRE(memory.pin_peer(some_id(1), "bob", {some_id(3), true, 7, Standing::request, 9}));
  REQUIRE(memory.pin_peer(some_id(2), "bob", {some_id(4), false, 8}));
  const auto peers = memory.peers(some_id(1));
  REQUIRE(peers.size() == 1);
  CHECK(peers.at("bob").id == some_id(3));
  CHECK(peers.at("bob").verified);
  CHECK(peers.at("bob").first_seen_unix_ms == 7);
  CHECK(peers.at("bob").standing == Standing::request);
  CHECK(peers.at("bob").read_row == 9);
  REQUIRE(memory.forget_peer(some_id(1), "bob"));
  REQUIRE(memory.forget_peer(some_id(1), "bob"));
  CHECK(memory.peers(some_id(1)).empty());
  CHECK(memory.peers(some_id(2)).size() == 1);
}

void history(Memory& memory) {
  CHECK(bodies(memory.before(bob, 0, 10)).empty());
  std::vector<std::uint64_t> rows;
  for (const char* body : {"a", "b", "c", "d"}) {
    rows.push_back(memory.add(bob, entry(body)).value());
    memory.add(carol, entry(std::string("not ") + body)).value();
  }
  CHECK(std::is_sorted(rows.begin(), rows.end()));
  CHECK(bodies(memory.before(bob, 0, 10)) == "a,b,c,d");
  CHECK(bodies(memory.before(bob, 0, 2)) == "c,d");
  CHECK(bodies(memory.before(bob, rows[2], 10)) == "a,b");
  CHECK(bodies(memory.before(bob, rows[2], 1)) == "b");
  CHECK(bodies(memory.before(bob, rows[0], 10)).empty());
  CHECK(bodies(memory.before(other_bob, 0, 10)).empty());
  CHECK(memory.unread(bob, 0) == 4);
  CHECK(memory.unread(bob, rows[2]) == 1);
  CHECK(memory.unread(bob, rows[3]) == 0);
  CHECK(memory.unread(other_bob, 0) == 0);

  auto said = entry("mine, with a \n and \xe2\x82\xac", true, Delivery::failed);
  said.action = true;
  said.why = "because";
  const auto row = memory.add(bob, said).value();
  const auto back = memory.before(bob, 0, 1).value();
  REQUIRE(back.size() == 1);
  CHECK(back[0].row == row);
  CHECK(back[0].action);
  CHECK(back[0].mine);
  CHECK(back[0].uid == said.uid);
  CHECK(back[0].body == said.body);
  CHECK(back[0].at_unix_ms == said.at_unix_ms);
  CHECK(back[0].delivery == Delivery::failed);
  CHECK(back[0].why == "because");
  CHECK(memory.unread(bob, rows[3]) == 0);  // mine are read
}

void outbox(Memory& memory) {
  CHECK(memory.outbox(some_id(1)).value().empty());
  const auto first = memory.add(bob, entry("1", true, Delivery::queued)).value();
  const auto second = memory.add(carol, entry("2", true, Delivery::sent)).value();
  memory.add(bob, entry("3", true, Delivery::queued)).value();
  memory.add(bob, entry("4", true, Delivery::delivered)).value();
  memory.add(bob, entry("5", true, Delivery::failed)).value();
  memory.add(bob, entry("6")).value();
  memory.add(other_bob, entry("7", true, Delivery::queued)).value();
  auto out = memory.outbox(some_id(1)).value();
  REQUIRE(out.size() == 2);
  CHECK(bodies(out.at("bob")) == "1,3");
  CHECK(out.at("bob")[0].uid == "uid of 1");
  CHECK(bodies(out.at("carol")) == "2");
  CHECK(out.at("carol")[0].delivery == Delivery::sent);
  REQUIRE(memory.set_delivery(first, Delivery::delivered, "", true));
  REQUIRE(memory.set_delivery(second, Delivery::queued, "", false));
  out = memory.outbox(some_id(1)).value();
  CHECK(bodies(out.at("bob")) == "3");
  CHECK(out.at("carol")[0].delivery == Delivery::queued);
  REQUIRE(memory.set_delivery(second, Delivery::mailed, "", true));
  out = memory.outbox(some_id(1)).value();
  CHECK(bodies(out.at("carol")) == "2");
  CHECK(out.at("carol")[0].delivery == Delivery::mailed);
  REQUIRE(memory.set_delivery(second, Delivery::failed, "gone", false));
  CHECK_FALSE(memory.outbox(some_id(1)).value().contains("carol"));
  CHECK(memory.before(carol, 0, 1).value().at(0).why == "gone");
}

void erasing(Memory& memory) {
  memory.add(bob, entry("a")).value();
  const auto row = memory.add(bob, entry("b", true)).value();
  memory.add(bob, entry("c", true, Delivery::queued)).value();
  memory.add(carol, entry("d")).value();
  REQUIRE(memory.erase_history(bob));
  CHECK(bodies(memory.before(bob, 0, 9)) == "c");
  CHECK(bodies(memory.before(carol, 0, 9)) == "d");
  CHECK(memory.outbox(some_id(1)).value().at("bob").size() == 1);
  REQUIRE(memory.erase_history(carol));
  REQUIRE(memory.erase_history(carol));
  CHECK(bodies(memory.before(carol, 0, 9)).empty());
  CHECK(memory.set_delivery(row, Delivery::delivered, "", true));  // nothing
  CHECK(memory.add(carol, entry("e")).value() > row);
  CHECK(bodies(memory.before(carol, 0, 9)) == "e");
}

// A name is (server, author, uid): attack 66 is one uid by two authors.
void names(Memory& memory) {
  const proto::Id author = some_id(9), other = some_id(8);
  CHECK_FALSE(memory.seen(bob, author, "uid of a"));
  memory.add(bob, entry("a")).value();
  memory.add(bob, entry("a")).value();  // the core would not
  memory.add(bob, entry("b", true)).value();
  CHECK(memory.seen(bob, author, "uid of a"));
  CHECK_FALSE(memory.seen(bob, author, "uid of b"));  // said, not received
  CHECK_FALSE(memory.seen(bob, other, "uid of a"));
  CHECK_FALSE(memory.seen(other_bob, author, "uid of a"));
  REQUIRE(memory.erase_history(bob));
  CHECK(memory.seen(bob, author, "uid of a"));
  CHECK(memory.commit());
  CHECK(memory.seen(bob, author, "uid of a"));
}

void chains(Memory& memory) {
  const proto::Id author = some_id(9), other = some_id(8);
  CHECK_FALSE(memory.last_from(bob, author));
  CHECK_FALSE(memory.last_to(bob, author));
  auto first = entry("a"), second = entry("b"), future = entry("c");
  first.sent_unix_ms = second.sent_unix_ms = first.at_unix_ms - 1'000;
  second.sent_unix_ms -= 5'000;
  future.sent_unix_ms = future.at_unix_ms + 3'600'000;
  for (const auto& one : {first, second, future})
    memory.add(bob, one).value();
  CHECK(memory.last_from(bob, author)->uid == "uid of c");
  CHECK(memory.last_from(bob, author)->sent_unix_ms == first.sent_unix_ms);
  CHECK_FALSE(memory.last_from(bob, other));
  CHECK_FALSE(memory.last_from(other_bob, author));

  const auto one = memory.add(bob, entry("1", true, Delivery::queued)).value();
  const auto two = memory.add(bob, entry("2", true, Delivery::queued)).value();
  const auto three = memory.add(bob, entry("3", true, Delivery::queued)).value();
  CHECK_FALSE(memory.last_to(bob, author));
  REQUIRE(memory.set_delivery(two, Delivery::mailed, "", true));
  CHECK_FALSE(memory.last_to(bob, author)->proved);
  REQUIRE(memory.set_delivery(one, Delivery::delivered, "", true));  // later, but older
  CHECK(memory.last_to(bob, author)->proved);
  REQUIRE(memory.set_delivery(two, Delivery::failed, "", true));
  CHECK(memory.last_to(bob, author)->proved);
  CHECK(memory.last_to(bob, author)->row == two);
  CHECK(memory.last_to(bob, author)->uid == "uid of 2");
  REQUIRE(memory.set_delivery(three, Delivery::failed, "never left", false));
  CHECK(memory.last_to(bob, author)->uid == "uid of 2");
  REQUIRE(memory.erase_history(bob));
  CHECK(memory.last_to(bob, author)->uid == "uid of 2");
  CHECK(memory.last_to(bob, author)->proved);
  CHECK(memory.last_from(bob, author)->uid == "uid of c");
}

void waiting(Memory& memory) {
  auto late = entry("late");
  late.waits = true;
  late.after = "uid of early";
  late.sent_unix_ms = late.at_unix_ms;
  const auto row = memory.add(bob, late).value();
  memory.add(bob, entry("early")).value();
  CHECK(memory.seen(bob, some_id(9), "uid of late"));
  CHECK(bodies(memory.before(bob, 0, 9)) == "early");
  CHECK(memory.unread(bob, 0) == 1);
  REQUIRE(memory.erase_history(bob));
  CHECK(memory.waiting(some_id(2)).value().empty());
  auto all = memory.waiting(some_id(1)).value();
  REQUIRE(all.at("bob").size() == 1);
  auto back = all.at("bob")[0];
  CHECK(back.row == row);
  CHECK(back.waits);
  CHECK(back.peer_id == some_id(9));
  CHECK(back.after == "uid of early");
  CHECK(back.sent_unix_ms == late.sent_unix_ms);
  back.waits = false;
  back.incomplete = back.disordered = true;
  CHECK(memory.put_last(bob, back).value() > row);
  CHECK(memory.waiting(some_id(1)).value().empty());
  const auto page = memory.before(bob, 0, 9).value();
  REQUIRE(page.size() == 1);
  CHECK(page[0].row > row);
  CHECK(page[0].incomplete);
  CHECK(page[0].disordered);
  CHECK_FALSE(page[0].waits);
  REQUIRE(memory.commit());
}

// A server at a:1 with history, contacts and unsent texts.
void fill(Memory& memory) {
  REQUIRE(memory.pin_server("a:1", {some_id(1), 5}));
  REQUIRE(memory.pin_peer(some_id(1), "bob", {some_id(9), true, 7, Standing::contact, 1}));
  memory.add(bob, entry("a")).value();
  memory.add(bob, entry("b", true, Delivery::queued)).value();
  memory.add(carol, entry("c")).value();
  memory.add(peer(3, "bob"), entry("e")).value();
  REQUIRE(memory.commit());
}

void replaced(Memory& memory) {
  fill(memory);
  CHECK(memory.replace_server("a:1", {some_id(2), 6}).value());
  CHECK(memory.server("a:1")->id == some_id(2));
  CHECK(memory.peers(some_id(1)).empty());
  CHECK(memory.peers(some_id(2)).at("bob").verified);
  CHECK(memory.peers(some_id(2)).at("bob").read_row == 1);
  CHECK(bodies(memory.before(bob, 0, 9)).empty());
  CHECK(bodies(memory.before(other_bob, 0, 9)) == "a,b");
  CHECK(bodies(memory.before(peer(2, "carol"), 0, 9)) == "c");
  CHECK(memory.unread(other_bob, 0) == 1);
  CHECK(memory.seen(other_bob, some_id(9), "uid of a"));
  CHECK(memory.outbox(some_id(1)).value().empty());
  CHECK(bodies(memory.outbox(some_id(2)).value().at("bob")) == "b");
  CHECK(bodies(memory.before(peer(3, "bob"), 0, 9)) == "e");
  REQUIRE(memory.commit());
  memory.add(bob, entry("f")).value();
  CHECK(bodies(memory.before(bob, 0, 9)) == "f");
  CHECK(bodies(memory.before(other_bob, 0, 9)) == "a,b");
}

// The server under its new id may deliver texts again, or withhold some: both must still be
// noticed.
void replaced_names(Memory& memory) {
  constexpr int many = 1'200;
  const client::PeerKey moved_bob = peer(2, "bob"), moved_carol = peer(2, "carol");
  REQUIRE(memory.pin_server("a:1", {some_id(1), 5}));
  REQUIRE(memory.pin_peer(some_id(1), "bob", {some_id(9), true, 7, Standing::contact, 1}));
  for (int i = 0; i < many; ++i)
    memory.add(bob, entry(std::to_string(i))).value();
  memory.add(carol, entry("erased")).value();
  const auto left = memory.add(bob, entry("left", true, Delivery::queued)).value();
  REQUIRE(memory.set_delivery(left, Delivery::delivered, "", true));
  REQUIRE(memory.erase_history(carol));
  REQUIRE(memory.commit());
  CHECK_FALSE(memory.seen(moved_bob, some_id(9), "uid of 5"));
  CHECK_FALSE(memory.last_from(moved_bob, some_id(9)));
  CHECK(memory.replace_server("a:1", {some_id(2), 6}).value());
  REQUIRE(memory.commit());
  CHECK(memory.replace_server("a:1", {some_id(4), 6}).value());
  REQUIRE(memory.commit());
  CHECK(memory.replace_server("a:1", {some_id(2), 6}).value());
  REQUIRE(memory.commit());
  CHECK(memory.seen(moved_bob, some_id(9), "uid of 0"));
  CHECK(memory.seen(moved_bob, some_id(9), "uid of " + std::to_string(many - 1)));
  CHECK(memory.seen(moved_carol, some_id(9), "uid of erased"));
  CHECK_FALSE(memory.seen(moved_bob, some_id(8), "uid of 0"));
  CHECK_FALSE(memory.seen(moved_bob, some_id(9), "uid of none"));
  CHECK(memory.last_from(moved_bob, some_id(9))->uid == "uid of erased");
  CHECK(memory.last_to(moved_bob, some_id(9))->uid == "uid of left");
  memory.add(moved_bob, entry("newer")).value();
  CHECK(memory.last_from(moved_bob, some_id(9))->uid == "uid of newer");
}

void stays(Memory& memory) {
  REQUIRE(memory.commit());
  CHECK_FALSE(memory.replace_server("a:1", {some_id(2), 6}).value());
  REQUIRE(memory.commit());
  CHECK(memory.server("a:1")->id == some_id(2));
  CHECK(memory.peers(some_id(1)).at("bob").id == some_id(9));
  CHECK(bodies(memory.before(bob, 0, 9)) == "a,b");
  CHECK(memory.outbox(some_id(1)).value().at("bob").size() == 1);
}

void old_id_elsewhere(Memory& memory) {
  fill(memory);
  REQUIRE(memory.pin_server("tunnel:1", {some_id(1), 5}));
  stays(memory);
}

void new_id_elsewhere(Memory& memory) {
  fill(memory);
  REQUIRE(memory.pin_server("honest:1", {some_id(2), 5}));
  stays(memory);
  CHECK(memory.peers(some_id(2)).empty());
}

void new_id_has_users(Memory& memory) {
  fill(memory);
  REQUIRE(memory.pin_peer(some_id(2), "bob", {some_id(8), false, 7}));
  stays(memory);
  CHECK(memory.peers(some_id(2)).at("bob").id == some_id(8));
}

void new_id_has_history(Memory& memory) {
  fill(memory);
  memory.add(other_bob, entry("x")).value();
  stays(memory);
  CHECK(bodies(memory.before(other_bob, 0, 9)) == "x");
}

void nothing_to_move(Memory& memory) {
  REQUIRE(memory.pin_server("a:1", {some_id(1), 5}));
  REQUIRE(memory.pin_server("honest:1", {some_id(2), 5}));
  CHECK(memory.replace_server("a:1", {some_id(2), 6}).value());
}

constexpr void (*contract[])(Memory&) = {keys,
                                         history,
                                         outbox,
                                         erasing,
                                         names,
                                         replaced,
                                         replaced_names,
                                         old_id_elsewhere,
                                         new_id_elsewhere,
                                         new_id_has_users,
                                         new_id_has_history,
                                         nothing_to_move,
                                         chains,
                                         waiting};

}  // namespace

TEST_CASE("memory: contract, in memory") {
  for (auto part : contract) {
    FakeMemory memory;
    part(memory);
    CHECK(memory.commit());
  }
}

TEST_CASE("memory: contract, in a file") {
  for (auto part : contract) {
    TempFolder temp;
    auto store = open_store(temp.path());
    part(*store);
    CHECK(store->commit());
  }
}
