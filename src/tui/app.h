// sims-tui as a whole: terminal, loop, client core, files.
#pragma once

#include <string>
#include <vector>

#include "client/store.h"
#include "tui/state.h"

namespace sims::tui {

struct AppOptions {
  std::string server, port, name, suites;  // empty: what was used last
  std::string home;                        // empty: the XDG folders
  std::string query;                       // a peer whose window to open
  bool accept_new = false;
  bool connect = false;  // at once
  bool demo = false;     // a conversation without a server
  bool plain = false;    // lines instead of a screen
};

enum Exit { exit_ok = 0, exit_failure = 1, exit_usage = 2 };

// What the dialog shows first: options, then what was used last.
ConnectFields first_fields(const AppOptions& options, const client::Settings& settings);

// Runs until the user leaves. Errors at the start go to standard error, with the terminal untouched.
int run_app(const AppOptions& options);

// The dialog's choices, best first, as labels: the list in the table's order, each other order of two, each
// one alone.
std::vector<std::string> suite_choices();

}  // namespace sims::tui
