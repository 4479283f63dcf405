// The parts of the windows that outlive the program, a crash and /lock. Plain data; the program seals and
// stores it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sims::tui {

struct SavedWindow {
  std::string peer;  // empty: the status window, always the first
  std::string draft;
  std::vector<std::string> history;  // entered lines, oldest first
  std::string typed_for = {};        // the peer's id when the draft was begun; empty: none
  bool operator==(const SavedWindow&) const = default;
};

// The windows at one server. Each server has its own: at another one, a name may mean another person.
struct SavedServerWindows {
  std::string id;  // the server's, as text; empty: before the first connection
  std::vector<SavedWindow> windows;
  std::size_t current = 0;
  bool operator==(const SavedServerWindows&) const = default;
};

using SavedWindows = std::vector<SavedServerWindows>;  // the current server first

}  // namespace sims::tui
