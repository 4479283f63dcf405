// Commands about somebody.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/trust_panel.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

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

TEST_CASE("ui: requests are listed with all that helps to decide") {
  Desk d;
  d.keys("/requests\r");
  CHECK(d.intents.last() == "notice : Nobody waits for an answer.");
  make_request(d);
  d.of("carol").looks_like = "caro1";
  d.keys("/requests\r");
  const std::string said = d.intents.last();
  CHECK(said.find("notice : 1 request:\ncarol  " + test::some_id('c').str() + "\n") == 0);
  CHECK(said.find("first wrote 2026-11-19 08:00") != std::string::npos);
  CHECK(said.find("looks like that of your contact caro1") != std::string::npos);
}

TEST_CASE("attack 28: /resend and /discard") {
  Desk d;
  d.keys("/query bob\r");
  d.keys("/resend\r");
  CHECK(d.intents.logged("resend_held bob"));
  d.keys("/discard bob\r");
  CHECK_FALSE(d.intents.logged("discard_held bob"));
  d.keys("y");
  CHECK(d.intents.logged("discard_held bob"));
}

TEST_CASE("ui: /accept, /decline, /block") {
  Desk d;
  make_request(d);
  d.keys("/query carol\r");
  SUBCASE("accept") {
    d.keys("/accept\r");
    CHECK(d.intents.last() == "accept carol");
  }
  SUBCASE("block, from elsewhere") {
    d.keys(
        "\x1b"
        "1/block carol\r");
    CHECK_FALSE(d.intents.logged("block carol"));
    d.keys("y");
    CHECK(d.intents.logged("block carol"));
    CHECK(d.intents.last() == "notice : carol is blocked: nothing of theirs is shown or answered.");
  }
  SUBCASE("decline: the window goes with it") {
    d.keys("/decline\r");
    CHECK_FALSE(d.intents.logged("decline carol"));
    d.keys("y");
    CHECK(d.intents.logged("decline carol"));
    CHECK(d.peer().empty());
    CHECK(d.intents.last() == "notice : The request of carol is forgotten.");
    CHECK(d.ui.state().windows.size() == 1);
  }
  SUBCASE("refused: the words of the core, and the line stays") {
    d.intents.refuse = "is a contact already";
    d.keys("/decline\ry");
    CHECK(d.peer() == "carol");
    CHECK(d.input() == "/decline");
    CHECK(d.intents.last() == "notice carol: is a contact already");
  }
}

TEST_CASE("ui: /history delete asks in the place of the input, also when the pane is scrolled up") {
  Desk d;
  d.keys("/query bob\r\x1b[5~\x1b[5~/history delete\r\r\r");
  CHECK(asked(d) == Ask::About::command);
  CHECK(d.ui.state().ask.words == "Delete the history with bob, for good? y yes, n no");
  CHECK_FALSE(d.intents.logged("erase_history"));
  SUBCASE("no") {
    d.keys("n");
    CHECK(d.input() == "/history delete");
    d.keys("\x15/names\r");
    CHECK_FALSE(d.intents.logged("erase_history"));
  }
  SUBCASE("yes") {
    d.keys("y");
    CHECK(d.intents.logged("erase_history bob"));
    CHECK(d.input().empty());
    CHECK(d.intents.last() == "notice bob: The history with bob is deleted here.");
    d.keys("\x1b[A");
    CHECK(d.input() == "/history delete");
  }
}

TEST_CASE("ui: /history export takes a name, a file, both or neither") {
  Desk d;
  const auto exported = [&](const char* line) {
    d.intents.log.clear();
    d.keys(std::string("\x15") + line + "\r");
    return d.intents.log.empty() ? "" : d.intents.log.front();
  };
  CHECK(exported("/history export bob /tmp/b") == "export_history bob /tmp/b");
  CHECK(exported("/history export bob") == "export_history bob ./sims-bob.txt");
  CHECK(exported("/history export").find("notice : This is the status window") == 0);
  d.keys("\x15/query frank\r");
  CHECK(exported("/history export") == "export_history frank ./sims-frank.txt");
  CHECK(exported("/history export ./f with spaces.txt").find("notice frank: Usage") == 0);
  CHECK(exported("/history export ./f.txt") == "export_history frank ./f.txt");
  for (const char* wrong :
       {"/history", "/history export nobody", "/history delete ./f", "/history erase bob"}) {
    exported(wrong);
    CHECK(d.intents.last().find("notice frank: ") == 0);
    CHECK_FALSE(d.intents.logged("export_history"));
  }
}

TEST_CASE("ui: /whois counts the texts that a peer does not have yet") {
  Desk d;
  d.intents.fake.mail = true;
  d.keys("/whois bob\r");
  CHECK(d.said().find("\nhere    2 messages not delivered yet\n") != std::string::npos);
  auto& lines = d.of("bob").lines;
  lines[7].delivery = client::Delivery::mailed;
  lines[8].why = "the mailbox of bob is full";
  lines[8].again_unix_ms = lines[8].at_unix_ms + 86'400'000;
  d.keys("/whois bob\r");
  CHECK(d.said().find("\nrelay   keeps 1 message for bob"
                      "\nhere    1 message not delivered yet: the mailbox of bob is full; tried again "
                      "2026-11-23 08:07\n") != std::string::npos);
  d.keys("/whois dave\r");
  CHECK(d.said().find("\nhere") == std::string::npos);
}
