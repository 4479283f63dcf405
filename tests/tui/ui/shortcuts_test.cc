// Keys that do what a command does.
#include "tui/ui/shortcuts.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: help for the keys as they are") {
  Desk d("/query bob\r");
  type(d.ui, "/bind ctrl-s none\r/bind f9 search\r\x1bOP");
  CHECK(d.said().find("\nF9: search in this conversation\n") != std::string::npos);
  CHECK(d.said().find("Ctrl-S") == std::string::npos);
}

TEST_CASE("shortcuts: keys that mean nothing here are for the component below") {
  test::Stage s;
  Notices notices(s.ui, s.intents);
  ReadTracker tracker(s.ui, s.intents, s.intents);
  ChatPane chat(s.ui, s.intents, tracker);
  TypingSignal typing(s.ui, s.intents);
  Windows windows(s.ui, typing, tracker, [] {});
  SearchPane search(s.ui, s.intents, windows, chat, tracker);
  Shortcuts shortcuts(s.ui, s.intents, notices, search);
  for (const char* bytes : {"x", "\r", "\t", "\x1b", "\x12", "\x1b[5~"}) {
    CHECK_FALSE(test::feed(shortcuts, bytes));
    CHECK_FALSE(s.state.find.open);
  }
  CHECK(s.intents.log.empty());
  CHECK(test::feed(shortcuts, "\x1bm"));
  CHECK(s.state.options.mouse);
  CHECK(s.intents.last() == "options_changed");
  CHECK(test::feed(shortcuts, "\x1bm"));
  CHECK_FALSE(s.state.options.mouse);
  CHECK(test::feed(shortcuts, "\x1bOP"));
  CHECK(s.intents.last().starts_with("notice bob: Keys:\n"));
  CHECK(test::feed(shortcuts, "\x13"));
  CHECK(s.state.find.open);
  CHECK(s.state.find.peer == "bob");
}
