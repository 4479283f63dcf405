// Commands about the connection and the program.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

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
  SUBCASE("the relay keeps the others") {
    for (auto& line : d.of("bob").lines)
      if (line.delivery == client::Delivery::queued || line.delivery == client::Delivery::sent)
        line.delivery = client::Delivery::mailed;
    type(d.ui, "/quit\r");
    CHECK(d.intents.last() == "quit");
  }
  SUBCASE("nothing undelivered") {
    for (auto& [name, peer] : d.intents.fake.peers)
      peer.lines.clear();
    type(d.ui, "/quit\r");
    CHECK(d.intents.last() == "quit");
  }
}

TEST_CASE("ui: while away nothing counts as read, nobody is told, and a summary ends it") {
  Desk d;
  d.keys("/query bob\r/away lunch\r");
  CHECK(d.ui.state().away);
  CHECK(d.ui.state().away_reason == "lunch");
  d.comes("bob", "are you there?");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("frank", "hi");
  d.keys("a draft");
  CHECK(d.of("bob").unread == 1);
  CHECK(d.intents.typing_log.empty());
  d.keys("\x15/away\r");
  CHECK_FALSE(d.ui.state().away);
  CHECK(d.intents.logged("notice bob: You are back. Unread: bob 1, carol 3, frank 1."));
  CHECK(d.of("bob").unread == 0);
  CHECK(d.ui.state().window().divider == first);
}
