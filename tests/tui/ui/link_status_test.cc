// What the user hears of the connection.
#include "tui/ui/link_status.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

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
