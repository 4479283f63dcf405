// What is asked in a box over everything else: where to connect to, and the passphrase. Pure; parts as in
// view_parts.h.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/dialog_fields.h"
#include "tui/state/state.h"
#include "tui/term/cells.h"

namespace sims::tui {

struct BoxField {
  std::string label, text;
  std::size_t cursor = 0;  // byte offset
  bool choice = false;     // text is one of several, chosen with the arrow keys
  bool operator==(const BoxField&) const = default;
};

struct BoxPart {
  std::string title, message, keys;
  Style style = Style::normal;  // of the message
  std::vector<BoxField> fields;
  std::size_t focus = 0;
  bool operator==(const BoxPart&) const = default;
};

BoxField box_field(const ConnectDialog& dialog, const DialogField& field);
BoxPart dialog_part(const client::Model& model, const UiState& ui, Now now);
BoxPart passphrase_part(const PassphraseState& passphrase);
// Where it is on a screen: in the middle, or all of it where that is too small for a box.
Rect box_rect(Size size, const BoxPart& part);
void draw(Grid& grid, const BoxPart& part);
// The same, where all but what is typed into one field is there already. Returns where it drew; empty: more
// than that is different, nothing was done.
Rect draw_typed(Grid& grid, const BoxPart& part, const BoxPart& before);

std::string suites_label(std::string_view labels);  // "ecdhe,rsa" -> "ECDHE, then RSA"

}  // namespace sims::tui
