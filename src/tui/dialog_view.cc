#include "tui/dialog_view.h"

#include <algorithm>

namespace sims::tui {
namespace {

using client::LinkState;

constexpr int label_width = 9;
constexpr int box_width = 60;
constexpr int box_height = 12;     // with a message of two rows or less; a longer one makes it higher
constexpr int around_message = 9;  // borders, fields, the keys, what is empty between

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

// The part of a one-line field around its cursor.
void draw_field(Grid& grid, const Rect& at, const Editor& editor, bool focused) {
  const std::string_view text = editor.text();
  const Style style = focused ? Style::selected : Style::normal;
  Cells before = to_cells(text.substr(0, editor.cursor()), style);
  const Cells after = to_cells(text.substr(editor.cursor()), style);
  std::size_t skip = 0;
  int used = width_of(before);
  while (used > at.width - 1 && skip < before.size())
    used -= before[skip++].width;
  grid.fill(at, style);
  const int x = grid.put(at.x, at.y, at.width, std::span(before).subspan(skip));
  grid.put(x, at.y, at.x + at.width - x, after);
  if (focused) grid.cursor = {std::min(x, at.x + at.width - 1), at.y};
}

void draw_fields(Grid& grid, const Rect& at, const ConnectDialog& dialog) {
  static constexpr std::string_view labels[] = {"Server", "Port", "Name", "Ciphers"};
  for (int field = 0; field < ConnectDialog::fields && field < at.height; ++field) {
    const bool focused = dialog.focus == field;
    const int y = at.y + field;
    grid.put_text(at.x, y, label_width, (focused ? ">" : " ") + std::string(labels[field]),
                  focused ? Style::strong : Style::normal);
    const Rect value{at.x + label_width, y, at.width - label_width, 1};
    if (value.empty()) continue;
    switch (field) {
      case ConnectDialog::server_field:
        draw_field(grid, value, dialog.server, focused);
        break;
      case ConnectDialog::port_field:
        draw_field(grid, value, dialog.port, focused);
        break;
      case ConnectDialog::name_field:
        draw_field(grid, value, dialog.name, focused);
        break;
      default: {
        const std::string choice = dialog.suites.empty() ? "" : suites_label(dialog.suites[dialog.suite]);
        const Style style = focused ? Style::selected : Style::normal;
        grid.fill(value, style);
        grid.put_text(value.x, y, value.width, "< " + choice + " >", style);
        if (focused) grid.cursor = {value.x, y};
      }
    }
  }
}

struct Message {
  std::string text;
  Style style;
};

Message message_of(const client::Model& model, const ConnectDialog& dialog, const std::string& link) {
  if (!dialog.problem.empty()) return {dialog.problem, Style::alert};
  switch (model.link) {
    case LinkState::connecting:
    case LinkState::handshaking:
    case LinkState::asking:
      return {link + " (Esc cancels)", Style::strong};
    case LinkState::waiting:
      return {link + " (Esc cancels)", Style::alert};
    case LinkState::online:
      return {link, Style::good};
    case LinkState::offline:
      break;
  }
  return {model.problem, Style::alert};
}

void draw_message(Grid& grid, const Rect& at, const Message& message) {
  const Cells cells = to_cells(message.text, message.style);
  int y = at.y;
  for (const auto& part : wrap(cells, at.width, at.width)) {
    if (y >= at.y + at.height) break;
    grid.put(at.x, y++, at.width, std::span(cells).subspan(part.from, part.to - part.from));
  }
}

void draw_border(Grid& grid, const Rect& at) {
  const Rect inner{at.x + 1, at.y + 1, at.width - 2, at.height - 2};
  grid.fill(at, Style::dim, U'─');
  grid.fill({at.x, at.y + 1, 1, at.height - 2}, Style::dim, U'│');
  grid.fill({at.x + at.width - 1, at.y + 1, 1, at.height - 2}, Style::dim, U'│');
  grid.fill(inner, Style::normal);
  const int right = at.x + at.width - 1, bottom = at.y + at.height - 1;
  grid.put_text(at.x, at.y, 1, "┌", Style::dim);
  grid.put_text(right, at.y, 1, "┐", Style::dim);
  grid.put_text(at.x, bottom, 1, "└", Style::dim);
  grid.put_text(right, bottom, 1, "┘", Style::dim);
  grid.put_text(at.x + 2, at.y, inner.width - 2, " Connect to a server ", Style::strong);
}

}  // namespace

std::string suites_label(std::string_view labels) {
  std::string out;
  const bool only = labels.find(',') == std::string_view::npos;
  for (std::size_t at = 0; at <= labels.size();) {
    const std::size_t comma = std::min(labels.find(',', at), labels.size());
    if (!out.empty()) out += ", then ";
    out += upper(labels.substr(at, comma - at));
    at = comma + 1;
  }
  return only ? out + " only" : out;
}

void draw_dialog(Grid& grid, const client::Model& model, const UiState& ui, const std::string& link) {
  const Message message = message_of(model, ui.dialog, link);
  const Size size = grid.size;
  // The cursor is a column of the field that has the focus; on the smallest screens it may be cut off.
  if (size.width < box_width / 2 + 14 || size.height < box_height) {
    grid.fill({0, 0, size.width, size.height}, Style::normal);
    grid.cursor = {0, std::max(0, size.height - 1)};
    draw_fields(grid, {0, 0, size.width, size.height}, ui.dialog);
    const int left = size.height - ConnectDialog::fields;
    if (message.text.empty() && left > 0)
      draw_message(grid, {0, ConnectDialog::fields, size.width, left},
                   {"Enter connects, Tab next", Style::dim});
    else
      draw_message(grid, {0, ConnectDialog::fields, size.width, left}, message);
    return;
  }
  const int width = std::min(box_width, size.width - 2);
  const Cells cells = to_cells(message.text, message.style);
  const int rows = static_cast<int>(wrap(cells, width - 4, width - 4).size());
  const int height = std::clamp(rows + around_message + 1, box_height, size.height);
  const Rect box{(size.width - width) / 2, (size.height - height) / 2, width, height};
  draw_border(grid, box);
  const Rect inner{box.x + 2, box.y + 2, box.width - 4, ConnectDialog::fields};
  draw_fields(grid, inner, ui.dialog);
  draw_message(grid, {inner.x, inner.y + ConnectDialog::fields + 1, inner.width, height - around_message},
               message);
  grid.put_text(inner.x, box.y + height - 2, inner.width,
                "Tab next field  ←/→ choose  Enter connect  Esc cancel", Style::dim);
}

}  // namespace sims::tui
