// Forwarding: the size of messages, and the order of errors and acks (sims-protocol(7) section 4).
#include <algorithm>

#include "proto/limits.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::World;

std::string of_size(const Client& from, const Client& to, std::size_t size) {
  return from.disconnect_message(to, std::string(size - from.disconnect_message(to, "").size(), 'x'));
}

// Sends one message; returns its seq.
std::uint64_t say(World& w, Client& from, const std::string& message) {
  from.send(message, w.now);
  return from.transport.sent() - 1;
}

std::string with_id(std::uint64_t seq) {
  return R"("id":)" + std::to_string(seq);
}

// Every error came before any ack of its message, and each message in `wrong` has one that carries
// its number.
void check_order(const Client& c, const std::vector<std::uint64_t>& wrong) {
  std::vector<std::uint64_t> said;
  std::size_t acks = 0;
  for (const auto& message : c.in_order) {
    if (message.starts_with(R"({"type":"error")")) {
      const auto at = std::find_if(wrong.begin(), wrong.end(), [&](auto seq) {
        return has(message, with_id(seq) + ",") || has(message, with_id(seq) + "}");
      });
      REQUIRE(at != wrong.end());
      said.push_back(*at);
    } else if (message.starts_with(R"({"type":"ack","name")")) {
      const auto covered = c.acks.at(acks++);
      for (const auto seq : wrong)
        if (seq <= covered) CHECK(std::count(said.begin(), said.end(), seq) == 1);
    }
  }
  CHECK(said == wrong);
}

}  // namespace

TEST_CASE("a forwarded message of 48,896 bytes passes, whatever its seq; one byte more is too large") {
  CHECK(proto::SecureSender::frame_size_max(proto::max_forwarded) <= proto::max_frame);
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  const auto largest = of_size(alice, bob, 48'896);
  say(w, alice, largest);
  w.pump({&alice, &bob});
  CHECK(bob.take("client-disconnect") == largest);
  const auto seq = say(w, alice, of_size(alice, bob, 48'897));
  w.pump({&alice, &bob});
  CHECK(bob.messages.empty());
  const auto error = alice.take("error");
  CHECK(has(error, R"("code":"too-large")"));
  CHECK(has(error, with_id(seq)));
  CHECK(has(error, bob.id().str()));
  CHECK_FALSE(w.closed(alice));
  say(w, alice, alice.disconnect_message(bob, "goes on"));
  w.pump({&alice, &bob});
  CHECK(has(bob.take("client-disconnect"), "goes on"));
}

TEST_CASE(
    "a message is too large also for an offline or unknown peer; a wrong src ends the connection first") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.relay->closed(bob.conn, w.now);
  Client nobody = w.dial("nobody", 9);
  for (const Client* to : {&bob, &nobody}) {
    say(w, alice, of_size(alice, *to, 48'897));
    w.pump({&alice});
    CHECK(has(alice.take("error"), R"("code":"too-large")"));
  }
  CHECK_FALSE(w.closed(alice));
  say(w, alice, of_size(bob, nobody, 48'897));
  w.pump({&alice});
  CHECK(has(alice.take("error"), R"("code":"bad-message")"));
  CHECK(w.closed(alice));
}

TEST_CASE("the error of a message goes before any ack that covers it") {
  server::Policy policy;
  policy.limits.lists = {1, 1};
  World w(policy);
  Client alice = w.login("alice", 1), bob = w.login("bob", 2), carol = w.login("carol", 3);
  Client nobody = w.dial("nobody", 9);
  w.relay->closed(carol.conn, w.now);
  alice.in_order.clear();
  alice.acks.clear();
  std::vector<std::uint64_t> wrong;
  const auto round = [&] {
    say(w, alice, alice.disconnect_message(bob, "fine"));
    wrong.push_back(say(w, alice, alice.disconnect_message(carol, "offline")));
    say(w, alice, R"({"type":"ping"})");
    wrong.push_back(say(w, alice, alice.disconnect_message(nobody, "unknown")));
    wrong.push_back(say(w, alice, of_size(alice, bob, 48'897)));
    wrong.push_back(say(w, alice, R"({"type":"unheard-of"})"));
    say(w, alice, alice.disconnect_message(bob, "fine"));
  };
  say(w, alice, R"({"type":"list"})");
  wrong.push_back(say(w, alice, R"({"type":"list"})"));
  SUBCASE("all in one read") {
    round();
    w.pump({&alice, &bob});
  }
  SUBCASE("over several reads, beside much output, and with acks that wait") {
    for (int i = 0; i < 30; ++i) {
      for (int n = 0; n < 3; ++n)
        say(w, bob, of_size(bob, alice, 40'000));
      w.bytes(bob.conn, std::exchange(bob.to_server, {}));
      round();
      const auto bytes = std::exchange(alice.to_server, {});
      w.bytes(alice.conn, bytes.substr(0, bytes.size() / 2));
      w.pass(i % 2 == 0 ? 50 : 10);
      w.bytes(alice.conn, bytes.substr(bytes.size() / 2));
    }
    w.pump({&alice, &bob});
  }
  w.pass(1'000);
  w.pump({&alice, &bob});
  check_order(alice, wrong);
  CHECK(alice.acks.back() == alice.transport.sent() - 1);
}

TEST_CASE("a frame that takes too long ends the connection; the messages before it are acked") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  const auto good = say(w, alice, alice.disconnect_message(bob, "fine"));
  say(w, alice, alice.disconnect_message(bob, "slow"));
  w.bytes(alice.conn, alice.to_server.substr(0, alice.to_server.size() - 1));
  alice.to_server.clear();
  w.now.steady_ms += 31'000;
  w.bytes(alice.conn, " ");
  w.pump({&alice, &bob});
  CHECK(w.closed(alice));
  CHECK(alice.acks == std::vector{good});
  const auto error = alice.take("error");
  CHECK(has(error, R"("code":"bad-frame")"));
  CHECK_FALSE(has(error, R"("id":)"));
}

}  // namespace sims
