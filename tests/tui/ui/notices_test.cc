// The interface's own words: each is on the screen, wherever the user is.
#include "tui/ui/notices.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: the answer of a command is seen at once in a pane that is scrolled up") {
  for (const char* line : {"/wins",          "/nonsense",
                           "/whois",         "/set theme",
                           "/requests",      "/names",
                           "/help win",      "/doctor",
                           "/away",          "/history export",
                           "/distrust",      "/save now",
                           "/win 99",        "/msg frank in passing",
                           "/accept frank",  "/block frank",
                           "/trust frank x", "/nick NO",
                           "/query nobody",  "/bind ctrl-s"}) {
    CAPTURE(line);
    Desk d;
    many_lines(d, "bob");
    d.keys("/query bob\r" + page_up + page_up);
    REQUIRE_FALSE(shows(d, "line 99"));
    d.intents.log.clear();
    d.keys(std::string(line) + "\r");
    CHECK(d.intents.logged("notice bob: "));
    CHECK(d.ui.state().window().scroll.following);
    const std::string said = d.of("bob").lines.back().text;
    CHECK(shows(d, said.substr(std::string_view(said).rfind('\n') + 1, 20)));
  }
}

TEST_CASE(
    "attack 44: ui: a warning about the program itself is seen from any window, and stays in the status's") {
  Desk d;
  many_lines(d, "bob");
  d.keys("/query bob\r" + page_up + page_up);
  d.intents.log.clear();
  SUBCASE("a conversation") {}
  SUBCASE("a page that covers it") {
    d.keys("/query eve.with-a-very-long-name_000001\r");
    d.intents.log.clear();
  }
  SUBCASE("the status window, scrolled up") {
    many_lines(d, "");
    d.keys("/win 1\r" + page_up);
    d.intents.log.clear();
  }
  d.ui.warn("The store is DAMAGED.", "DAMAGED: /doctor");
  d.ui.model_changed();
  CHECK(shows(d, "The store is DAMAGED."));
  CHECK(d.intents.logged("notice : The store is DAMAGED."));
}

TEST_CASE("attack 44: ui: a warning is seen though another window comes to the front") {
  Desk d;
  d.ui.open_when_known("late");
  d.ui.warn("The store is DAMAGED.", "DAMAGED: /doctor");
  d.intents.fake.peers["late"].name = "late";
  d.ui.model_changed();
  REQUIRE(d.peer() == "late");
  CHECK(shows(d, "DAMAGED: /doctor"));
  d.keys("x");
  CHECK_FALSE(shows(d, "DAMAGED: /doctor"));
}

TEST_CASE("ui: answers about somebody else's window show in the current one") {
  Desk d;
  d.of("carol").standing = client::Standing::request;
  d.keys("/accept carol\r");
  CHECK(d.intents.last() == "notice : carol is a contact now.");
  d.keys("/msg frank in passing\r");
  CHECK(d.intents.last() == "notice : To frank: in passing");
  d.keys("/msg dave when you are back\r");
  CHECK(d.intents.last() == "notice : To dave, who is offline (it waits): when you are back");
  d.of("carol").standing = client::Standing::request;
  d.keys("/msg carol hello\ry");
  CHECK(d.intents.last() == "notice : To carol: hello");
  d.keys("/trust " + eve + " " + std::string(d.of(eve).changed_to->text()) + "\r");
  CHECK(d.intents.last() == "notice : The new key of " + eve + " is accepted, not verified.");
  // In its own window the core has said it, and a text is its own line.
  d.keys("/query frank\r/msg frank here\r");
  CHECK(d.intents.last() == "send frank here");
}

TEST_CASE("ui: a command that is typed into a panel is answered in it") {
  for (const Size size : {Size{80, 24}, Size{40, 10}}) {
    Desk d;
    d.ui.resize(size);
    d.keys("/query " + eve + "\r");
    REQUIRE(shows(d, "HAS CHANGED") == (size.width == 80));
    d.keys("/nonsense\r");
    CHECK(shows(d, "There is no command /nonsense."));
    d.keys("/requests\r");
    CHECK(shows(d, "Nobody waits for an answer."));
    d.keys("wrong\r");
    CHECK(shows(d, "Nothing was accepted"));
    CHECK_FALSE(shows(d, "Nobody waits for an answer.") == (size.width == 40));
  }
}

TEST_CASE("ui: a window of somebody who is not known yet shows what its commands answer") {
  Desk d;
  d.intents.fake.server_id = test::some_id('s');
  d.ui.restore({{test::some_id('s').str(), {{"", "", {}}, {"zoe", "", {}}}, 1}});
  REQUIRE(d.peer() == "zoe");
  d.keys("/wins\r");
  CHECK(shows(d, "Windows:"));
}

namespace {

struct Words {
  explicit Words(const std::string& front) : s(front) {}

  test::Stage s;
  Notices notices{s.ui, s.intents};
};

}  // namespace

TEST_CASE("notices alone: into the window in front, or the status window when its peer is not known") {
  for (const char* front : {"bob", "", "nobody"}) {
    CAPTURE(front);
    Words w(front);
    w.s.state.window().scroll.following = false;
    w.notices.say("word");
    CHECK(w.s.intents.log ==
          std::vector<std::string>{std::string("notice ") + (std::string_view(front) == "bob" ? "bob" : "") +
                                   ": word"});
    CHECK(w.s.state.window().scroll.following);
    CHECK(w.s.state.said.empty());
  }
}

TEST_CASE("notices alone: under a panel it is said in the panel, from its first row") {
  Words w("bob");
  w.s.state.window().verifying = true;
  w.s.state.panel_scroll = 3;
  w.notices.say("word");
  CHECK(w.s.state.said == "word");
  CHECK(w.s.state.panel_scroll == 0);
  CHECK(w.s.screen().find("word") != std::string::npos);
}

TEST_CASE("notices alone: a line that the core put into the window in front is not said twice") {
  Words w("bob");
  w.notices.say_elsewhere("bob", "word");
  CHECK(w.s.intents.log.empty());
  w.notices.say_elsewhere("frank", "word");
  CHECK(w.s.intents.last() == "notice bob: word");
}

TEST_CASE("notices alone: a warning is in front and in the status window, once each") {
  for (const char* front : {"bob", ""}) {
    CAPTURE(front);
    Words w(front);
    w.notices.warn("word", "hint");
    CHECK(w.s.state.hint == "hint");
    CHECK(w.s.intents.log.size() == (std::string_view(front).empty() ? 1 : 2));
    CHECK(w.s.intents.logged("notice : word"));
  }
}

TEST_CASE("notices alone: an error is said and is a no, a success says nothing") {
  Words w("bob");
  CHECK(w.notices.done({}));
  CHECK(w.s.intents.log.empty());
  CHECK_FALSE(w.notices.done(fail("no room")));
  CHECK(w.s.intents.last() == "notice bob: no room");
  CHECK_FALSE(w.notices.refuse("never"));
  CHECK(w.s.intents.last() == "notice bob: never");
}
