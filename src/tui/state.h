// What the screen shows beside the client's model: windows, drafts, the dialog. Plain data, changed by Ui
// alone, read by the view.
#pragma once

#include <string>
#include <vector>

#include "tui/chat.h"
#include "tui/editor.h"
#include "tui/layout.h"

namespace sims::tui {

struct Window {
  std::string peer;  // empty: the status window
  Editor input;      // the draft; kept through everything
  InputHistory history;
  Scroll scroll;
  Editor answer{256, Newlines::fold};  // to the panel: a number, a fingerprint
  std::string problem;                 // what was wrong with the last answer
  bool verifying = false;              // /verify is open
  std::string safety_number;           // of /verify
  bool passing = false;                // opened by walking through the list: goes when it is left unused
  bool close_asked = false;            // /close warned that something is undelivered
};

struct ConnectFields {
  std::string server, port, name, suites;  // suites: labels, best first: "ecdhe,rsa"
};

struct ConnectDialog {
  enum Field { server_field, port_field, name_field, suites_field, fields };
  bool open = false;
  int focus = server_field;
  Editor server{256, Newlines::fold};
  Editor port{5, Newlines::fold};
  Editor name{32, Newlines::fold};
  std::vector<std::string> suites;  // what can be chosen
  std::size_t suite = 0;
  std::string problem;  // of a field; the link's own is in the model
};

struct UiState {
  Size size;
  std::vector<Window> windows;  // the first one is the status window
  std::size_t current = 0;
  ConnectDialog dialog;
  Editor answer{256, Newlines::fold};  // to the model's question
  std::string answer_problem;
  int panel_scroll = 0;  // rows of the panel that are above its area
  std::string hint;      // a word about the last key, in the status line until the next one
  UtcOffset offset = nullptr;

  const Window& window() const { return windows[current]; }
  Window& window() { return windows[current]; }
};

}  // namespace sims::tui
