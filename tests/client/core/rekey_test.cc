// Whole conversations under the RSA suite: keys keep changing although frames of a re-key get lost.
#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Line;

namespace {

// The phase of a handshake frame; 0: another message.
int phase_of(const std::string& message) {
  return Relay::type_of(message) == "client-connect" ? static_cast<int>(Relay::number_of(message, "phase"))
                                                     : 0;
}

// alice calls bob, so she is I and he is R.
struct Talk {
  Talk() {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
    REQUIRE(alice.say("bob", "the call"));
    REQUIRE(alice.peer("bob").session == client::SessionState::established);
  }
  static client::CoreOptions rsa() {
    client::CoreOptions options;
    options.suites = {crypto::find_suite_by_label("rsa")};
    return options;
  }

  // `texts` texts, `rate` each second, of alice, of bob, or of both in turn.
  enum class By { alice, bob, both };
  void go_on(By by, int texts, int rate = 4) {
    for (int i = 0; i < texts; ++i) {
      const bool hers = by == By::alice || (by == By::both && i % 2 == 0);
      REQUIRE((hers ? alice : bob).say(hers ? "bob" : "alice", "text " + std::to_string(++typed)));
      step(1'000 / rate);
    }
  }
  void step(std::int64_t ms) {
    relay.advance(ms);
    while (!late.empty() && late.front().due_ms <= relay.now.steady_ms) {
      auto one = std::move(late.front());
      late.pop_front();
      relay.give(*one.to, one.message);
      relay.settle();
    }
  }
  // Delays each message between the two.
  void delay(std::int64_t ms) {
    relay.pass = [this, ms](Guest&, Guest& to, const std::string& message) {
      late.push_back({relay.now.steady_ms + ms, &to, message});
    };
  }
  // Loses the frames of a re-key with the phases in `lost`.
  void lose(std::function<bool(int phase)> lost) {
    relay.pass = [this, lost = std::move(lost)](Guest&, Guest& to, const std::string& message) {
      const int phase = phase_of(message);
      if (phase == 0 || !lost(phase)) relay.give(to, message);
    };
  }
  std::uint64_t rotations() const {
    return std::min(alice.peer("bob").key_rotations, bob.peer("alice").key_rotations);
  }
  // Every text came once, in one session, and nobody got a notice.
  void check_undisturbed() {
    for (int i = 0; i < 10; ++i)
      step(500);  // messages in flight
    CHECK(alice.heard.size() + bob.heard.size() == static_cast<std::size_t>(typed) + 1);
    CHECK(alice.delivered + bob.delivered == typed + 1);
    CHECK(Relay::count(alice.asked, "\"phase\":1") + Relay::count(bob.asked, "\"phase\":1") == 1);
    for (const auto kind : {Line::Kind::notice, Line::Kind::alert}) {
      CHECK(alice.count("bob", kind, "keys") == 0);
      CHECK(bob.count("alice", kind, "keys") == 0);
      CHECK(alice.count("bob", kind, "dropped") == 0);
      CHECK(bob.count("alice", kind, "dropped") == 0);
    }
  }

  struct Late {
    std::int64_t due_ms;
    Guest* to;
    std::string message;
  };
  Relay relay;
  Guest& alice = relay.add("alice", rsa());
  Guest& bob = relay.add("bob", rsa());
  std::deque<Late> late;
  int typed = 0;
};

using By = Talk::By;

}  // namespace

TEST_CASE("keys change under a second of delay each way") {
  Talk talk;
  int rate = 0;
  SUBCASE("4 texts a second") {
    rate = 4;
  }
  SUBCASE("20 texts a second") {
    rate = 20;
  }
  talk.delay(1'000);
  talk.go_on(By::both, 264, rate);
  CHECK(talk.rotations() >= 1);
  talk.go_on(By::both, 300, rate);
  CHECK(talk.rotations() >= 2);
  talk.check_undisturbed();
}

TEST_CASE("attack 79: a relay that drops one frame of a re-key: the next attempt changes the keys") {
  for (const int phase : {4, 5, 6}) {
    for (const By by : {By::alice, By::bob, By::both}) {
      CAPTURE(phase);
      CAPTURE(static_cast<int>(by));
      Talk talk;
      bool dropped = false;
      talk.lose([&](int p) { return p == phase && !std::exchange(dropped, true); });
      talk.go_on(by, 130);
      CHECK(dropped);
      CHECK(talk.rotations() == 1);
      talk.go_on(by, 230);
      CHECK(talk.rotations() >= 3);
      talk.check_undisturbed();
    }
  }
}

TEST_CASE("attack 79: a relay that drops each third frame of the re-keys: keys go on changing") {
  Talk talk;
  int frames = 0;
  talk.lose([&](int) { return ++frames % 3 == 0; });
  talk.go_on(By::both, 700);
  CHECK(talk.rotations() >= 4);
  talk.check_undisturbed();
}

TEST_CASE("an epoch that is overdue by 100 messages causes one notice, and the texts go on") {
  Talk talk;
  talk.lose([](int phase) { return phase == 5; });
  talk.go_on(By::both, 190);
  CHECK(talk.alice.count("bob", Line::Kind::notice, "keys") == 0);
  talk.go_on(By::both, 210);
  CHECK(talk.rotations() == 0);
  CHECK(talk.alice.count("bob", Line::Kind::notice, "have not for 200") == 1);
  CHECK(talk.bob.count("alice", Line::Kind::notice, "have not for 200") == 1);
  CHECK(talk.alice.delivered + talk.bob.delivered == 401);

  // Each such epoch causes a notice.
  talk.lose([](int) { return false; });
  for (int i = 0; i < 10 && talk.rotations() == 0; ++i)
    talk.go_on(By::both, 100);
  REQUIRE(talk.rotations() == 1);
  talk.lose([](int phase) { return phase == 5; });
  talk.go_on(By::both, 300);
  CHECK(talk.rotations() == 1);
  CHECK(talk.alice.count("bob", Line::Kind::notice, "have not for 200") == 2);
  CHECK(talk.bob.count("alice", Line::Kind::notice, "have not for 200") == 2);
}

TEST_CASE("the relay refuses a re-key frame as too much: the session goes on, and the keys change later") {
  Talk talk;
  bool refused = false;
  talk.relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (phase_of(message) != 4 || std::exchange(refused, true)) return std::nullopt;
    return proto::ErrorCode::rate_limited;
  };
  talk.go_on(By::both, 150);
  CHECK(refused);
  CHECK(talk.rotations() == 1);
  talk.check_undisturbed();
}
