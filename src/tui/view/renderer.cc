// Renderer: compares each part with the last frame, and draws the parts that differ.
#include "tui/view/renderer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tui/view/focus.h"
#include "tui/view/form_box.h"
#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::Model;

// The inputs that decide the place and the characters of everything. When one changes, all is drawn again.
struct Frame {
  Size size;
  Layout layout;
  bool ascii = false, locked = false, box = false;
  Rect over;  // the box or the list over the parts
  bool operator==(const Frame&) const = default;
};

std::optional<BoxPart> box_of(const Model& model, const UiState& ui, Now now) {
  if (ui.passphrase.open()) return passphrase_part(ui.passphrase);
  if (ui.dialog.open && !model.question) return dialog_part(model, ui, now);
  return std::nullopt;
}

TitlePart locked_title() {
  TitlePart out;
  out.with = "locked";
  return out;
}

}  // namespace

struct Renderer::State {
  Grid grid{Size{0, 0}};
  std::vector<std::uint64_t> stamps;
  std::uint64_t last_stamp = 0;
  Frame frame;
  RowCache cache;
  QrCache qr;

  bool stale = true;   // this frame draws every part
  bool drawn = false;  // this frame drew a part that may be under the box or the list
  TitlePart title;
  std::string terminal_title;
  ListPart list, over;
  StatusPart status;
  InputPart input;
  InputRows input_rows;
  Point input_cursor;
  std::vector<ChatRow> chat;
  bool only_chat = false;  // the last frame's body was the chat alone
  std::optional<BoxPart> box;
  Point box_cursor;

  void begin(const Frame& now);
  void finish(const Rect& at);
  template <class Part>
  bool show(Part& shown, const Rect& at, Part now);
  void show_body(const Rect& at, const Model& model, const UiState& ui, const TrustPanel& panel,
                 StatusPart& words);
  void show_input(const Rect& at);
  void show_parts(const Model& model, const UiState& ui, Now now, const TrustPanel& panel);
  void show_over(const Model& model, const UiState& ui);
  void show_box(std::optional<BoxPart> now);
};

void Renderer::State::begin(const Frame& now) {
  stale = stale || now != frame;
  drawn = false;
  if (!stale) return;
  frame = now;
  grid.reset(now.size);
  stamps.assign(static_cast<std::size_t>(grid.size.height), ++last_stamp);
  grid.fill(now.layout.separator, Style::dim, U'│');
  finish(now.layout.separator);
}

// Call it after drawing in a rectangle.
void Renderer::State::finish(const Rect& at) {
  drawn = true;
  if (frame.ascii) to_ascii(grid, at);
  ++last_stamp;
  for (int y = std::max(0, at.y); y < std::min(grid.size.height, at.y + at.height); ++y)
    stamps[static_cast<std::size_t>(y)] = last_stamp;
}

// False if the part did not change.
template <class Part>
bool Renderer::State::show(Part& shown, const Rect& at, Part now) {
  if (!stale && shown == now) return false;
  shown = std::move(now);
  grid.fill(at, Style::normal);
  draw(grid, at, shown);
  finish(at);
  return true;
}

void Renderer::State::show_body(const Rect& at, const Model& model, const UiState& ui,
                                const TrustPanel& panel, StatusPart& words) {
  const bool find = ui.find.open && focus_of(model, ui) == Focus::find;
  const bool was_only_chat = std::exchange(only_chat, !find && panel.kind == PanelKind::none);
  Rect rest = at;
  ChatView view;
  if (find) {
    grid.fill(at, Style::normal);
    draw_find(grid, at, model, ui);
  } else {
    if (!only_chat) {
      grid.fill(at, Style::normal);
      rest.height -= draw_panel(grid, place_panel(panel, at), panel, ui.panel_scroll, qr);
    }
    const Chat conversation = chat_of(model, ui, at.width);
    view = visible_rows(conversation, cache, rest.height, ui.window().scroll);
    words.below = view.below;
    words.percent = static_cast<int>(100 * (conversation.lines.size() - view.below) /
                                     std::max<std::size_t>(1, conversation.lines.size()));
    if (only_chat && was_only_chat && !stale && view.rows == chat) return;
    grid.fill(rest, Style::normal);
    for (std::size_t y = 0; y < view.rows.size(); ++y)
      grid.put(rest.x, rest.y + static_cast<int>(y), rest.width, view.rows[y].cells);
  }
  chat = std::move(view.rows);
  finish(at);
}

void Renderer::State::show_input(const Rect& at) {
  grid.fill(at, Style::normal);
  draw(grid, at, input_rows);
  input_cursor = grid.cursor;
  finish(at);
}

void Renderer::State::show_parts(const Model& model, const UiState& ui, Now now, const TrustPanel& panel) {
  const Layout& layout = frame.layout;
  StatusPart words = status_part(model, ui, now);
  if (show(title, layout.title, frame.locked ? locked_title() : title_part(model, ui)))
    terminal_title = tui::terminal_title(title);
  if (!frame.locked) {
    show(list, layout.list, list_part(model, ui, layout.list.height));
    show_body(layout.chat, model, ui, panel, words);
  }
  show(status, layout.status, std::move(words));
}

void Renderer::State::show_over(const Model& model, const UiState& ui) {
  const Rect& at = frame.over;
  if (at.empty()) return;
  ListPart now = list_part(model, ui, at.height);
  if (!drawn && over == now) return;
  over = std::move(now);
  grid.fill(at, Style::normal);
  draw(grid, {at.x, at.y, at.width - 1, at.height}, over);
  grid.fill({at.x + at.width - 1, at.y, 1, at.height}, Style::dim, U'│');
  finish(at);
}

void Renderer::State::show_box(std::optional<BoxPart> now) {
  if (now && (drawn || box != now)) {
    Rect at = drawn || !box ? Rect{} : draw_typed(grid, *now, *box);
    if (at.empty()) {
      draw(grid, *now);
      at = box_rect(grid.size, *now);
    }
    box_cursor = grid.cursor;
    finish(at);
  }
  box = std::move(now);
  grid.cursor = box ? box_cursor : input_cursor;
}

Renderer::Renderer() : state_(std::make_unique<State>()) {}
Renderer::~Renderer() = default;

std::span<const std::uint64_t> Renderer::stamps() const {
  return state_->stamps;
}

const Grid& Renderer::render(const Model& model, const UiState& ui, Now now) {
  const bool locked = ui.passphrase.kind == PassphraseState::Kind::unlock;
  if (locked && !state_->frame.locked) {  // locking wipes the shown texts together with the keys
    const std::uint64_t stamp = state_->last_stamp;
    state_ = std::make_unique<State>();
    state_->last_stamp = stamp;
  }
  State& s = *state_;
  const TrustPanel panel = locked ? TrustPanel{} : shown_panel(model, ui);
  InputPart input = locked ? InputPart{} : input_part(model, ui, panel);
  const bool typed = input != s.input;
  if (typed || s.stale) {
    s.input_rows = rows_of(input);
    s.input = std::move(input);
  }
  std::optional<BoxPart> box = box_of(model, ui, now);
  const Layout layout = locked ? lay_out(ui.size, 1, Columns::no_list)
                               : layout_with(ui, panel, static_cast<int>(s.input_rows.rows.size()));
  const Rect over = box ? box_rect(ui.size, *box) : over_rect(layout, ui);
  s.begin({ui.size, layout, ui.options.ascii || ui.look.ascii, locked, box.has_value(), over});
  s.show_parts(model, ui, now, panel);
  if (s.stale || typed) s.show_input(layout.input);
  if (!box) s.show_over(model, ui);
  s.show_box(std::move(box));
  s.grid.title = ui.options.title ? s.terminal_title : "";
  s.grid.theme = ui.options.theme;
  s.grid.mouse = ui.options.mouse;
  s.stale = false;
  return s.grid;
}

const Grid* Renderer::render_input(const Model& model, const UiState& ui) {
  State& s = *state_;
  const bool covered = s.box || !s.frame.over.empty();
  if (s.stale || covered || focus_of(model, ui) != Focus::input) return nullptr;
  InputPart input = input_part(model, ui, TrustPanel{});
  if (input == s.input) return &s.grid;
  InputRows rows = rows_of(input);
  const int height = static_cast<int>(rows.rows.size());
  if (ui.size != s.frame.size || layout_with(ui, TrustPanel{}, height) != s.frame.layout) return nullptr;
  s.input = std::move(input);
  s.input_rows = std::move(rows);
  s.show_input(s.frame.layout.input);
  return &s.grid;
}

}  // namespace sims::tui
