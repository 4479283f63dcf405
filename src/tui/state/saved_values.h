// Saved windows as named values for the store: each window has its own value, so a change of one draft writes
// only that one. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tui/state/saved_windows.h"

namespace sims::tui {

// The values and their names, ID being a server's id:
//   "windows"            the ids of the servers, the current one first
//   "windows/ID"         the index of the current window, then the peers in order
//   "window/ID/PEER"     the draft, then the input history
//   "typed for/ID/PEER"  the id of the key for which the draft was typed
std::map<std::string, std::string> saved_values(const SavedWindows& kept);
// The inverse. `value` returns a stored value, nullopt if there is none. Values that cannot be parsed are
// left out.
SavedWindows saved_windows_of(
    const std::function<std::optional<std::string>(const std::string& name)>& value);

}  // namespace sims::tui
