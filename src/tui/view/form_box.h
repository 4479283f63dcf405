// The box over everything else, with fields to fill in: the connect dialog, or the passphrase. Pure; a part
// as in parts.h.
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
  bool choice = false;     // `text` is one of several choices; the arrow keys select it
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
// The place of the box: the middle of the screen, or all of a screen that is too small for a box.
Rect box_rect(Size size, const BoxPart& part);
void draw(Grid& grid, const BoxPart& part);
// Draws only the focused field, over a grid that already shows `before`. Returns the rectangle that it drew.
// Empty if more than that field differs; then it has drawn nothing.
Rect draw_typed(Grid& grid, const BoxPart& part, const BoxPart& before);

std::string suites_label(std::string_view labels);  // "ecdhe,rsa" -> "ECDHE, then RSA"

}  // namespace sims::tui
