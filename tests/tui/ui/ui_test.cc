// The interface as a whole: every command, the keys of the configuration, random keys.
#include "tui/ui/ui.h"

#include <doctest/doctest.h>

#include "tui/ui/commands.h"
#include "tui/ui/desk.h"
#include "tui/view/trust_panel.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: every command does something or says why not, in every window") {
  for (const Command& c : all_commands()) {
    for (const char* window : {"\x1b"
                               "1",
                               "\x1b"
                               "2"}) {
      for (const char* arguments : {"", " bob", " bob words", " nobody", " 1", " \xff\x1b[2J"}) {
        CAPTURE(c.name);
        CAPTURE(arguments);
        Desk d;
        d.intents.fake.link = client::LinkState::online;
        type(d.ui, window);
        d.intents.log.clear();
        const std::size_t before = d.ui.state().current;
        type(d.ui, std::string(c.name) + arguments + "\r");
        const bool asks = panel_kind(d.intents.fake, d.ui.state()) != PanelKind::none;
        const bool moved = d.ui.state().current != before || d.ui.state().dialog.open ||
                           d.ui.state().find.open || d.ui.state().ask.open() ||
                           d.ui.state().passphrase.open() || asks || c.name == "/win";
        CHECK((moved || !d.intents.log.empty()));
        d.ui.model_changed();
        CHECK(test::printable(render(d.intents.fake, d.ui.state(), {})));
      }
    }
  }
}

TEST_CASE("ui: random keys never crash it, and the screen stays right") {
  std::uint32_t state = 99;
  auto next = [&state] { return state = state * 1664525 + 1013904223, state >> 10; };
  const char* pieces[] = {"\r",
                          "\t",
                          "\x1b[Z",
                          "\x1b[A",
                          "\x1b[B",
                          "\x1b[5~",
                          "\x1b[6~",
                          "\x1b"
                          "1",
                          "\x1b"
                          "2",
                          "\x1b"
                          "3",
                          "\x1b"
                          "a",
                          "\x0e",
                          "\x10",
                          "\x1b[1;3A",
                          "\x1b[1;3B",
                          "/query bob",
                          "/close",
                          "/verify bob",
                          "/connect",
                          "/clear",
                          "/help",
                          "/whois",
                          "text 漢",
                          "\x1b",
                          "\x17",
                          "\x15",
                          "\x19",
                          "\x1b\r",
                          "e\xcc\x81",
                          "\x1b[200~a\nb\x1b[201~"};
  for (int round = 0; round < 30; ++round) {
    Desk d;
    if (round % 3 == 0) d.intents.fake.link = client::LinkState::offline;
    for (int i = 0; i < 150; ++i) {
      type(d.ui, pieces[next() % std::size(pieces)]);
      if (next() % 20 == 0) d.ui.resize({static_cast<int>(next() % 90), static_cast<int>(next() % 30)});
      if (next() % 40 == 0 && !d.intents.fake.question)
        d.intents.fake.question = question(next() % 2 ? client::Question::Kind::server_first
                                                      : client::Question::Kind::server_changed);
      if (next() % 10 == 0) d.ui.model_changed();
      REQUIRE(d.ui.state().current < d.ui.state().windows.size());
      REQUIRE(test::printable(render(d.intents.fake, d.ui.state(), {})));
    }
  }
}

TEST_CASE("ui: the configuration's keys") {
  Desk d("/query bob\r");
  Keymap keys;
  REQUIRE(keys.bind("f8", "window-1"));
  d.ui.set_keys(keys);
  type(d.ui, "\x1b[19~");
  CHECK(d.peer().empty());
}

TEST_CASE("ui: which keys change the draft alone") {
  Desk d("/query bob\r");
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
