// What the screen shows beside the client's model: windows, drafts, the dialog. Plain data, changed by Ui
// alone, read by the view.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "client/model/memory.h"
#include "tui/edit/editor.h"
#include "tui/edit/input_history.h"
#include "tui/edit/keymap.h"
#include "tui/edit/kill_ring.h"
#include "tui/edit/secret_field.h"
#include "tui/state/options.h"
#include "tui/state/scroll.h"
#include "tui/term/geometry.h"

namespace sims::tui {

struct Window {
  std::string peer;          // empty: the status window
  Editor input;              // the draft; kept through everything
  std::size_t left_out = 0;  // bytes of the draft that did not fit into it
  std::string typed_for;     // the id that the peer had when the draft was begun; empty: none
  InputHistory history;
  Scroll scroll;
  Editor answer{256, Newlines::fold};  // to the panel: a number, a fingerprint
  std::string problem;                 // what was wrong with the last answer
  bool verifying = false;              // /verify is open
  std::string safety_number, qr;       // of /verify: 12 groups, and what its QR code holds
  std::uint64_t divider = 0;  // serial of the first line that was unread when it came in front; 0: none
  std::uint64_t marked = 0;   // serial of the line that a search led to; 0: none
  bool passing = false;       // opened by walking through the list: goes when it is left unused
};

struct ConnectFields {
  std::string server, port, name, suites;  // suites: labels, best first: "ecdhe,rsa"
  std::string invitation = {};             // empty: none; never kept
};

struct ConnectDialog {
  enum Field { server_field, port_field, name_field, suites_field, invitation_field, fields };
  bool open = false;
  int focus = server_field;
  Editor server{256, Newlines::fold};
  Editor port{5, Newlines::fold};
  Editor name{32, Newlines::fold};
  Editor invitation{64, Newlines::fold};  // emptied once we are online
  std::vector<std::string> suites;        // what can be chosen
  std::size_t suite = 0;
  std::string problem;  // of a field; the link's own is in the model
};

// /search and Ctrl-S: what was found in the history, newest first.
struct Find {
  bool open = false;
  Editor query{256, Newlines::fold};
  std::string searched;  // what `hits` are the answer to
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
  std::size_t at = 0;  // of `found` in the history
};

// A question in the place of the input, for one key. Nothing of what it is about was sent, run or inserted
// yet.
struct Ask {
  enum class About {
    nothing,
    paste,    // of many lines: into the input or not
    slash,    // the line starts with spaces and a slash: a text, a command or neither
    request,  // the text would answer a request
    command,  // it destroys or ends something
    cut,      // bytes of the text did not fit into the input
    new_key,  // the text was typed for an earlier key of the peer
  };
  About about = About::nothing;
  std::string words;     // the question and its keys
  std::string text;      // of the paste
  std::size_t cut = 0;   // bytes of the paste that did not come
  bool guessed = false;  // the paste had no brackets
  bool open() const { return about != About::nothing; }
};

// The passphrase: asked for at the start and after /lock, when nothing of the conversations is here, and
// changed by /passphrase.
struct PassphraseState {
  enum class Kind { none, unlock, change };
  enum Field { current_field, fresh_field, again_field, fields };
  Kind kind = Kind::none;
  bool has_current = false;  // change: there is one now, which is asked for first
  int focus = current_field;
  bool busy = false;  // the answer to the intent is awaited
  std::string problem;
  std::array<SecretField, fields> entries;
  bool open() const { return kind != Kind::none; }
};

// How things look; no part of any conversation.
struct Look {
  bool bare = false;       // Alt-l: the chat alone, to copy text
  bool list_over = false;  // the list over the chat, where it has no room beside it
  bool ascii = false;      // the terminal can show nothing else, whatever the options say
};

struct UiState {
  Size size;
  Options options;
  Keymap keys;
  KillRing kills;  // of all windows and fields
  Look look;
  Find find;
  HistoryFind history_find;
  Ask ask;
  PassphraseState passphrase;
  bool focused = true;  // the terminal, as far as it tells
  bool away = false;
  std::string away_reason;
  std::vector<Window> windows;  // the first one is the status window
  std::size_t current = 0;
  ConnectDialog dialog;
  Editor answer{256, Newlines::fold};  // to the model's question
  std::string answer_problem;
  int panel_scroll = 0;   // rows of the panel that are above its area
  std::string said;       // by a command that was typed into the panel: above its own words
  std::string hint;       // a word about the last key, in the status line until the next one
  std::string self_name;  // that we were last connected under; empty: not since the start
  UtcOffset offset = nullptr;

  const Window& window() const { return windows[current]; }
  Window& window() { return windows[current]; }
};

}  // namespace sims::tui
