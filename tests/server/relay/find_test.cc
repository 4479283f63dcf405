// `find`: looks up a registered name or id (sims-protocol(7) section 4).
#include "server/relay/world.h"

namespace sims {
namespace {

using test::Client;
using test::has;
using test::World;

std::string by_name(std::string_view name) {
  return R"({"type":"find","name":")" + std::string(name) + "\"}";
}
std::string by_id(const Client& who) {
  return R"({"type":"find","id":")" + who.id().str() + "\"}";
}

std::string ask(World& w, Client& client, const std::string& question) {
  client.messages.clear();
  client.send(question, w.now);
  w.pump({&client});
  auto found = client.take("find");
  return found.empty() ? client.take("error") : found;
}

std::string found(const Client& who, std::string_view status) {
  return R"({"type":"find","name":")" + who.name + R"(","id":")" + who.id().str() + R"(","status":")" +
         std::string(status) + "\"}";
}

}  // namespace

TEST_CASE("find: by name and by id, online, offline and ourselves") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  CHECK(ask(w, alice, by_name("bob")) == found(bob, "online"));
  CHECK(ask(w, alice, by_id(bob)) == found(bob, "online"));
  CHECK(ask(w, alice, by_name("alice")) == found(alice, "online"));
  w.relay->closed(bob.conn, w.now);
  CHECK(ask(w, alice, by_name("bob")) == found(bob, "offline"));
  CHECK(ask(w, alice, by_id(bob)) == found(bob, "offline"));
  CHECK(alice.acks.back() == alice.transport.sent() - 1);
}

TEST_CASE("find: not registered: unknown-peer, with the request's number and the name or id") {
  World w;
  Client alice = w.login("alice", 1), stranger = w.dial("stranger", 9);
  const auto named = ask(w, alice, by_name("stranger"));
  CHECK(has(named, R"("code":"unknown-peer")"));
  CHECK(has(named, R"("id":)" + std::to_string(alice.transport.sent() - 1)));
  CHECK(has(named, R"("name":"stranger")"));
  const auto shown = ask(w, alice, by_id(stranger));
  CHECK(has(shown, R"("code":"unknown-peer")"));
  CHECK(has(shown, R"("dst":")" + stranger.id().str()));
  CHECK_FALSE(has(shown, R"("name")"));
  Client bob = w.login("bob", 2);
  REQUIRE(w.accounts.release("bob"));
  CHECK(has(ask(w, alice, by_name("bob")), R"("code":"unknown-peer")"));
  CHECK_FALSE(w.closed(alice));
}

TEST_CASE("find: 30 a minute; more are answered rate-limited, and the connection goes on") {
  World w;
  Client alice = w.login("alice", 1), bob = w.login("bob", 2);
  for (int i = 0; i < 30; ++i)
    CHECK(ask(w, alice, by_name("bob")) == found(bob, "online"));
  const auto refused = ask(w, alice, by_name("bob"));
  CHECK(has(refused, R"("code":"rate-limited")"));
  CHECK(has(refused, R"("id":)" + std::to_string(alice.transport.sent() - 1)));
  CHECK(ask(w, bob, by_name("alice")) == found(alice, "online"));
  w.pass(2'000);
  CHECK(ask(w, alice, by_name("bob")) == found(bob, "online"));
  CHECK(has(ask(w, alice, by_name("bob")), R"("code":"rate-limited")"));
  CHECK(w.stats().refused[static_cast<std::size_t>(server::Refused::find_requests)] == 2);
}

TEST_CASE("find: an invalid request ends the connection, and so does one before the login") {
  for (const auto* text :
       {R"({"type":"find"})", R"({"type":"find","name":"No"})", R"({"type":"find","name":"a","id":"b"})"}) {
    World w;
    Client alice = w.login("alice", 1);
    CHECK(has(ask(w, alice, text), R"("code":"bad-message")"));
    CHECK(w.closed(alice));
  }
  server::Policy closed;
  closed.registration_open = false;
  World w(closed);
  REQUIRE(w.accounts.bind("bob", w.dial("bob", 2).id(), true, 1));
  REQUIRE(w.accounts.invite("ABCDEFGHJKMNPQRSTVWX", 1, 0));
  Client guest = w.dial("guest", 3);
  w.pump({&guest});
  REQUIRE(guest.transport.connected());
  CHECK(has(ask(w, guest, by_name("bob")), R"("code":"not-registered")"));
}

}  // namespace sims
