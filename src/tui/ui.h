// Keys in, intents out, the interface's own state in between. Pure: no terminal, no clock, no network; the
// program and the tests implement Intents. Three files: ui.cc (keys), ui_commands.cc (what Enter does),
// ui_dialog.cc (the dialog).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tui/commands.h"
#include "tui/intents.h"
#include "tui/keys.h"
#include "tui/state.h"

namespace sims::tui {

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
