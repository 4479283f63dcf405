// The input line: pastes, what does not fit, undo.
#include "tui/ui/input.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a paste with line breaks sends nothing until Enter, then all of it as one") {
  Desk d;
  type(d.ui, "/query bob\r");
  d.intents.log.clear();
  type(d.ui, "\x1b[200~line one\r/quit\rline three\x1b[201~");
  CHECK(d.intents.log.empty());
  type(d.ui, "\r");
  CHECK(d.intents.last() == "send bob line one\n/quit\nline three");
}

TEST_CASE("ui: the user learns how much did not fit into a message") {
  Desk d;
  type(d.ui, "/query bob\r");
  type(d.ui, "\x1b[200~" + std::string(16'000, 'x') + "\x1b[201~");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "\x1b[200~" + std::string(500, 'y') + "the end\x1b[201~");
  CHECK(d.ui.state().hint == "a message holds at most 16 KiB: 123 bytes were left out");
  CHECK(d.input().size() == 16'384);
  type(d.ui, "\x7f");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "a");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "b");
  CHECK(d.ui.state().hint == "a message holds at most 16 KiB: 124 bytes were left out");
  // The words are gone with the next key: Enter asks, so that nothing is sent that is not all of it.
  d.intents.log.clear();
  type(d.ui, "\r\r");
  CHECK(d.ui.state().ask.words ==
        "Not all of it fitted (124 bytes too many): send without the rest? y yes, n no");
  type(d.ui, "n");
  CHECK(d.input().size() == 16'384);
  CHECK_FALSE(d.intents.logged("send"));
  type(d.ui, "\ry");
  CHECK(d.intents.logged("send bob xxx"));
  CHECK(d.input().empty());
  type(d.ui, "short\r");
  CHECK(d.intents.last() == "send bob short");
  // A text that only gets shorter when it is made clean was not cut.
  type(d.ui, "\x15\x1b[200~" + std::string(300, '\x07') + "x\x1b[201~");
  CHECK(d.ui.state().hint.empty());
}

TEST_CASE("ui: a long paste asks, a short one does not") {
  Desk d;
  d.keys("/query bob\rbefore ");
  d.intents.log.clear();
  d.keys("\x1b[200~1\r\n2\r3\n\x1b[201~");  // three lines
  CHECK(asked(d) == Ask::About::nothing);
  CHECK(d.input() == "before 1\n2\n3\n");
  d.keys(
      "\x15\x7f\x15\x7f\x15\x7f\x15"
      "before \x1b[200~1\r2\r3\r4\x1b[201~");
  CHECK(asked(d) == Ask::About::paste);
  CHECK(d.ui.state().ask.words == "Insert the 4 pasted lines? y yes, n no");
  d.keys("\r\r");
  CHECK(asked(d) == Ask::About::paste);
  CHECK(d.input() == "before ");
  SUBCASE("yes") {
    d.keys("y");
    CHECK(d.input() == "before 1\n2\n3\n4");
  }
  SUBCASE("no") {
    d.keys("n");
    CHECK(d.input() == "before ");
  }
  SUBCASE("Ctrl-C is a no, and nothing more") {
    d.keys("\x03");
    CHECK(d.input() == "before ");
  }
  CHECK(asked(d) == Ask::About::nothing);
  CHECK(d.intents.log.empty());
  d.keys("\x03/set paste-lines 1000\r\x1b[200~1\r2\r3\r4\x1b[201~");
  CHECK(asked(d) == Ask::About::nothing);
  CHECK(d.input() == "1\n2\n3\n4");
}

TEST_CASE("ui: a paste without brackets says what Enter does, and is asked about like another") {
  Desk d;
  d.keys("/query bob\r");
  Key paste;
  paste.code = KeyCode::paste;
  paste.text = "one\rtwo\rthree\r";
  paste.guessed = true;
  CHECK(d.ui.takes_lines());
  d.ui.key(paste);
  CHECK(d.ui.state().hint == "paste: Enter sends");
  CHECK(d.input() == "one\ntwo\nthree\n");
  CHECK_FALSE(d.intents.logged("send"));
  paste.text += "four\r";
  d.ui.key(paste);
  CHECK(asked(d) == Ask::About::paste);
  CHECK(d.ui.takes_lines());
  d.keys("y");
  CHECK(d.ui.state().hint == "paste: Enter sends");
  d.keys("\x03/verify\r");
  CHECK_FALSE(d.ui.takes_lines());
}

TEST_CASE("ui: words that were cut in one window can be inserted in another") {
  Desk d("/query bob\r");
  type(d.ui, "for frank\x17\x15");
  CHECK(d.input().empty());
  type(d.ui, "/query frank\r\x19");
  CHECK(d.peer() == "frank");
  CHECK(d.input() == "for frank");
}

TEST_CASE("ui: undo, also of Ctrl-C, of a refused line and of the history") {
  Desk d("/query bob\r");
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

TEST_CASE("ui: a paste that is too long says how much was left out") {
  Desk d("/query bob\r");
  type(d.ui, "\x1b[200~" + std::string(1'000'000, 'x') + "\x1b[201~");
  CHECK(d.input().size() == 16'384);
  CHECK(d.state().hint == "a message holds at most 16 KiB: 983616 bytes were left out");
  type(d.ui, "\x15\x1b[200~" + std::string(10, '\n') + std::string(70'000, 'x') + "\x1b[201~");
  CHECK(d.state().ask.open());
  CHECK(d.state().hint == "the paste was too long: at its end 4474 bytes were left out");
  type(d.ui, "y");
  CHECK(d.state().hint == "a message holds at most 16 KiB: 53626 bytes were left out");
}

namespace {

struct Alone : test::StageWithWindows {
  LinkStatus link{s.ui, s.intents, notices};
  CommandLine line{
      s.ui, s.intents, {notices, prompt, typing, windows}, [](const Invocation&) { return true; }};
  int leave_asked = 0;
  ExitKey exit{s.ui, s.intents, [this] { ++leave_asked; }};
  Input input{s.ui, s.intents, s.intents, {windows, typing, notices, prompt, line, link, exit}};

  const std::string& text() { return s.input().text(); }
};

const std::string three_lines = "\x1b[200~one\ntwo\nthree\x1b[201~";

}  // namespace

TEST_CASE("input alone: it consumes every key, and says which ones edit the draft") {
  Alone a;
  CHECK(test::feed(a.input, "hi"));
  CHECK(a.input.take_edited());
  CHECK(a.text() == "hi");
  CHECK_FALSE(a.input.take_edited());
  for (const char* bytes : {"\x1b[A", "\x1b[15~", "\x1bq"}) {
    CAPTURE(bytes);
    CHECK(test::feed(a.input, bytes));
  }
  CHECK(a.s.intents.typing_log == std::vector<std::string>{"bob on", "bob on"});
}

TEST_CASE("input alone: Enter sends the draft, Up brings it back") {
  Alone a;
  CHECK(test::feed(a.input, "hello\r"));
  CHECK(a.s.intents.logged("send bob hello"));
  CHECK(a.text().empty());
  CHECK(test::feed(a.input, "\x1b[A"));
  CHECK(a.text() == "hello");
}

TEST_CASE("input alone: Ctrl-C clears the draft, and over an empty one asks before texts are lost") {
  Alone a;
  CHECK(test::feed(a.input, "hello\x03"));
  CHECK(a.text().empty());
  CHECK(a.leave_asked == 0);
  CHECK(test::feed(a.input, "\x03"));
  CHECK(a.leave_asked == 1);
  CHECK_FALSE(a.s.intents.logged("quit"));
}

TEST_CASE("input alone: a paste of many lines goes to the window where it was asked about, or nowhere") {
  Alone a;
  a.s.state.options.paste_lines = 2;
  CHECK(test::feed(a.input, three_lines));
  REQUIRE(a.s.state.ask.open());
  CHECK(a.text().empty());
  a.s.open("frank");
  SUBCASE("yes") {
    CHECK(test::feed(a.prompt, "y"));
    CHECK(a.windows.find("bob")->input.text() == "one\ntwo\nthree");
  }
  SUBCASE("no") {
    CHECK(test::feed(a.prompt, "n"));
    CHECK(a.windows.find("bob")->input.empty());
  }
  SUBCASE("the window was closed") {
    a.windows.close("bob");
    CHECK(test::feed(a.prompt, "y"));
    CHECK(a.s.state.hint == "nothing was inserted: the window is closed");
  }
  CHECK(a.text().empty());
}

TEST_CASE("input alone: Esc ends the first attempt to connect, not one after a lost connection") {
  Alone a;
  CHECK(test::feed(a.input, "\x1b"));
  CHECK_FALSE(a.s.intents.logged("disconnect"));
  const bool lost = [&] {
    SUBCASE("first") {
      return false;
    }
    SUBCASE("lost") {
      a.link.model_changed();  // online
    }
    return true;
  }();
  a.s.intents.fake.link = client::LinkState::connecting;
  CHECK(test::feed(a.input, "\x1b"));
  CHECK(a.s.intents.logged("disconnect") != lost);
}
