// The questions about keys in the panel over the chat.
#include "tui/ui/trust_questions.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/panel.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

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

TEST_CASE("trust questions: what a command said in a server's question is not said in the next panel") {
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
