// The connect dialog.
#include "tui/ui/connect_box.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

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

TEST_CASE("ui: the dialog's fields, and Esc") {
  Desk d;
  d.intents.fake.link = client::LinkState::offline;
  d.ui.open_dialog();
  type(d.ui, "\t\x1b[C\x1b[C\r");  // from the name to the ciphers, two on, around
  CHECK(d.intents.last() == "connect localhost 7467 alice ecdhe,rsa");
  type(d.ui,
       "\t\t\x15[::1]\t\x15"
       "7000\t\x15"
       "bob\t\x1b[D\r");
  CHECK(d.intents.last() == "connect [::1] 7000 bob rsa");
  type(d.ui, "\x1b[Z\x1b[200~x\ny\x1b[201~");
  CHECK(d.ui.state().dialog.name.text() == "bobx y");
  d.intents.refuse = "Name: wrong";
  type(d.ui, "\r");
  CHECK(d.ui.state().dialog.problem == "Name: wrong");
  d.intents.fake.link = client::LinkState::handshaking;
  type(d.ui, "\x1b");
  CHECK(d.intents.last() == "disconnect");
  CHECK(d.ui.state().dialog.open);
  d.intents.fake.link = client::LinkState::offline;
  type(d.ui, "\x1b");
  CHECK_FALSE(d.ui.state().dialog.open);
  d.intents.refuse.clear();
  type(d.ui, "/connect other:1234\r");
  CHECK(d.intents.last() == "connect other:1234 7467 bobx y rsa");
  CHECK(d.ui.state().dialog.open);
  d.intents.fake.link = client::LinkState::online;
  d.ui.model_changed();
  CHECK_FALSE(d.ui.state().dialog.open);
  // For another server, while things go on at this one.
  type(d.ui, "/connect\r");
  d.ui.model_changed();
  CHECK(d.ui.state().dialog.open);
}

TEST_CASE(
    "ui: connecting with what was given takes no keys away; Esc ends the first attempt, and no later one") {
  test::FakeIntents intents;
  intents.fake = test::some_model();
  intents.fake.link = client::LinkState::offline;
  Ui ui(intents, {"localhost", "7467", "alice", "ecdhe"}, {"ecdhe"}, test::utc);
  ui.submit_dialog();
  CHECK(intents.last() == "connect localhost 7467 alice ecdhe");
  CHECK_FALSE(ui.state().dialog.open);
  intents.fake.link = client::LinkState::handshaking;
  type(ui, "hello");
  CHECK(ui.state().window().input.text() == "hello");
  type(ui, "\x1b");
  CHECK(intents.log[intents.log.size() - 2] == "disconnect");
  CHECK(ui.state().window().input.text() == "hello");

  intents.fake.link = client::LinkState::online;
  ui.model_changed();
  intents.fake.link = client::LinkState::waiting;
  ui.model_changed();
  intents.log.clear();
  type(ui, "\x1b");
  CHECK(intents.log.empty());

  intents.refuse = "Name: wrong";
  ui.submit_dialog();
  CHECK(ui.state().dialog.open);
  CHECK(ui.state().dialog.problem == "Name: wrong");
}
