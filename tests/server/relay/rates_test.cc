// Rate limits of logged-in clients: messages, requests, calls. Rows of the attack list by number.
#include "server/policy/budgets.h"

#include "proto/wire/encode.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::World;

TEST_CASE("37: a flood is limited, its sender gets errors, then is disconnected; others go on") {
  server::Policy policy;
  policy.limits.messages = {100, 200};
  World w(policy);
  Client flood = w.login("flood", 1), bob = w.login("bob", 2), carol = w.login("carol", 3);
  w.pass(200);
  w.pump({&flood, &bob, &carol});
  const auto burst = [&](int count) {
    for (int i = 0; i < count; ++i)
      flood.send(flood.disconnect_message(bob, "x"), w.now);
    w.pump({&flood, &bob});
  };
  const auto got = [&] {
    std::size_t count = 0;
    while (!bob.take("client-disconnect").empty())
      ++count;
    return count;
  };
  burst(20);
  CHECK_FALSE(w.wire.lines[flood.conn].read_little);
  burst(180);
  CHECK(got() == 200);
  CHECK(w.wire.lines[flood.conn].read_little);
  CHECK(flood.take("error").empty());
  burst(10);
  CHECK(got() == 0);
  const auto error = flood.take("error");
  CHECK(has(error, R"("code":"rate-limited")"));
  CHECK(has(error, R"("dst":")" + bob.id().str() + '"'));
  w.pass(1'000);
  burst(80);
  CHECK(got() == 80);  // refused messages were spent as well
  burst(300);
  CHECK(w.closed(flood));
  CHECK(has(w.wire.logged.back(), "event=logout conn=1"));
  carol.send(carol.disconnect_message(bob, "hello"), w.now);
  w.pump({&carol, &bob});
  while (true) {
    const auto message = bob.take("client-disconnect");
    REQUIRE(!message.empty());
    if (has(message, "hello")) break;
  }
  // Its address is shut out for a while.
  const auto again = w.connect();
  CHECK(w.wire.lines[again].closed);
  CHECK(has(w.wire.lines[again].to_client, "too many failures"));
  CHECK_FALSE(w.wire.lines[w.connect("192.0.2.2")].closed);
  w.pass(30'000);
  CHECK_FALSE(w.wire.lines[w.connect()].closed);
}

TEST_CASE("37: bytes are limited like messages") {
  server::Policy policy;
  policy.limits.message_bytes = {1'024, 65'536};
  World w(policy);
  Client flood = w.login("flood", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&flood, &bob});
  for (int i = 0; i < 20; ++i)
    flood.send(flood.disconnect_message(bob, std::string(4'000, 'x')), w.now);
  w.pump({&flood, &bob});
  std::size_t got = 0;
  while (!bob.take("client-disconnect").empty())
    ++got;
  CHECK(got == 15);
  CHECK(has(flood.take("error"), "rate-limited"));
  CHECK_FALSE(w.closed(flood));
}

TEST_CASE("37: acks for delivered messages are not rate-limited, further acks are") {
  server::Policy policy;
  policy.limits.messages = {1, 50};
  World w(policy);
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  const auto ack = R"({"type":"ack",)" + bob.src_dst(alice) + R"(,"id":0,"data":")" + std::string(43, 'A') +
                   R"(=","verification":")" + std::string(43, 'A') + "=\"}";
  for (int i = 0; i < 40; ++i) {
    alice.send(alice.disconnect_message(bob, "x"), w.now);
    bob.send(ack, w.now);
    bob.send(R"({"type":"ack","name":"bob","id":)" + std::to_string(i) + "}", w.now);
  }
  w.pump({&alice, &bob});
  CHECK(bob.take("error").empty());
  for (int i = 0; i < 60; ++i)
    bob.send(ack, w.now);
  w.pump({&bob});
  CHECK(has(bob.take("error"), "rate-limited"));
}

TEST_CASE("list requests over the rate are answered with an error, and the connection goes on") {
  server::Policy policy;
  policy.limits.lists = {1, 3};
  World w(policy);
  Client alice = w.login("alice", 1);
  const auto ask = [&] {
    alice.messages.clear();
    alice.send(R"({"type":"list"})", w.now);
    w.pump({&alice});
    return !alice.take("list").empty();
  };
  w.pass(200);
  for (int i = 0; i < 3; ++i)
    CHECK(ask());
  CHECK_FALSE(ask());
  CHECK(has(alice.take("error"), "rate-limited"));
  w.pass(1'000);
  CHECK(ask());
}

std::string call(const Client& from, const Client& to, int phase) {
  const std::string version = phase == 1 ? "[1]" : "1";
  return R"({"type":"client-connect",)" + from.src_dst(to) + R"(,"phase":)" + std::to_string(phase) +
         R"(,"ciphers":["ECDHE_WITH_AES_128_CBC_SHA256"],"data":{"version":)" + version + R"(,"nonce":")" +
         std::string(43, 'A') + R"(=","name":")" + from.name + "\"}}";
}

TEST_CASE("45: unanswered calls are limited to a few a minute; an answer takes its call off the count") {
  server::Policy policy;
  policy.limits.unanswered_calls = 3;
  World w(policy);
  Client mallory = w.login("mallory", 1);
  std::vector<Client> people;
  for (std::uint8_t i = 2; i < 8; ++i)
    people.push_back(w.login("user" + std::to_string(i), i));
  w.pass(200);
  const auto rings = [&](Client& to) {
    to.messages.clear();
    mallory.send(call(mallory, to, 1), w.now);
    w.pump({&mallory, &to});
    return !to.take("client-connect").empty();
  };
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(rings(people[i]));
  CHECK_FALSE(rings(people[3]));
  const auto error = mallory.take("error");
  CHECK(has(error, R"("code":"rate-limited")"));
  CHECK(has(error, people[3].id().str()));
  SUBCASE("by phase 2") {
    people[0].send(call(people[0], mallory, 2), w.now);
    w.pump({&people[0], &mallory});
  }
  SUBCASE("by a refusal, which is forwarded unchanged") {
    proto::ClientRefuse busy;
    busy.src = people[0].id();
    busy.dst = mallory.id();
    busy.code = proto::ErrorCode::busy;
    std::string refusal = proto::encode(busy);
    refusal.insert(refusal.size() - 1, R"(, "more":[])");
    people[0].send(refusal, w.now);
    w.pump({&people[0], &mallory});
    CHECK(mallory.take("client-refuse") == refusal);
  }
  CHECK(rings(people[3]));
  CHECK_FALSE(rings(people[4]));
  w.pass(60'000);
  CHECK(rings(people[4]));
}

TEST_CASE("45: one person is not called again and again") {
  World w;
  Client mallory = w.login("mallory", 1), bob = w.login("bob", 2);
  w.pass(200);
  std::size_t rang = 0;
  for (int i = 0; i < 30; ++i)
    mallory.send(call(mallory, bob, 1), w.now);
  w.pump({&mallory, &bob});
  while (!bob.take("client-connect").empty())
    ++rang;
  CHECK(rang == 10);
}

TEST_CASE("attack 80: a new connection has no new budgets: finds, lists, calls, messages count for the id") {
  server::Policy policy;
  policy.limits.lists = {1, 3};
  policy.limits.finds = {3, 3, 60'000};
  policy.limits.messages = {10, 40};
  policy.limits.unanswered_calls = 3;
  World w(policy);
  Client bob = w.login("bob", 2);
  std::vector<Client> people;
  for (std::uint8_t i = 3; i < 8; ++i)
    people.push_back(w.login("user" + std::to_string(i), i));
  const auto come_again = [&] {
    Client mallory = w.login("mallory", 1);
    w.pump({&mallory});
    return mallory;
  };
  const auto leave = [&](Client& mallory) { w.relay->closed(mallory.conn, w.now); };
  const auto refused = [&](Client& mallory, const std::string& what) {
    mallory.messages.clear();
    mallory.send(what, w.now);
    w.pump({&mallory});
    return has(mallory.take("error"), "rate-limited");
  };
  const std::string find = R"({"type":"find","name":"bob"})", list = R"({"type":"list"})";
  {
    Client mallory = come_again();
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(refused(mallory, find));
      CHECK_FALSE(refused(mallory, list));
      CHECK_FALSE(refused(mallory, call(mallory, people[static_cast<std::size_t>(i)], 1)));
    }
    leave(mallory);
  }
  SUBCASE("after it left") {
    Client mallory = come_again();
    CHECK(refused(mallory, find));
    CHECK(refused(mallory, list));
    CHECK(refused(mallory, call(mallory, people[3], 1)));
    for (int i = 0; i < 38; ++i)
      mallory.send(mallory.disconnect_message(bob, "x"), w.now);
    w.pump({&mallory});
    leave(mallory);
    Client again = come_again();
    CHECK(refused(again, again.disconnect_message(bob, "x")));
    CHECK_FALSE(refused(bob, find));
  }
  SUBCASE("in the place of its own older connection") {
    Client before = come_again();
    Client mallory = come_again();
    CHECK(w.closed(before));
    CHECK(refused(mallory, find));
    CHECK(refused(mallory, call(mallory, people[3], 1)));
  }
  SUBCASE("a minute later they are full again") {
    w.pass(60'000);
    Client mallory = come_again();
    CHECK_FALSE(refused(mallory, find));
    CHECK_FALSE(refused(mallory, list));
    CHECK_FALSE(refused(mallory, call(mallory, people[3], 1)));
  }
}

TEST_CASE("attack 80: budgets kept of clients that left are no more than the limit of connections") {
  server::Policy policy;
  policy.limits.connections = 4;
  policy.limits.finds = {1, 1, 60'000};
  World w(policy);
  const auto refused = [&](std::uint8_t who) {
    Client one = w.login("user" + std::to_string(who), who);
    one.send(R"({"type":"find","name":"bob"})", w.now);
    w.pump({&one});
    const bool was = has(one.take("error"), "rate-limited");
    w.relay->closed(one.conn, w.now);
    return was;
  };
  for (std::uint8_t i = 1; i <= 8; ++i)
    CHECK_FALSE(refused(i));
  CHECK(refused(1));
  CHECK_FALSE(refused(8));
  w.pass(60'000);
  CHECK_FALSE(refused(8));
  CHECK(refused(8));
}

}  // namespace
}  // namespace sims
