// What of the windows outlives the program, a crash and /lock: plain data, for the program to seal and store.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sims::tui {

struct SavedWindow {
  std::string peer;  // empty: the status window, always the first
  std::string draft;
  std::vector<std::string> history;  // of the input, oldest first
  std::string typed_for = {};        // the peer's id when the draft was begun; empty: none
  bool operator==(const SavedWindow&) const = default;
};

// The windows at one server: a name means somebody else at another one, so nothing of them is mixed.
struct SavedServerWindows {
  std::string id;  // the server's, as text; empty: before the first one was met
  std::vector<SavedWindow> windows;
  std::size_t current = 0;
  bool operator==(const SavedServerWindows&) const = default;
};

using SavedWindows = std::vector<SavedServerWindows>;  // the one in front first

}  // namespace sims::tui
