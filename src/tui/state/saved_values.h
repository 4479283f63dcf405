// Kept windows as named values for the store, one a window, so that a change of one draft writes that one
// alone. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tui/state/saved_windows.h"

namespace sims::tui {

// "windows": the servers, the one in front first; "windows/ID": who, in order, and which is in front;
// "window/ID/PEER": its draft and what was entered there. "typed for/ID/PEER": whose key its draft is for.
std::map<std::string, std::string> saved_values(const SavedWindows& kept);
// What cannot be read is left out.
SavedWindows saved_windows_of(
    const std::function<std::optional<std::string>(const std::string& name)>& value);

}  // namespace sims::tui
