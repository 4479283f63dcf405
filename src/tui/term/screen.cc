// The screen over ncurses.
// 1. a crash  2. opening  3. styles  4. drawing  5. title and modes  6. input  7. suspend, resize, close
#include "tui/term/screen.h"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncurses.h>
#include <signal.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#undef lines
#undef columns

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tui/term/crash.h"
#include "tui/term/terminal.h"
#include "tui/term/theme.h"

namespace sims::tui {
namespace {

constexpr const char* save_title = "\x1b[22;2t";
constexpr const char* restore_title = "\x1b[23;2t";
constexpr const char* modes_on = "\x1b[?2004h\x1b[?1004h";  // bracketed paste, focus reports
// Asks whether the terminal knows bracketed paste (DECRQM). KeyDecoder reads the answer.
constexpr const char* ask_brackets = "\x1b[?2004$p";
constexpr const char* modes_off = "\x1b[?2004l\x1b[?1004l";
constexpr const char* mouse_on = "\x1b[?1000h\x1b[?1006h";  // buttons and wheel, as SGR reports
constexpr const char* mouse_off = "\x1b[?1000l\x1b[?1006l";

// --- 1. restoring after a crash ------------------------------------------------------------------

// A terminfo capability, without the delays ("$<50>") that only hardware terminals need.
std::string capability(const char* name) {
  const char* found = ::tigetstr(name);
  if (found == nullptr || reinterpret_cast<std::intptr_t>(found) == -1) return "";
  std::string out(found);
  for (auto at = out.find("$<"); at != std::string::npos; at = out.find("$<", at)) {
    const auto end = out.find('>', at);
    if (end == std::string::npos) break;
    out.erase(at, end - at + 1);
  }
  return out;
}

// The bytes that the crash handler writes.
std::string last_bytes(bool modern) {
  std::string bytes;
  if (modern) bytes += std::string(mouse_off) + modes_off + restore_title;
  return bytes + capability("sgr0") + capability("cnorm") + capability("rmcup");
}

// --- 2. opening ----------------------------------------------------------------------------------

// Terminals that are known to take xterm's titles and bracketed paste.
bool takes_titles(const char* term) {
  if (::tigetflag("XT") == 1) return true;
  static constexpr std::array names = {"xterm",   "rxvt",    "screen", "tmux",   "alacritty", "foot",
                                       "kitty",   "st-",     "vte",    "gnome",  "konsole",   "putty",
                                       "wezterm", "contour", "mintty", "ghostty"};
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return std::strncmp(term, name, std::strlen(name)) == 0; });
}

// --- 3. styles -----------------------------------------------------------------------------------

constexpr auto styles = static_cast<std::size_t>(Style::count);

attr_t attributes_of(const Paint& paint) {
  attr_t out = A_NORMAL;
  if (paint.bold) out |= A_BOLD;
  if (paint.dim) out |= A_DIM;
  if (paint.reverse) out |= A_REVERSE;
  if (paint.underline) out |= A_UNDERLINE;
  return out;
}

}  // namespace

struct Screen::State {
  SCREEN* terminal = nullptr;
  int input = -1;
  bool unicode = true;
  bool modern = false;  // takes titles, bracketed paste, focus and mouse reports
  int colours = 0;
  bool shown = false;  // false: suspended or closed
  bool all = true;     // the next draw() writes every row
  Grid last{Size{0, 0}};
  std::vector<std::uint64_t> stamps;  // of the rows of `last`; empty: unknown
  std::vector<cchar_t> cells;         // of the row that is drawn
  std::array<attr_t, styles> attributes{};
  std::array<short, styles> pairs{};
  std::string title;
  bool mouse = false;

  void start_modes();
  void stop_modes();
  void set_theme(ThemeId theme);
  void draw_row(const Grid& grid, int y, bool everything);
  void set_title(const std::string& wanted);
  void set_mouse(bool wanted);
  cchar_t character(const Cell& cell) const;
};

Screen::Screen(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Screen>> Screen::open() {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO))
    return fail("standard input and output must be a terminal; use `sims' in scripts");
  const char* term = std::getenv("TERM");
  if (term == nullptr || *term == '\0')
    return fail(
        "TERM is not set: set it to the type of the terminal, TERM=xterm-256color for most, or pass --plain");
  int error = 0;
  if (::setupterm(nullptr, STDOUT_FILENO, &error) != OK)
    return fail("the terminal type " + std::string(term).substr(0, 60) +
                " is not known on this machine: set TERM=xterm-256color, which most terminals understand "
                "(TERM=screen-256color in tmux and screen), or pass --plain");
  if (capability("cup").empty() || capability("clear").empty())
    return fail("a terminal of type " + std::string(term).substr(0, 60) +
                " cannot place the cursor: pass --plain, or use `sims' in scripts");
  auto state = std::make_unique<State>();
  state->unicode = set_terminal_locale();
  state->input = open_terminal_input();
  if (state->input < 0) return fail(std::string("cannot open the terminal: ") + std::strerror(errno));
  termios mode{};
  ::tcgetattr(STDOUT_FILENO, &mode);
  // If SIGTSTP had its default action, ncurses would ignore it during each update, and lose one that came
  // then.
  const auto before = ::signal(SIGTSTP, SIG_IGN);
  state->terminal = ::newterm(nullptr, stdout, stdin);
  static_cast<void>(::signal(SIGTSTP, before));
  if (state->terminal == nullptr) {
    ::close(state->input);
    return fail("ncurses cannot use this terminal; pass --plain");
  }
  state->modern = takes_titles(term);
  arm_crash(mode, last_bytes(state->modern));
  std::unique_ptr<Screen> screen(new Screen(std::move(state)));
  screen->state_->start_modes();
  return screen;
}

void Screen::State::start_modes() {
  ::raw();
  ::noecho();
  ::nonl();
  ::typeahead(-1);  // otherwise ncurses stops an update half-way when keys are waiting
  ::leaveok(stdscr, FALSE);
  const Size size = terminal_size();
  if (size.width != COLS || size.height != LINES) ::resizeterm(size.height, size.width);
  const char* no_colour = std::getenv("NO_COLOR");
  if (::has_colors() && (no_colour == nullptr || *no_colour == '\0')) {
    ::start_color();
    ::use_default_colors();
    colours = COLORS;
  }
  set_theme(ThemeId::dark);
  ::wrefresh(stdscr);  // enters the alternate screen, before our modes
  if (modern) write_terminal(std::string(save_title) + modes_on + ask_brackets);
  shown = true;
}

void Screen::State::stop_modes() {
  if (!shown) return;
  shown = false;
  set_mouse(false);
  if (modern) write_terminal(std::string(modes_off) + restore_title);
  ::endwin();
  title.clear();
}

void Screen::State::set_theme(ThemeId theme) {
  last.theme = theme;
  for (std::size_t i = 0; i < styles; ++i) {
    const Paint paint = paint_of(theme, colours, static_cast<Style>(i));
    attributes[i] = attributes_of(paint);
    pairs[i] = 0;
    if (paint.foreground < 0 && paint.background < 0) continue;
    pairs[i] = static_cast<short>(i + 1);
    ::init_pair(pairs[i], static_cast<short>(paint.foreground), static_cast<short>(paint.background));
  }
}

// --- 4. drawing ----------------------------------------------------------------------------------

// ncurses counts columns with the C library's widths. A character whose width differs from ours would shift
// the row, so `?` replaces it.
cchar_t Screen::State::character(const Cell& cell) const {
  wchar_t text[Cell::max_code_points + 1] = {};
  std::size_t used = 0;
  const auto base = static_cast<wchar_t>(cell.chars[0]);
  const bool plain = base >= 0x20 && base < 0x7f;
  text[used++] = plain || ::wcwidth(base) == cell.width ? base : cell.width == 2 ? L'\uff1f' : L'?';
  for (std::size_t i = 1; i < cell.count; ++i) {
    const auto mark = static_cast<wchar_t>(cell.chars[i]);
    if (::wcwidth(mark) == 0) text[used++] = mark;
  }
  const auto style = static_cast<std::size_t>(cell.style);
  cchar_t out;
  ::setcchar(&out, text, attributes[style], pairs[style], nullptr);
  return out;
}

// Draws from the first cell that changed to the last one.
void Screen::State::draw_row(const Grid& grid, int y, bool everything) {
  const auto row = grid.row(y);
  auto from = row.begin(), to = row.end();
  if (!everything) {
    const auto old = last.row(y);
    if (same_cells(row, old)) return;
    from = std::mismatch(row.begin(), row.end(), old.begin()).first;
    to = std::mismatch(row.rbegin(), row.rend(), old.rbegin()).first.base();
  }
  cells.clear();
  for (auto it = from; it != to; ++it) {
    if (it->width > 0) cells.push_back(character(*it));
  }
  ::wmove(stdscr, y, static_cast<int>(from - row.begin()));
  ::wadd_wchnstr(stdscr, cells.data(), static_cast<int>(cells.size()));
  if (!everything) std::copy(from, to, &last.at(static_cast<int>(from - row.begin()), y));
}

bool Screen::draw(const Grid& grid, std::span<const std::uint64_t> stamps) {
  State& s = *state_;
  if (!terminal_takes_output()) return false;
  if (!s.shown || grid.cells.empty()) return true;
  if (s.last.theme != grid.theme) {
    s.set_theme(grid.theme);
    s.all = true;
  }
  const bool everything = s.all || s.last.size != grid.size;
  const bool known = !everything && s.stamps.size() == stamps.size();
  for (int y = 0; y < std::min(grid.size.height, LINES); ++y) {
    const auto i = static_cast<std::size_t>(y);
    if (!known || i >= stamps.size() || s.stamps[i] != stamps[i]) s.draw_row(grid, y, everything);
  }
  s.stamps.assign(stamps.begin(), stamps.end());
  if (everything) s.last = grid;
  if (s.all) ::clearok(curscr, TRUE);
  s.all = false;
  ::wmove(stdscr, std::min(grid.cursor.y, LINES - 1), std::min(grid.cursor.x, COLS - 1));
  ::wnoutrefresh(stdscr);
  ::doupdate();
  s.set_title(grid.title);
  s.set_mouse(grid.mouse);
  return true;
}

void Screen::write(std::string_view bytes) {
  if (state_->shown && terminal_takes_output()) write_terminal(bytes);
}

// --- 5. title and modes --------------------------------------------------------------------------

void Screen::State::set_title(const std::string& wanted) {
  if (!modern || wanted == title) return;
  title = wanted;
  if (title.empty())
    write_terminal(std::string(restore_title) + save_title);
  else
    write_terminal("\x1b]2;" + title + "\x1b\\");
}

void Screen::State::set_mouse(bool wanted) {
  if (!modern || wanted == mouse) return;
  mouse = wanted;
  write_terminal(mouse ? mouse_on : mouse_off);
}

// --- 6. input ------------------------------------------------------------------------------------

bool Screen::unicode() const {
  return state_->unicode;
}

int Screen::input_fd() const {
  return state_->input;
}

bool Screen::read_input(std::string& out) {
  return read_terminal(state_->input, out);
}

// --- 7. suspend, resize, close -------------------------------------------------------------------

Size Screen::size() const {
  return terminal_size();
}

Size Screen::resized() {
  const Size size = terminal_size();
  ::resizeterm(size.height, size.width);
  state_->all = true;  // also if the size is the same: the terminal may have moved its contents
  return size;
}

void Screen::repaint() {
  state_->all = true;
}

void Screen::suspend() {
  state_->stop_modes();
  stop_program();
  resume();
}

void Screen::resume() {
  ::reset_prog_mode();
  state_->all = true;
  if (state_->shown) return;
  ::wrefresh(stdscr);
  if (state_->modern) write_terminal(std::string(save_title) + modes_on);
  state_->shown = true;
}

void Screen::close() {
  if (state_->terminal == nullptr) return;
  state_->stop_modes();
  disarm_crash();
  ::delscreen(state_->terminal);
  state_->terminal = nullptr;
  ::close(state_->input);
  state_->input = -1;
}

int Screen::colours() const {
  return state_->colours;
}
bool Screen::modern() const {
  return state_->modern;
}

Screen::~Screen() {
  close();
}

}  // namespace sims::tui
