// What strangers and slow readers cost: deadlines, connection limits, queues, pings. Rows of the attack list
// by number.
#include "server/limits.h"

#include "crypto/aes.h"
#include "crypto/fernet.h"
#include "server/invitation.h"
#include "world.h"

namespace sims {
namespace {

using server::ConnId;
using test::Client;
using test::World;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("log lines of strangers are few, and those held back are counted") {
  server::LogBudget budget(server::Rate{1, 3});
  std::uint64_t held = 0;
  int written = 0;
  for (int i = 0; i < 10; ++i)
    written += budget.spend(5'000, held);
  CHECK(written == 3);
  CHECK(budget.spend(6'000, held));
  CHECK(held == 7);
  CHECK_FALSE(budget.spend(6'000, held));
}

TEST_CASE("38: connections over the limits are refused, the others go on") {
  server::Policy policy;
  policy.limits.connections = 4;
  policy.limits.connections_per_address = 2;
  World w(policy);
  Client alice = w.login("alice", 1);
  const auto refused = [&](std::string_view address) {
    const ConnId conn = w.connect(address);
    const auto& line = w.wire.lines[conn];
    if (line.closed) CHECK(has(line.to_client, R"("code":"busy")"));
    return line.closed;
  };
  CHECK_FALSE(refused("192.0.2.1"));
  CHECK(refused("192.0.2.1"));
  CHECK_FALSE(refused("2001:db8::1"));
  CHECK_FALSE(refused("2001:db8::2"));
  CHECK(refused("2001:db8::3"));   // the same /64
  CHECK(refused("198.51.100.1"));  // in all
  CHECK(w.core->connections() == 4);
  alice.send(R"({"type":"list"})", w.now);
  w.pump({&alice});
  CHECK(!alice.take("list").empty());
  w.core->closed(2, w.now);  // room again
  CHECK_FALSE(refused("192.0.2.1"));
}

TEST_CASE("34: slow senders are closed at the handshake deadline, a login goes on beside them") {
  World w;
  std::vector<ConnId> slow;
  for (int i = 0; i < 1'000; ++i)
    slow.push_back(w.connect("198.51.100." + std::to_string(i % 100)));
  for (int s = 0; s < 29; ++s) {
    w.pass(1'000);
    if (s % 10 == 0)
      for (const auto conn : slow)
        w.bytes(conn, "{");
  }
  Client alice = w.login("alice", 1);
  CHECK(w.core->connections() == 1'001);
  w.pass(999);
  CHECK(w.core->connections() == 1'001);
  w.pass(1);
  CHECK(w.core->connections() == 1);
  CHECK(has(w.wire.lines[slow[0]].to_client, R"("code":"handshake-failed")"));
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("33: bytes without an end, binary, NULs: closed, nothing kept") {
  const auto code_after = [](const std::string& bytes) {
    World w;
    const auto conn = w.connect();
    w.bytes(conn, bytes);
    CHECK(w.wire.lines[conn].closed);
    CHECK(w.core->connections() == 0);
    return w.wire.lines[conn].to_client;
  };
  CHECK(has(code_after(std::string(65'536, '{')), R"("code":"too-large")"));
  CHECK(has(code_after(std::string(4'097, ' ') + "\n"), R"("code":"too-large")"));
  CHECK(has(code_after(std::string("{\"type\":\"connect\"}\0\n", 20)), R"("code":"bad-frame")"));
  CHECK(has(code_after("\xff\xfe\x80\n"), R"("code":"bad-frame")"));
  CHECK(has(code_after("GET / HTTP/1.1\r\n\r\n"), R"("code":"bad-frame")"));
}

TEST_CASE("33: after the login, a frame over the limit ends the connection") {
  World w;
  Client alice = w.login("alice", 1);
  std::string endless(65'537, 'x');
  w.bytes(alice.conn, endless);
  w.pump({&alice});
  CHECK(has(alice.take("error"), R"("code":"too-large")"));
  CHECK(w.closed(alice));
}

TEST_CASE(
    "36: who does not read is cut off at the queue's limit; the sender is told, others are not harmed") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2), carol = w.login("carol", 3);
  w.pass(200);
  w.pump({&alice, &bob, &carol});
  w.wire.lines[bob.conn].stuck = 1;
  std::size_t sent = 0, most = 0;
  std::string error;
  for (; error.empty() && sent < 1'000; ++sent) {
    alice.send(alice.disconnect_message(bob, std::string(4'000, 'x')), w.now);
    w.pump({&alice});
    most = std::max(most, w.wire.lines[bob.conn].stuck);
    error = alice.take("error");
  }
  CHECK(has(error, R"("code":"not-connected")"));
  CHECK(has(error, R"("id":)" + std::to_string(sent - 1) + R"(,"dst":")" + bob.id().str() + '"'));
  CHECK(sent > 40);  // 256 KiB of them fit
  CHECK(most < 256 * 1024 + 16 * 1024);
  CHECK(w.closed(bob));
  CHECK_FALSE(w.wire.lines[bob.conn].flushed);
  alice.send(alice.disconnect_message(bob, "more"), w.now);
  alice.send(alice.disconnect_message(carol, "hello"), w.now);
  w.pump({&alice, &carol});
  CHECK(has(alice.take("error"), R"("code":"not-connected")"));
  CHECK(has(carol.take("client-disconnect"), "hello"));
}

TEST_CASE("a client that asks and never reads is cut off; one that reads may ask as much as it likes") {
  server::Policy policy;
  policy.limits.lists = {10, 10'000};
  World w(policy);
  Client alice = w.login("alice", 1);
  w.wire.lines[alice.conn].stuck = 1;
  for (int i = 0; i < 3'000; ++i)
    alice.send(R"({"type":"list"})", w.now);
  for (int i = 0; i < 20 && !w.closed(alice); ++i) {
    const auto part = alice.to_server.substr(0, 32'768);  // what one read of a socket gives
    alice.to_server.erase(0, part.size());
    w.bytes(alice.conn, part);
  }
  CHECK(w.closed(alice));
  CHECK(w.wire.lines[alice.conn].stuck < 256 * 1024 + 128 * 1024);

  Client bob = w.login("bob", 2);
  for (int i = 0; i < 3'000; ++i)
    bob.send(R"({"type":"list"})", w.now);
  w.pump({&bob});
  CHECK_FALSE(w.closed(bob));
  CHECK(std::count_if(bob.messages.begin(), bob.messages.end(),
                      [](const auto& m) { return has(m, "snapshot"); }) == 3'000);
}

TEST_CASE("36: who takes nothing of what waits is cut off after 10 s; who takes little is not") {
  World w;
  Client alice = w.login("alice", 1), stopped = w.login("stopped", 2), slow = w.login("slow", 3);
  w.pass(200);
  w.pump({&alice, &stopped, &slow});
  const auto send_to = [&](const Client& to) {
    alice.send(alice.disconnect_message(to, "hello"), w.now);
    w.pump({&alice});
  };
  for (auto* client : {&stopped, &slow})
    w.wire.lines[client->conn].stuck = 10'000;
  send_to(stopped);
  send_to(slow);
  for (int second = 0; second < 9; ++second) {
    w.pass(1'000);
    w.wire.lines[slow.conn].stuck -= 100;
  }
  CHECK_FALSE(w.closed(stopped));
  w.pass(2'000);
  CHECK(w.closed(stopped));
  CHECK_FALSE(w.wire.lines[stopped.conn].flushed);
  CHECK_FALSE(w.closed(slow));
  CHECK(w.stats().slow_readers == 1);
  w.wire.lines[slow.conn].stuck = 0;
  w.pass(1'000);
  CHECK(w.core->next_tick() > w.now.steady_ms + 60'000);  // nobody is looked at any more
  CHECK(w.stats().queued_bytes == 0);
}

TEST_CASE("36: what waits for all together has a bound") {
  server::Policy policy;
  policy.limits.queue_bytes_total = 200'000;
  World w(policy);
  Client alice = w.login("alice", 1);
  std::vector<Client> readers;
  for (std::uint8_t i = 2; i < 8; ++i)
    readers.push_back(w.login("reader" + std::to_string(i), i));
  w.pass(200);
  for (auto& r : readers)
    w.pump({&alice, &r}), w.wire.lines[r.conn].stuck = 1;
  std::uint64_t most = 0;
  for (int round = 0; round < 20; ++round)
    for (auto& r : readers) {
      if (w.closed(r)) continue;
      alice.send(alice.disconnect_message(r, std::string(4'000, 'x')), w.now);
      w.pump({&alice});
      most = std::max(most, w.stats().queued_bytes);
    }
  CHECK(most > 150'000);
  CHECK(most < 210'000);
  CHECK(std::any_of(readers.begin(), readers.end(), [&](auto& r) { return w.closed(r); }));
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("33: frames that are not whole count for all together, and are let go with their connection") {
  server::Policy policy = test::roomy();
  policy.limits.queue_bytes_total = 100'000;
  World w(policy);
  std::vector<Client> clients;
  for (std::uint8_t i = 1; i < 6; ++i)
    clients.push_back(w.login("user" + std::to_string(i), i));
  for (auto& c : clients)
    w.bytes(c.conn, std::string(30'000, '{'));
  const auto open = [&] {
    return std::count_if(clients.begin(), clients.end(), [&](auto& c) { return !w.closed(c); });
  };
  CHECK(open() == 3);
  w.core->closed(clients[0].conn, w.now);
  w.bytes(clients[1].conn, std::string(30'000, '{'));
  CHECK_FALSE(w.closed(clients[1]));
}

TEST_CASE("37: a flood is limited, its sender told, then disconnected; others go on") {
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
  CHECK(got() == 80);  // what was refused was spent as well
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
  // Its address is not welcome for a while.
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

TEST_CASE("37: the acks of what it got don't count as a client's messages, more of them do") {
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

TEST_CASE("list requests have a rate; who asks too often is told and goes on") {
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

TEST_CASE("45: calls that nobody answers are few in a minute; an answer takes its call off the count") {
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
  people[0].send(call(people[0], mallory, 2), w.now);
  w.pump({&people[0], &mallory});
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

TEST_CASE("31: a source registers few names in an hour; who is registered is not limited") {
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

TEST_CASE("35: no public-key work for an address over its budget, and none when all have too much") {
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
      w.core->closed(w.wire.lines.rbegin()->first, w.now);
      fail_once(w);
    }
    CHECK(w.core->connections() == 0);
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
  w.core->ban({Kind::address, "198.51.100.0/24", "", 0, 0}, w.now);
  const auto refused = w.connect("198.51.100.9");
  CHECK(w.wire.lines[refused].closed);
  CHECK(has(w.wire.lines[refused].to_client, R"("code":"banned")"));

  Client mallory = w.dial("mallory", 2);
  w.core->ban({Kind::name, "mallory", "", 0, 0}, w.now);
  w.pump({&mallory});
  REQUIRE(mallory.failure);
  CHECK(mallory.failure->code == proto::ErrorCode::banned);
  CHECK(w.closed(mallory));
  CHECK(w.accounts.size() == 1);  // the name is not his
  // Who does not prove the id is not told that it is banned.
  w.core->unban(Kind::name, "mallory");
  Client other = w.dial("mallory", 2);
  w.core->ban({Kind::id, other.id().str(), "", 0, 0}, w.now);
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

  w.core->ban({Kind::id, alice.id().str(), "", 0, 0}, w.now);
  w.pump({&alice});
  CHECK(w.closed(alice));
  CHECK(has(alice.take("error"), R"("code":"banned")"));
  w.core->unban(Kind::id, alice.id().str());
  w.login("alice", 1);
  w.core->ban({Kind::address, "192.0.2.1", "", 0, 0}, w.now);
  CHECK(w.core->connections() == 0);
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

TEST_CASE("31: a closed server lets in who has an invitation, once") {
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
  CHECK(w.core->online() == 0);
  w.pass(200);
  w.pump({&bob});
  CHECK(bob.messages.empty());
  bob.send(proto::encode(proto::Register{as_typed}), w.now);
  w.pump({&bob});
  CHECK(bob.acks == std::vector<std::uint64_t>{0});
  CHECK(w.core->online() == 1);
  CHECK(w.accounts.size() == 2);
  CHECK(w.accounts.invitations(w.now.unix_s()) == 0);
  bob.send(R"({"type":"list"})", w.now);
  w.pump({&bob});
  CHECK(has(bob.take("list"), "bob"));
  // Who is registered may show one, and it is not used up.
  REQUIRE(w.accounts.invite(code, w.now.unix_s(), 0));
  bob.send(proto::encode(proto::Register{code}), w.now);
  w.pump({&bob});
  CHECK(bob.acks.back() == 2);
  CHECK(w.accounts.invitations(w.now.unix_s()) == 1);
  w.login("alice", 1);
  CHECK(w.core->online() == 2);
}

TEST_CASE("31: without a valid invitation nothing is said on a closed server") {
  const auto answer_to = [](const std::vector<std::string>& said) {
    World w(Invited().policy);
    REQUIRE(w.accounts.invite(invitation(1), 1, 0));
    Client alice = w.login("bob", 2);
    for (const auto& message : said)
      alice.send(message, w.now);
    w.pump({&alice});
    CHECK(w.closed(alice));
    CHECK(w.core->connections() == 0);
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

TEST_CASE("31: while an invitation is looked at nothing else may be said; who leaves meanwhile is gone") {
  World w(Invited().policy);
  const std::string code = invitation(1);
  REQUIRE(w.accounts.invite(code, w.now.unix_s(), 0));
  Client bob = w.login("bob", 2);
  bob.send(proto::encode(proto::Register{code}), w.now);
  bob.send(R"({"type":"list"})", w.now);
  w.bytes(bob.conn, std::exchange(bob.to_server, {}));
  CHECK(w.closed(bob));
  w.run_work();
  CHECK(w.core->online() == 0);
}

TEST_CASE("34: who shook hands and waits for an invitation has no more time than the others") {
  World w(Invited().policy);
  REQUIRE(w.accounts.invite(invitation(1), 1, 0));
  Client bob = w.login("bob", 2);
  w.pass(29'999);
  CHECK_FALSE(w.closed(bob));
  w.pass(1);
  CHECK(w.closed(bob));
}

TEST_CASE("kicks: by address, name and number; clients in pages by number") {
  World w(test::roomy());
  std::vector<Client> people;
  for (std::uint8_t i = 1; i < 6; ++i)
    people.push_back(w.login("user" + std::to_string(i), i));
  const auto page = w.core->clients(2, 2);
  REQUIRE(page.size() == 2);
  CHECK(page[0].conn == 3);
  CHECK(page[1].name == "user4");
  CHECK(page[1].suite == "ecdhe");
  CHECK(page[1].online);
  server::BanList whom;
  whom.add({server::Ban::Kind::name, "user2", "", 0, 0});
  CHECK(w.core->kick(whom, w.now) == 1);
  w.pump({&people[1]});
  CHECK(has(people[1].take("error"), R"("code":"going-away")"));
  CHECK(w.core->kick(3, w.now));
  CHECK_FALSE(w.core->kick(3, w.now));
  CHECK(w.core->online() == 3);
  server::BanList all;
  all.add({server::Ban::Kind::address, "192.0.2.0/24", "", 0, 0});
  CHECK(w.core->kick(all, w.now) == 3);
  w.login("user2", 2);  // a kick is no ban
}

TEST_CASE("40: one address cannot fill the log") {
  World w(test::roomy());
  const auto lines = [&] {
    return std::count_if(w.wire.logged.begin(), w.wire.logged.end(),
                         [](const auto& line) { return has(line, "event=fault"); });
  };
  for (int i = 0; i < 40; ++i)
    w.bytes(w.connect("192.0.2.66"), "nonsense\n");
  CHECK(lines() == 10);
  w.bytes(w.connect("192.0.2.67"), "nonsense\n");
  CHECK(lines() == 11);
  w.pass(500);
  w.bytes(w.connect("192.0.2.66"), "nonsense\n");
  CHECK(has(w.wire.logged.back(), "lines-held-back-address=30"));
}

TEST_CASE("silence: a ping, and as much silence again ends the connection") {
  server::Policy policy;
  policy.limits.ping_ms = 10'000;
  World w(policy);
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  alice.messages.clear();
  w.pass(5'000);
  bob.send(R"({"type":"ack","name":"bob","id":0})", w.now);
  w.pump({&bob});
  w.pass(4'800);
  w.pump({&alice, &bob});
  CHECK(alice.take("ping") == R"({"type":"ping"})");
  CHECK(bob.take("ping").empty());  // heard of 5 s ago
  alice.send(R"({"type":"ack","name":"alice","id":1})", w.now);
  w.pump({&alice});
  w.pass(10'000);
  w.pump({&alice, &bob});
  CHECK(!alice.take("ping").empty());
  CHECK(!bob.take("ping").empty());
  bob.send(R"({"type":"ack","name":"bob","id":2})", w.now);
  w.pump({&bob});
  w.pass(10'000);
  CHECK(w.closed(alice));
  CHECK_FALSE(w.closed(bob));
}

TEST_CASE("idle clients cause no wake-ups but their pings") {
  World w;
  Client alice = w.login("alice", 1);
  w.pass(200);
  CHECK(w.core->next_tick() > w.now.steady_ms + 60'000);
}

TEST_CASE("several messages to one peer in one turn are one write") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  const auto before = w.wire.lines[bob.conn].writes;
  for (int i = 0; i < 20; ++i)
    alice.send(alice.disconnect_message(bob, "x"), w.now);
  w.pump({&alice, &bob});
  CHECK(w.wire.lines[bob.conn].writes == before + 1);
  CHECK(bob.messages.size() == 20);
}

// Another implementation's client, which fills its frames to the last byte: message 0 of a handshake of its
// own.
std::string seal_first(const Secret<32>& master, std::string_view plaintext) {
  const auto chain = proto::secure_chain(master, true);
  const auto keys = crypto::hkdf_expand<48>(chain.view(), "SIMS/1 token");
  const auto iv = crypto::Aes128Key(keys.part(32, 16)).encrypt_block({});
  return R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":")" +
         crypto::Fernet(keys.part(0, 32)).seal(bytes_of(plaintext), 0, iv) + "\"}\n";
}

TEST_CASE("a frame that only just fits for the sender is not passed on over the limit") {
  World w;
  Client bob = w.login("bob", 2), alice(0, "alice", 1, &crypto::all_suites()[0], w.ephemerals);
  proto::Handshake handshake(alice.options(&crypto::all_suites()[0]), w.ephemerals);
  const ConnId conn = w.connect();
  auto& line = w.wire.lines[conn];
  for (std::string answer = handshake.start(); !answer.empty();) {
    w.bytes(conn, answer + "\n");
    w.run_work();
    auto frame = std::exchange(line.to_client, {});
    REQUIRE(!frame.empty());
    frame.pop_back();
    answer = *handshake.receive(frame);
  }
  REQUIRE(handshake.done());
  const auto result = handshake.take_result();
  const auto message = [&](std::size_t size) {
    return alice.disconnect_message(bob, std::string(size - alice.disconnect_message(bob, "").size(), 'x'));
  };
  std::size_t size = 48'000;
  while (seal_first(result.master, message(size + 1)).size() <= proto::max_frame + 1)
    ++size;
  REQUIRE(proto::SecureSender::frame_size_max(size) > proto::max_frame);
  w.bytes(conn, seal_first(result.master, message(size)));
  w.pass(200);
  w.pump({&bob});
  CHECK(bob.take("client-disconnect").empty());
  CHECK_FALSE(line.closed);
  CHECK(!line.to_client.empty());
}

}  // namespace
}  // namespace sims
