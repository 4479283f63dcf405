// The tables of the themes, and their colours on terminals with fewer than 256.
#include "tui/term/theme.h"

#include <array>
#include <cassert>
#include <cstddef>

namespace sims::tui {
namespace {

enum Attributes : unsigned { plain = 0, bold = 1, dim = 2, reverse = 4, underline = 8 };

struct Ink {
  unsigned attributes = plain;
  int foreground = -1, background = -1;
};

struct Row {
  Style style;
  Ink full;   // for 256 colours
  Ink basic;  // for 16; with only 8, the colours 8 to 15 are drawn bold
};
constexpr std::size_t styles = static_cast<std::size_t>(Style::count);
using Theme = std::array<Row, styles>;

// The first 16 colours, as terminals name them.
enum Basic {
  black,
  red,
  green,
  yellow,
  blue,
  magenta,
  cyan,
  white,
  grey,
  bright_red,
  bright_green,
  bright_yellow,
  bright_blue,
  bright_magenta,
  bright_cyan,
  bright_white
};

// Some of the other 240, named by their look.
namespace wide {
constexpr int true_black = 16, true_white = 231;
constexpr int coal = 236, ash = 245, pearl = 252, mist = 253, slate = 242;
constexpr int rose = 203, crimson = 160, blood = 124;
constexpr int mint = 114, moss = 28, pine = 22;
constexpr int sky = 117, teal = 80, sea = 30, navy = 25;
constexpr int sand = 222, amber = 214, rust = 130, lemon = 226;
}  // namespace wide
using namespace wide;

constexpr Theme dark_theme = {{
    {Style::normal, {}, {}},
    {Style::dim, {plain, ash}, {plain, grey}},
    {Style::strong, {bold}, {bold}},
    {Style::bar, {plain, pearl, coal}, {reverse}},
    {Style::bar_strong, {bold, true_white, coal}, {reverse | bold}},
    {Style::bar_good, {bold, mint, coal}, {reverse | bold, green}},
    {Style::bar_alert, {bold, true_white, blood}, {reverse | bold, red}},
    {Style::mine, {bold, sky}, {bold}},
    {Style::theirs, {plain, teal}, {plain, cyan}},
    {Style::attention, {bold, rose}, {bold, red}},
    {Style::selected, {reverse}, {reverse}},
    {Style::alert, {bold, rose}, {bold, red}},
    {Style::good, {bold, mint}, {bold, green}},
    {Style::match, {bold, true_black, sand}, {bold, black, yellow}},
    {Style::unread, {plain, amber}, {plain, yellow}},
    {Style::qr, {plain, true_white, true_black}, {plain, bright_white, black}},
}};

constexpr Theme light_theme = {{
    {Style::normal, {}, {}},
    {Style::dim, {plain, slate}, {dim}},
    {Style::strong, {bold}, {bold}},
    {Style::bar, {plain, coal, mist}, {reverse}},
    {Style::bar_strong, {bold, true_black, mist}, {reverse | bold}},
    {Style::bar_good, {bold, pine, mist}, {reverse | bold, green}},
    {Style::bar_alert, {bold, true_white, blood}, {reverse | bold, red}},
    {Style::mine, {bold, navy}, {bold, blue}},
    {Style::theirs, {plain, sea}, {plain, magenta}},
    {Style::attention, {bold, crimson}, {bold, red}},
    {Style::selected, {reverse}, {reverse}},
    {Style::alert, {bold, crimson}, {bold, red}},
    {Style::good, {bold, moss}, {bold, green}},
    {Style::match, {bold, true_black, sand}, {bold, black, yellow}},
    {Style::unread, {plain, rust}, {plain, red}},
    {Style::qr, {plain, true_white, true_black}, {plain, bright_white, black}},
}};

// White on black with nothing faint; black on a bright colour for whatever must be noticed.
constexpr Theme contrast_theme = {{
    {Style::normal, {plain, true_white, true_black}, {plain, bright_white, black}},
    {Style::dim, {plain, true_white, true_black}, {plain, bright_white, black}},
    {Style::strong, {bold, lemon, true_black}, {bold, bright_yellow, black}},
    {Style::bar, {plain, true_black, true_white}, {plain, black, white}},
    {Style::bar_strong, {bold, true_black, true_white}, {bold, black, white}},
    {Style::bar_good, {bold, true_black, mint}, {bold, black, green}},
    {Style::bar_alert, {bold, true_black, lemon}, {bold, black, yellow}},
    {Style::mine, {bold, true_white, true_black}, {bold, bright_white, black}},
    {Style::theirs, {plain, lemon, true_black}, {plain, bright_yellow, black}},
    {Style::attention, {bold, true_black, lemon}, {bold, black, yellow}},
    {Style::selected, {bold, true_black, true_white}, {bold, black, white}},
    {Style::alert, {bold, true_black, lemon}, {bold, black, yellow}},
    {Style::good, {bold, mint, true_black}, {bold, bright_green, black}},
    {Style::match, {bold | underline, true_black, lemon}, {bold | underline, black, yellow}},
    {Style::unread, {bold, lemon, true_black}, {bold, bright_yellow, black}},
    {Style::qr, {plain, true_white, true_black}, {plain, bright_white, black}},
}};

// For terminals without colours, in every theme.
constexpr std::array<unsigned, styles> without_colours = {
    plain,             // normal
    dim,               // dim
    bold,              // strong
    reverse,           // bar
    reverse | bold,    // bar_strong
    reverse | bold,    // bar_good
    reverse | bold,    // bar_alert
    bold,              // mine
    plain,             // theirs
    bold,              // attention
    reverse,           // selected
    bold,              // alert
    bold,              // good
    bold | underline,  // match
    bold,              // unread
    plain,             // qr: light on dark, which a dark terminal gives
};

const Theme& theme_of(ThemeId id) {
  switch (id) {
    case ThemeId::light:
      return light_theme;
    case ThemeId::contrast:
      return contrast_theme;
    case ThemeId::dark:
    case ThemeId::mono:
      break;
  }
  return dark_theme;
}

Paint paint(const Ink& ink) {
  return {(ink.attributes & bold) != 0,
          (ink.attributes & dim) != 0,
          (ink.attributes & reverse) != 0,
          (ink.attributes & underline) != 0,
          ink.foreground,
          ink.background};
}

// With the first 8 colours alone: a bright one becomes bold, grey becomes dim.
Ink of_eight(Ink ink) {
  if (ink.foreground == grey) return {ink.attributes | dim, -1, ink.background};
  if (ink.foreground < 8) return ink;
  return {ink.attributes | bold, ink.foreground - 8, ink.background};
}

}  // namespace

Paint paint_of(ThemeId theme, int colours, Style style) {
  const auto i = static_cast<std::size_t>(style);
  if (theme == ThemeId::mono || colours < 8) return paint({without_colours[i]});
  const Row& row = theme_of(theme)[i];
  assert(row.style == style);
  if (colours >= 256) return paint(row.full);
  return paint(colours >= 16 ? row.basic : of_eight(row.basic));
}

}  // namespace sims::tui
