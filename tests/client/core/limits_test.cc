// Servers that require invitations, and servers that refuse too many messages.
#include <doctest/doctest.h>

#include "client/core/relay.h"
#include "client/model/rate.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::LinkState;
using proto::ErrorCode;

namespace {

// A server that accepts one code, and nothing else before it.
struct Closed {
  Closed() {
    relay.refuse = [this](Guest&, const std::string& message) -> std::optional<ErrorCode> {
      const std::string type = Relay::type_of(message);
      if (type == "ack" || in) return std::nullopt;
      if (type != "register") return ErrorCode::not_registered;
      in = message.find("\"abcd-efgh\"") != std::string::npos && !other;
      return in ? std::nullopt : std::optional(other.value_or(ErrorCode::not_registered));
    };
  }
  Relay relay;
  Guest& alice = relay.add("alice");
  bool in = false;
  std::optional<ErrorCode> other;
};

bool says(const Guest& guest, std::string_view words) {
  return guest.model().problem.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("an invitation is sent first, alone until it is redeemed, and once") {
  Closed closed;
  Guest& alice = closed.alice;
  alice.core->invite("abcd-efgh");
  alice.connect();
  CHECK(alice.model().link == LinkState::online);
  REQUIRE(alice.asked.size() > 1);
  CHECK(Relay::type_of(alice.asked[0]) == "register");
  CHECK(Relay::type_of(alice.asked[1]) == "list");
  closed.relay.hang_up(alice);
  closed.relay.advance(20'000);
  CHECK(alice.model().link == LinkState::online);
  CHECK(Relay::count(alice.asked, "register") == 1);
}

TEST_CASE("without an invitation, or with a wrong one, it stops and says what to do") {
  Closed closed;
  Guest& alice = closed.alice;
  const char* words = "--invite";
  SUBCASE("none") {}
  SUBCASE("wrong") {
    alice.core->invite("no");
    words = "ask its administrator";
  }
  SUBCASE("right, but the name is another's") {
    alice.core->invite("abcd-efgh");
    closed.other = ErrorCode::name_taken;
    words = "choose another";
  }
  alice.connect();
  CHECK(alice.model().link == LinkState::offline);
  CHECK(says(alice, words));
  closed.relay.advance(120'000);
  CHECK(alice.opened == 1);
}

TEST_CASE("an invitation that was not answered is used again") {
  Closed closed;
  Guest& alice = closed.alice;
  closed.other = ErrorCode::rate_limited;
  alice.core->invite("abcd-efgh");
  alice.connect();
  CHECK(alice.model().link == LinkState::waiting);
  CHECK(Relay::count(alice.asked, "list") == 0);
  closed.other.reset();
  closed.relay.advance(20'000);
  CHECK(alice.model().link == LinkState::online);
}

TEST_CASE("a server that knows no invitations is used as before") {
  Relay relay;
  Guest& alice = relay.add("alice");
  relay.refuse = [](Guest&, const std::string& message) {
    return Relay::type_of(message) == "register" ? std::optional(ErrorCode::bad_message) : std::nullopt;
  };
  alice.core->invite("abcd-efgh");
  alice.connect();
  CHECK(alice.model().link == LinkState::online);
  CHECK(alice.model().list_complete);
  CHECK(alice.count("", Line::Kind::alert) == 0);
}

TEST_CASE("pages of the list that were refused as too many are requested again") {
  Relay relay;
  relay.page = 2;
  for (int i = 0; i < 9; ++i)
    relay.listed["guest" + std::to_string(i)] =
        proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  Guest& alice = relay.add("alice");
  int pages = 0;
  relay.refuse = [&](Guest&, const std::string& message) {
    return Relay::type_of(message) == "list" && ++pages % 3 != 0 ? std::optional(ErrorCode::rate_limited)
                                                                 : std::nullopt;
  };
  alice.connect();
  CHECK_FALSE(alice.model().list_complete);
  relay.advance(30'000);
  CHECK(alice.model().list_complete);
  CHECK(alice.model().peers.size() == 9);
  CHECK(alice.opened == 1);
  CHECK(alice.count("", Line::Kind::alert) == 0);
}

TEST_CASE("texts and calls refused as too many arrive later, once, in order, without notices") {
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
  relay.befriend(alice, bob);
  alice.connect();
  bob.connect();
  int left = 0;  // 20 messages every half second, by the clock of the test
  std::int64_t since = 0;
  int refused = 0;
  relay.refuse = [&](Guest& from, const std::string& message) -> std::optional<ErrorCode> {
    if (&from != &alice || message.find("\"dst\"") == std::string::npos) return std::nullopt;
    if (relay.now.steady_ms != since) since = relay.now.steady_ms, left = 20;
    if (left-- > 0) return std::nullopt;
    ++refused;
    return ErrorCode::rate_limited;
  };
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    expected.push_back("alice: " + std::to_string(i));
    REQUIRE(alice.core->send_text("bob", std::to_string(i), false, relay.now));
  }
  relay.settle();
  relay.advance(600'000);
  CHECK(refused > 0);
  CHECK(bob.heard == expected);
  CHECK(alice.delivered == 500);
  CHECK(alice.opened == 1);
  CHECK(alice.alerts("bob") == 0);
  MESSAGE("refused: " << refused);
}

TEST_CASE("texts go out no faster than a server takes them by default") {
  client::Pace pace;
  int taken = 0;
  for (std::int64_t ms = 1; ms <= 10'000; ++ms)
    while (pace.take(ms))
      ++taken;
  CHECK(taken > 4'000);
  CHECK(taken <= 4'500);
  pace.hold(10'000);
  CHECK_FALSE(pace.take(10'999));
  pace.hold(10'999);  // refusals of messages sent together
  CHECK(pace.take(11'000));
  pace.hold(11'000);
  CHECK_FALSE(pace.take(12'999));
  CHECK(pace.next_ms() == 13'000);
}
