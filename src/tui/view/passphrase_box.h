// What the passphrase's box says (dialog_view.h draws it). Pure; shows stars, never what was typed.
#pragma once

#include <string>
#include <vector>

#include "tui/state/state.h"

namespace sims::tui {

struct PassphraseRow {
  std::string label, stars;
  bool focused = false;
};
std::vector<PassphraseRow> passphrase_rows(const PassphraseState& passphrase);
std::string passphrase_title(const PassphraseState& passphrase);
std::string passphrase_message(
    const PassphraseState& passphrase);  // the problem, what is going on, or which keys there are

}  // namespace sims::tui
