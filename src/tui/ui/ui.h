// The interface: keys in, intents out, the interface's own state in between. Pure: no terminal, no clock, no
// network; the program and the tests implement Intents. It owns the components (components.h) and offers each
// key to them, topmost first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tui/state/options.h"
#include "tui/state/saved_windows.h"
#include "tui/state/state.h"
#include "tui/term/keys.h"
#include "tui/ui/intents.h"

namespace sims::tui {

struct Components;

class Ui {
 public:
  // `suites`: the choices of the dialog; `fields.suites` is the selected one. `intents` outlives it.
  Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset);
  ~Ui();
  Ui(const Ui&) = delete;
  Ui& operator=(const Ui&) = delete;

  const UiState& state() const { return state_; }
  void resize(Size size) { state_.size = size; }
  void only_ascii() { state_.look.ascii = true; }  // the terminal can show nothing else
  void set_fields(const ConnectFields& fields);    // of the dialog
  void set_options(const Options& options) { state_.options = options; }
  void set_keys(const Keymap& keys) { state_.keys = keys; }
  void key(const Key& key);
  // True if Enter sends a line or answers a question about one. Then the caller must tell pasted text from
  // typed text.
  bool takes_lines() const;
  // True if the last key() changed the draft and nothing else that the screen shows, except through Intents.
  bool typed() const { return typed_; }
  // Call it after the model changed and before drawing. Opens windows for peers who wrote, closes the dialog,
  // and marks visible messages as read. Changes neither the window in front, nor the scroll, nor the draft.
  void model_changed();
  void open_dialog();
  void submit_dialog();  // as Enter in the dialog; works also when closed, and opens if a field is wrong
  void open_when_known(const std::string& peer);  // --query
  // Warns of something that no key asked for, in the window in front and in the status window. Shows `hint`
  // in the status line until the next key.
  void warn(const std::string& text, std::string hint);

  // The answer to StoreIntents::search().
  void found(std::vector<client::SearchHit> hits, std::string problem);
  // Wipes all data of conversations and asks for the passphrase.
  void locked();
  // The answer to StoreIntents::unlock() and set_passphrase().
  void passphrase_answer(Result<void> answer);
  // The state to save at the end of the program. restore() replaces the current state with it.
  SavedWindows kept() const;
  void restore(const SavedWindows& kept);

 private:
  void focus_changed(bool focused);
  void offer(const Key& key);

  Intents& intents_;
  UiState state_;
  std::unique_ptr<Components> parts_;
  bool typed_ = false;
};

}  // namespace sims::tui
