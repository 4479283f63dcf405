// The demo's world: answers, a stranger, a changed key.
#include "tui/app/demo_world.h"

#include <doctest/doctest.h>

#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::tui;

namespace {

struct Stage {
  test::FixedRng rng{1};
  Now now{1'000, 1'795'334'400'000};
  DemoWorld world{rng, now};

  void pass(std::int64_t ms) {
    now.steady_ms += ms;
    now.unix_ms += ms;
    world.tick(now);
  }
  const client::Peer& peer(const std::string& name) const { return world.model().peers.at(name); }
};

}  // namespace

TEST_CASE("demo: a text is sent, delivered and answered") {
  Stage s;
  REQUIRE(s.world.say("bob", "hello", false, s.now));
  const auto said = s.peer("bob").lines.size() - 1;
  CHECK(s.peer("bob").lines[said].delivery == client::Delivery::queued);
  s.pass(200);
  CHECK(s.peer("bob").lines[said].delivery == client::Delivery::sent);
  s.pass(400);
  CHECK(s.peer("bob").lines[said].delivery == client::Delivery::delivered);
  s.pass(500);
  CHECK(s.peer("bob").typing);
  s.pass(2'000);
  CHECK_FALSE(s.peer("bob").typing);
  CHECK(s.peer("bob").lines.size() == said + 2);
  CHECK_FALSE(s.world.say("nobody", "hello", false, s.now));
}

TEST_CASE("demo: a letter waits at the relay until its reader is back") {
  Stage s;
  CHECK_FALSE(s.peer("erin").online);
  CHECK(s.peer("erin").lines.front().sent_unix_ms < s.now.unix_ms);
  REQUIRE(s.world.say("erin", "are you there?", false, s.now));
  const auto said = s.peer("erin").lines.size() - 1;
  s.pass(10'000);
  CHECK(s.peer("erin").lines[said].delivery == client::Delivery::mailed);
  s.pass(3'000);
  CHECK(s.peer("erin").lines[said].delivery == client::Delivery::delivered);
  CHECK(s.peer("erin").online);
  CHECK(s.peer("erin").lines.size() == said + 2);
}

TEST_CASE("demo: a stranger writes, and a changed key stops texts until the user gives its fingerprint") {
  Stage s;
  CHECK_FALSE(s.world.model().peers.contains("carol"));
  s.pass(5'000);
  CHECK(s.peer("carol").standing == client::Standing::request);
  REQUIRE(s.world.stand("carol", client::Standing::contact));
  CHECK(s.peer("carol").known());

  CHECK_FALSE(s.world.say("dave", "hello", false, s.now));
  CHECK_FALSE(s.world.accept_changed("dave", s.peer("dave").id.text()));
  REQUIRE(s.world.accept_changed("dave", s.peer("dave").changed_to->text()));
  CHECK(s.world.say("dave", "hello", false, s.now));

  const auto number = s.world.safety_number("dave");
  REQUIRE(number);
  CHECK_FALSE(s.world.verify("dave", "1"));
  CHECK(s.world.verify("dave", *number));
  CHECK(s.peer("dave").trust == client::Trust::verified);
  CHECK(s.world.unverify("dave"));
  CHECK(s.world.remove("carol"));
  CHECK_FALSE(s.world.remove("carol"));
}
