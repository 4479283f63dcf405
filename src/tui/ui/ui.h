// The interface as a whole: keys in, intents out, the interface's own state in between. Pure: no terminal, no
// clock, no network; the program and the tests implement Intents. It owns the components (components.h) and
// offers each key to them, topmost first.
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
  // `suites`: the choices of the dialog; `fields.suites` is the one that is set. `intents` outlives it.
  Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset);
  ~Ui();
  Ui(const Ui&) = delete;
  Ui& operator=(const Ui&) = delete;

  const UiState& state() const { return state_; }
  void resize(Size size) { state_.size = size; }
  void only_ascii() { state_.look.ascii = true; }  // the terminal can show nothing else
  void set_fields(const ConnectFields& fields);    // of the dialog
  void set_options(const Options& options) {
    state_.options = options;
  }  // as the configuration file has them
  void set_keys(const Keymap& keys) { state_.keys = keys; }
  void key(const Key& key);
  // Enter would send or answer a question about it: what is pasted here must be known as that.
  bool takes_lines() const;
  // The last key() changed the draft in the input and nothing else that is shown, but for what it told the
  // Intents.
  bool typed() const { return typed_; }
  // After the model changed and before drawing: opens windows for who wrote, closes the dialog, marks as
  // looked at. Nothing of it changes what is in front, the scroll or what is typed.
  void model_changed();
  void open_dialog();
  void submit_dialog();  // as Enter in it; it need not be open, and opens when a field is wrong
  void open_when_known(const std::string& peer);  // --query
  // What the user must hear of, though no key asked for it: in the window in front and in the status window.
  // `hint`: in the status line, until the next key.
  void warn(const std::string& text, std::string hint);

  // The answer to StoreIntents::search().
  void found(std::vector<client::SearchHit> hits, std::string problem);
  // Forgets everything of the conversations and asks for the passphrase.
  void locked();
  // The answer to StoreIntents::unlock() and set_passphrase().
  void passphrase_answer(Result<void> answer);
  // What outlives the program; restore() puts it in the place of what is there.
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
