// The relay's protocol: logins, lists, forwarding, acks, errors. Rows of the attack list are named
// by number.
#include "proto/wire/decode.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::World;

proto::List list_of(const std::string& message) {
  std::string copy = message;
  proto::JsonTape tape;
  const auto root = tape.parse(copy);
  REQUIRE(root);
  const auto decoded = proto::decode_from_server(*root);
  REQUIRE(decoded);
  return std::get<proto::List>(*decoded);
}

TEST_CASE("44: clocks that jump: no client is disconnected, nothing is late, deadlines stay as before") {
  server::Policy policy;
  policy.limits.ping_ms = 10'000;
  World w(policy);
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  for (const std::int64_t jump : {std::int64_t{3'000'000'000'000}, std::int64_t{-4'000'000'000'000}}) {
    w.now.unix_ms += jump;
    w.pass(200);
    w.pump({&alice, &bob});
    alice.messages.clear();
    bob.messages.clear();
    alice.send(alice.disconnect_message(bob, "hello"), w.now);
    w.pump({&alice, &bob});
    CHECK(has(bob.take("client-disconnect"), "hello"));
    CHECK(w.relay->online() == 2);
  }
  Client carol = w.login("carol", 3);
  CHECK(w.relay->online() == 3);
  w.pass(9'000);
  w.pump({&alice, &bob, &carol});
  CHECK(carol.take("ping").empty());
  w.pass(2'000);
  w.pump({&alice, &bob, &carol});
  CHECK(!carol.take("ping").empty());
  // The machine slept.
  w.pass(1'000'000'000);
  w.pump({&alice, &bob, &carol});
  CHECK(w.relay->online() == 0);
  w.login("alice", 1);
}

TEST_CASE("a login under each suite, and the list") {
  for (const auto& suite : crypto::all_suites()) {
    CAPTURE(suite.name);
    World w;
    Client alice = w.login("alice", 1, &suite);
    CHECK(w.relay->online() == 1);
    CHECK(alice.transport.peer_name() == "relay.example");
    alice.send(R"({"type":"list"})", w.now);
    w.pump({&alice});
    CHECK(alice.take("list") ==
          R"({"type":"list","data":[{"name":"alice","id":")" + alice.id().str() +
              R"(","status":"online","since":1767225600}],"event":"snapshot","more":false})");
  }
}

TEST_CASE("an empty pool of RSA keys answers busy") {
  World w;
  w.ephemerals.no_rsa = true;
  Client alice = w.dial("alice", 1, crypto::find_suite_by_label("rsa"));
  w.pump({&alice});
  REQUIRE(alice.failure);
  CHECK(alice.failure->code == proto::ErrorCode::busy);
  CHECK(w.closed(alice));
}

TEST_CASE("forwarding is byte for byte") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  alice.messages.clear();
  // The relay keeps the sender's white space, field order and unknown fields.
  const auto message = R"({ "extra" : [1,{"a":"\u00e9"}], "data":{"reason":"gr\u00fc\u00dfe \"x\""}, )" +
                       alice.src_dst(bob) + R"(,"verification":")" + std::string(43, 'A') +
                       R"(=", "type":"client-disconnect" })";
  alice.send(message, w.now);
  w.pump({&alice, &bob});
  REQUIRE(!bob.messages.empty());
  CHECK(bob.messages.back() == message);
  CHECK(alice.messages.empty());
}

TEST_CASE("forwarded types all pass, and come out in order") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  bob.messages.clear();
  const std::string tail = alice.src_dst(bob) + R"(,"id":0,"verification":")" + std::string(43, 'A') + "=\"";
  const std::vector<std::string> sent = {
      R"({"type":"client-connect",)" + alice.src_dst(bob) +
          R"(,"phase":3,"ciphers":["X"],"data":{"status":"ok"}})",
      R"({"type":"client-com",)" + tail + R"(,"ratchet":{"epoch":0,"pn":0,"n":0},"data":"token"})",
      R"({"type":"ack",)" + tail + R"(,"data":")" + std::string(43, 'A') + "=\"}",
      alice.disconnect_message(bob, "bye"),
  };
  for (const auto& message : sent)
    alice.send(message, w.now);
  w.pump({&alice, &bob});
  CHECK(bob.messages == sent);
}

TEST_CASE("43: a spoofed src ends the connection and delivers nothing") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2), carol = w.login("carol", 3);
  w.pass(200);
  w.pump({&alice, &bob, &carol});
  bob.messages.clear();
  alice.send(carol.disconnect_message(bob, "not mine"), w.now);
  w.pump({&alice, &bob, &carol});
  CHECK(has(alice.take("error"), R"("code":"bad-message")"));
  CHECK(w.closed(alice));
  CHECK(bob.messages.empty());
}

TEST_CASE("12: a message to oneself ends the connection") {
  World w;
  Client alice = w.login("alice", 1);
  alice.send(alice.disconnect_message(alice, "me"), w.now);
  w.pump({&alice});
  CHECK(has(alice.take("error"), R"("code":"bad-message")"));
  CHECK(w.closed(alice));
}

TEST_CASE("42: an unknown and an offline dst get their codes, with id and dst, and the connection goes on") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2), stranger = w.dial("stranger", 9);
  w.relay->closed(bob.conn, w.now);
  alice.send(alice.disconnect_message(stranger, "x"), w.now);
  alice.send(alice.disconnect_message(bob, "x"), w.now);
  w.pump({&alice});
  const auto unknown = alice.take("error"), offline = alice.take("error");
  CHECK(has(unknown, R"("code":"unknown-peer")"));
  CHECK(has(unknown, R"("id":0,"dst":")" + stranger.id().str() + '"'));
  CHECK(has(offline, R"("code":"not-connected")"));
  CHECK(has(offline, R"("id":1,"dst":")" + bob.id().str() + '"'));
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("43: an unknown type is answered and the connection goes on") {
  World w;
  Client alice = w.login("alice", 1);
  alice.send(R"({"type":"ping"})", w.now);
  alice.send(R"({"type":"dance","x":1})", w.now);
  alice.send(R"({"type":"list"})", w.now);
  w.pump({&alice});
  const auto error = alice.take("error");
  CHECK(has(error, R"("code":"bad-message")"));
  CHECK(has(error, R"("id":1)"));
  CHECK(!alice.take("list").empty());
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("attack 43: a kept message with another's src or to oneself ends the connection") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  const auto receipt = [](const Client& src, const Client& dst) {
    return R"({"type":"client-receipt","src":")" + src.id().str() + R"(","dst":")" + dst.id().str() +
           R"(","id":0,"data":"x","verification":"x"})";
  };
  SUBCASE("another's src") {
    alice.send(receipt(bob, alice), w.now);
  }
  SUBCASE("to oneself") {
    alice.send(receipt(alice, alice), w.now);
  }
  w.pump({&alice, &bob});
  CHECK(has(alice.take("error"), R"("code":"bad-message")"));
  CHECK(w.closed(alice));
  CHECK(bob.take("client-receipt").empty());
}

TEST_CASE("malformed messages, and messages that only a server sends, end the connection") {
  const auto* sealed_secure = R"({"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":"x"})";
  for (const std::string_view bad : {R"({"type":"list","limit":"ten"})", R"({"type":"list","after":"short"})",
                                     R"({"type":"ping","type":"ping"})", "[]", "{}", "nonsense",
                                     R"({"type":"ack"})", R"({"type":"client-com","src":1})",
                                     R"({"type":"connect","phase":1})", sealed_secure, R"({"type":7})"}) {
    CAPTURE(bad);
    World w;
    Client alice = w.login("alice", 1);
    alice.send(bad, w.now);
    w.pump({&alice});
    CHECK(has(alice.take("error"), R"("code":"bad-)"));
    CHECK(w.closed(alice));
    CHECK(w.relay->online() == 0);
  }
}

TEST_CASE("one cumulative ack a read, none for acks") {
  World w;
  Client alice = w.login("alice", 1);
  for (int i = 0; i < 5; ++i)
    alice.send(R"({"type":"ping"})", w.now);
  w.pump({&alice});
  CHECK(alice.acks == std::vector<std::uint64_t>{4});
  alice.acks.clear();
  alice.send(R"({"type":"ack","name":"alice","id":0})", w.now);
  w.pump({&alice});
  CHECK(alice.acks.empty());
  alice.send(R"({"type":"ping"})", w.now);
  w.pump({&alice});
  CHECK(alice.acks == std::vector<std::uint64_t>{6});
}

TEST_CASE("the ack of a forwarded message waits for other output, but not forever") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(1'000);
  w.pump({&alice, &bob});
  const auto& to_alice = w.wire.lines[alice.conn];
  alice.acks.clear();
  alice.send(alice.disconnect_message(bob, "one"), w.now);
  w.pump({&alice, &bob});
  CHECK(bob.take("client-disconnect") != "");
  CHECK(alice.acks.empty());
  w.pass(proto::ack_delay_ms - 1);
  w.pump({&alice});
  CHECK(alice.acks.empty());
  w.pass(1);
  w.pump({&alice});
  CHECK(alice.acks.size() == 1);

  // The next output to her carries the ack, in one write; nothing comes after it.
  alice.acks.clear();
  alice.send(alice.disconnect_message(bob, "two"), w.now);
  w.pump({&alice});
  const auto writes = to_alice.writes;
  bob.send(bob.disconnect_message(alice, "three"), w.now);
  w.pump({&bob, &alice});
  CHECK(alice.acks.size() == 1);
  CHECK(to_alice.writes == writes + 1);
  w.pass(10 * proto::ack_delay_ms);
  w.pump({&alice});
  CHECK(alice.acks.size() == 1);
  CHECK(w.relay->next_tick() > w.now.steady_ms + 1'000);
}

TEST_CASE("a waiting ack goes before the final message, whose number is the last") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(1'000);
  w.pump({&alice, &bob});
  alice.acks.clear();
  alice.send(alice.disconnect_message(bob, "one"), w.now);
  w.bytes(alice.conn, std::exchange(alice.to_server, {}));
  w.relay->shutdown(w.now);
  w.feed(alice, w.wire.lines[alice.conn].to_client);
  CHECK(alice.acks.size() == 1);
  const auto last = std::to_string(alice.transport.received() - 1);
  CHECK(alice.take("disconnect").find("\"id\":" + last + "}") != std::string::npos);
}

// Else she would send messages again after her next login that have reached him.
TEST_CASE("a waiting ack is not lost when the next message is a fault, which is not acked") {
  const auto* to_herself = "itself";
  for (const std::string_view bad : {"nonsense", R"({"type":"list","limit":"ten"})", to_herself}) {
    CAPTURE(bad);
    World w;
    Client alice = w.login("alice", 1), bob = w.login("bob", 2);
    w.pass(1'000);
    w.pump({&alice, &bob});
    alice.acks.clear();
    alice.send(alice.disconnect_message(bob, "one"), w.now);
    w.pump({&alice, &bob});
    CHECK(alice.acks.empty());
    const auto taken_over = alice.transport.sent() - 1;
    alice.send(bad == to_herself ? alice.disconnect_message(alice, "two") : std::string(bad), w.now);
    w.pump({&alice, &bob});
    CHECK(w.closed(alice));
    CHECK(alice.acks == std::vector<std::uint64_t>{taken_over});
    CHECK_FALSE(alice.take("error").empty());
  }
}

TEST_CASE("waiting acks of many clients, more than fit into a turn, while some clients leave") {
  World w(test::roomy());
  Client bob = w.login("bob", 1);
  std::vector<Client> clients;
  for (std::uint8_t i = 2; i < 40; ++i)
    clients.push_back(w.login("user" + std::to_string(i), i));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Client& c = clients[i];
    c.send(c.disconnect_message(bob, "hello"), w.now);
    w.bytes(c.conn, std::exchange(c.to_server, {}));
    if (i % 2 == 0) w.relay->closed(c.conn, w.now);
  }
  w.pass(proto::ack_delay_ms);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    w.feed(clients[i], std::exchange(w.wire.lines[clients[i].conn].to_client, {}));
    CHECK(clients[i].acks.size() == i % 2);
  }
}

// A broadcast reaches a few clients a turn; when one leaves meanwhile, another moves into its
// place.
TEST_CASE("every client learns every change once, also when clients come and go during a broadcast") {
  for (std::size_t leaves = 0; leaves < 12; ++leaves) {
    CAPTURE(leaves);
    World w;
    std::vector<Client> clients;
    for (std::uint8_t i = 0; i < 12; ++i)
      clients.push_back(w.login("user" + std::to_string(i), static_cast<std::uint8_t>(i + 1)));
    const auto feed_all = [&] {
      for (auto& c : clients)
        w.feed(c, std::exchange(w.wire.lines[c.conn].to_client, {}));
    };
    Client first = w.login("first", 100);
    Client last = w.login("last", 101);
    w.pass(2 * proto::list_gather_ms);
    clients.push_back(std::move(last));  // it moves into a gap, and must still hear of both
    feed_all();
    for (auto& c : clients)
      c.messages.clear();
    w.relay->closed(first.conn, w.now);
    w.now.steady_ms += proto::list_gather_ms;
    for (std::size_t turn = 0; w.relay->next_tick() <= w.now.steady_ms; ++turn) {
      REQUIRE(turn < 100);
      w.relay->tick(w.now);
      w.relay->turn_end(w.now);
      if (turn == 2) w.relay->closed(clients[leaves].conn, w.now);
    }
    w.pass(2 * proto::list_gather_ms);
    feed_all();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i == leaves) continue;
      CAPTURE(i);
      const auto told = [&](const std::string& name) {
        std::size_t times = 0;
        for (const auto& text : clients[i].messages)
          if (text.find(R"("event":"offline")") != text.npos)
            times += text.find('"' + name + '"') != text.npos;
        return times;
      };
      CHECK(told("first") == 1);
      CHECK(told(clients[leaves].name) == 1);
    }
  }
}

TEST_CASE("disconnect ends in order, and the others learn it") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  bob.messages.clear();
  alice.send(R"({"type":"disconnect","name":"alice","id":0})", w.now);
  w.pump({&alice, &bob});
  CHECK(w.closed(alice));
  CHECK(w.wire.lines[alice.conn].flushed);
  CHECK(alice.acks.back() == 0);
  w.pass(200);
  w.pump({&bob});
  const auto list = list_of(bob.take("list"));
  CHECK(list.event == proto::List::Event::offline);
  REQUIRE(list.data.size() == 1);
  CHECK(list.data[0].name == "alice");
}

TEST_CASE("a second login replaces the first, which is told; the others see offline, then online") {
  World w;
  Client bob = w.login("bob", 2), alice = w.login("alice", 1);
  w.pass(200);
  w.pump({&alice, &bob});
  bob.messages.clear();
  Client again = w.login("alice", 1);
  w.pump({&alice, &bob, &again});
  const auto error = alice.take("error");
  CHECK(has(error, R"("code":"id-taken")"));
  CHECK(has(error, "replaced by a newer login of this id"));
  CHECK(w.closed(alice));
  CHECK(w.relay->online() == 2);
  CHECK(bob.messages.empty());
  w.pass(200);
  w.pump({&bob, &again});
  REQUIRE(bob.messages.size() == 2);
  CHECK(list_of(bob.messages[0]).event == proto::List::Event::offline);
  CHECK(list_of(bob.messages[1]).event == proto::List::Event::online);
  CHECK(again.messages.empty());
}

TEST_CASE("the message of a new client does not overtake the announcement of its login") {
  World w;
  Client bob = w.login("bob", 2), alice = w.login("alice", 1);
  w.pass(200);
  w.pump({&alice, &bob});
  bob.messages.clear();
  Client again = w.login("alice", 1);
  const auto hello = again.disconnect_message(bob, "hello");
  again.send(hello, w.now);
  w.pump({&again, &bob});
  REQUIRE(bob.messages.size() == 3);
  CHECK(list_of(bob.messages[0]).event == proto::List::Event::offline);
  CHECK(list_of(bob.messages[1]).event == proto::List::Event::online);
  CHECK(bob.messages[2] == hello);
  w.pass(200);
  w.pump({&bob});
  CHECK(bob.messages.size() == 3);  // and it is not announced to him twice
}

TEST_CASE("names and ids: taken, closed registration, known again") {
  World w;
  Client alice = w.login("alice", 1);
  const auto refused = [&](const char* name, std::uint8_t seed) {
    Client c = w.dial(name, seed);
    w.pump({&c});
    REQUIRE(c.failure);
    CHECK(c.failure->cause == proto::HandshakeFailure::Cause::peer_error);
    CHECK(w.closed(c));
    return c.failure->code;
  };
  CHECK(refused("alice", 2) == proto::ErrorCode::name_taken);
  CHECK(refused("malice", 1) == proto::ErrorCode::id_taken);
  CHECK_FALSE(w.closed(alice));  // the refused login did not replace hers
  server::Policy closed;
  closed.registration_open = false;
  w.relay->reload(closed);
  CHECK(refused("dave", 4) == proto::ErrorCode::not_registered);
  CHECK(w.relay->online() == 1);
  w.login("alice", 1);
}

TEST_CASE("31: invalid names are refused in phase 1") {
  for (const std::string name : {"Bob",
                                 "b\xd0\xbe"
                                 "b",
                                 "bob ",
                                 "\xe2\x80\xae"
                                 "bob",
                                 "b\xe2\x80\x8d"
                                 "ob",
                                 "", ".bob", "-bob", "bob\\u0000", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    CAPTURE(name);
    World w;
    const auto conn = w.connect();
    Client shape = w.dial("bob", 1);
    auto frame = shape.to_server;
    const auto at = frame.find(R"("name":"bob")");
    REQUIRE(at != std::string::npos);
    frame.replace(at, 12, R"("name":")" + name + '"');
    w.bytes(conn, frame);
    CHECK(has(w.wire.lines[conn].to_client, R"("code":"name-invalid")"));
    CHECK(w.wire.lines[conn].closed);
  }
}

TEST_CASE("31: of two clients that claim one name at once exactly one gets it") {
  World w;
  Client a = w.dial("alice", 1), b = w.dial("alice", 2);
  w.pump({&a, &b});
  CHECK(a.transport.connected() != b.transport.connected());
  CHECK(w.relay->online() == 1);
  CHECK((a.failure ? a : b).failure->code == proto::ErrorCode::name_taken);
}

TEST_CASE("shutdown: every client gets going-away and every connection ends") {
  World w;
  Client alice = w.login("alice", 1), halfway = w.dial("bob", 2);
  w.bytes(halfway.conn, std::exchange(halfway.to_server, {}));
  w.wire.lines[halfway.conn].to_client.clear();
  w.relay->shutdown(w.now);
  w.relay->turn_end(w.now);
  CHECK(w.relay->connections() == 0);
  w.pump({&alice});
  CHECK(has(alice.take("error"), R"("code":"going-away")"));
  CHECK(has(alice.take("disconnect"), R"("name":"relay.example")"));
  CHECK(has(w.wire.lines[halfway.conn].to_client, R"("code":"going-away")"));
  CHECK(w.wire.lines[alice.conn].flushed);
  CHECK(w.wire.lines[w.connect()].closed);  // new connections are refused
}

TEST_CASE("a replayed frame ends the connection with bad-sequence") {
  World w;
  Client alice = w.login("alice", 1);
  alice.send(R"({"type":"ping"})", w.now);
  const auto frame = alice.to_server;
  w.pump({&alice});
  w.bytes(alice.conn, frame);
  w.pump({&alice});
  CHECK(has(alice.take("error"), R"("code":"bad-sequence")"));
  CHECK(w.closed(alice));
}

TEST_CASE("results of work for a connection that is gone are dropped") {
  World w;
  Client alice = w.dial("alice", 1);
  w.bytes(alice.conn, std::exchange(alice.to_server, {}));
  w.feed(alice, std::exchange(w.wire.lines[alice.conn].to_client, {}));
  w.bytes(alice.conn, std::exchange(alice.to_server, {}));
  REQUIRE(w.wire.work.size() == 1);
  w.relay->closed(alice.conn, w.now);
  w.run_work();
  CHECK(w.relay->connections() == 0);
  CHECK(w.wire.lines[alice.conn].to_client.empty());
}

TEST_CASE("work for a closed connection is not done, so that it delays no other login") {
  World w;
  const auto key_made = [&](bool hang_up) {
    Client alice = w.dial("alice", 1);
    w.bytes(alice.conn, std::exchange(alice.to_server, {}));
    w.feed(alice, std::exchange(w.wire.lines[alice.conn].to_client, {}));
    w.bytes(alice.conn, std::exchange(alice.to_server, {}));
    REQUIRE(w.wire.work.size() == 1);
    if (hang_up) w.relay->closed(alice.conn, w.now);
    auto before = w.ephemerals.random;
    w.run_work();
    return before.next() != w.ephemerals.random.next();
  };
  CHECK(key_made(false));
  CHECK_FALSE(key_made(true));
}

}  // namespace
}  // namespace sims
