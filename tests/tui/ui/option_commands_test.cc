// Commands that set something: /bind, whose keys hold wherever keys go.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: /bind gives keys to actions, at once") {
  Desk d("/query bob\r");
  type(d.ui, "/bind ctrl-o next-unread\r");
  CHECK(d.state().hint == "bound; /save keeps it");
  type(d.ui, "/bind ctrl-s undo\r");
  CHECK(d.state().hint == "ctrl-s was search, which has no key now; /save keeps it");
  type(d.ui, "word\x13");
  CHECK(d.input().empty());
  CHECK_FALSE(d.state().find.open);
  type(d.ui, "\x0f");
  CHECK(d.peer() != "bob");
  type(d.ui, "/bind ctrl-o none\r");
  const std::string here = d.peer();
  type(d.ui, "\x0f");
  CHECK(d.peer() == here);
}

TEST_CASE("ui: /bind says what is bound, and what cannot be") {
  Desk d("/query bob\r");
  type(d.ui, "/bind\r");
  CHECK(d.said().find("\nwindow-next = ctrl-n alt-right\n") != std::string::npos);
  type(d.ui, "/bind ctrl-s\r");
  CHECK(d.said() == "notice bob: ctrl-s = search: search in this conversation");
  type(d.ui, "/bind f11\r");
  CHECK(d.said() == "notice bob: f11 does nothing.");
  for (const char* line : {"/bind nonsense undo", "/bind ctrl-x nonsense", "/bind x undo", "/bind x"}) {
    CAPTURE(line);
    d.intents.log.clear();
    type(d.ui, line);
    type(d.ui, "\r");
    CHECK_FALSE(d.said().empty());
    CHECK(d.input() == line);
    type(d.ui, "\x03");
  }
}

TEST_CASE("ui: Enter and the keys of questions can be others") {
  Desk d("/query bob\r");
  type(d.ui, "/bind alt-enter send\r/bind enter newline\rone\rtwo");
  CHECK(d.input() == "one\ntwo");
  type(d.ui, "\x1b\r");
  CHECK(d.intents.last() == "send bob one\ntwo");
  type(d.ui, "/verify\x1b\r");
  CHECK(d.state().window().verifying);
  type(d.ui, "\x07");
  CHECK_FALSE(d.state().window().verifying);
  type(d.ui, "/bind f5 cancel\x1b\r/bind escape none\x1b\r\x13");
  CHECK(d.state().find.open);
  type(d.ui, "\x1b");
  CHECK(d.state().find.open);
  type(d.ui, "\x1b[15~");
  CHECK_FALSE(d.state().find.open);
}

TEST_CASE("ui: the same keys edit every field") {
  Desk d("/query bob\r");
  type(d.ui, "/bind f7 kill-word\r\x13one two\x1b[18~");
  CHECK(d.state().find.query.text() == "one ");
  type(d.ui, "\x1b");
  type(d.ui, "\x1b[18~\x19");
  CHECK(d.input() == "two");
  d.ui.open_dialog();
  type(d.ui, "\x1b[18~\x19");
  CHECK(d.state().dialog.name.text() == "alice");
  type(d.ui, "\x1b[18~");
  CHECK(d.state().dialog.name.text().empty());
  type(d.ui, "\x1b");
  type(d.ui, "\x19\x1by\x1by");
  CHECK(d.input() == "twotwo");
}
