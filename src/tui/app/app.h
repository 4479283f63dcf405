// sims-tui as a whole: its options and its start.
#pragma once

#include <string>

namespace sims::tui {

struct AppOptions {
  std::string server, port, name, suites;  // empty: as at the last connection
  std::string home;                        // empty: the XDG folders
  std::string config;                      // empty: sims-tui.toml in the XDG folder, or in `home`
  std::string key_file;                    // opens the store
  std::string query;                       // the peer whose window to open
  std::string invite;                      // the invitation, for the first login
  std::string memory;                      // how much memory is locked, in words for /doctor
  bool accept_new = false;
  bool connect = false;  // at the start, without the dialog
  bool demo = false;     // a conversation without a server
  bool plain = false;    // lines instead of a screen
  bool ascii = false;    // as /set ascii on
};

enum Exit { exit_ok = 0, exit_failure = 1, exit_usage = 2 };

// Runs until the user leaves, and returns the exit status. Errors at the start go to standard error, with the
// terminal untouched.
int run_app(const AppOptions& options);

}  // namespace sims::tui
