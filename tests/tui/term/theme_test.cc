// The themes: their tables, terminals with few colours, and styles that must differ.
#include "tui/term/theme.h"

#include <doctest/doctest.h>

#include <string>

#include "support/golden_file.h"

using namespace sims;
using namespace sims::tui;

namespace {

constexpr const char* names[] = {"normal",    "dim",   "strong", "bar",       "bar_strong", "bar_good",
                                 "bar_alert", "mine",  "theirs", "attention", "selected",   "alert",
                                 "good",      "match", "unread", "qr"};
static_assert(std::size(names) == static_cast<std::size_t>(Style::count));

std::string words(const Paint& paint) {
  std::string out;
  if (paint.bold) out += " bold";
  if (paint.dim) out += " dim";
  if (paint.reverse) out += " reverse";
  if (paint.underline) out += " underline";
  if (paint.foreground >= 0) out += " " + std::to_string(paint.foreground);
  if (paint.background >= 0) out += " on " + std::to_string(paint.background);
  return out.empty() ? " -" : out;
}

}  // namespace

TEST_CASE("theme: the tables") {
  const std::pair<ThemeId, const char*> themes[] = {{ThemeId::dark, "dark"},
                                                    {ThemeId::light, "light"},
                                                    {ThemeId::contrast, "contrast"},
                                                    {ThemeId::mono, "mono"}};
  for (const auto& [id, name] : themes) {
    std::string table;
    for (std::size_t i = 0; i < std::size(names); ++i) {
      table += names[i];
      for (int colours : {256, 16, 8, 0})
        table += "\n  " + std::to_string(colours) + ":" + words(paint_of(id, colours, static_cast<Style>(i)));
      table += "\n";
    }
    test::check_golden(std::string("theme-") + name, table);
  }
}

TEST_CASE("theme: uses no colour that the terminal lacks") {
  for (ThemeId id : {ThemeId::dark, ThemeId::light, ThemeId::contrast, ThemeId::mono}) {
    for (int colours : {0, 1, 7, 8, 15, 16, 88, 255, 256, 16'777'216}) {
      for (int i = 0; i < static_cast<int>(Style::count); ++i) {
        const Paint paint = paint_of(id, colours, static_cast<Style>(i));
        const int most = colours < 8 ? 0 : colours < 16 ? 8 : colours < 256 ? 16 : 256;
        CHECK(paint.foreground < std::max(0, most));
        CHECK(paint.background < std::max(0, most));
        if (id == ThemeId::mono) CHECK(paint == paint_of(ThemeId::dark, 0, static_cast<Style>(i)));
      }
    }
  }
}

TEST_CASE("theme: alerts and attention stand out from plain text in every theme") {
  for (ThemeId id : {ThemeId::dark, ThemeId::light, ThemeId::contrast, ThemeId::mono}) {
    for (int colours : {0, 8, 16, 256}) {
      for (Style style : {Style::attention, Style::alert, Style::selected, Style::match, Style::unread})
        CHECK(paint_of(id, colours, style) != paint_of(id, colours, Style::normal));
      CHECK(paint_of(id, colours, Style::bar) != paint_of(id, colours, Style::normal));
    }
  }
}
