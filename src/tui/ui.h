// Keys in, intents out, the interface's own state in between. Pure: no terminal, no clock, no network; the
// program and the tests implement Intents. Three files: ui.cc (keys), ui_commands.cc (what Enter does),
// ui_dialog.cc (the dialog).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/model.h"
#include "tui/commands.h"
#include "tui/keys.h"
#include "tui/state.h"

namespace sims::tui {

// What the interface can ask for: client::Core's intents with the time filled in, and the program's own.
class Intents {
 public:
  virtual ~Intents() = default;
  virtual const client::Model& model() const = 0;
  // An error names the field that is wrong.
  virtual Result<void> connect(const ConnectFields& fields) = 0;
  virtual void disconnect() = 0;
  virtual void answer(bool accept) = 0;
  virtual Result<void> accept_changed_server(std::string_view fingerprint) = 0;
  virtual Result<void> send_text(const std::string& peer, std::string_view text, bool action) = 0;
  virtual void looked_at(const std::string& peer) = 0;
  virtual Result<void> verify(const std::string& peer, std::string_view number) = 0;
  virtual Result<void> unverify(const std::string& peer) = 0;
  virtual Result<void> accept_changed(const std::string& peer, std::string_view fingerprint) = 0;
  virtual void end_session(const std::string& peer, std::string_view reason) = 0;
  virtual Result<std::string> safety_number(const std::string& peer) = 0;
  virtual void clear(const std::string& peer) = 0;
  virtual void notice(const std::string& peer, std::string text) = 0;
  virtual Result<void> accept(const std::string& peer) = 0;
  virtual Result<void> decline(const std::string& peer) = 0;
  virtual Result<void> block(const std::string& peer) = 0;
  virtual void typing(const std::string& peer, bool on) = 0;
  virtual bool load_older(
      const std::string& peer) = 0;  // a page in front of the lines; false: there are no more
  virtual Result<void> erase_history(const std::string& peer) = 0;
  virtual Result<void> export_history(const std::string& peer, const std::string& file) = 0;
  // Looks through the history of `peer` (empty: all); the answer is Ui::found(). Another search or
  // cancel_search() ends it.
  virtual void search(const std::string& peer, const std::string& text) = 0;
  virtual void cancel_search() = 0;
  virtual Result<void> nick(const std::string& name) = 0;  // connects anew under this name
  virtual void lock() = 0;                                 // drops the keys and asks for the passphrase
  virtual Result<void> change_passphrase() = 0;            // opens the dialog that asks for it
  virtual void options_changed() = 0;                      // UiState::options were set
  virtual Result<void> save_options() = 0;                 // writes the configuration file
  virtual std::string doctor() = 0;                        // what /doctor says
  virtual void quit() = 0;
  virtual void suspend() = 0;
  virtual void repaint() = 0;  // the terminal's content may be wrong
};

class Ui {
 public:
  // `suites`: the choices of the dialog; `fields.suites` is the one that is set.
  Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset);

  const UiState& state() const { return state_; }
  void resize(Size size);
  void key(const Key& key);
  // After the model changed and before drawing: opens windows for who wrote, closes the dialog, marks as
  // looked at.
  void model_changed();
  void open_dialog();
  void submit_dialog();  // as Enter in it
  // The answer to Intents::search().
  void found(std::vector<client::SearchHit> hits, std::string problem);
  void open_when_known(const std::string& peer);  // --query

 private:
  // ui.cc
  bool window_key(const Key& key);
  void input_key(const Key& key);
  void answer_key(const Key& key);
  void interrupt();
  void scroll(int direction);
  void go_to(std::size_t index);
  void step_window(int by);
  void step_peer(int by);
  void next_unread();
  // Opened at the end if there is none; nullopt: there are too many. Peers open fewer than the user may, so
  // that strangers cannot take up all of them.
  enum class By { user, peer };
  std::optional<std::size_t> window_of(const std::string& peer, By by);
  bool go_to_peer(const std::string& peer);  // false: too many windows, said so
  void browse_history(const std::string* entry);
  void complete_word(bool forward);
  void tell_link();            // what the connection did, into the status window
  void say(std::string text);  // our own words into this window
  // ui_commands.cc
  void enter();
  void enter_answer();
  void answer_server(const std::string& text);
  bool run(const Invocation& call);  // false: refused, the line stays
  bool send(const std::string& peer, std::string_view text, bool action);
  bool query(const Invocation& call);
  bool close(const Invocation& call);
  bool quit();
  bool verify(const Invocation& call);
  bool trust(const Invocation& call);
  bool help(const Invocation& call);
  bool whois(const std::string& peer);
  bool names();
  bool refuse(std::string why);
  const client::Peer* known(const std::string& name);  // refuses when there is none
  std::string named(const Invocation& call) const;     // the first word, else this window's peer
  // ui_dialog.cc
  void dialog_key(const Key& key);
  Editor* dialog_editor();

  Intents& intents_;
  UiState state_;
  std::string wanted_peer_;
  bool was_online_ = false;
  std::string was_at_;       // the server of that time
  bool quit_asked_ = false;  // /quit warned that something is undelivered
  Completion completion_;    // being cycled through
  std::size_t completion_at_ = 0;
  bool completing_ = false;
  bool interrupted_ = false;  // Ctrl-C on an empty line: once more leaves
};

}  // namespace sims::tui
