// What a whole control sequence means as a key: tables without a state, for KeyDecoder.
#pragma once

#include <optional>
#include <string_view>

#include "tui/term/keys.h"

namespace sims::tui {

Key plain_key(KeyCode code);
Key function_key(int number);

// The letter after ESC O, or at the end of a CSI without parameters.
std::optional<Key> ss3_key(char letter);
// CSI, `parameters` (with what stands between them), `final`. nullopt: no key (a report, a release, unknown).
// Not for the paste's marks and the mouse of the X10 kind, whose bytes go on.
std::optional<Key> csi_key(std::string_view parameters, char final);

}  // namespace sims::tui
