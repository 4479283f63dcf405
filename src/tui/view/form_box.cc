// Makes the boxes of the connect dialog and the passphrase, and draws their border, fields and message.
#include "tui/view/form_box.h"

#include <algorithm>

#include "tui/view/passphrase_box.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::LinkState;

constexpr int box_width = 60;
constexpr int min_width = 44;
constexpr int min_height = 13;    // with a message of two rows; a longer message makes the box higher
constexpr int around_fields = 5;  // rows: borders, keys, blank rows
constexpr int min_message_rows = 2;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

int label_width(const BoxPart& part) {
  std::size_t width = 0;
  for (const auto& field : part.fields)
    width = std::max(width, field.label.size());
  return static_cast<int>(width) + 2;
}

// The number of columns of the text that are scrolled out on the left. The field scrolls by half its width,
// so that a long text does not repaint the whole field with each key.
int skipped(int cursor, int width) {
  const int step = std::max(1, width / 2);
  return cursor < width ? 0 : (cursor - width + step) / step * step;
}

// The typed text has the normal style, so that a key costs the terminal one byte.
void draw_field(Grid& grid, const Rect& at, const BoxField& field, bool focused) {
  const Style around = focused ? Style::strong : Style::dim;
  if (field.choice) {
    grid.put_text(at.x, at.y, at.width, "< " + field.text + " >", focused ? around : Style::normal);
    if (focused) grid.cursor = {at.x, at.y};
    return;
  }
  const Rect in{at.x + 1, at.y, std::max(1, at.width - 2), 1};
  const std::string_view text = field.text;
  Cells cells = to_cells(text.substr(0, field.cursor), Style::normal);
  const int cursor = width_of(cells);
  add_cells(text.substr(field.cursor), Style::normal, cells);
  const int skip = focused ? skipped(cursor, in.width) : 0;
  grid.put_text(at.x, at.y, at.width, "[", around);
  grid.put_text(in.x + in.width, at.y, at.width - 1 - in.width, "]", around);
  grid.put(in.x, in.y, at.width - 1,
           std::span(cells)
               .subspan(static_cast<std::size_t>(skip))
               .first(std::min(cells.size() - static_cast<std::size_t>(skip),
                               static_cast<std::size_t>(in.width))));
  if (focused) grid.cursor = {std::min(in.x + cursor - skip, grid.size.width - 1), at.y};
}

void draw_row(Grid& grid, const Rect& at, const BoxPart& part, std::size_t i) {
  const bool focused = part.focus == i;
  const int label = label_width(part);
  grid.put_text(at.x, at.y, label, (focused ? ">" : " ") + part.fields[i].label,
                focused ? Style::strong : Style::normal);
  const Rect value{at.x + label, at.y, at.width - label, 1};
  if (!value.empty()) draw_field(grid, value, part.fields[i], focused);
}

void draw_message(Grid& grid, const Rect& at, std::string_view message, Style style) {
  const Cells cells = to_cells(message, style);
  int y = at.y;
  for (const auto& part : wrap(cells, at.width, at.width)) {
    if (y >= at.y + at.height) break;
    grid.put(at.x, y++, at.width, std::span(cells).subspan(part.from, part.to - part.from));
  }
}

void draw_border(Grid& grid, const Rect& at, const std::string& title) {
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
  grid.put_text(at.x + 2, at.y, inner.width - 2, " " + title + " ", Style::strong);
}

bool fits(Size size) {
  return size.width >= min_width && size.height >= min_height;
}

void set_message(BoxPart& part, const client::Model& model, const std::string& problem, Now now) {
  part.style = Style::alert;
  if (!problem.empty()) {
    part.message = problem;
    return;
  }
  switch (model.link) {
    case LinkState::connecting:
    case LinkState::handshaking:
    case LinkState::asking:
      part.style = Style::strong;
      [[fallthrough]];
    case LinkState::waiting:
      part.message = link_words(model, now) + " (Esc cancels)";
      return;
    case LinkState::online:
      part.style = Style::good;
      part.message = link_words(model, now);
      return;
    case LinkState::offline:
      part.message = model.problem;
  }
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

BoxField box_field(const ConnectDialog& dialog, const DialogField& field) {
  const std::string value = value_of(dialog, field);
  if (field.editor) return {std::string(field.label), value, (dialog.*field.editor).cursor(), false};
  return {std::string(field.label), value.empty() ? "" : suites_label(value), 0, true};
}

BoxPart dialog_part(const client::Model& model, const UiState& ui, Now now) {
  const ConnectDialog& dialog = ui.dialog;
  BoxPart out;
  out.title = "Connect to a server";
  out.keys = "Tab next field  ←/→ choose  Enter connect  Esc cancel";
  for (const DialogField& field : dialog_fields)
    out.fields.push_back(box_field(dialog, field));
  out.focus = static_cast<std::size_t>(dialog.focus);
  set_message(out, model, dialog.problem, now);
  return out;
}

BoxPart passphrase_part(const PassphraseState& passphrase) {
  BoxPart out;
  out.title = passphrase_title(passphrase);
  for (const PassphraseRow& row : passphrase_rows(passphrase)) {
    if (row.focused) out.focus = out.fields.size();
    out.fields.push_back({row.label, row.stars, row.stars.size(), false});
  }
  const bool help = !passphrase.busy && passphrase.problem.empty();
  (help ? out.keys : out.message) = passphrase_message(passphrase);
  out.style = passphrase.busy ? Style::strong : Style::alert;
  return out;
}

Rect box_rect(Size size, const BoxPart& part) {
  if (!fits(size)) return {0, 0, size.width, size.height};
  const int width = std::min(box_width, size.width - 2);
  const Cells cells = to_cells(part.message, part.style);
  const int rows = std::max(min_message_rows, static_cast<int>(wrap(cells, width - 4, width - 4).size()));
  const int wanted = rows + 1 + static_cast<int>(part.fields.size()) + around_fields;
  const int height = std::min(wanted, size.height);
  return {(size.width - width) / 2, (size.height - height) / 2, width, height};
}

namespace {

// The fields without a border. They leave a row for the message, and scroll to the focused one.
int field_rows(Size size, const BoxPart& part) {
  return std::min(static_cast<int>(part.fields.size()), std::max(1, size.height - 1));
}

Rect field_rect(Size size, const BoxPart& part, std::size_t i) {
  const Rect box = box_rect(size, part);
  const int y = static_cast<int>(i);
  if (fits(size)) return {box.x + 2, box.y + 2 + y, box.width - 4, 1};
  const int row = y - std::max(0, static_cast<int>(part.focus) - field_rows(size, part) + 1);
  return row >= 0 && row < field_rows(size, part) ? Rect{0, row, size.width, 1} : Rect{};
}

}  // namespace

void draw(Grid& grid, const BoxPart& part) {
  const Size size = grid.size;
  const Rect box = box_rect(size, part);
  const int fields = static_cast<int>(part.fields.size());
  if (fits(size)) {
    draw_border(grid, box, part.title);
    const Rect message{box.x + 2, box.y + 3 + fields, box.width - 4, box.height - fields - around_fields};
    draw_message(grid, message, part.message, part.style);
    grid.put_text(box.x + 2, box.y + box.height - 2, box.width - 4, part.keys, Style::dim);
  } else {
    grid.fill(box, Style::normal);
    // The focused field sets the cursor below, unless the screen is too small to show it.
    grid.cursor = {0, std::max(0, size.height - 1)};
    const bool help = part.message.empty();
    const int rows = field_rows(size, part);
    draw_message(grid, {0, rows, size.width, size.height - rows}, help ? part.keys : part.message,
                 help ? Style::dim : part.style);
  }
  for (std::size_t i = 0; i < part.fields.size(); ++i) {
    if (const Rect at = field_rect(size, part, i); !at.empty()) draw_row(grid, at, part, i);
  }
}

Rect draw_typed(Grid& grid, const BoxPart& part, const BoxPart& before) {
  const std::size_t i = part.focus;
  if (i >= part.fields.size() || i >= before.fields.size()) return {};
  BoxPart typed = before;
  typed.fields[i] = part.fields[i];
  if (typed != part) return {};
  const Rect at = field_rect(grid.size, part, i);
  grid.fill(at, Style::normal);
  if (!at.empty()) draw_row(grid, at, part, i);
  return at;
}

}  // namespace sims::tui
