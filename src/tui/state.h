// What the screen shows beside the client's model: windows, drafts, the dialog. Plain data, changed by Ui
// alone, read by the view.
#pragma once

#include <string>
#include <vector>

#include "client/memory.h"
#include "tui/chat.h"
#include "tui/editor.h"
#include "tui/layout.h"
#include "tui/options.h"

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
  std::uint64_t divider = 0;  // serial of the first line that was unread when it came in front; 0: none
  bool passing = false;       // opened by walking through the list: goes when it is left unused
  bool close_asked = false;   // /close warned that something is undelivered
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

// /search and Ctrl-S: what was found in the history, newest first.
struct Find {
  bool open = false;
  Editor query{256, Newlines::fold};
  std::string peer;      // whose; empty: everybody's
  bool running = false;  // an answer to Intents::search() is awaited
  std::vector<client::SearchHit> hits;
  std::size_t at = 0;  // the one that is looked at
  std::string problem;
};

// Ctrl-R: the newest entry of this window's input history that holds what is typed.
struct HistoryFind {
  bool open = false;
  Editor query{256, Newlines::fold};
  std::string found;
};

// A paste of many lines waits for yes or no; nothing of it is in the input yet.
struct PasteQuestion {
  bool open = false;
  std::string text;
  std::size_t lines = 0;
};

// How things look; no part of any conversation.
struct Look {
  bool bare = false;       // Alt-l: the chat alone, to copy text
  bool list_over = false;  // the list over the chat, where it has no room beside it
};

struct UiState {
  Size size;
  Options options;
  Look look;
  Find find;
  HistoryFind history_find;
  PasteQuestion paste;
  bool away = false;
  std::string away_reason;
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
