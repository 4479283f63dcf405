// The mouse: the wheel, and clicks on the list.
#include "tui/ui/mouse.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a click on a row of the list opens its window, only with the option") {
  std::size_t clicked = 0;
  for (const int height : {24, 8}) {  // also a list that does not fit
    Desk d;
    d.ui.resize({80, height});
    for (const char* name : {"bob", "carol", "dave", "frank"}) {
      CAPTURE(name);
      CAPTURE(height);
      const int y = row_of(d, name);
      if (y < 0) continue;
      ++clicked;
      const std::string before = d.peer();
      d.ui.key(pointed(KeyCode::press, 2, y));
      CHECK(d.peer() == before);
      d.keys("\x1bm");
      d.ui.key(pointed(KeyCode::press, 40, y));
      CHECK(d.peer() == before);
      d.ui.key(pointed(KeyCode::press, 2, y));
      CHECK(d.peer() == name);
      d.keys("\x1bm");
    }
  }
  CHECK(clicked > 4);
}

TEST_CASE("ui: the wheel scrolls the chat, and answers nothing") {
  Desk d;
  client::Line line;
  for (int i = 0; i < 60; ++i)
    d.intents.add("bob", line);
  d.keys("/query bob\r\x1bm");
  d.ui.key(pointed(KeyCode::wheel_up));
  CHECK_FALSE(d.ui.state().window().scroll.following);
  CHECK(d.of("bob").lines.back().serial - d.ui.state().window().scroll.serial == 3);
  d.ui.key(pointed(KeyCode::wheel_down));
  CHECK(d.ui.state().window().scroll.following);
  d.keys(" /quit\r");
  REQUIRE(d.ui.state().ask.open());
  d.ui.key(pointed(KeyCode::wheel_down));
  d.ui.key(pointed(KeyCode::press, 2, 1));
  CHECK(d.ui.state().ask.open());
}

namespace {

struct Alone : test::StageWithWindows {
  ChatPane chat{s.ui, s.intents, tracker};
  PeerList list{s.ui, windows};
  SearchPane search{s.ui, s.intents, windows, chat, tracker};
  Mouse mouse{s.ui, search, chat, list};

  Alone() {
    s.state.options.mouse = true;
    for (int i = 0; i < 60; ++i)
      s.intents.add("bob", {});
  }
  bool scrolled() const { return !s.state.window().scroll.following; }
  std::string clicked() {  // the window in front after a click on each row of the list
    for (int y = 0; y < 23; ++y)
      mouse.handle(test::pointed(KeyCode::press, 2, y));
    return s.state.window().peer;
  }
};

}  // namespace

TEST_CASE(
    "mouse alone: wheel and click, and nothing where the option is off or something is typed in front") {
  Alone a;
  bool works = false;
  SUBCASE("on") {
    works = true;
  }
  SUBCASE("off") {
    a.s.state.options.mouse = false;
  }
  SUBCASE("the dialog") {
    a.s.state.dialog.open = true;
  }
  SUBCASE("the passphrase") {
    a.s.state.passphrase.kind = PassphraseState::Kind::unlock;
  }
  a.mouse.handle(test::pointed(KeyCode::wheel_up));
  CHECK(a.scrolled() == works);
  a.mouse.handle(test::pointed(KeyCode::wheel_down));
  CHECK_FALSE(a.scrolled());
  CHECK((a.clicked() != "bob") == works);
}

TEST_CASE("mouse alone: over an open question the wheel scrolls, and a click goes nowhere") {
  Alone a;
  a.s.state.ask = Ask{Ask::About::command, "Sure?"};
  a.mouse.handle(test::pointed(KeyCode::wheel_up));
  CHECK(a.scrolled());
  CHECK(a.clicked() == "bob");
  CHECK(a.s.state.ask.open());
}
