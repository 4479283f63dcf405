// The interface as a whole: lines, drafts, windows, questions and the exit, by keys.
#include "tui/ui/ui.h"

#include <doctest/doctest.h>

#include "tui/ui/commands.h"
#include "tui/ui/desk.h"
#include "tui/view/trust_panel.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;
using test::type;

namespace {

const std::string eve = "eve.with-a-very-long-name_000001";

client::Question question(client::Question::Kind kind) {
  client::Question q;
  q.kind = kind;
  q.server = "localhost:7467";
  q.shown = test::some_id('s');
  q.pinned = test::some_id('o');
  return q;
}

}  // namespace

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

TEST_CASE("ui: what cannot be sent stays in the line, with the reason") {
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

TEST_CASE("ui: a paste with line breaks sends nothing until Enter, then all of it as one") {
  Desk d;
  type(d.ui, "/query bob\r");
  d.intents.log.clear();
  type(d.ui, "\x1b[200~line one\r/quit\rline three\x1b[201~");
  CHECK(d.intents.log.empty());
  type(d.ui, "\r");
  CHECK(d.intents.last() == "send bob line one\n/quit\nline three");
}

TEST_CASE("ui: new messages never take the focus, looking at them clears them") {
  Desk d;
  type(d.ui, "/query bob\rmy draft");
  client::Line line;
  line.text = "hey";
  d.intents.fake.peers["frank"].unread = 1;
  d.intents.add("frank", line);
  d.ui.model_changed();
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "my draft");
  CHECK(d.intents.fake.peers["frank"].unread == 1);
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.peer() == "frank");
  CHECK(d.intents.logged("mark_read frank"));
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.peer() == "carol");
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.ui.state().hint == "nothing unread");
}

TEST_CASE("ui: drafts and history belong to their window") {
  Desk d;
  type(d.ui, "/query bob\rfirst\rsecond\rdraft");
  type(d.ui,
       "\x1b"
       "1");
  CHECK(d.input().empty());
  type(d.ui, "\x10");
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "draft");
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "second");
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "first");
  type(d.ui, "\x1b[B\x1b[B");
  CHECK(d.input() == "draft");
}

TEST_CASE("ui: windows by number, by neighbour, by the list; what was only passed goes again") {
  Desk d;  // windows: status, carol (who wrote)
  CHECK(d.ui.state().windows.size() == 2);
  type(d.ui,
       "/query bob\r\x1b"
       "2");
  CHECK(d.peer() == "carol");
  type(d.ui,
       "\x1b"
       "9");
  CHECK(d.peer() == "carol");
  type(d.ui, "\x1b[1;3C");
  CHECK(d.peer() == "bob");
  type(d.ui, "\x0e");
  CHECK(d.peer().empty());
  type(d.ui, "\x1b[1;3B\x1b[1;3B\x1b[1;3B");
  CHECK(d.peer() == "dave");
  CHECK(d.ui.state().windows.size() == 4);
  type(d.ui, "\x1b[1;3B");
  CHECK(d.peer() == eve);
  CHECK(d.ui.state().windows.size() == 4);
  type(d.ui, "\x1b[1;3A\x1b[1;3A");
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().windows.size() == 3);
  type(d.ui, "/win 3\r");
  CHECK(d.peer() == "bob");
  type(d.ui, "/win 77\r");
  CHECK(d.peer() == "bob");
}

TEST_CASE("ui: /close asks when something is undelivered, then closes and ends the session") {
  Desk d;
  type(d.ui, "/query bob\r/close\r\r");
  CHECK(d.peer() == "bob");
  CHECK(d.ui.state().ask.words ==
        "2 of your messages are not delivered yet. They stay queued. Close? y yes, n no");
  type(d.ui, "n");
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "/close");
  type(d.ui, "\ry");
  CHECK(d.intents.logged("end_session bob"));
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().windows.size() == 2);
  type(d.ui,
       "\x1b"
       "1/close\r");
  CHECK(d.ui.state().windows.size() == 2);
}

TEST_CASE("ui: /quit and Ctrl-C ask when something is undelivered, then leave") {
  Desk d;
  const std::string asked =
      "2 of your messages are not delivered yet. They go at the next start. Leave? y yes, n no";
  SUBCASE("/quit") {
    type(d.ui, "/quit\r\r");
    CHECK(d.ui.state().ask.words == asked);
    CHECK(d.input() == "/quit");
    CHECK(d.intents.log.empty());
    type(d.ui, "y");
    CHECK(d.intents.last() == "quit");
  }
  SUBCASE("Ctrl-C, which is a no when it is asked about") {
    type(d.ui, "\x03");
    CHECK(d.ui.state().ask.words == asked);
    type(d.ui, "\x03");
    CHECK_FALSE(d.ui.state().ask.open());
    CHECK_FALSE(d.intents.logged("quit"));
    type(d.ui, "\x03y");
    CHECK(d.intents.last() == "quit");
  }
  SUBCASE("in another window than the one where it was asked") {
    type(d.ui, "/quit\r");
    d.ui.open_when_known("bob");
    d.ui.restore({{"", {{"", "", {}}, {"bob", "", {}}}, 1}});
    type(d.ui, "y");
    CHECK_FALSE(d.intents.logged("quit"));
  }
  SUBCASE("one") {
    bool left = false;
    for (auto& [name, peer] : d.intents.fake.peers)
      for (auto& line : peer.lines) {
        const bool open =
            line.delivery == client::Delivery::queued || line.delivery == client::Delivery::sent;
        if (line.mine && open && std::exchange(left, true)) line.delivery = client::Delivery::delivered;
      }
    type(d.ui, "/quit\r");
    CHECK(d.ui.state().ask.words ==
          "1 of your messages is not delivered yet. It goes at the next start. Leave? y yes, n no");
  }
  SUBCASE("nothing undelivered") {
    for (auto& [name, peer] : d.intents.fake.peers)
      peer.lines.clear();
    type(d.ui, "/quit\r");
    CHECK(d.intents.last() == "quit");
  }
}

TEST_CASE("ui: what does not fit into a message is said") {
  Desk d;
  type(d.ui, "/query bob\r");
  type(d.ui, "\x1b[200~" + std::string(16'000, 'x') + "\x1b[201~");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "\x1b[200~" + std::string(500, 'y') + "the end\x1b[201~");
  CHECK(d.ui.state().hint == "a message holds at most 16 KiB: 123 bytes were left out");
  CHECK(d.input().size() == 16'384);
  type(d.ui, "\x7f");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "a");
  CHECK(d.ui.state().hint.empty());
  type(d.ui, "b");
  CHECK(d.ui.state().hint == "a message holds at most 16 KiB: 124 bytes were left out");
  // The words are gone with the next key: Enter asks, so that nothing is sent that is not all of it.
  d.intents.log.clear();
  type(d.ui, "\r\r");
  CHECK(d.ui.state().ask.words ==
        "Not all of it fitted (124 bytes too many): send without the rest? y yes, n no");
  type(d.ui, "n");
  CHECK(d.input().size() == 16'384);
  CHECK_FALSE(d.intents.logged("send"));
  type(d.ui, "\ry");
  CHECK(d.intents.logged("send bob xxx"));
  CHECK(d.input().empty());
  type(d.ui, "short\r");
  CHECK(d.intents.last() == "send bob short");
  // What only shrinks when it is made clean was not left out.
  type(d.ui, "\x15\x1b[200~" + std::string(300, '\x07') + "x\x1b[201~");
  CHECK(d.ui.state().hint.empty());
}

TEST_CASE("ui: completion cycles forwards and back") {
  Desk d;
  type(d.ui, "/qu\t");
  CHECK(d.input() == "/query ");
  type(d.ui, "\t");
  CHECK(d.input() == "/quit ");
  type(d.ui, "\x1b[Z");
  CHECK(d.input() == "/query ");
  type(d.ui, "c\t");
  CHECK(d.input() == "/query carol ");
  type(d.ui, "\r");
  CHECK(d.peer() == "carol");
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

TEST_CASE("ui: /verify takes the number alone for this window's peer") {
  Desk d;
  type(d.ui, "/query bob\r/verify 12345 67890\r");
  CHECK(panel_kind(d.intents.fake, d.ui.state()) == PanelKind::verify);
  CHECK(d.ui.state().window().problem == "Not verified: The numbers differ.");
  type(d.ui, "\x1b");
  d.of("bob").trust = client::Trust::verified;
  type(d.ui, "/distrust\r");
  CHECK_FALSE(d.intents.logged("unverify"));
  type(d.ui, "y");
  CHECK(d.intents.logged("notice bob: bob is not verified any more."));
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

TEST_CASE("ui: of somebody who is not in the list the server is asked, and the line stays") {
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

TEST_CASE("ui: Ctrl-C empties the line, and leaves only when pressed twice on an empty one") {
  Desk d;
  d.of("bob").lines.clear();
  type(d.ui, "typed\x03");
  CHECK(d.input().empty());
  CHECK_FALSE(d.intents.logged("quit"));
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "typed");
  type(d.ui, "\x03\x03x\x7f\x03");
  CHECK_FALSE(d.intents.logged("quit"));
  type(d.ui, "\x03");
  CHECK(d.intents.last() == "quit");
}

TEST_CASE("ui: --query opens the window when the peer is known, once") {
  Desk d;
  d.ui.open_when_known("zoe");
  d.ui.model_changed();
  CHECK(d.peer().empty());
  d.intents.fake.peers["zoe"].name = "zoe";
  d.ui.model_changed();
  CHECK(d.peer() == "zoe");
  type(d.ui,
       "\x1b"
       "1");
  d.ui.model_changed();
  CHECK(d.peer().empty());
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

TEST_CASE("ui: every command does something or says why not, in every window") {
  for (const Command& c : all_commands()) {
    for (const char* window : {"\x1b"
                               "1",
                               "\x1b"
                               "2"}) {
      for (const char* arguments : {"", " bob", " bob words", " nobody", " 1", " \xff\x1b[2J"}) {
        CAPTURE(c.name);
        CAPTURE(arguments);
        Desk d;
        d.intents.fake.link = client::LinkState::online;
        type(d.ui, window);
        d.intents.log.clear();
        const std::size_t before = d.ui.state().current;
        type(d.ui, std::string(c.name) + arguments + "\r");
        const bool asks = panel_kind(d.intents.fake, d.ui.state()) != PanelKind::none;
        const bool moved = d.ui.state().current != before || d.ui.state().dialog.open ||
                           d.ui.state().find.open || d.ui.state().ask.open() ||
                           d.ui.state().passphrase.open() || asks || c.name == "/win";
        CHECK((moved || !d.intents.log.empty()));
        d.ui.model_changed();
        CHECK(test::printable(render(d.intents.fake, d.ui.state(), {})));
      }
    }
  }
}

TEST_CASE("ui: random keys never crash it, and the screen stays right") {
  std::uint32_t state = 99;
  auto next = [&state] { return state = state * 1664525 + 1013904223, state >> 10; };
  const char* pieces[] = {"\r",
                          "\t",
                          "\x1b[Z",
                          "\x1b[A",
                          "\x1b[B",
                          "\x1b[5~",
                          "\x1b[6~",
                          "\x1b"
                          "1",
                          "\x1b"
                          "2",
                          "\x1b"
                          "3",
                          "\x1b"
                          "a",
                          "\x0e",
                          "\x10",
                          "\x1b[1;3A",
                          "\x1b[1;3B",
                          "/query bob",
                          "/close",
                          "/verify bob",
                          "/connect",
                          "/clear",
                          "/help",
                          "/whois",
                          "text 漢",
                          "\x1b",
                          "\x17",
                          "\x15",
                          "\x19",
                          "\x1b\r",
                          "e\xcc\x81",
                          "\x1b[200~a\nb\x1b[201~"};
  for (int round = 0; round < 30; ++round) {
    Desk d;
    if (round % 3 == 0) d.intents.fake.link = client::LinkState::offline;
    for (int i = 0; i < 150; ++i) {
      type(d.ui, pieces[next() % std::size(pieces)]);
      if (next() % 20 == 0) d.ui.resize({static_cast<int>(next() % 90), static_cast<int>(next() % 30)});
      if (next() % 40 == 0 && !d.intents.fake.question)
        d.intents.fake.question = question(next() % 2 ? client::Question::Kind::server_first
                                                      : client::Question::Kind::server_changed);
      if (next() % 10 == 0) d.ui.model_changed();
      REQUIRE(d.ui.state().current < d.ui.state().windows.size());
      REQUIRE(test::printable(render(d.intents.fake, d.ui.state(), {})));
    }
  }
}

TEST_CASE("ui: with too many windows nothing goes to the wrong one") {
  Desk d;
  for (int i = 0; i < 600; ++i) {
    client::Peer& stranger = d.intents.fake.peers["stranger" + std::to_string(i)];
    stranger.name = "stranger" + std::to_string(i);
    stranger.id = test::some_id('s');
    stranger.unread = 1;
  }
  d.ui.model_changed();
  CHECK(d.ui.state().windows.size() == 400);
  type(d.ui, "/query bob\r");  // strangers leave room for what the user opens
  CHECK(d.peer() == "bob");
  for (int i = 0; i < 600; ++i)
    type(d.ui, "/query stranger" + std::to_string(i) + "\r\x15");
  CHECK(d.ui.state().windows.size() == 500);
  const std::string here = d.peer();
  d.intents.log.clear();
  type(d.ui, "/query stranger599 for stranger599 only\r");
  CHECK(d.peer() == here);
  CHECK(d.intents.log.empty());
  CHECK(d.ui.state().hint.find("too many windows") != std::string::npos);
  CHECK(d.input() == "/query stranger599 for stranger599 only");
  type(d.ui, "\x15/verify stranger599\r");
  CHECK_FALSE(d.ui.state().window().verifying);
}
