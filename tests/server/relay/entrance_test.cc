// Admission to the relay: budgets, penalties, registrations, invitations, bans. Rows of the attack
// list by number.
#include "server/policy/budgets.h"

#include "proto/wire/encode.h"
#include "server/accounts/invitation.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::World;

TEST_CASE("31: a source registers few names in an hour; registered names are not limited") {
  server::Policy policy;
  policy.limits.registrations = {2, 2, 3'600'000};
  World w(policy);
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  Client carol = w.dial("carol", 3);
  w.pump({&carol});
  CHECK_FALSE(carol.transport.connected());
  REQUIRE(carol.failure);
  CHECK(carol.failure->code == proto::ErrorCode::rate_limited);
  Client again = w.login("alice", 1);
  Client elsewhere = w.login("dave", 4, &crypto::all_suites()[0], "198.51.100.1");
  CHECK(w.accounts.size() == 3);
  w.pass(1'800'000);
  Client later = w.login("carol", 3);
  CHECK(w.stats().registrations == 4);
}

TEST_CASE("35: no public-key work for an address over its budget, and none over the budget of all") {
  server::Policy policy;
  policy.limits.handshakes_per_address = {1, 2};
  World w(policy);
  Client a = w.login("alice", 1), b = w.login("bob", 2);
  Client c = w.dial("carol", 3);
  w.bytes(c.conn, std::exchange(c.to_server, {}));
  w.feed(c, std::exchange(w.wire.lines[c.conn].to_client, {}));
  w.bytes(c.conn, std::exchange(c.to_server, {}));
  CHECK(w.wire.work.empty());
  w.pump({&c});
  REQUIRE(c.failure);
  CHECK(c.failure->code == proto::ErrorCode::busy);
  CHECK(w.closed(c));
  w.login("dave", 4, &crypto::all_suites()[0], "192.0.2.2");
}

TEST_CASE("failures shut an address out for a while, however they fail") {
  const auto penalty_after = [](const std::function<void(World&)>& fail_once) {
    World w;
    int failures = 0;
    for (; failures < 100; ++failures) {
      if (w.wire.lines[w.connect("198.51.100.7")].closed) break;
      w.relay->closed(w.wire.lines.rbegin()->first, w.now);
      fail_once(w);
    }
    CHECK(w.relay->connections() == 0);
    return failures;
  };
  CHECK(penalty_after([](World& w) { w.bytes(w.connect("198.51.100.7"), "GET / HTTP/1.1\n"); }) == 3);
  CHECK(penalty_after([](World& w) {
          w.connect("198.51.100.7");
          w.pass(30'000);
        }) == 100);  // 10 s each 30 s fade
  CHECK(penalty_after([](World& w) {
          REQUIRE(w.accounts.bind("alice", proto::Id(), true, 1));
          Client thief = w.dial("alice", 5, &crypto::all_suites()[0], "198.51.100.7");
          w.pump({&thief});
        }) == 3);
}

TEST_CASE("bans: an address before a byte is read, an id or a name when it is proved") {
  World w;
  using Kind = server::Ban::Kind;
  Client alice = w.login("alice", 1);
  w.relay->ban({Kind::address, "198.51.100.0/24", "", 0, 0}, w.now);
  const auto refused = w.connect("198.51.100.9");
  CHECK(w.wire.lines[refused].closed);
  CHECK(has(w.wire.lines[refused].to_client, R"("code":"banned")"));

  Client mallory = w.dial("mallory", 2);
  w.relay->ban({Kind::name, "mallory", "", 0, 0}, w.now);
  w.pump({&mallory});
  REQUIRE(mallory.failure);
  CHECK(mallory.failure->code == proto::ErrorCode::banned);
  CHECK(w.closed(mallory));
  CHECK(w.accounts.size() == 1);  // the name is not his
  // A client that does not prove the id does not learn that it is banned.
  w.relay->unban(Kind::name, "mallory");
  Client other = w.dial("mallory", 2);
  w.relay->ban({Kind::id, other.id().str(), "", 0, 0}, w.now);
  auto& line = w.wire.lines[other.conn];
  for (int phase = 0; phase < 2; ++phase) {
    w.bytes(other.conn, std::exchange(other.to_server, {}));
    w.run_work();
    w.feed(other, std::exchange(line.to_client, {}));
  }
  const auto at = other.to_server.find(R"("confirm":")") + 11;
  other.to_server[at] = other.to_server[at] == 'A' ? 'B' : 'A';
  w.bytes(other.conn, std::exchange(other.to_server, {}));
  w.run_work();
  CHECK(has(line.to_client, R"("code":"handshake-failed")"));

  w.relay->ban({Kind::id, alice.id().str(), "", 0, 0}, w.now);
  w.pump({&alice});
  CHECK(w.closed(alice));
  CHECK(has(alice.take("error"), R"("code":"banned")"));
  w.relay->unban(Kind::id, alice.id().str());
  w.login("alice", 1);
  w.relay->ban({Kind::address, "192.0.2.1", "", 0, 0}, w.now);
  CHECK(w.relay->connections() == 0);
}

std::string invitation(std::uint64_t seed) {
  test::FixedRng rng(seed);
  const auto code = server::parse_invitation(server::make_invitation(rng));
  REQUIRE(code);
  return *code;
}

struct Invited {
  server::Policy policy;
  Invited() { policy.registration_open = false; }
};

TEST_CASE("31: a closed server accepts an invitation, once") {
  World w(Invited().policy);
  REQUIRE(w.accounts.bind("alice", proto::Id::of(crypto::SigningKey::from_seed(Bytes(32, 1)).public_key()),
                          true, 1));
  Client nobody = w.dial("bob", 2);
  w.pump({&nobody});
  REQUIRE(nobody.failure);  // none is open: refused in the handshake
  CHECK(nobody.failure->code == proto::ErrorCode::not_registered);

  const std::string code = invitation(1);
  REQUIRE(w.accounts.invite(code, w.now.unix_s(), 0));
  std::string as_typed = code;
  for (char& c : as_typed)
    c = c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
  as_typed.insert(5, " ");
  Client bob = w.login("bob", 2);
  CHECK(w.relay->online() == 0);
  w.pass(200);
  w.pump({&bob});
  CHECK(bob.messages.empty());
  bob.send(proto::encode(proto::Register{as_typed}), w.now);
  w.pump({&bob});
  CHECK(bob.acks == std::vector<std::uint64_t>{0});
  CHECK(w.relay->online() == 1);
  CHECK(w.accounts.size() == 2);
  CHECK(w.accounts.invitations(w.now.unix_s()) == 0);
  bob.send(R"({"type":"list"})", w.now);
  w.pump({&bob});
  CHECK(has(bob.take("list"), "bob"));
  // A registered client may send an invitation, which is not used up.
  REQUIRE(w.accounts.invite(code, w.now.unix_s(), 0));
  bob.send(proto::encode(proto::Register{code}), w.now);
  w.pump({&bob});
  CHECK(bob.acks.back() == 2);
  CHECK(w.accounts.invitations(w.now.unix_s()) == 1);
  w.login("alice", 1);
  CHECK(w.relay->online() == 2);
}

TEST_CASE("31: without a valid invitation a closed server accepts no message") {
  const auto answer_to = [](const std::vector<std::string>& said) {
    World w(Invited().policy);
    REQUIRE(w.accounts.invite(invitation(1), 1, 0));
    Client alice = w.login("bob", 2);
    for (const auto& message : said)
      alice.send(message, w.now);
    w.pump({&alice});
    CHECK(w.closed(alice));
    CHECK(w.relay->connections() == 0);
    CHECK(w.accounts.size() == 0);
    CHECK(w.accounts.invitations(2) == 1);
    return alice.take("error");
  };
  const auto wrong = R"("code":"not-registered")";
  CHECK(has(answer_to({R"({"type":"list"})"}), wrong));
  CHECK(has(answer_to({R"({"type":"ping"})"}), wrong));
  CHECK(has(answer_to({R"({"type":"novelty"})"}), wrong));
  CHECK(has(answer_to({proto::encode(proto::Register{"nonsense"})}), wrong));
  CHECK(has(answer_to({proto::encode(proto::Register{invitation(2)})}), wrong));
  CHECK(has(answer_to({R"({"type":"register"})"}), R"("code":"bad-message")"));
}

TEST_CASE("31: while an invitation is checked the client may send nothing else, and may disconnect") {
  World w(Invited().policy);
  const std::string code = invitation(1);
  REQUIRE(w.accounts.invite(code, w.now.unix_s(), 0));
  Client bob = w.login("bob", 2);
  bob.send(proto::encode(proto::Register{code}), w.now);
  bob.send(R"({"type":"list"})", w.now);
  w.bytes(bob.conn, std::exchange(bob.to_server, {}));
  CHECK(w.closed(bob));
  w.run_work();
  CHECK(w.relay->online() == 0);
}

TEST_CASE("34: a client that has yet to send its invitation has the same deadline as others") {
  World w(Invited().policy);
  REQUIRE(w.accounts.invite(invitation(1), 1, 0));
  Client bob = w.login("bob", 2);
  w.pass(29'999);
  CHECK_FALSE(w.closed(bob));
  w.pass(1);
  CHECK(w.closed(bob));
}

TEST_CASE("logins of one id are rate-limited, since each is announced; its penalty fades") {
  server::Policy policy;
  policy.limits.logins = {1, 3};
  policy.limits.handshakes_per_address = {1'000, 1'000};
  World w(policy);
  for (int i = 0; i < 3; ++i)
    w.relay->closed(w.login("alice", 1).conn, w.now);
  Client again = w.dial("alice", 1);
  w.pump({&again});
  REQUIRE(again.failure);
  CHECK(again.failure->code == proto::ErrorCode::rate_limited);
  CHECK(w.stats().refused[static_cast<std::size_t>(server::Refused::id_logins)] == 1);
  w.login("bob", 2);  // from the same address
  w.pass(1'000);
  w.login("alice", 1);
  World exempt(test::roomy());
  for (int i = 0; i < 30; ++i)
    exempt.login("alice", 1);
}

TEST_CASE("known names do not wait for the disk, also while registrations of others do") {
  server::Policy policy;
  policy.suites = {&crypto::all_suites()[0]};
  World w(policy);
  w.relay->closed(w.login("alice", 1).conn, w.now);
  // The last handshake step of each, which the driver holds.
  const auto last_step = [&](Client& c) {
    for (int phase = 0; phase < 3; ++phase) {
      w.bytes(c.conn, std::exchange(c.to_server, {}));
      if (phase == 2) break;
      w.run_work();
      w.feed(c, std::exchange(w.wire.lines[c.conn].to_client, {}));
    }
    REQUIRE(w.wire.work.size() == 1);
    w.wire.work.front().second->run();
    return w.wire.work.front().second->writes();
  };
  Client known = w.dial("alice", 1);
  CHECK_FALSE(last_step(known));
  w.wire.work.clear();
  Client stranger = w.dial("bob", 2);
  CHECK(last_step(stranger));
  CHECK(w.accounts.size() == 1);  // before write()
  w.wire.work.clear();
  Client thief = w.dial("alice", 3);
  CHECK_FALSE(last_step(thief));
}

TEST_CASE("a name that was released while its login was worked on is not online") {
  World w;
  w.relay->closed(w.login("alice", 1).conn, w.now);
  Client again = w.dial("alice", 1);
  for (int phase = 0; phase < 2; ++phase) {
    w.bytes(again.conn, std::exchange(again.to_server, {}));
    w.run_work();
    w.feed(again, std::exchange(w.wire.lines[again.conn].to_client, {}));
  }
  w.bytes(again.conn, std::exchange(again.to_server, {}));  // the last step
  REQUIRE(w.wire.work.size() == 1);
  auto [conn, work] = std::move(w.wire.work.front());
  w.wire.work.pop_front();
  work->run();
  REQUIRE(w.accounts.release("alice"));
  w.relay->work_done(conn, std::move(work), w.now);
  w.relay->turn_end(w.now);
  w.feed(again, std::exchange(w.wire.lines[conn].to_client, {}));
  CHECK(has(again.take("error"), R"("code":"going-away")"));
  CHECK(w.closed(again));
  CHECK(w.relay->online() == 0);
  w.login("alice", 1);
}

TEST_CASE("each handshake is counted under exactly one outcome") {
  server::Policy policy;
  policy.limits.registrations = {1, 1, 3'600'000};
  World w(policy);
  const auto ends = [&](std::uint64_t server::Stats::Handshakes::*outcome) {
    std::uint64_t all = 0;
    for (const auto& suite : w.stats().handshakes)
      all += suite.*outcome;
    return all;
  };
  using Ends = server::Stats::Handshakes;
  Client alice = w.login("alice", 1);
  CHECK(ends(&Ends::done) == 1);
  Client other = w.dial("alice", 2);  // another's name
  w.pump({&other});
  CHECK(ends(&Ends::refused) == 1);
  w.bytes(w.connect(), "nonsense\n");
  CHECK(ends(&Ends::failed) == 1);
  w.relay->closed(w.connect(), w.now);
  CHECK(ends(&Ends::left) == 1);
  w.connect();
  w.pass(30'000);
  CHECK(ends(&Ends::timed_out) == 1);
  const auto faults = w.stats().faults;
  w.relay->closed(alice.conn, w.now);  // it had logged in
  CHECK(ends(&Ends::done) + ends(&Ends::refused) + ends(&Ends::failed) + ends(&Ends::left) +
            ends(&Ends::timed_out) ==
        5);
  CHECK(w.stats().faults == faults);

  World closed(Invited().policy);
  REQUIRE(closed.accounts.invite(invitation(1), 1, 0));
  Client bob = closed.login("bob", 2);
  bob.send(proto::encode(proto::Register{invitation(2)}), closed.now);
  closed.pump({&bob});
  CHECK(closed.stats().handshakes[0].refused == 1);
  CHECK(closed.stats().handshakes[0].failed == 0);
}

TEST_CASE("31: invitations are rationed too, and counted when they are") {
  auto policy = Invited().policy;
  policy.limits.registrations = {1, 1, 3'600'000};
  World w(policy);
  REQUIRE(w.accounts.invite(invitation(1), 1, 0));
  REQUIRE(w.accounts.invite(invitation(2), 1, 0));
  Client first = w.login("alice", 1);
  first.send(proto::encode(proto::Register{invitation(1)}), w.now);
  w.pump({&first});
  Client second = w.login("bob", 2);
  second.send(proto::encode(proto::Register{invitation(2)}), w.now);
  w.pump({&second});
  CHECK(has(second.take("error"), R"("code":"rate-limited")"));
  CHECK(w.stats().refused[static_cast<std::size_t>(server::Refused::registrations)] == 1);
  CHECK(w.accounts.invitations(2) == 1);  // and not used up
}

TEST_CASE("kicks: by address, name and number; clients in pages by number") {
  World w(test::roomy());
  std::vector<Client> people;
  for (std::uint8_t i = 1; i < 6; ++i)
    people.push_back(w.login("user" + std::to_string(i), i));
  const auto page = w.relay->clients(2, 2);
  REQUIRE(page.size() == 2);
  CHECK(page[0].conn == 3);
  CHECK(page[1].name == "user4");
  CHECK(page[1].suite == "ecdhe");
  CHECK(page[1].online);
  server::BanList whom;
  whom.add({server::Ban::Kind::name, "user2", "", 0, 0});
  CHECK(w.relay->kick(whom, w.now) == 1);
  w.pump({&people[1]});
  CHECK(has(people[1].take("error"), R"("code":"going-away")"));
  CHECK(w.relay->kick(3, w.now));
  CHECK_FALSE(w.relay->kick(3, w.now));
  CHECK(w.relay->online() == 3);
  server::BanList all;
  all.add({server::Ban::Kind::address, "192.0.2.0/24", "", 0, 0});
  CHECK(w.relay->kick(all, w.now) == 3);
  w.login("user2", 2);  // a kick is no ban
}

}  // namespace
}  // namespace sims
