// The state of the screen, beside the client's model: windows, drafts, the dialog. Plain data; only Ui
// changes it, and the view reads it.
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
  Editor input;              // the draft; it survives reconnects, /lock and restarts
  std::size_t left_out = 0;  // bytes for which the draft had no room
  std::string typed_for;     // the peer's id when the draft was begun; empty: none
  InputHistory history;
  Scroll scroll;
  Editor answer{256, Newlines::fold};  // to the panel: a safety number or a fingerprint
  std::string problem;                 // the error of the last answer
  bool verifying = false;              // /verify is open
  std::string verifying_id;            // the peer's id when it was opened
  std::string safety_number, qr;       // of /verify: 12 groups, and the content of the QR code
  std::uint64_t divider = 0;  // serial of the first line that was unread when the user opened it; 0: none
  std::uint64_t marked = 0;   // serial of the line that a search found; 0: none
  bool passing = false;       // opened while the user moved through the list; closed if left unused
};

struct ConnectFields {
  std::string server, port, name, suites;  // suites: labels, best first: "ecdhe,rsa"
  std::string invitation = {};             // empty: none; never stored
};

struct ConnectDialog {
  enum Field { server_field, port_field, name_field, suites_field, invitation_field, fields };
  bool open = false;
  int focus = server_field;
  Editor server{256, Newlines::fold};
  Editor port{5, Newlines::fold};
  Editor name{32, Newlines::fold};
  Editor invitation{64, Newlines::fold};  // emptied once the server that it was submitted to lets us in
  bool invitation_submitted = false;      // as it is now
  std::vector<std::string> suites;        // the choices
  std::size_t suite = 0;
  std::string problem;  // of a field; connection errors are in the model
};

// /search and Ctrl-S: the search of the history, and its hits.
struct Find {
  bool open = false;
  Editor query{256, Newlines::fold};
  std::string searched;                 // the query of `hits`
  std::string peer;                     // whose history; empty: that of all peers
  bool running = false;                 // Intents::search() has not answered yet
  std::vector<client::SearchHit> hits;  // newest first
  std::size_t at = 0;                   // index of the selected hit
  std::string problem;
};

// Ctrl-R: the newest entry in this window's input history that contains the query.
struct HistoryFind {
  bool open = false;
  Editor query{256, Newlines::fold};
  std::string found;
  std::size_t at = 0;  // index of `found` in the history
};

// A question that replaces the input until one key answers it, with all that a yes needs. The text or command
// that it is about was not sent, run or inserted yet.
struct Ask {
  enum class About {
    nothing,
    paste,    // many lines: insert them into the input?
    slash,    // the line starts with spaces and a slash: text or command?
    request,  // the text would accept a request
    command,  // the command deletes or ends something
    cut,      // the input had no room for all of the text
    new_key,  // the text was typed for an earlier key of the peer
  };
  static constexpr std::size_t kinds = static_cast<std::size_t>(About::new_key) + 1;
  About about = About::nothing;
  std::string words = {};   // the question and its keys
  std::string window = {};  // the peer of the window where it was asked
  std::string draft = {};   // the line of that window that it is about; empty: none
  std::string text = {};    // to be pasted or sent, or the command to run
  std::string to = {};      // request, new_key: the receiver of the text
  std::string to_id = {};   // the id of the receiver, or of the window's peer, when the user was asked
  bool action = false;      // the text is what /me says
  std::size_t cut = 0;      // dropped bytes of the paste
  bool guessed = false;     // the paste had no brackets
  bool open() const { return about != About::nothing; }
};

// The passphrase box: opens the store at the start and after /lock, when no conversation is in memory;
// /passphrase changes the passphrase.
struct PassphraseState {
  enum class Kind { none, unlock, change };
  enum Field { current_field, fresh_field, again_field, fields };
  Kind kind = Kind::none;
  bool has_current = false;  // change: the store has a passphrase, which the user types first
  int focus = current_field;
  bool busy = false;  // the intent has not answered yet
  std::string problem;
  std::array<SecretField, fields> entries;
  bool open() const { return kind != Kind::none; }
};

// The look of the screen, independent of conversations.
struct Look {
  bool bare = false;       // Alt-l: show the chat alone, to copy text
  bool list_over = false;  // show the list over the chat, on screens without room beside it
  bool ascii = false;      // the terminal can show ASCII only; overrules the option
};

struct UiState {
  Size size;
  Options options;
  Keymap keys;
  KillRing kills;  // for all windows and fields
  Look look;
  Find find;
  HistoryFind history_find;
  Ask ask;
  std::vector<Ask> asks_below;  // asked before it and not answered yet; the last one comes next
  PassphraseState passphrase;
  bool focused = true;  // the terminal has focus, unless it reported otherwise
  bool away = false;
  std::string away_reason;
  std::vector<Window> windows;  // the first one is the status window
  std::size_t current = 0;
  ConnectDialog dialog;
  Editor answer{256, Newlines::fold};  // to the model's question
  std::string answer_problem;
  int panel_scroll = 0;   // rows of the panel that are scrolled out above
  std::string said;       // output of a command typed into the panel; shown above the panel's text
  std::string hint;       // about the last key; in the status line until the next key
  std::string self_name;  // of the last connection; empty: none since the start
  UtcOffset offset = nullptr;

  const Window& window() const { return windows[current]; }
  Window& window() { return windows[current]; }
};

}  // namespace sims::tui
