// The report of /doctor on terminal, locale, clock, connection and store, with advice for each problem. Pure;
// the program gathers the facts.
#pragma once

#include <string>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

struct DoctorFacts {
  std::string term, locale;  // $TERM, and the LC_CTYPE in effect
  int colours = 0;           // of the terminal, from terminfo; 0: unknown (--plain)
  bool no_colour = false;    // NO_COLOR is set
  bool modern = false;       // takes titles, bracketed paste and focus reports
  bool multiplexer = false;  // tmux or screen in between
  bool plain = false;
  std::size_t widths = 0, odd_widths = 0;  // characters compared with the C library; with another width
  std::string store, config;               // paths
  bool passphrase = false, restored = false;
  std::int64_t store_bytes = 0;
  std::string memory;  // how much memory is locked, in words
  std::string damage;  // the damage of the store, in words; empty: none is known
};

std::string doctor_text(const DoctorFacts& facts, const client::Model& model, const UiState& ui, Now now);

}  // namespace sims::tui
