// Keys in, intents out, the interface's own state in between. Pure: no terminal, no clock, no network; the
// program and the tests implement Intents. ui.cc deals the keys out; each further part of it is a file of its
// own, named below.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tui/state/options.h"
#include "tui/state/saved_windows.h"
#include "tui/state/state.h"
#include "tui/term/keys.h"
#include "tui/ui/commands.h"
#include "tui/ui/completion.h"
#include "tui/ui/intents.h"
#include "tui/view/focus.h"

namespace sims::tui {

class Ui {
 public:
  // `suites`: the choices of the dialog; `fields.suites` is the one that is set.
  Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset);

  const UiState& state() const { return state_; }
  void resize(Size size);
  void only_ascii() { state_.look.ascii = true; }  // the terminal can show nothing else
  void set_fields(const ConnectFields& fields);    // of the dialog
  void set_options(const Options& options);        // as the configuration file has them, and
  void set_keys(const Keymap& keys);
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

  // The answer to Intents::search().
  void found(std::vector<client::SearchHit> hits, std::string problem);
  // Forgets everything of the conversations and asks for the passphrase.
  void locked();
  // The answer to Intents::unlock() and set_passphrase().
  void gate_answer(Result<void> answer);
  // What outlives the program; restore() puts it in the place of what is there.
  Kept kept() const;
  void restore(const Kept& kept);

 private:
  // A text that waits for the answer whether to send it, or a command whether to do it, and where it was
  // typed.
  struct Held {
    std::string window, line;
    std::string to, text;
    bool action = false;
    std::optional<Invocation> call = std::nullopt;
  };
  // ui.cc: the keys
  void focus_changed(bool focused);
  std::optional<Action> action_of(const Key& key) const { return state_.keys.find(key); }
  bool does(const Key& key, Action action) const { return action_of(key) == action; }
  bool leaves(const Key& key) const;  // cancel or interrupt
  bool type_into(Editor& editor, const Key& key);
  bool window_key(const Key& key);
  void input_key(const Key& key);
  void cancel();
  void paste(const Key& key);
  bool edit(const Key& key);  // false: the key means nothing to the input
  void browse(Action action);
  void complete_word(bool forward);
  void interrupt(const Key& key);
  void tell_typing();
  void stop_typing();
  // Our own words into this window, where they are seen at once.
  void say(std::string text);
  // About `peer`, in whose window the core said it: also here, if that is not the one in front.
  void say_elsewhere(const std::string& peer, std::string text);
  bool refuse(std::string why);  // says so; false
  // ui_windows.cc
  const client::Peer* front_peer() const;
  bool panel_covers() const;
  bool seeing() const;  // the user sees what comes into the window in front
  void look();
  void tell_link();  // what the connection did, into the status window
  void tell_why();
  bool back_to_name();          // after /nick was refused; false: there is no name to go back to
  void tell(std::string text);  // into the status window, and here if the user asked for it
  void scroll(int direction, int by = 0);
  void scroll_to_end(bool top);
  void scroll_chat(int width, int height, int rows);
  void go_to(std::size_t index);
  void step_window(int by);
  void step_peer(int by);
  void next_unread();
  // Opened at the end if there is none; nullopt: there are too many. Peers open fewer than the user may, so
  // that strangers cannot take up all of them.
  enum class By { user, peer };
  std::optional<std::size_t> window_of(const std::string& peer, By by);
  bool go_to_peer(const std::string& peer);  // false: too many windows, said so
  void drop_window(const std::string& peer);
  // ui_servers.cc
  void change_server();
  void show(const KeptServer& kept);
  // ui_pointer.cc: the mouse, and the list over the chat
  void pointer(const Key& key);
  void click_list(int row, int height);
  void toggle_list();
  bool list_key(const Key& key);  // false: the list was closed, the key is for what is under it
  // ui_commands.cc: Enter in the input
  void enter();
  void entered(const std::string& peer, Editor typed, bool done);
  bool run(const Invocation& call);  // false: refused or asked about, the line stays
  // Of a command that destroys or ends something. False: the user is asked, and a yes runs it again.
  bool sure(const std::string& question);
  bool done(const Result<void>& result);
  bool send(const std::string& peer, std::string_view text, bool action);
  bool deliver(const std::string& peer, std::string_view text, bool action);
  bool connect(const Invocation& call);
  bool query(const Invocation& call);
  bool close(const Invocation& call);
  bool win(const Invocation& call);
  bool wins();
  bool quit();
  bool help(const Invocation& call);
  bool nick(const std::string& name);
  bool disconnect();
  bool away(const Invocation& call);
  // ui_options.cc
  bool set(const Invocation& call);
  bool set_to(const Option& option, const std::string& value);
  bool theme(const Invocation& call);
  bool bind(const Invocation& call);
  void help_commands();
  void help_keys();
  void toggle_mouse();
  bool save();
  // ui_peers.cc: commands about somebody
  const client::Peer* known(const std::string& name);  // refuses when there is none
  std::string named(const Invocation& call) const;     // the first word, else this window's peer
  bool names();
  bool requests();
  bool whois(const std::string& peer);
  bool verify(const Invocation& call);
  bool trust(const Invocation& call);
  bool stand(const Invocation& call);  // /accept, /block, /decline, /distrust
  bool history(const Invocation& call);
  // ui_questions.cc: the panels, and questions in the place of the input
  void panel_key(const Key& key);
  void enter_answer();
  void answer_server(const std::string& text);
  void ask(Ask::About about, std::string words, std::string text = "");
  void ask_key(const Key& key);
  void answer_ask(char32_t answer);
  void answer_held(Ask::About about);
  void enter_doubtful(bool command);
  // ui_find.cc
  void open_find(const std::string& text);
  void start_search();
  void close_find();
  void find_key(const Key& key);
  void step_hit(int by);
  void go_to_hit();
  void history_find_key(const Key& key);
  void look_back(std::size_t skip);
  // ui_gate.cc
  bool open_gate();
  void close_gate();
  void gate_key(const Key& key);
  void enter_gate();
  // ui_dialog.cc
  void dialog_key(const Key& key);
  void ask_for_invitation();
  Editor* dialog_editor();

  Intents& intents_;
  UiState state_;
  std::string wanted_peer_;      // of --query
  std::string server_id_;        // whose the windows are
  Kept elsewhere_;               // the windows of other servers
  bool wanted_in_front_ = true;  // until the user types into another window
  bool typed_ = false;
  bool was_online_ = false;
  client::LinkState was_link_ = client::LinkState::offline;
  bool been_online_ = false;  // since the user asked for this connection
  bool asked_link_ = false;   // a command asked for what the connection does now
  bool was_seeing_ = false;   // at the last look(), this window
  std::string was_at_;        // the server of that time
  std::string told_why_;      // there is no connection: said already
  std::string name_before_;   // /nick: the name that held until then
  Held held_;
  bool sure_ = false;      // the command that runs was asked about, and the answer was yes
  std::string typing_to_;  // who was told that we type
  Completion completion_;  // being cycled through
  std::size_t completion_at_ = 0;
  bool completing_ = false;
  bool interrupted_ = false;  // Ctrl-C on an empty line: once more leaves
};

}  // namespace sims::tui
