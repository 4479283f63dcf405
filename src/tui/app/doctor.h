// What /doctor says: the terminal, the locale, the clock, the connection and the store, each with what to do
// when it is not as it should be. Pure; the program gathers the facts.
#pragma once

#include <string>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

struct DoctorFacts {
  std::string term, locale;  // $TERM, and what LC_CTYPE came to
  int colours = 0;           // of the terminal, as terminfo tells; 0: not asked (--plain)
  bool no_colour = false;    // NO_COLOR is set
  bool modern = false;       // takes a title, bracketed paste and focus reports
  bool multiplexer = false;  // tmux or screen in between
  bool plain = false;
  std::size_t widths = 0, odd_widths = 0;  // characters compared with the C library, and those that differ
  std::string store, config;               // paths
  bool passphrase = false, restored = false;
  std::int64_t store_bytes = 0;
  std::string memory;  // how much of it is locked
  std::string damage;  // of the store; empty: none is known
};

std::string doctor_text(const DoctorFacts& facts, const client::Model& model, const UiState& ui, Now now);

}  // namespace sims::tui
