// Nothing said is unseen: what a command answers is on the screen, wherever the user is.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

namespace {

const std::string page_up = "\x1b[5~",
                  status_window =
                      "\x1b"
                      "1",
                  alt_a =
                      "\x1b"
                      "a";

std::string screen(Desk& d) {
  return test::dump(render(d.intents.fake, d.ui.state(), {}), false);
}

bool shows(Desk& d, const std::string& words) {
  return screen(d).find(words) != std::string::npos;
}

void many_lines(Desk& d, const std::string& peer) {
  for (int i = 0; i < 100; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    d.intents.add(peer, line);
  }
}

}  // namespace

TEST_CASE("ui: what a command answers is seen at once in a pane that is scrolled up") {
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
  auto& eve = d.of("eve.with-a-very-long-name_000001");
  d.keys("/trust " + eve.name + " " + std::string(eve.changed_to->text()) + "\r");
  CHECK(d.intents.last() == "notice : The new key of " + eve.name + " is accepted, not verified.");
  // In its own window the core has said it, and a text is its own line.
  d.keys("/query frank\r/msg frank here\r");
  CHECK(d.intents.last() == "send frank here");
}

TEST_CASE("ui: a command that is typed into a panel is answered in it") {
  for (const Size size : {Size{80, 24}, Size{40, 10}}) {
    Desk d;
    d.ui.resize(size);
    const std::string eve = "eve.with-a-very-long-name_000001";
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

TEST_CASE("ui: Alt-a finds all that the list shows as unread") {
  Desk d;
  d.of("carol").unread = 0;
  d.of("carol").attention = false;
  SUBCASE("below what this window shows") {
    many_lines(d, "bob");
    d.keys("/query bob\r" + page_up + page_up);
    d.comes("bob", "the news");
    REQUIRE(d.of("bob").unread == 1);
    d.keys(alt_a);
    CHECK(d.ui.state().hint.empty());
    CHECK(shows(d, "the news"));
    CHECK(d.of("bob").unread == 0);
  }
  SUBCASE("of somebody for whom there was no window left") {
    for (int i = 0; i < 500; ++i) {
      client::Peer& peer = d.intents.fake.peers["x" + std::to_string(i)];
      peer.name = "x" + std::to_string(i);
      peer.id = test::some_id('s');
      peer.unread = 1;
    }
    d.ui.model_changed();
    for (int i = 0; i < 500; ++i)
      d.keys(alt_a);
    for (const auto& [name, peer] : d.intents.fake.peers)
      CHECK_MESSAGE((peer.unread == 0 || d.ui.state().hint.find("too many windows") != std::string::npos),
                    name);
    CHECK(d.of("x450").unread == 0);
  }
  SUBCASE("here, while away") {
    d.keys("/query bob\r/away\r");
    d.comes("bob", "the news");
    d.keys(alt_a);
    CHECK(d.ui.state().hint == "unread here until /away ends");
  }
  SUBCASE("nothing") {
    d.keys(alt_a);
    CHECK(d.ui.state().hint == "nothing unread");
  }
}

TEST_CASE("ui: a number to compare that covers the chat hides what comes") {
  Desk d;
  d.ui.resize({40, 10});
  d.keys("/verify bob\r");
  d.comes("bob", "unseen");
  CHECK(d.of("bob").unread == 1);
  d.keys("\x1b");
  CHECK(d.of("bob").unread == 0);
}

TEST_CASE("ui: a refused /nick goes back to the name that holds, and relabels nothing") {
  Desk d;
  d.keys("/query bob\r/nick alicia\r");
  CHECK(d.intents.last() == "nick alicia");
  auto& model = d.intents.fake;
  model.self_name = "alicia";
  model.link = client::LinkState::handshaking;
  d.ui.model_changed();
  CHECK(shows(d, "<alice> Good night"));
  CHECK_FALSE(shows(d, "alicia @"));
  model.link = client::LinkState::offline;
  model.problem = "this identity is registered there under another name";
  model.refusal = proto::ErrorCode::id_taken;
  d.intents.log.clear();
  d.ui.model_changed();
  CHECK(d.intents.logged("nick alice"));
  CHECK(d.ui.state().dialog.name.text() == "alice");
  CHECK(
      d.intents.logged("notice bob: Not connected as alicia: this identity is registered there under another "
                       "name. The name registered for this key is alice: going on as alice."));
  CHECK(shows(d, "<alice> Good night"));
  d.intents.log.clear();
  model.self_name = "alice";
  model.link = client::LinkState::online;
  model.refusal.reset();
  d.ui.model_changed();
  CHECK(d.intents.logged("notice bob: Connected to chat.example.org:7467 as alice."));
}

TEST_CASE("ui: /nick that holds is the name from then on") {
  Desk d;
  d.keys("/query bob\r/nick alicia\r");
  auto& model = d.intents.fake;
  model.link = client::LinkState::connecting;
  d.ui.model_changed();
  model.self_name = "alicia";
  model.link = client::LinkState::online;
  d.ui.model_changed();
  CHECK(shows(d, "<alicia> Good night"));
  d.intents.log.clear();
  model.link = client::LinkState::offline;
  model.refusal = proto::ErrorCode::name_taken;
  d.ui.model_changed();
  CHECK_FALSE(d.intents.logged("nick alice"));
}

TEST_CASE("ui: what a command does to the connection is said where it was typed") {
  Desk d;
  d.keys("/query bob\r/disconnect\r");
  d.intents.fake.link = client::LinkState::offline;
  d.ui.model_changed();
  CHECK(d.intents.logged("notice bob: Disconnected from chat.example.org:7467."));
  d.keys("/disconnect\r");
  CHECK(d.intents.last() == "notice bob: There is no connection to leave.");
}

TEST_CASE("ui: the page of a changed key says whether the old one was verified") {
  Desk d;
  auto& eve = d.of("eve.with-a-very-long-name_000001");
  d.keys("/query " + eve.name + "\r");
  CHECK(shows(d, "The old key was never verified."));
  eve.was_verified = true;
  CHECK(shows(d, "You had verified the old key: the new one is not the one that"));
}
