#include "tui/view/passphrase_box.h"

#include <algorithm>

namespace sims::tui {
namespace {

constexpr std::size_t max_stars = 24;

std::string stars(const SecretField& entry) {
  return std::string(std::min(entry.size(), max_stars), '*');
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

}  // namespace sims::tui
