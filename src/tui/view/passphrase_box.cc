// The title, rows and message of the passphrase box for each of its states.
#include "tui/view/passphrase_box.h"

#include <algorithm>

namespace sims::tui {
namespace {

constexpr std::size_t max_stars = 24;

std::string stars(const SecretField& entry) {
  return std::string(std::min(entry.size(), max_stars), '*');
}

}  // namespace

std::string passphrase_title(const PassphraseState& passphrase) {
  return passphrase.kind == PassphraseState::Kind::unlock ? "Locked" : "Passphrase";
}

std::vector<PassphraseRow> passphrase_rows(const PassphraseState& passphrase) {
  if (passphrase.kind == PassphraseState::Kind::unlock)
    return {{"Passphrase", stars(passphrase.entries[PassphraseState::current_field]), true}};
  static constexpr const char* labels[] = {"The current", "A new one", "Once more"};
  std::vector<PassphraseRow> rows;
  for (int field = passphrase.has_current ? PassphraseState::current_field : PassphraseState::fresh_field;
       field < PassphraseState::fields; ++field)
    rows.push_back({labels[field], stars(passphrase.entries[static_cast<std::size_t>(field)]),
                    passphrase.focus == field});
  return rows;
}

std::string passphrase_message(const PassphraseState& passphrase) {
  if (passphrase.busy) return "Working on the passphrase... (Esc cancels)";
  if (!passphrase.problem.empty()) return passphrase.problem;
  return passphrase.kind == PassphraseState::Kind::unlock ? "Enter opens, Ctrl-C leaves"
                                                          : "Enter goes on, Esc cancels; empty: none";
}

}  // namespace sims::tui
