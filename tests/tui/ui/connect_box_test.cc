// The connect dialog.
#include "tui/ui/connect_box.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

TEST_CASE("connect box: an invitation goes when the server it was given to let us in, and no other one") {
  Desk d;
  auto& model = d.intents.fake;
  model.link = client::LinkState::waiting;
  d.ui.model_changed();
  d.ui.open_dialog();
  d.keys("\t\tinvited");
  REQUIRE(d.ui.state().dialog.invitation.text() == "invited");
  SUBCASE("typed, and the connection of before comes back") {
    model.link = client::LinkState::online;
    d.ui.model_changed();
    CHECK(d.ui.state().dialog.invitation.text() == "invited");
  }
  SUBCASE("submitted") {
    d.keys("\r");
    CHECK(d.intents.connected.invitation == "invited");
    SUBCASE("and let in") {
      model.link = client::LinkState::online;
      d.ui.model_changed();
      CHECK(d.ui.state().dialog.invitation.empty());
    }
    SUBCASE("but another one typed since") {
      d.keys("x");
      model.link = client::LinkState::online;
      d.ui.model_changed();
      CHECK(d.ui.state().dialog.invitation.text() == "invitedx");
    }
  }
}
