// TypingSignal: the peer that hears of typing.
#include "tui/ui/typing_signal.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a contact hears that we type, until the draft is gone or another window is in front") {
  Desk d;
  d.keys("/query bob\r");
  CHECK(d.intents.typing_log.empty());
  d.keys("h");
  CHECK(d.intents.typing_log == std::vector<std::string>{"bob on"});
  d.keys("\x7f");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\r");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\x1b[D");  // the cursor alone is no typing
  const auto count = d.intents.typing_log.size();
  d.keys("\x1b[D");
  CHECK(d.intents.typing_log.size() == count);
  d.keys(
      "\x1b"
      "1");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.intents.typing_log.clear();
  d.keys(
      "\x1b"
      "2who are you?");  // carol is nobody we know
  CHECK(d.intents.typing_log.empty());
}

namespace {

using Told = std::vector<std::string>;

struct Typist {
  explicit Typist(const std::string& to = "bob") : s(to) {}

  test::Stage s;
  TypingSignal typing{s.ui, s.intents};

  void draft(const std::string& text) {
    s.input().set(text);
    typing.update();
  }
  const Told& told() const { return s.intents.typing_log; }
};

}  // namespace

TEST_CASE("typing signal alone: of a text, not of a command, and not while away") {
  Typist t;
  t.draft("h");
  t.draft("hi");
  CHECK(t.told() == Told{"bob on", "bob on"});  // the core limits the rate
  t.draft("/hi");
  CHECK(t.told().back() == "bob off");
  t.draft("/hi again");
  CHECK(t.told().size() == 3);
  t.s.state.away = true;
  t.draft("hi");
  CHECK(t.told().size() == 3);
}

TEST_CASE("typing signal alone: it ends for the peer who was told, once") {
  Typist t;
  t.typing.stop();
  CHECK(t.told().empty());
  t.draft("h");
  t.s.open("frank");  // another window came to the front
  t.typing.stop_to("frank");
  CHECK(t.told() == Told{"bob on"});
  SUBCASE("told") {
    t.typing.stop_to("bob");
    t.typing.stop();
    CHECK(t.told() == Told{"bob on", "bob off"});
  }
  SUBCASE("forgotten: the server is another one") {
    t.typing.forget();
    t.typing.stop();
    CHECK(t.told() == Told{"bob on"});
  }
  SUBCASE("wiped: the client is locked") {
    t.typing.wipe();
    t.typing.stop();
    CHECK(t.told() == Told{"bob on"});
  }
}

TEST_CASE("typing signal alone: nobody in the status window, nobody who is no contact") {
  for (const char* peer : {"", "carol", "nobody"}) {
    CAPTURE(peer);
    Typist t(peer);
    t.draft("h");
    CHECK(t.told().empty());
  }
}

TEST_CASE("attack 28: typing signal alone: a draft keeps the key for which it was begun, until it is empty") {
  Typist t;
  const std::string& kept = t.s.state.window().typed_for;
  t.draft("h");
  const std::string first = kept;
  CHECK(first == t.s.of("bob").id.text());
  t.s.of("bob").id = test::some_id('z');
  t.draft("hi");
  CHECK(kept == first);
  t.draft("");
  CHECK(kept.empty());
  t.draft("h");
  CHECK(kept == test::some_id('z').text());
}
