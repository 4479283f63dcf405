// Enter in the input: lines that are sent, run, refused or held.
#include "tui/ui/command_line.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a line goes to the window's peer, commands do not") {
  Desk d;
  type(d.ui, "/query bob\rhello bob\r");
  CHECK(d.intents.last() == "send bob hello bob");
  CHECK(d.input().empty());
  type(d.ui, "/me waves\r");
  CHECK(d.intents.last() == "action bob waves");
  type(d.ui, "//shrug\r");
  CHECK(d.intents.last() == "send bob /shrug");
  type(d.ui, "/msg frank in passing\r");
  CHECK(d.intents.logged("send frank in passing"));
  CHECK(d.peer() == "bob");
}

TEST_CASE("ui: nothing that looks like a command is sent, and it stays in the line") {
  Desk d;
  type(d.ui, "/query bob\r");
  for (const char* line : {"/qurey bob", "/", "/etc/passwd"}) {
    CAPTURE(line);
    d.intents.log.clear();
    type(d.ui, line);
    type(d.ui, "\r");
    CHECK_FALSE(d.intents.logged("send bob"));
    CHECK(d.intents.logged("notice bob"));
    CHECK(d.input() == line);
    type(d.ui, "\x05\x15");
  }
}

TEST_CASE("ui: a text that cannot be sent stays in the line, with the reason") {
  Desk d;
  type(d.ui, "/query bob\r");
  d.intents.refuse = "no room";
  type(d.ui, "precious words\r");
  CHECK(d.input() == "precious words");
  CHECK(d.intents.last() == "notice bob: Not sent: no room");
  type(d.ui,
       "\x1b"
       "1\x15"
       "typed in the status window\r");
  CHECK(d.input() == "typed in the status window");
}

TEST_CASE("ui: the server is asked about a name that is not in the list, and the line stays") {
  Desk d;
  const std::string id = test::some_id('z').str();
  type(d.ui, "/query bob\r");
  for (const std::string line : {"/whois nobody", "/msg nobody hello", "/query nobody"}) {
    CAPTURE(line);
    d.intents.log.clear();
    type(d.ui, line + "\r");
    CHECK(d.intents.logged("find nobody for bob"));
    CHECK(d.input() == line);
    type(d.ui, "\x15");
  }
  type(d.ui, "/win 1\r/whois " + id + "\r");
  CHECK(d.intents.logged("find " + id + " for status"));
  d.intents.fake.link = client::LinkState::offline;
  d.intents.log.clear();
  type(d.ui, "\x15/whois nobody\r");
  CHECK_FALSE(d.intents.logged("find"));
}

TEST_CASE("ui: a line that names a user who is offline is carried out once the server has answered") {
  Desk d;
  d.intents.fake.mail = true;
  const auto answer = [&](client::FindAnswer::Outcome outcome) {
    d.intents.fake.found["zoe"] = {outcome, "zoe", test::some_id('m')};
    d.ui.model_changed();
  };
  using Outcome = client::FindAnswer::Outcome;
  SUBCASE("/msg") {
    d.keys("/msg zoe hello\r");
    answer(Outcome::asked);
    CHECK(d.input() == "/msg zoe hello");
    answer(Outcome::offline);
    CHECK(d.intents.logged("meet zoe"));
    CHECK(d.intents.logged("send zoe hello"));
    CHECK(d.said() == "notice : To zoe, who is offline (by letter): hello");
    CHECK(d.input().empty());
    d.intents.log.clear();
    d.ui.model_changed();
    CHECK_FALSE(d.intents.logged("send"));
  }
  SUBCASE("/query") {
    d.keys("/query zoe hello\r");
    answer(Outcome::registered);
    CHECK(d.intents.logged("send zoe hello"));
    CHECK(d.peer() == "zoe");
  }
  SUBCASE("not if the line is another one by now") {
    d.keys("/msg zoe hello\r there");
    answer(Outcome::offline);
    CHECK(d.intents.logged("meet zoe"));
    CHECK_FALSE(d.intents.logged("send"));
    CHECK(d.input() == "/msg zoe hello there");
  }
  SUBCASE("not from another window") {
    d.keys(
        "/msg zoe hello\r\x1b"
        "2");
    answer(Outcome::offline);
    CHECK_FALSE(d.intents.logged("send"));
  }
  SUBCASE("not if there is no such user, the connection was lost, or the server keeps no letters") {
    d.keys("/msg zoe hello\r");
    SUBCASE("no such user") {
      answer(Outcome::unknown);
    }
    SUBCASE("lost") {
      d.ui.model_changed();
      answer(Outcome::offline);
    }
    SUBCASE("no letters") {
      d.ui.model_changed();
      d.intents.fake.mail = false;
      d.keys("\r");
      answer(Outcome::offline);
    }
    CHECK_FALSE(d.intents.logged("meet zoe"));
    CHECK(d.input() == "/msg zoe hello");
  }
}

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

namespace {

struct Alone : test::StageWithWindows {
  std::vector<std::string> ran;
  std::function<bool()> outcome = [] { return true; };
  CommandLine line{s.ui, s.intents, {notices, prompt, typing, windows}, [this](const Invocation& call) {
                     ran.emplace_back(call.command->name);
                     return outcome();
                   }};

  void enter(const std::string& typed) {
    s.intents.log.clear();
    s.input().set(typed);
    line.enter();
  }
  const std::string& left() { return s.input().text(); }
};

}  // namespace

TEST_CASE("command line alone: a text is sent and leaves its window, one that is refused stays") {
  Alone a;
  a.enter("good morning");
  CHECK(a.s.intents.log == std::vector<std::string>{"send bob good morning"});
  CHECK(a.left().empty());
  CHECK(*a.s.state.window().history.older("") == "good morning");
  a.s.intents.refuse = "the store is full";
  a.enter("good night");
  CHECK(a.s.intents.last() == "notice bob: Not sent: the store is full");
  CHECK(a.left() == "good night");
  CHECK(a.ran.empty());
}

TEST_CASE("command line alone: a command runs, and stays in the line when it fails") {
  Alone a;
  a.enter("/names");
  CHECK(a.ran == std::vector<std::string>{"/names"});
  CHECK(a.left().empty());
  a.outcome = [] { return false; };
  a.enter("/names");
  CHECK(a.left() == "/names");
  a.enter("/nonsense");
  CHECK(a.ran.size() == 2);
  CHECK(a.left() == "/nonsense");
  CHECK(a.s.intents.log.size() == 1);
}

TEST_CASE("command line alone: after a yes the command that asked runs again, in its own window only") {
  Alone a;
  a.outcome = [&a] { return a.line.sure("Erase all?"); };
  a.enter("/names");
  REQUIRE(a.s.state.ask.open());
  CHECK(a.left() == "/names");
  SUBCASE("yes") {
    CHECK(test::feed(a.prompt, "y"));
    CHECK(a.ran.size() == 2);
    CHECK(a.left().empty());
  }
  SUBCASE("no") {
    CHECK(test::feed(a.prompt, "n"));
    CHECK(a.ran.size() == 1);
    CHECK(a.left() == "/names");
  }
  SUBCASE("yes in another window") {
    a.s.open("frank");
    CHECK(test::feed(a.prompt, "y"));
    CHECK(a.ran.size() == 1);
    CHECK(a.windows.find("bob")->input.text() == "/names");
  }
}

TEST_CASE("command line alone: a text to somebody whose key changed while it was asked about is not sent") {
  Alone a;
  a.s.of("bob").standing = client::Standing::request;
  a.enter("hello");
  REQUIRE(a.s.state.ask.open());
  CHECK(a.s.intents.log.empty());
  const bool same = [&] {
    SUBCASE("same key") {
      return true;
    }
    SUBCASE("other key") {
      a.s.of("bob").id = test::some_id('z');
    }
    return false;
  }();
  CHECK(test::feed(a.prompt, "y"));
  CHECK(a.s.intents.logged("send bob hello") == same);
  CHECK(a.left() == (same ? "" : "hello"));
}

TEST_CASE("command line alone: what is typed in a panel is a command or nothing") {
  Alone a;
  a.s.input().set("draft");
  a.line.run_typed_elsewhere("secret words");
  a.line.run_typed_elsewhere("/names");
  CHECK(a.s.intents.log.empty());
  CHECK(a.ran == std::vector<std::string>{"/names"});
  CHECK(a.left() == "draft");
}
