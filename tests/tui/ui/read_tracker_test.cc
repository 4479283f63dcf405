// Which messages count as read.
#include "tui/ui/read_tracker.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a number to compare that covers the chat hides what comes") {
  Desk d;
  d.ui.resize({40, 10});
  d.keys("/verify bob\r");
  d.comes("bob", "unseen");
  CHECK(d.of("bob").unread == 1);
  d.keys("\x1b");
  CHECK(d.of("bob").unread == 0);
}

TEST_CASE("ui: lines that came before a window was in front are under a divider, until the window is left") {
  Desk d;
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  d.keys("/query bob\r");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.comes("bob", "while we look");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.keys("/win 1\r/query bob\r");
  CHECK(d.ui.state().window().divider == 0);
}

TEST_CASE("ui: while the terminal has no focus nothing counts as seen") {
  Desk d;
  d.keys("/query bob\r" + focus_out);
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  CHECK(d.of("bob").unread == 2);
  CHECK(d.ui.state().window().divider == 0);
  d.keys(focus_in);
  CHECK(d.of("bob").unread == 0);
  CHECK(d.ui.state().window().divider == first);
  d.keys(focus_out + focus_in);
  CHECK(d.ui.state().window().divider == 0);
}

namespace {

struct Reader {
  explicit Reader(const std::string& front = "bob") : s(front) {}

  test::Stage s;
  ReadTracker tracker{s.ui, s.intents, s.intents};

  bool marks() {
    s.intents.log.clear();
    tracker.look();
    return s.intents.logged("mark_read");
  }
};

}  // namespace

TEST_CASE(
    "read tracker alone: nothing is read under what covers the chat, away, out of focus or scrolled up") {
  Reader r;
  REQUIRE(r.marks());
  r.s.of("bob").unread = 1;
  const auto hidden = [&](auto&& set, auto&& undo) {
    set();
    CHECK_FALSE(r.marks());
    CHECK(r.s.of("bob").unread == 1);
    undo();
  };
  UiState& state = r.s.state;
  hidden([&] { state.dialog.open = true; }, [&] { state.dialog.open = false; });
  hidden([&] { state.find.open = true; }, [&] { state.find.open = false; });
  hidden([&] { state.away = true; }, [&] { state.away = false; });
  hidden([&] { state.focused = false; }, [&] { state.focused = true; });
  hidden([&] { state.window().scroll.following = false; }, [&] { state.window().scroll = {}; });
  hidden([&] { state.passphrase.kind = PassphraseState::Kind::change; },
         [&] { state.passphrase.kind = PassphraseState::Kind::none; });
  hidden([&] { r.s.intents.fake.question = client::Question{}; }, [&] { r.s.intents.fake.question.reset(); });
  SUBCASE("a question in the place of the input covers nothing") {
    state.ask.about = Ask::About::command;
    CHECK(r.marks());
  }
  SUBCASE("nothing over it") {
    CHECK(r.marks());
  }
}

TEST_CASE("read tracker alone: a line is marked as read once, an attention without unread lines, too") {
  Reader r;
  CHECK(r.marks());
  CHECK_FALSE(r.marks());
  r.s.of("bob").attention = true;
  CHECK(r.marks());
  CHECK_FALSE(r.marks());
}

TEST_CASE("read tracker alone: the divider is above the first unread line of theirs") {
  Reader r;
  client::Line line;
  r.s.intents.add("bob", line);
  const std::uint64_t first = r.s.of("bob").lines.back().serial;
  line.mine = true;
  r.s.intents.add("bob", line);
  line.mine = false;
  line.kind = client::Line::Kind::notice;
  r.s.intents.add("bob", line);
  line.kind = client::Line::Kind::text;
  r.s.intents.add("bob", line);
  r.s.of("bob").unread = 2;
  CHECK(r.marks());
  CHECK(r.s.state.window().divider == first);
}

TEST_CASE("read tracker alone: an empty window gets a page of the history, the status window none") {
  Reader r;
  r.s.of("bob").lines.clear();
  r.s.of("bob").older = true;
  r.s.intents.older_pages = 2;
  r.tracker.look();
  r.s.intents.log.clear();
  r.tracker.look();
  CHECK(r.s.of("bob").lines.size() == 10);
  r.tracker.look();
  CHECK(r.s.intents.older_pages == 1);
  Reader status("");
  CHECK_FALSE(status.marks());
}
