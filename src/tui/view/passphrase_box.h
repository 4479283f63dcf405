// The text of the passphrase box; form_box.h draws it. Pure. Shows stars, never the typed characters.
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
// The problem, the progress, or the keys of the box.
std::string passphrase_message(const PassphraseState& passphrase);

}  // namespace sims::tui
