// LinkStatus: the notices about the connection.
#include "tui/ui/link_status.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("link status: a name that was asked of one server is not taken back at another one") {
  Desk d;
  auto& model = d.intents.fake;
  d.keys("/nick alicia\r");
  model.link = client::LinkState::connecting;
  d.ui.model_changed();
  SUBCASE("the same server refuses it") {}
  SUBCASE("another one does") {
    d.keys("/connect other\r\x1b");
  }
  const bool other = d.intents.logged("connect other");
  model.link = client::LinkState::offline;
  model.refusal = proto::ErrorCode::name_taken;
  d.intents.log.clear();
  d.ui.model_changed();
  CHECK(d.intents.logged("nick alice") == !other);
}

TEST_CASE("ui: the status window tells of the connection's comings and goings") {
  Desk d;
  d.intents.fake.link = client::LinkState::waiting;
  d.intents.fake.problem = "connection reset";
  d.ui.model_changed();
  CHECK(d.intents.last() == "notice : Disconnected from chat.example.org:7467: connection reset");
  d.intents.fake.link = client::LinkState::online;
  d.ui.model_changed();
  CHECK(d.intents.last() == "notice : Connected to chat.example.org:7467 as alice.");
  d.intents.fake.server_name = "office";
  d.intents.fake.link = client::LinkState::waiting;
  d.ui.model_changed();
  d.intents.fake.link = client::LinkState::online;
  d.ui.model_changed();
  CHECK(d.intents.last() == "notice : Connected to chat.example.org:7467 (office) as alice.");
  // /connect OTHER: it is the old one that was left.
  d.intents.fake.server = "other:7467";
  d.intents.fake.link = client::LinkState::connecting;
  d.intents.fake.problem.clear();
  d.ui.model_changed();
  CHECK(d.intents.last() == "notice : Disconnected from chat.example.org:7467 (office).");
  // Where no dialog shows it, what ended the attempt is said in full, and once.
  d.intents.fake.link = client::LinkState::offline;
  d.intents.fake.problem = "the name is taken";
  d.ui.model_changed();
  CHECK(d.intents.last() == "notice : Not connected: the name is taken. /connect opens the dialog.");
  d.intents.log.clear();
  d.ui.model_changed();
  CHECK(d.intents.log.empty());
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

TEST_CASE("ui: the effect of a command on the connection is said where it was typed") {
  Desk d;
  d.keys("/query bob\r/disconnect\r");
  d.intents.fake.link = client::LinkState::offline;
  d.ui.model_changed();
  CHECK(d.intents.logged("notice bob: Disconnected from chat.example.org:7467."));
  d.keys("/disconnect\r");
  CHECK(d.intents.last() == "notice bob: There is no connection to leave.");
}

namespace {

struct Alone {
  test::Stage s{""};
  Notices notices{s.ui, s.intents};
  LinkStatus link{s.ui, s.intents, notices};

  // The notices of this change.
  std::vector<std::string> now(client::LinkState state, const std::string& problem = "") {
    s.intents.log.clear();
    s.intents.fake.link = state;
    s.intents.fake.problem = problem;
    link.model_changed();
    return s.intents.log;
  }
};
using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("link status alone: only changes are told, and only once") {
  using enum client::LinkState;
  Alone a;
  CHECK(a.now(online) == Said{"notice : Connected to chat.example.org:7467 as alice."});
  CHECK(a.link.been_online());
  CHECK(a.now(online).empty());
  CHECK(a.now(waiting, "timeout") == Said{"notice : Disconnected from chat.example.org:7467: timeout"});
  CHECK(a.now(connecting).empty());
  CHECK(a.now(offline, "refused") == Said{"notice : Not connected: refused. /connect opens the dialog."});
  CHECK(a.now(offline, "refused").empty());
}

TEST_CASE("link status alone: the dialog shows the problem itself, and closes for the connection it made") {
  Alone a;
  a.s.state.dialog.open = true;
  a.link.connecting();
  CHECK(a.now(client::LinkState::offline, "no such host").empty());
  a.now(client::LinkState::online);
  CHECK_FALSE(a.s.state.dialog.open);
  a.s.state.dialog.open = true;  // for another server
  a.now(client::LinkState::waiting);
  a.now(client::LinkState::online);
  CHECK(a.s.state.dialog.open);
}

TEST_CASE("link status alone: who asked in a conversation reads the outcome there, too") {
  Alone a;
  a.s.open("bob");
  a.link.asked_here();
  CHECK(a.now(client::LinkState::online) == Said{"notice bob: Connected to chat.example.org:7467 as alice.",
                                                 "notice : Connected to chat.example.org:7467 as alice."});
  CHECK(a.now(client::LinkState::waiting).size() == 1);
}
