// The questions about keys in the panel over the chat.
#include "tui/ui/trust_questions.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"
#include "tui/view/trust_panel.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

namespace {

client::Question question(char shown) {
  client::Question q;
  q.kind = client::Question::Kind::server_first;
  q.server = "localhost:7467";
  q.shown = test::some_id(shown);
  return q;
}

}  // namespace

TEST_CASE("trust questions: an answer that was typed for one server's key answers no other one") {
  Desk d;
  auto& asked = d.intents.fake.question;
  asked = question('s');
  d.ui.model_changed();
  d.keys("yes");
  d.ui.model_changed();
  CHECK(d.ui.state().answer.text() == "yes");
  SUBCASE("which comes at once") {}
  SUBCASE("which comes later") {
    asked.reset();
    d.ui.model_changed();
  }
  asked = question('t');
  d.ui.model_changed();
  d.keys("\r");
  CHECK_FALSE(d.intents.logged("answer yes"));
}

TEST_CASE("trust questions: the answer of a command in a server's question is not shown in the next panel") {
  Desk d;
  d.keys("/query eve.with-a-very-long-name_000001\r");
  d.intents.fake.question = question('s');
  d.ui.model_changed();
  d.keys("/requests\r");
  REQUIRE(d.ui.state().said == "Nobody waits for an answer.");
  d.keys("\x1b");
  d.ui.model_changed();
  REQUIRE(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::peer_changed);
  CHECK(d.ui.state().said.empty());
}

TEST_CASE("trust questions: the number of a key that was replaced is not compared any more") {
  Desk d;
  d.keys("/verify frank\r");
  d.ui.model_changed();
  REQUIRE(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::verify);
  d.of("frank").id = test::some_id('z');
  d.ui.model_changed();
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::none);
}

TEST_CASE("ui: only the right number verifies") {
  Desk d;
  type(d.ui, "/verify bob\r");
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::verify);
  type(d.ui, "\r\r \r");
  CHECK_FALSE(d.intents.logged("verify bob"));
  type(d.ui, "wrong\r");
  CHECK_FALSE(d.intents.logged("verify bob"));
  CHECK(d.ui.state().window().problem == "Not verified: The numbers differ.");
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::verify);
  type(d.ui, "right\r");
  CHECK(d.intents.logged("verify bob"));
  CHECK(d.intents.logged("notice bob: bob is verified: the numbers are the same."));
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::none);
  type(d.ui, "/verify bob\r");
  type(d.ui, "\x1b");
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::none);
}

TEST_CASE("ui: a peer's changed key stops everything but the new fingerprint, and keeps the draft") {
  Desk d;
  auto& peer = d.intents.fake.peers[eve];
  peer.trust = client::Trust::verified;
  type(d.ui, "/query eve.with-a-very-long-name_000001\rmy draft");
  peer.trust = client::Trust::changed;
  type(d.ui, " and more\ryes\r\r" + std::string(peer.id.text()) + "\r");
  CHECK_FALSE(d.intents.logged("send " + eve));
  CHECK_FALSE(d.intents.logged("accept_changed"));
  CHECK(d.input() == "my draft");
  type(d.ui, "/whois\r");
  CHECK(d.intents.logged("notice " + eve));
  type(d.ui, "\x1b[200~" + std::string(peer.changed_to->text()) + "\n\x1b[201~\r");
  CHECK(d.intents.logged("accept_changed " + eve));
  type(d.ui, "\r");
  CHECK(d.intents.last() == "send " + eve + " my draft");
}

TEST_CASE("ui: a new server is accepted by yes or its fingerprint, by nothing else") {
  for (const std::string& answer : {std::string("yes"), test::some_id('s').str(), std::string("  yes ")}) {
    Desk d;
    d.intents.fake.question = question(client::Question::Kind::server_first);
    type(d.ui, "\ry\rYES\r" + test::some_id('o').str() + "\r");
    CHECK(d.intents.log.empty());
    CHECK(d.ui.state().answer_problem == "Please type 'yes', 'no' or the fingerprint.");
    type(d.ui, answer + "\r");
    CHECK(d.intents.last() == "answer yes");
  }
  for (const char* answer : {"no\r", "\x1b", "\x03"}) {
    Desk d;
    d.intents.fake.question = question(client::Question::Kind::server_first);
    type(d.ui, answer);
    CHECK(d.intents.last() == "answer no");
  }
}

TEST_CASE("ui: a changed server key: yes is not enough") {
  Desk d;
  d.ui.open_dialog();
  d.intents.fake.question = question(client::Question::Kind::server_changed);
  type(d.ui, "yes\r\r" + test::some_id('o').str() + "\r");
  CHECK(d.intents.log.empty());
  type(d.ui, test::some_id('s').str() + "\r");
  CHECK(d.intents.last() == "accept_changed_server");
}

TEST_CASE("ui: the page of a changed key says whether the old one was verified") {
  Desk d;
  d.keys("/query " + eve + "\r");
  CHECK(shows(d, "The old key was never verified."));
  d.of(eve).was_verified = true;
  CHECK(shows(d, "You had verified the old key: the new one is not the one that"));
}

namespace {

struct Alone : test::StageWithWindows {
  std::vector<std::string> ran;
  CommandLine line{s.ui, s.intents, {notices, prompt, typing, windows}, [this](const Invocation& call) {
                     ran.emplace_back(call.command->name);
                     return true;
                   }};
  ExitKey exit{s.ui, s.intents, [] {}};
  TrustQuestions trust{s.ui, s.intents, s.intents, {notices, line, typing, exit}};

  void verify() {
    s.state.window().verifying = true;
    s.state.window().verifying_id = s.of("bob").id.text();
  }
  void asks(client::Question::Kind kind) {
    s.intents.fake.question = test::question(kind);
    trust.model_changed();
  }
};

}  // namespace

TEST_CASE("trust questions alone: without one no key is consumed") {
  Alone a;
  CHECK_FALSE(test::feed(a.trust, "y"));
  CHECK_FALSE(test::feed(a.trust, "\r"));
  CHECK(a.s.intents.log.empty());
}

TEST_CASE("trust questions alone: with one every key is, and only an answer ends it") {
  Alone a;
  a.asks(client::Question::Kind::server_first);
  CHECK(test::feed(a.trust, "maybe\r"));
  CHECK(a.s.state.answer_problem == "Please type 'yes', 'no' or the fingerprint.");
  CHECK(a.s.intents.log.empty());
  SUBCASE("yes") {
    CHECK(test::feed(a.trust, "yes\r"));
    CHECK(a.s.intents.last() == "answer yes");
  }
  SUBCASE("no") {
    CHECK(test::feed(a.trust, "no\r"));
    CHECK(a.s.intents.last() == "answer no");
  }
  SUBCASE("Esc") {
    CHECK(test::feed(a.trust, "\x1b"));
    CHECK(a.s.intents.last() == "answer no");
  }
}

TEST_CASE("trust questions alone: a number is compared with what the core says, a command runs") {
  Alone a;
  a.verify();
  CHECK(test::feed(a.trust, "\r"));
  CHECK(a.s.state.window().problem.find("Nothing was compared") == 0);
  CHECK(test::feed(a.trust, "/names\r"));
  CHECK(a.ran == std::vector<std::string>{"/names"});
  CHECK(a.s.state.window().verifying);
  CHECK(test::feed(a.trust, "wrong\r"));
  CHECK(a.s.state.window().verifying);
  CHECK(test::feed(a.trust, " right \r"));
  CHECK(a.s.intents.logged("verify bob"));
  CHECK_FALSE(a.s.state.window().verifying);
}

TEST_CASE("trust questions alone: what was typed for a question or key that is gone is forgotten") {
  Alone a;
  a.verify();
  CHECK(test::feed(a.trust, "123"));
  a.s.of("bob").id = test::some_id('z');
  a.trust.model_changed();
  CHECK_FALSE(a.s.state.window().verifying);
  CHECK(a.s.state.window().answer.empty());
  a.asks(client::Question::Kind::server_first);
  CHECK(test::feed(a.trust, "ye"));
  a.asks(client::Question::Kind::server_changed);
  CHECK(a.s.state.answer.empty());
}
