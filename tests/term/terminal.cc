// Terminal: feeds libvterm, and reads cells, cursor and rows from it.
#include "term/terminal.h"

#include <vterm.h>

namespace sims::test {

struct Terminal::State {
  VTerm* terminal = nullptr;
  VTermScreen* screen = nullptr;
  std::function<void(std::string_view)> answer;
  bool cursor_visible = true;
  bool alternate = false;

  std::string text(VTermRect where) const {
    std::string out(static_cast<std::size_t>(where.end_col - where.start_col) * 4 * VTERM_MAX_CHARS_PER_CELL,
                    ' ');
    out.resize(::vterm_screen_get_text(screen, out.data(), out.size(), where));
    return out;
  }
};

namespace {

int palette(const VTermColor& colour, bool foreground) {
  if (foreground ? VTERM_COLOR_IS_DEFAULT_FG(&colour) : VTERM_COLOR_IS_DEFAULT_BG(&colour)) return -1;
  return VTERM_COLOR_IS_INDEXED(&colour) ? colour.indexed.idx : -2;
}

}  // namespace

Terminal::Terminal(tui::Size size, std::function<void(std::string_view)> answer)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.answer = std::move(answer);
  s.terminal = ::vterm_new(size.height, size.width);
  ::vterm_set_utf8(s.terminal, 1);
  ::vterm_output_set_callback(
      s.terminal,
      [](const char* bytes, std::size_t count, void* user) {
        static_cast<State*>(user)->answer({bytes, count});
      },
      &s);
  s.screen = ::vterm_obtain_screen(s.terminal);
  static const VTermScreenCallbacks callbacks = [] {
    VTermScreenCallbacks out{};
    out.settermprop = [](VTermProp property, VTermValue* value, void* user) {
      auto& state = *static_cast<State*>(user);
      if (property == VTERM_PROP_CURSORVISIBLE) state.cursor_visible = value->boolean != 0;
      if (property == VTERM_PROP_ALTSCREEN) state.alternate = value->boolean != 0;
      return 1;
    };
    return out;
  }();
  ::vterm_screen_set_callbacks(s.screen, &callbacks, &s);
  ::vterm_screen_enable_altscreen(s.screen, 1);
  ::vterm_screen_reset(s.screen, 1);
}

Terminal::~Terminal() {
  ::vterm_free(state_->terminal);
}

void Terminal::feed(std::string_view bytes) {
  ::vterm_input_write(state_->terminal, bytes.data(), bytes.size());
}

void Terminal::resize(tui::Size size) {
  ::vterm_set_size(state_->terminal, size.height, size.width);
}

tui::Size Terminal::size() const {
  tui::Size out;
  ::vterm_get_size(state_->terminal, &out.height, &out.width);
  return out;
}

Glyph Terminal::cell(int x, int y) const {
  VTermScreenCell cell{};
  if (!::vterm_screen_get_cell(state_->screen, {y, x}, &cell)) return {};
  Glyph out;
  out.width = cell.width;
  if (cell.chars[0] == UINT32_MAX) {  // libvterm's mark for the right half of a wide character
    out.width = 0;
    return out;
  }
  if (cell.chars[0] != 0) out.text = state_->text({y, y + 1, x, x + out.width});
  out.bold = cell.attrs.bold;
  out.reverse = cell.attrs.reverse;
  out.underline = cell.attrs.underline != 0;
  out.foreground = palette(cell.fg, true);
  out.background = palette(cell.bg, false);
  return out;
}

std::string Terminal::row(int y) const {
  std::string out = state_->text({y, y + 1, 0, size().width});
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string Terminal::text() const {
  std::string out;
  for (int y = 0; y < size().height; ++y)
    out += row(y) + "\n";
  return out;
}

tui::Point Terminal::cursor() const {
  VTermPos at{};
  ::vterm_state_get_cursorpos(::vterm_obtain_state(state_->terminal), &at);
  return {at.col, at.row};
}

bool Terminal::cursor_visible() const {
  return state_->cursor_visible;
}

bool Terminal::alternate() const {
  return state_->alternate;
}

}  // namespace sims::test
