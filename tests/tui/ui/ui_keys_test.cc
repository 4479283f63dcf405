// The interface's keys are those of the map, wherever they go.
#include <doctest/doctest.h>

#include "tui/ui/fixture.h"
#include "tui/ui/ui.h"

using namespace sims;
using namespace sims::tui;
using test::FakeIntents;
using test::type;

namespace {

struct Desk {
  FakeIntents intents;
  Ui ui;
  Desk() : ui(intents, {"localhost", "7467", "alice", "ecdhe"}, {"ecdhe,rsa", "rsa,ecdhe"}, test::utc) {
    intents.fake = test::some_model();
    ui.resize({80, 24});
    ui.model_changed();
    type(ui, "/query bob\r");
    intents.log.clear();
  }
  const UiState& state() const { return ui.state(); }
  const std::string& peer() const { return state().window().peer; }
  const std::string& input() const { return state().window().input.text(); }
  std::string said() const {
    for (auto it = intents.log.rbegin(); it != intents.log.rend(); ++it)
      if (it->starts_with("notice ")) return *it;
    return "";
  }
};

}  // namespace

TEST_CASE("ui: /bind gives keys to actions, at once") {
  Desk d;
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
  Desk d;
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
  Desk d;
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
  Desk d;
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

TEST_CASE("ui: what was cut in one window can be pasted in another") {
  Desk d;
  type(d.ui, "for frank\x17\x15");
  CHECK(d.input().empty());
  type(d.ui, "/query frank\r\x19");
  CHECK(d.peer() == "frank");
  CHECK(d.input() == "for frank");
}

TEST_CASE("ui: undo, also of Ctrl-C, of a refused line and of the history") {
  Desk d;
  type(d.ui, "precious\x03");
  CHECK(d.input().empty());
  type(d.ui, "\x1f");
  CHECK(d.input() == "precious");
  type(d.ui, "\x1b[A\x1f");
  CHECK(d.input() == "precious");
  d.intents.refuse = "no room";
  type(d.ui, " words\x02\x02\r");
  CHECK(d.input() == "precious words");
  CHECK(d.state().window().input.cursor() == d.input().size() - 2);
  type(d.ui, "\x1f\x1f");
  CHECK(d.input() == "precious");
  d.intents.refuse.clear();
  type(d.ui, "\r\x1f");
  CHECK(d.input().empty());
}

TEST_CASE("ui: help for the keys as they are") {
  Desk d;
  type(d.ui, "/bind ctrl-s none\r/bind f9 search\r\x1bOP");
  CHECK(d.said().find("\nF9: search in this conversation\n") != std::string::npos);
  CHECK(d.said().find("Ctrl-S") == std::string::npos);
}

TEST_CASE("ui: the oldest and the newest line") {
  Desk d;
  for (int i = 0; i < 100; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    d.intents.add("bob", line);
  }
  d.ui.model_changed();
  type(d.ui, "\x1b[1;3H");
  CHECK_FALSE(d.state().window().scroll.following);
  const Scroll top = d.state().window().scroll;
  type(d.ui, "\x1b[5~");
  CHECK(d.state().window().scroll.serial == top.serial);
  type(d.ui, "\x1b[1;3F");
  CHECK(d.state().window().scroll.following);
}

TEST_CASE("ui: how much of a paste was left out") {
  Desk d;
  type(d.ui, "\x1b[200~" + std::string(1'000'000, 'x') + "\x1b[201~");
  CHECK(d.input().size() == 16'384);
  CHECK(d.state().hint == "a message holds at most 16 KiB: 983616 bytes were left out");
  type(d.ui, "\x15\x1b[200~" + std::string(10, '\n') + std::string(70'000, 'x') + "\x1b[201~");
  CHECK(d.state().ask.open());
  CHECK(d.state().hint == "the paste was too long: at its end 4474 bytes were left out");
  type(d.ui, "y");
  CHECK(d.state().hint == "a message holds at most 16 KiB: 53626 bytes were left out");
}

TEST_CASE("ui: the configuration's keys") {
  Desk d;
  Keymap keys;
  REQUIRE(keys.bind("f8", "window-1"));
  d.ui.set_keys(keys);
  type(d.ui, "\x1b[19~");
  CHECK(d.peer().empty());
}

TEST_CASE("ui: which keys change the draft alone") {
  Desk d;
  d.intents.fake.peers.at("bob").lines.clear();  // nothing undelivered, which Ctrl-C asks about
  const auto alone = [&](std::string_view bytes) {
    type(d.ui, bytes);
    return d.ui.typed();
  };
  CHECK(alone("w"));
  CHECK(alone("\x1b[D"));
  CHECK(alone("\x7f"));
  CHECK_FALSE(alone("\x1b[5~"));  // a page up: there is nothing older
  CHECK_FALSE(alone("x"));        // which goes
  CHECK(alone("x"));
  CHECK_FALSE(alone("\x03"));  // interrupt: emptied
  CHECK_FALSE(alone("\x03"));  // its warning
  CHECK_FALSE(alone("x"));     // which goes
  CHECK(alone("y"));
  CHECK_FALSE(alone("\r"));
  CHECK_FALSE(alone("\x0e"));  // another window
  CHECK_FALSE(alone("\x13"));  // the search
  CHECK_FALSE(alone("x"));     // goes there
}
