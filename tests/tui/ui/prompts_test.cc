// Questions in the place of the input, and people who wait for an answer.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

namespace {

Ask::About asked(const Desk& d) {
  return d.ui.state().ask.about;
}

// carol wrote, and nobody answered yet.
void make_request(Desk& d) {
  d.of("carol").standing = client::Standing::request;
}

}  // namespace

TEST_CASE("ui: a space and a slash is asked about, and only an answer does something") {
  Desk d;
  d.keys("/query bob\r /quit");
  d.intents.log.clear();
  d.keys("\r");
  CHECK(asked(d) == Ask::About::slash);
  d.keys(
      "\r\ty \x1b[A\x1b[200~s\x1b[201~\x1b"
      "1");
  CHECK(asked(d) == Ask::About::slash);
  CHECK(d.peer() == "bob");
  CHECK(d.intents.log.empty());
  SUBCASE("a text") {
    d.keys("s");
    CHECK(d.intents.log == std::vector<std::string>{"send bob  /quit"});
    CHECK(d.input().empty());
  }
  SUBCASE("a command") {
    for (auto& [name, peer] : d.intents.fake.peers)
      peer.lines.clear();
    d.keys("r");
    CHECK(d.intents.last() == "quit");
  }
  SUBCASE("back") {
    d.keys("\x1b");
    CHECK(d.intents.log.empty());
    CHECK(d.input() == " /quit");
  }
  CHECK(asked(d) == Ask::About::nothing);
}

TEST_CASE("ui: a space and a slash in the status window is no text for anybody") {
  Desk d;
  d.keys("  /nonsense\rs");
  CHECK_FALSE(d.intents.logged("send"));
  CHECK(d.input() == "  /nonsense");
  d.keys("\rr");
  CHECK(d.intents.last() ==
        "notice : There is no command /nonsense. /help lists them; //text sends a text "
        "that starts with a slash.");
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

TEST_CASE("ui: a text to a request is held until yes") {
  Desk d;
  make_request(d);
  d.keys("/query carol\r");
  SUBCASE("a line") {
    d.keys("hello\r");
    CHECK(asked(d) == Ask::About::request);
    CHECK(d.ui.state().ask.words == "An answer accepts carol's request: send it? y yes, n no");
    CHECK_FALSE(d.intents.logged("send"));
    SUBCASE("no") {
      d.keys("n");
      CHECK_FALSE(d.intents.logged("send"));
      CHECK(d.input() == "hello");
    }
    SUBCASE("yes") {
      d.keys("y");
      CHECK(d.intents.last() == "send carol hello");
      CHECK(d.input().empty());
      d.keys("\x1b[A");
      CHECK(d.input() == "hello");
    }
    SUBCASE("yes, but it cannot be sent") {
      d.intents.refuse = "no room";
      d.keys("y");
      CHECK(d.intents.last() == "notice carol: Not sent: no room");
      CHECK(d.input() == "hello");
    }
  }
  SUBCASE("by another window's command") {
    d.keys(
        "\x1b"
        "1/query carol hello\r");
    CHECK(asked(d) == Ask::About::request);
    CHECK(d.peer() == "carol");
    d.keys("y");
    CHECK(d.intents.last() == "send carol hello");
    d.keys(
        "\x1b"
        "1");
    CHECK(d.input().empty());
  }
  SUBCASE("from a panel, whose window has a draft for somebody else") {
    d.keys("/query bob\rfor bob\x01/verify bob\x0b\r");
    d.keys("for bob\x01\x0b/verify\r");
    d.keys("/msg carol hello\r");
    REQUIRE(asked(d) == Ask::About::request);
    d.keys("y");
    CHECK(d.intents.logged("send carol hello"));
    CHECK_FALSE(d.intents.logged("send bob"));
  }
  SUBCASE("a space and a slash besides") {
    d.keys(" /me\rs");
    CHECK(asked(d) == Ask::About::request);
    d.keys("y");
    CHECK(d.intents.last() == "send carol  /me");
    CHECK(d.input().empty());
  }
}

TEST_CASE("ui: requests are listed with all that helps to decide") {
  Desk d;
  d.keys("/requests\r");
  CHECK(d.intents.last() == "notice : Nobody waits for an answer.");
  make_request(d);
  d.of("carol").looks_like = "caro1";
  d.keys("/requests\r");
  const std::string said = d.intents.last();
  CHECK(said.find("notice : 1 request:\ncarol  " + test::some_id('c').str() + "\n") == 0);
  CHECK(said.find("first wrote 2026-11-19 08:00") != std::string::npos);
  CHECK(said.find("looks like that of your contact caro1") != std::string::npos);
}

TEST_CASE("attack 28: a draft goes to no other key than it was begun for without a yes") {
  Desk d;
  d.keys("/query bob\r");
  d.keys("my secret");
  const auto id = test::some_id('z');
  REQUIRE(d.of("bob").id != id);
  bool kept = false;
  SUBCASE("typed before") {}
  SUBCASE("kept over a restart") {
    kept = true;
  }
  if (kept) {
    const auto windows = d.ui.kept();
    d.ui.restore(windows);
    REQUIRE(d.peer() == "bob");
    REQUIRE(d.input() == "my secret");
  }
  d.of("bob").id = id;
  d.intents.log.clear();
  d.keys("\r");
  CHECK_FALSE(d.intents.logged("send bob my secret"));
  CHECK(d.ui.state().ask.words.find("typed for an earlier key of bob") != std::string::npos);
  d.keys("n");
  CHECK(d.input() == "my secret");
  CHECK_FALSE(d.intents.logged("send bob my secret"));
  d.keys("\ry");
  CHECK(d.intents.logged("send bob my secret"));
  CHECK(d.input().empty());
  d.keys("another\r");
  CHECK(d.intents.logged("send bob another"));
}

TEST_CASE("attack 28: /resend and /discard") {
  Desk d;
  d.keys("/query bob\r");
  d.keys("/resend\r");
  CHECK(d.intents.logged("resend_held bob"));
  d.keys("/discard bob\r");
  CHECK_FALSE(d.intents.logged("discard_held bob"));
  d.keys("y");
  CHECK(d.intents.logged("discard_held bob"));
}

TEST_CASE("ui: /accept, /decline, /block") {
  Desk d;
  make_request(d);
  d.keys("/query carol\r");
  SUBCASE("accept") {
    d.keys("/accept\r");
    CHECK(d.intents.last() == "accept carol");
  }
  SUBCASE("block, from elsewhere") {
    d.keys(
        "\x1b"
        "1/block carol\r");
    CHECK_FALSE(d.intents.logged("block carol"));
    d.keys("y");
    CHECK(d.intents.logged("block carol"));
    CHECK(d.intents.last() == "notice : carol is blocked: nothing of theirs is shown or answered.");
  }
  SUBCASE("decline: the window goes with it") {
    d.keys("/decline\r");
    CHECK_FALSE(d.intents.logged("decline carol"));
    d.keys("y");
    CHECK(d.intents.logged("decline carol"));
    CHECK(d.peer().empty());
    CHECK(d.intents.last() == "notice : The request of carol is forgotten.");
    CHECK(d.ui.state().windows.size() == 1);
  }
  SUBCASE("refused: the words of the core, and the line stays") {
    d.intents.refuse = "is a contact already";
    d.keys("/decline\ry");
    CHECK(d.peer() == "carol");
    CHECK(d.input() == "/decline");
    CHECK(d.intents.last() == "notice carol: is a contact already");
  }
}

TEST_CASE("ui: /history delete asks in the place of the input, also when the pane is scrolled up") {
  Desk d;
  d.keys("/query bob\r\x1b[5~\x1b[5~/history delete\r\r\r");
  CHECK(asked(d) == Ask::About::command);
  CHECK(d.ui.state().ask.words == "Delete the history with bob, for good? y yes, n no");
  CHECK_FALSE(d.intents.logged("erase_history"));
  SUBCASE("no") {
    d.keys("n");
    CHECK(d.input() == "/history delete");
    d.keys("\x15/names\r");
    CHECK_FALSE(d.intents.logged("erase_history"));
  }
  SUBCASE("yes") {
    d.keys("y");
    CHECK(d.intents.logged("erase_history bob"));
    CHECK(d.input().empty());
    CHECK(d.intents.last() == "notice bob: The history with bob is deleted here.");
    d.keys("\x1b[A");
    CHECK(d.input() == "/history delete");
  }
}

TEST_CASE("ui: what is asked about is seen whole on the smallest screen") {
  const std::string eve = "eve.with-a-very-long-name_000001";
  for (const std::string& line : {"/history delete " + eve, "/block " + eve, "/decline " + eve,
                                  "/distrust " + eve, std::string("/quit")}) {
    CAPTURE(line);
    Desk d;
    d.of(eve).standing =
        line[1] == 'b' || line.starts_with("/de") ? client::Standing::request : client::Standing::contact;
    d.of(eve).was_verified = true;
    d.ui.resize({20, 5});
    d.keys(line + "\r");
    REQUIRE(asked(d) == Ask::About::command);
    const Grid grid = render(d.intents.fake, d.ui.state(), {});
    std::string shown;
    for (int y = 0; y < 5; ++y)
      shown += test::dump_row(grid, y);
    CHECK(shown.find(d.ui.state().ask.words) != std::string::npos);
  }
}

TEST_CASE("ui: a question that was asked in a panel is answered there") {
  Desk d;
  d.keys("/verify frank\r/distrust\r");
  REQUIRE(asked(d) == Ask::About::command);
  d.keys("y");
  CHECK(d.intents.logged("unverify frank"));
  CHECK(d.ui.state().said == "frank is not verified any more.");
}

TEST_CASE("ui: /history export takes a name, a file, both or neither") {
  Desk d;
  const auto exported = [&](const char* line) {
    d.intents.log.clear();
    d.keys(std::string("\x15") + line + "\r");
    return d.intents.log.empty() ? "" : d.intents.log.front();
  };
  CHECK(exported("/history export bob /tmp/b") == "export_history bob /tmp/b");
  CHECK(exported("/history export bob") == "export_history bob ./sims-bob.txt");
  CHECK(exported("/history export").find("notice : This is the status window") == 0);
  d.keys("\x15/query frank\r");
  CHECK(exported("/history export") == "export_history frank ./sims-frank.txt");
  CHECK(exported("/history export ./f with spaces.txt").find("notice frank: Usage") == 0);
  CHECK(exported("/history export ./f.txt") == "export_history frank ./f.txt");
  for (const char* wrong :
       {"/history", "/history export nobody", "/history delete ./f", "/history erase bob"}) {
    exported(wrong);
    CHECK(d.intents.last().find("notice frank: ") == 0);
    CHECK_FALSE(d.intents.logged("export_history"));
  }
}
