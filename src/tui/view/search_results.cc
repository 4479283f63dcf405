// The hits of a search in the history: a row for each, the newest at the bottom, as in a conversation.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/caseless.h"
#include "base/text.h"
#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::Model;
using client::SearchHit;

// The bytes [first, second) of the first match: the first end of text that holds `wanted`, then the last
// start before it that still does. {0, 0}: no match.
std::pair<std::size_t, std::size_t> find_caseless(std::string_view text, const std::string& wanted) {
  Caseless needle(wanted);
  if (wanted.empty() || !needle.in(text)) return {0, 0};
  std::vector<std::size_t> borders = {0};
  while (borders.back() < text.size())
    borders.push_back(grapheme_end(text, borders.back()));
  const auto to = *std::partition_point(borders.begin(), borders.end(),
                                        [&](std::size_t end) { return !needle.in(text.substr(0, end)); });
  const auto from = *(std::partition_point(borders.begin(), borders.end(),
                                           [&](std::size_t start) {
                                             return start < to && needle.in(text.substr(start, to - start));
                                           }) -
                      1);
  return {from, to};
}

// The text as one line with the match emphasised. Cuts the beginning if the match would not be visible.
Cells text_of(const SearchHit& hit, const std::string& wanted, Style style, int room) {
  const std::string& body = hit.entry.body;
  const auto [from, to] = find_caseless(body, wanted);
  Cells before = to_cells(std::string_view(body).substr(0, from), style);
  const Cells match = to_cells(std::string_view(body).substr(from, to - from), Style::match);
  const int seen = room - std::min(width_of(match), room / 2);
  if (width_of(before) > seen) {
    auto cut = static_cast<std::ptrdiff_t>(before.size()) - std::max(0, seen / 2);
    while (cut < static_cast<std::ptrdiff_t>(before.size()) && before[static_cast<std::size_t>(cut)].joins)
      ++cut;
    before.erase(before.begin(), before.begin() + cut);
    Cells start = to_cells("…", style);
    before.insert(before.begin(), start.begin(), start.end());
  }
  before.insert(before.end(), match.begin(), match.end());
  add_cells(std::string_view(body).substr(to), style, before);
  return fit(std::move(before), room);
}

void draw_hit(Grid& grid, const Rect& at, const SearchHit& hit, const Model& model, const UiState& ui,
              bool selected) {
  const Style style = selected ? Style::selected : Style::normal;
  grid.fill(at, style);
  std::string head = selected ? ">" : " ";
  const std::string when = format_date_time(hit.entry.at_unix_ms, ui.offset);
  head += at.width >= 50 ? when + " " : at.width >= 30 ? when.substr(5, 5) + " " : "";
  if (ui.find.peer.empty() && hit.entry.mine) head += hit.peer.name + " ";
  const std::string& who = hit.entry.mine ? own_name(model, ui) : hit.peer.name;
  head += hit.entry.action ? "* " + who + " " : "<" + who + "> ";
  const int x = grid.put(at.x, at.y, at.width, fit(to_cells(head, style), at.width * 2 / 3));
  const int room = at.x + at.width - x;
  grid.put(x, at.y, room, text_of(hit, ui.find.searched, style, room));
}

}  // namespace

std::string find_title(const Find& find) {
  std::string out =
      "Search " + (find.peer.empty() ? std::string("all conversations") : "the history with " + find.peer);
  if (find.running) return out + ": running… (Esc cancels)";
  if (!find.problem.empty()) return out + ": " + find.problem;
  if (find.hits.empty()) return out + " (Enter searches, Esc leaves)";
  return out +
         fmt::format(": {} of {} (Up older, Enter goes there, Esc leaves)", find.at + 1, find.hits.size());
}

void draw_find(Grid& grid, const Rect& at, const Model& model, const UiState& ui) {
  if (at.empty()) return;
  const Find& find = ui.find;
  const int bottom = at.y + at.height - 1;
  grid.fill({at.x, bottom, at.width, 1}, Style::bar);
  grid.put(at.x + 1, bottom, at.width - 1, fit(to_cells(find_title(find), Style::bar_strong), at.width - 1));
  const auto rows = static_cast<std::size_t>(at.height - 1);
  // Put the selected hit in the middle, unless that would leave rows empty.
  std::size_t first = find.at > rows / 2 ? find.at - rows / 2 : 0;
  if (find.hits.size() < first + rows) first = find.hits.size() > rows ? find.hits.size() - rows : 0;
  for (std::size_t row = 0; row < rows && first + row < find.hits.size(); ++row)
    draw_hit(grid, {at.x, bottom - 1 - static_cast<int>(row), at.width, 1}, find.hits[first + row], model, ui,
             first + row == find.at);
}

}  // namespace sims::tui
