// Limits against strangers and slow readers: deadlines, connections, queues, pings. Rows of the
// attack list by number.
#include "server/policy/budgets.h"

#include "crypto/aes.h"
#include "crypto/fernet.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using server::ConnId;
using test::Client;
using test::has;
using test::World;

TEST_CASE("log lines about strangers are rate-limited, and the lines held back are counted") {
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
  CHECK(w.relay->connections() == 4);
  alice.send(R"({"type":"list"})", w.now);
  w.pump({&alice});
  CHECK(!alice.take("list").empty());
  w.relay->closed(2, w.now);  // room again
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
  CHECK(w.relay->connections() == 1'001);
  w.pass(999);
  CHECK(w.relay->connections() == 1'001);
  w.pass(1);
  CHECK(w.relay->connections() == 1);
  CHECK(has(w.wire.lines[slow[0]].to_client, R"("code":"handshake-failed")"));
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("33: bytes without an end, binary, NULs: closed, nothing kept") {
  const auto code_after = [](const std::string& bytes) {
    World w;
    const auto conn = w.connect();
    w.bytes(conn, bytes);
    CHECK(w.wire.lines[conn].closed);
    CHECK(w.relay->connections() == 0);
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
  CHECK(sent > 40);  // 256 KiB of messages fit
  CHECK(most < 256 * 1024 + 16 * 1024);
  CHECK(w.closed(bob));
  CHECK_FALSE(w.wire.lines[bob.conn].flushed);
  alice.send(alice.disconnect_message(bob, "more"), w.now);
  alice.send(alice.disconnect_message(carol, "hello"), w.now);
  w.pump({&alice, &carol});
  CHECK(has(alice.take("error"), R"("code":"not-connected")"));
  CHECK(has(carol.take("client-disconnect"), "hello"));
}

TEST_CASE("a client that sends requests and never reads is disconnected; one that reads is not") {
  server::Policy policy;
  policy.limits.lists = {10, 10'000};
  World w(policy);
  Client alice = w.login("alice", 1);
  w.wire.lines[alice.conn].stuck = 1;
  for (int i = 0; i < 3'000; ++i)
    alice.send(R"({"type":"list"})", w.now);
  for (int i = 0; i < 20 && !w.closed(alice); ++i) {
    const auto part = alice.to_server.substr(0, 32'768);  // the size of one read of a socket
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

TEST_CASE("36: a client that reads nothing for 10 s is disconnected; one that reads slowly is not") {
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
  CHECK(w.relay->next_tick() > w.now.steady_ms + 60'000);  // no timer is left for slow readers
  CHECK(w.stats().queued_bytes == 0);
}

TEST_CASE("36: the output that waits for all clients together is bounded") {
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

TEST_CASE("33: partial frames count towards the total, and are freed with their connection") {
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
  w.relay->closed(clients[0].conn, w.now);
  w.bytes(clients[1].conn, std::string(30'000, '{'));
  CHECK_FALSE(w.closed(clients[1]));
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

TEST_CASE("40: nor can a banned or refused one; the count of held-back lines follows later") {
  const auto refused_lines = [](World& w, const std::string& address, int tries) {
    const auto before = w.wire.logged.size();
    for (int i = 0; i < tries; ++i)
      w.connect(address);
    return w.wire.logged.size() - before;
  };
  World w;
  w.relay->ban({server::Ban::Kind::address, "192.0.2.66", "", 0, 0}, w.now);
  CHECK(refused_lines(w, "192.0.2.66", 400) == 10);
  CHECK(refused_lines(w, "192.0.2.66", 1) == 0);

  server::Policy policy;
  policy.limits.connections = 1;
  World full(policy);
  full.connect("192.0.2.1");
  CHECK(refused_lines(full, "192.0.2.66", 400) == 10);
  // Others use up the log's budget for all; lines of 192.0.2.66 held back meanwhile are still
  // counted.
  for (int i = 0; i < 20; ++i)
    refused_lines(full, "198.51.100." + std::to_string(i), 10);
  full.pass(1'000);
  for (int i = 0; i < 20; ++i)
    refused_lines(full, "198.51.100." + std::to_string(i), 10);
  CHECK(refused_lines(full, "192.0.2.66", 2) == 0);
  full.pass(10'000);
  CHECK(refused_lines(full, "192.0.2.66", 1) == 1);
  CHECK(has(full.wire.logged.back(), "lines-held-back-address=392"));
}

TEST_CASE("40: nor can one that logs in and out repeatedly") {
  server::Policy policy;
  policy.limits.logins = policy.limits.handshakes_per_address = {1'000, 1'000};
  World w(policy);
  const auto lines = [&] {
    return std::count_if(w.wire.logged.begin(), w.wire.logged.end(),
                         [](const auto& line) { return has(line, "event=log"); });
  };
  for (int i = 0; i < 100; ++i)
    w.relay->closed(w.login("alice", 1).conn, w.now);
  CHECK(lines() == 100);  // of 200
  w.login("bob", 2, &crypto::all_suites()[0], "192.0.2.2");
  CHECK(lines() == 101);
  w.pass(1'000);
  w.login("alice", 1);
  CHECK(has(w.wire.logged.back(), "lines-held-back-address=100"));
}

TEST_CASE("37: a partial message is not kept forever, however its bytes arrive") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  std::string frame;
  bob.send(R"({"type":"ping"})", w.now);
  frame.swap(bob.to_server);
  // One client sends a byte a second, one sends no more, one sends whole messages besides.
  w.bytes(alice.conn, "{");
  for (int i = 0; i < 30; ++i) {
    w.pass(1'000);
    w.bytes(alice.conn, " ");
    CHECK_FALSE(w.closed(alice));
  }
  w.pass(1'000);
  w.bytes(alice.conn, " ");
  CHECK(w.closed(alice));
  w.bytes(bob.conn, frame.substr(0, 20));
  w.pass(20'000);
  w.bytes(bob.conn, frame.substr(20) + "{");
  w.pass(20'000);
  w.bytes(bob.conn, " ");
  CHECK_FALSE(w.closed(bob));
  w.pass(120'000);
  CHECK(w.closed(bob));
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
  CHECK(bob.take("ping").empty());  // last heard 5 s ago
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
  CHECK(w.relay->next_tick() > w.now.steady_ms + 60'000);
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

// A client of another implementation, which fills its frames to the last byte: message 0 of its
// handshake.
std::string seal_first(const proto::MasterSecret& master, std::string_view plaintext) {
  const auto chain = proto::secure_chain(master, true);
  const auto keys = crypto::hkdf_expand<48>(chain.view(), "SIMS/1 token");
  const auto iv = crypto::Aes128Key(keys.part(32, 16)).encrypt_block({});
  return R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":")" +
         crypto::Fernet(keys.part(0, 32)).seal(bytes_of(plaintext), 0, iv) + "\"}\n";
}

TEST_CASE("a frame that just fits for the sender is not forwarded over the limit") {
  World w;
  Client bob = w.login("bob", 2), alice(0, "alice", 1, &crypto::all_suites()[0], w.ephemerals);
  proto::Handshake handshake(alice.options(&crypto::all_suites()[0]), w.ephemerals);
  const ConnId conn = w.connect();
  auto& line = w.wire.lines[conn];
  for (std::string answer = handshake.start(); !answer.empty();) {
    w.bytes(conn, answer + "\n");
    w.run_work();
    const auto output = std::exchange(line.to_client, {});
    const auto frame = output.substr(0, output.find('\n'));  // after the last one come its prekeys
    REQUIRE(!frame.empty());
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
