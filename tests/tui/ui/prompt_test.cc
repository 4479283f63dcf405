// Questions that lie over each other: each keeps what a yes to it will do.
#include "tui/ui/prompt.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

namespace {

const std::string alt_2 =
    "\x1b"
    "2";

// The server's key is asked about, over all that is open.
void ask_about_server(Desk& d) {
  d.intents.fake.question = client::Question{};
  d.intents.fake.question->kind = client::Question::Kind::server_first;
  d.intents.fake.question->shown = test::some_id('s');
  d.ui.model_changed();
}

std::string pasted(const std::string& text) {
  return "\x1b[200~" + text + "\x1b[201~";
}

}  // namespace

TEST_CASE("prompt: a command typed into a server's question changes no question below it") {
  struct Below {
    std::string typed, done;
  };
  const Below questions[] = {{"/block\r", "block carol"}, {"hello\r", "send carol hello"}};
  for (const Below& below : questions) {
    for (const std::string over : {"/help\r", "/nonsense\r", "/msg frank hi\r", "/quit\r"}) {
      CAPTURE(below.typed);
      CAPTURE(over);
      Desk d;
      d.of("carol").standing = client::Standing::request;
      d.keys("/query carol\r" + below.typed);
      ask_about_server(d);
      d.keys(over + "no\r");
      if (over == "/quit\r") d.keys("n");  // it asked, too
      d.keys("y");
      CHECK(d.intents.logged(below.done));
      CHECK(std::find(d.intents.log.begin(), d.intents.log.end(), "quit") == d.intents.log.end());
      CHECK(d.input().empty());
      CHECK_FALSE(d.ui.state().ask.open());
    }
  }
}

TEST_CASE("prompt: a paste that is asked about outlives another question") {
  Desk d;
  d.keys("/query bob\r" + pasted("1\r2\r3\r4"));
  ask_about_server(d);
  d.keys("/quit\rno\rn");
  d.keys("y");
  CHECK(d.input() == "1\n2\n3\n4");
}

TEST_CASE("prompt: the same question is asked once, however often it was raised") {
  Desk d;
  d.of("carol").standing = client::Standing::request;
  d.keys("/block carol\r");
  ask_about_server(d);
  d.keys("/quit\r/quit\r/block carol\r/quit\r");
  d.keys("no\rn");
  CHECK(d.ui.state().ask.words == "Block carol and delete the messages? y yes, n no");
  d.keys("n");
  CHECK_FALSE(d.ui.state().ask.open());
}

TEST_CASE("prompt: a yes is about the window where it was asked, never about another one's draft") {
  Desk d;
  std::string draft, theirs, yes;
  SUBCASE("what did not fit") {
    draft = pasted(std::string(17'000, 'x'));
    theirs = "for carol";
    yes = "y";
  }
  SUBCASE("a slash after a space") {
    draft = " /text";
    theirs = " /secret";
    yes = "s";
  }
  SUBCASE("a slash after a space, as a command") {
    draft = " /text";
    theirs = " /help";
    yes = "r";
  }
  d.keys(alt_2 + theirs + "/query bob\r");
  d.ui.restore({{"", {{"", "", {}}, {"carol", theirs, {}}, {"bob", "", {}}}, 2}});
  REQUIRE(d.peer() == "bob");
  d.keys(draft + "\r");
  REQUIRE(d.ui.state().ask.open());
  const std::string mine = d.input();
  ask_about_server(d);
  d.keys(alt_2 + "no\r");
  REQUIRE(d.peer() == "carol");
  d.intents.log.clear();
  d.keys(yes);
  CHECK(d.intents.log.empty());
  CHECK(d.input() == theirs);
  CHECK(d.ui.state().windows[2].input.text() == mine);
  CHECK(d.ui.state().hint == "nothing was done: this is not the window where it was asked");
}

TEST_CASE("prompt: a paste goes into the window where it was pasted") {
  Desk d;
  d.keys("/query bob\r" + pasted("1\r2\r3\r4"));
  ask_about_server(d);
  d.keys(alt_2 + "no\r");
  REQUIRE(d.peer() == "carol");
  d.keys("y");
  CHECK(d.input().empty());
  CHECK(d.ui.state().windows[2].input.text() == "1\n2\n3\n4");
}

TEST_CASE("attack 28: prompt: a yes sends to no other key than it was asked for") {
  Desk d;
  d.of("carol").standing = client::Standing::request;
  d.keys("/query carol\rhello\r");
  REQUIRE(d.ui.state().ask.open());
  d.of("carol").id = test::some_id('z');
  d.keys("y");
  CHECK_FALSE(d.intents.logged("send carol"));
  CHECK(d.intents.logged("notice carol: Not sent: carol has another key than when you were asked."));
  CHECK(d.input() == "hello");
}

TEST_CASE("prompt: nothing of another server's questions is left") {
  Desk d;
  d.intents.fake.server_id = test::some_id('1');
  d.ui.model_changed();
  d.of("carol").standing = client::Standing::request;
  d.keys("/query carol\r");
  SUBCASE("a text") {
    d.keys("hello\r");
  }
  SUBCASE("a paste") {
    d.keys(pasted("1\r2\r3\r4"));
  }
  SUBCASE("one below another") {
    d.keys("/block\r");
    ask_about_server(d);
    d.keys("/quit\rno\r");
  }
  REQUIRE(d.ui.state().ask.open());
  d.intents.fake.server_id = test::some_id('2');
  d.ui.model_changed();
  CHECK_FALSE(d.ui.state().ask.open());
  d.intents.log.clear();
  d.keys("y");
  CHECK(d.intents.log.empty());
  CHECK(d.input() == "y");
}

TEST_CASE("prompt: locking leaves nothing of a question") {
  Desk d;
  d.of("carol").standing = client::Standing::request;
  d.keys("/query carol\rhello\r");
  ask_about_server(d);
  d.keys("/quit\r");
  d.ui.locked();
  d.intents.log.clear();
  d.intents.fake.question.reset();
  d.keys("secret\r");
  d.ui.passphrase_answer({});
  d.keys("yy");
  CHECK(d.intents.log == std::vector<std::string>{"unlock secret"});
  CHECK(d.input() == "yy");
}

TEST_CASE("ui: a question is seen whole on the smallest screen") {
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

namespace {

// A Prompt alone, and what was answered: the question and the key.
struct Asked {
  test::Stage s;
  Prompt prompt{s.ui};
  std::string answered;

  Asked() {
    prompt.answer_with({Ask::About::command, Ask::About::slash}, [this](const Ask& asked, char32_t key) {
      answered += asked.words + static_cast<char>(key);
    });
  }
  void ask(const std::string& words, Ask::About about = Ask::About::command) {
    prompt.ask(Ask{about, words});
  }
  const std::string& shown() const { return s.state.ask.words; }
};

}  // namespace

TEST_CASE("prompt alone: only its own keys answer") {
  Asked a;
  CHECK_FALSE(test::feed(a.prompt, "y"));  // nothing is asked
  a.ask("Sure?");
  CHECK(a.s.screen().find("Sure?") != std::string::npos);
  for (const std::string bytes :
       {"\r", "\t", " ", "Y", "s", "\x1by", "\x19", "\x1b[A", "\x1b[200~y\x1b[201~"}) {
    CAPTURE(bytes);
    a.s.state.hint.clear();
    CHECK(test::feed(a.prompt, bytes));
    CHECK(a.s.state.hint == "y or n");
    CHECK(a.shown() == "Sure?");
  }
  CHECK(a.answered.empty());
  CHECK(test::feed(a.prompt, "y"));
  CHECK(a.answered == "Sure?y");
  CHECK_FALSE(a.s.state.ask.open());
  CHECK(a.s.screen().find("Sure?") == std::string::npos);
}

TEST_CASE("prompt alone: a no closes the question and does nothing") {
  for (const Ask::About about : {Ask::About::command, Ask::About::slash}) {
    for (const char* no : {"n", "\x1b", "\x03"}) {
      Asked a;
      a.ask("Sure?", about);
      CHECK(test::feed(a.prompt, no));
      CHECK_FALSE(a.s.state.ask.open());
      CHECK(a.answered.empty());
    }
  }
}

TEST_CASE("prompt alone: a slash after a space is a text or a command, there is no yes to it") {
  Asked a;
  a.ask("Text?", Ask::About::slash);
  CHECK(test::feed(a.prompt, "y"));
  CHECK(a.s.state.hint == "s, r or Esc");
  CHECK(test::feed(a.prompt, "s"));
  a.ask("Text?", Ask::About::slash);
  CHECK(test::feed(a.prompt, "r"));
  CHECK(a.answered == "Text?sText?r");
}

TEST_CASE("prompt alone: a question waits below a later one, and below one that an answer raised") {
  Asked a;
  a.prompt.answer_with({Ask::About::cut}, [&a](const Ask&, char32_t) { a.ask("third"); });
  a.ask("first");
  a.ask("second", Ask::About::cut);
  CHECK(test::feed(a.prompt, "y"));
  CHECK(a.shown() == "third");
  CHECK(test::feed(a.prompt, "n"));
  CHECK(a.shown() == "first");
  CHECK(test::feed(a.prompt, "y"));
  CHECK(a.answered == "firsty");
  CHECK_FALSE(a.s.state.ask.open());
}

TEST_CASE("prompt alone: keys go to what is above it") {
  Asked a;
  a.ask("Sure?");
  SUBCASE("a server's question") {
    a.s.intents.fake.question = client::Question{};
  }
  SUBCASE("the dialog") {
    a.s.state.dialog.open = true;
  }
  SUBCASE("the search") {
    a.s.state.find.open = true;
  }
  SUBCASE("the passphrase") {
    a.s.state.passphrase.kind = PassphraseState::Kind::unlock;
  }
  CHECK_FALSE(test::feed(a.prompt, "y"));
  CHECK(a.answered.empty());
  CHECK(a.shown() == "Sure?");
}
