// The input history: steps, searches and its limit.
#include "tui/edit/input_history.h"

#include <doctest/doctest.h>

using namespace sims::tui;

TEST_CASE("history: older, newer and the unfinished line") {
  InputHistory h;
  CHECK(h.older("") == nullptr);
  h.add("one");
  h.add("two");
  h.add("two");
  h.add("");
  REQUIRE(h.older("draft") != nullptr);
  CHECK(*h.older("x") == "one");
  CHECK(h.older("x") == nullptr);
  CHECK(*h.newer() == "two");
  CHECK(*h.newer() == "draft");
  CHECK(h.newer() == nullptr);
  for (int i = 0; i < 1'000; ++i)
    h.add(std::to_string(i));
  int count = 0;
  while (h.older(""))
    ++count;
  CHECK(count == static_cast<int>(InputHistory::max_entries));
}

TEST_CASE("history: searched backwards") {
  InputHistory h;
  for (const char* entry : {"apple pie", "Banana", "apple", "cherry", "apple", "plum"})
    h.add(entry);
  CHECK(h.search("APP", h.entries().size()) == 4);
  CHECK(h.search("app", 4) == 0);  // skips the equal entry
  CHECK(h.search("app", 0) == std::nullopt);
  CHECK(h.search("banana", h.entries().size()) == 1);
  CHECK(h.search("x", h.entries().size()) == std::nullopt);
  CHECK(h.search("", h.entries().size()) == 5);
  CHECK(h.entries()[4] == "apple");
  CHECK(InputHistory().search("", 0) == std::nullopt);
}

TEST_CASE("history: bounded in bytes") {
  InputHistory h;
  for (char c = 'a'; c <= 'z'; ++c)
    h.add(std::string(16'384, c));
  CHECK(h.entries().size() == InputHistory::max_bytes / 16'384);
  CHECK(h.entries().back()[0] == 'z');
}
