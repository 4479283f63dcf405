// The connect dialog.
#include "tui/ui/connect_box.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

namespace {

struct Box {
  test::Stage s;
  Notices notices{s.ui, s.intents};
  LinkStatus link{s.ui, s.intents, notices};
  ConnectBox box{s.ui, s.intents, notices, link};

  Box() {
    s.intents.fake.link = client::LinkState::offline;
    s.state.dialog.suites = {"ecdhe,rsa", "rsa", "ecdhe"};
    box.set_fields({"host", "7467", "alice", "rsa"});
  }
  ConnectDialog& dialog() { return s.state.dialog; }
};

}  // namespace

TEST_CASE("connect box alone: it opens at the field that is missing") {
  Box b;
  CHECK_FALSE(test::feed(b.box, "x"));  // closed
  b.box.open();
  CHECK(b.dialog().focus == ConnectDialog::name_field);
  b.s.intents.fake.refusal = proto::ErrorCode::not_registered;
  b.box.open();
  CHECK(b.dialog().focus == ConnectDialog::invitation_field);
  b.s.intents.fake.refusal.reset();
  b.dialog().server.clear();
  b.box.open();
  CHECK(b.dialog().focus == ConnectDialog::server_field);
}

TEST_CASE("connect box alone: Enter in any field connects, and a problem goes with the next try") {
  Box b;
  b.box.open();
  b.s.intents.refuse = "Name: wrong";
  test::feed(b.box, "\r");
  CHECK(b.dialog().problem == "Name: wrong");
  CHECK(b.s.screen().find("Name: wrong") != std::string::npos);
  b.s.intents.refuse.clear();
  test::feed(b.box, "\x1b[A\x1b[A\r");
  CHECK(b.dialog().problem.empty());
  CHECK(b.s.intents.last() == "connect host 7467 alice rsa");
  CHECK(b.dialog().open);  // until it is connected
}

TEST_CASE("connect box alone: fields go round, suites too") {
  Box b;
  b.box.open();
  for (int i = 0; i < ConnectDialog::fields; ++i)
    test::feed(b.box, "\t");
  CHECK(b.dialog().focus == ConnectDialog::name_field);
  test::feed(b.box, "\t");
  REQUIRE(b.dialog().focus == ConnectDialog::suites_field);
  CHECK(b.dialog().suite == 1);
  test::feed(b.box, " ");
  CHECK(b.dialog().suite == 2);
  test::feed(b.box, "\x1b[C");
  CHECK(b.dialog().suite == 0);
  test::feed(b.box, "\x1b[D");
  CHECK(b.dialog().suite == 2);
  test::feed(b.box, "x");
  CHECK(b.dialog().suite == 2);
  b.dialog().suites.clear();
  CHECK(test::feed(b.box, " \x1b[D"));
}

TEST_CASE("connect box alone: suites that cannot be chosen leave the choice") {
  Box b;
  b.box.set_fields({"other", "1", "bob", "nonsense"});
  CHECK(b.dialog().suite == 1);
  CHECK(b.dialog().server.text() == "other");
}

TEST_CASE("connect box alone: Escape ends an attempt first, then the dialog, and says how to come back") {
  for (const char* key : {"\x1b", "\x03"}) {
    Box b;
    b.box.open();
    b.s.intents.fake.link = client::LinkState::connecting;
    test::feed(b.box, key);
    CHECK(b.s.intents.last() == "disconnect");
    CHECK(b.dialog().open);
    b.s.intents.fake.link = client::LinkState::offline;
    test::feed(b.box, key);
    CHECK_FALSE(b.dialog().open);
    CHECK(b.s.intents.last() == "notice bob: /connect opens the dialog again, /quit leaves.");
  }
}

TEST_CASE("connect box alone: an invitation that could not be submitted is kept") {
  Box b;
  b.box.open();
  test::feed(b.box, "\t\tinvited");
  b.s.intents.refuse = "Name: wrong";
  test::feed(b.box, "\r");
  CHECK_FALSE(b.dialog().invitation_submitted);
  b.s.intents.refuse.clear();
  test::feed(b.box, "\r");
  CHECK(b.dialog().invitation_submitted);
  test::feed(b.box, "\x1b[D");  // the cursor alone
  CHECK(b.dialog().invitation_submitted);
}
