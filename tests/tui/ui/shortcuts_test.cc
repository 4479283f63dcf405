// Keys that do what a command does.
#include "tui/ui/shortcuts.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: help for the keys as they are") {
  Desk d("/query bob\r");
  type(d.ui, "/bind ctrl-s none\r/bind f9 search\r\x1bOP");
  CHECK(d.said().find("\nF9: search in this conversation\n") != std::string::npos);
  CHECK(d.said().find("Ctrl-S") == std::string::npos);
}
