// The keys that complete control sequences stand for: tables without state, for KeyDecoder.
#pragma once

#include <optional>
#include <string_view>

#include "tui/term/keys.h"

namespace sims::tui {

Key plain_key(KeyCode code);
Key function_key(int number);

// The key of the letter after ESC O, or at the end of a CSI without parameters.
std::optional<Key> ss3_key(char letter);
// The key of CSI, `parameters` with their separators, and `final`. nullopt: no key (a report, the release of
// a key, an unknown sequence). Not for the marks of a paste and X10 mouse reports: more bytes follow those.
std::optional<Key> csi_key(std::string_view parameters, char final);

}  // namespace sims::tui
