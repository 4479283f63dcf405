// Who hears that the user types.
#include "tui/ui/typing_signal.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a contact hears that we type, until the draft is gone or another window is in front") {
  Desk d;
  d.keys("/query bob\r");
  CHECK(d.intents.typing_log.empty());
  d.keys("h");
  CHECK(d.intents.typing_log == std::vector<std::string>{"bob on"});
  d.keys("\x7f");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\r");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\x1b[D");  // the cursor alone is no typing
  const auto count = d.intents.typing_log.size();
  d.keys("\x1b[D");
  CHECK(d.intents.typing_log.size() == count);
  d.keys(
      "\x1b"
      "1");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.intents.typing_log.clear();
  d.keys(
      "\x1b"
      "2who are you?");  // carol is nobody we know
  CHECK(d.intents.typing_log.empty());
}
