#include "tui/gate_view.h"

#include <algorithm>

namespace sims::tui {
namespace {

constexpr std::size_t most_stars = 24;
constexpr int label_width = 13;
constexpr int box_width = 60;

std::string stars(const SecretField& entry) {
  return std::string(std::min(entry.size(), most_stars), '*');
}

Style message_style(const Gate& gate) {
  if (!gate.problem.empty()) return Style::alert;
  return gate.busy ? Style::strong : Style::dim;
}

}  // namespace

std::string gate_title(const Gate& gate) {
  return gate.kind == Gate::Kind::unlock ? "Locked" : "Passphrase";
}

std::vector<GateRow> gate_rows(const Gate& gate) {
  if (gate.kind == Gate::Kind::unlock)
    return {{"Passphrase", stars(gate.entries[Gate::current_field]), true}};
  static constexpr const char* labels[] = {"The current", "A new one", "Once more"};
  std::vector<GateRow> rows;
  for (int field = gate.has_current ? Gate::current_field : Gate::fresh_field; field < Gate::fields; ++field)
    rows.push_back(
        {labels[field], stars(gate.entries[static_cast<std::size_t>(field)]), gate.focus == field});
  return rows;
}

std::string gate_message(const Gate& gate) {
  if (gate.busy) return "Working on the passphrase... (Esc cancels)";
  if (!gate.problem.empty()) return gate.problem;
  return gate.kind == Gate::Kind::unlock ? "Enter opens, Ctrl-C leaves"
                                         : "Enter goes on, Esc cancels; empty: none";
}

void draw_gate(Grid& grid, const Gate& gate) {
  const Size size = grid.size;
  if (gate.kind == Gate::Kind::unlock) grid.fill({0, 0, size.width, size.height}, Style::normal);
  const auto rows = gate_rows(gate);
  const int count = static_cast<int>(rows.size());
  const int width = std::min(box_width, size.width);
  const int x = (size.width - width) / 2;
  const Cells message = to_cells(gate_message(gate), message_style(gate));
  const auto wrapped = wrap(message, std::max(1, width - 2), std::max(1, width - 2));
  const int height = std::min(size.height, 2 + count + static_cast<int>(wrapped.size()));
  int y = std::max(0, (size.height - height) / 2);
  const int stop = y + height;
  grid.fill({x, y, width, height}, Style::normal);
  const bool roomy = height == 2 + count + static_cast<int>(wrapped.size());
  if (roomy) {
    grid.fill({x, y, width, 1}, Style::bar);
    grid.put_text(x + 1, y++, width - 2, gate_title(gate), Style::bar_strong);
  }
  for (const GateRow& row : rows) {
    if (y >= stop) break;
    const int label = std::min(label_width, width / 2);
    grid.put_text(x + 1, y, label, (row.focused ? ">" : " ") + row.label,
                  row.focused ? Style::strong : Style::normal);
    const int end = grid.put_text(x + 1 + label, y, width - label - 2, row.stars, Style::normal);
    if (row.focused) grid.cursor = {std::min(end, size.width - 1), y};
    ++y;
  }
  if (roomy) ++y;
  for (const auto& part : wrapped) {
    if (y >= stop) break;
    grid.put(x + 1, y++, width - 2, std::span(message).subspan(part.from, part.to - part.from));
  }
}

}  // namespace sims::tui
