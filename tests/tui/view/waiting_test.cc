// Which of our texts wait, and the words about them.
#include "tui/view/waiting.h"

#include <doctest/doctest.h>

using namespace sims;
using namespace sims::tui;
using client::Delivery;
using client::Line;

namespace {

constexpr std::int64_t morning = 1'795'334'400'000;  // 2026-11-22 08:00 UTC

int utc(std::int64_t) {
  return 0;
}

// bob, offline, at a server that keeps letters.
struct Case {
  Case() {
    model.link = client::LinkState::online;
    model.mail_known = model.mail = true;
    bob.name = "bob";
    bob.older = false;
    said(false, Delivery::delivered);
  }
  Line& said(bool mine, Delivery delivery) {
    Line& line = bob.lines.emplace_back();
    line.serial = bob.lines.size();
    line.mine = mine;
    line.at_unix_ms = morning;
    line.delivery = delivery;
    return line;
  }
  std::string words() const { return waiting_words(model, bob, *newest_waiting(bob), utc); }

  client::Model model;
  client::Peer bob;
};

}  // namespace

TEST_CASE("waiting: the newest text that is neither delivered nor failed, and their numbers") {
  Case c;
  CHECK(newest_waiting(c.bob) == nullptr);
  c.said(true, Delivery::mailed);
  c.said(true, Delivery::queued);
  c.said(true, Delivery::failed);
  c.said(true, Delivery::delivered);
  c.said(false, Delivery::queued);  // theirs
  REQUIRE(newest_waiting(c.bob) != nullptr);
  CHECK(newest_waiting(c.bob)->serial == 3);
  CHECK(waiting_texts(c.bob).here == 1);
  CHECK(waiting_texts(c.bob).at_relay == 1);
}

TEST_CASE("waiting: at the relay, and to be accepted if nothing shows that it was") {
  Case c;
  c.said(true, Delivery::mailed);
  CHECK(c.words() == "waits for bob at the relay");
  c.bob.lines.pop_front();
  CHECK(c.words() == "waits for bob at the relay, then to be accepted");
  c.bob.lines.front().delivery = Delivery::sent;
  CHECK(c.words() == "waits until bob accepts it");
  c.bob.older = true;
  CHECK(c.words().empty());
  c.bob.older = false;
  c.said(false, Delivery::delivered).kind = Line::Kind::notice;
  CHECK(c.words() == "waits until bob accepts it");
  c.said(false, Delivery::delivered);
  CHECK(c.words().empty());
}

TEST_CASE("waiting: queued, with the reason and the next try while we are online") {
  Case c;
  Line& line = c.said(true, Delivery::queued);
  CHECK(c.words().empty());  // it is on its way
  line.why = "the mailbox of bob is full";
  CHECK(c.words() == "the mailbox of bob is full");
  line.again_unix_ms = morning + 380 * 60'000;
  CHECK(c.words() == "the mailbox of bob is full; tried again at 14:20");
  line.again_unix_ms += 86'400'000;
  CHECK(c.words() == "the mailbox of bob is full; tried again 2026-11-23 14:20");
  c.model.link = client::LinkState::waiting;
  CHECK(c.words() == "the mailbox of bob is full");
}

TEST_CASE("waiting: without letters a text waits until its peer is online") {
  Case c;
  c.said(true, Delivery::queued);
  c.model.mail = false;
  CHECK(c.words() == "waits until bob is online");
  SUBCASE("held") {
    c.bob.held = 1;
  }
  SUBCASE("online") {
    c.bob.online = true;
  }
  SUBCASE("the server has not said yet whether it keeps letters") {
    c.model.mail_known = false;
  }
  SUBCASE("we are offline") {
    c.model.link = client::LinkState::offline;
  }
  CHECK(c.words().empty());
}
