// Enter in the input: sends the line or runs its command. A line that is refused or asked about stays in its
// window.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tui/ui/commands.h"
#include "tui/ui/notices.h"
#include "tui/ui/prompt.h"
#include "tui/ui/typing_signal.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class CommandLine {
 public:
  using Run = std::function<bool(const Invocation&)>;  // false: refused or asked about

  struct Uses {  // other components
    Notices& notices;
    Prompt& prompt;
    TypingSignal& typing;
    Windows& windows;
  };
  CommandLine(UiContext& ui, ConversationIntents& intents, const Uses& uses, Run run);

  void enter();
  // Runs a command that was typed in a panel or comes from a key: it is no line of the window. A text does
  // nothing.
  void run_typed_elsewhere(const std::string& line);

  // For the handlers of commands.
  // False: the core refused it, or the user is asked first.
  bool send(const std::string& peer, std::string_view text, bool action);
  // Asks before the running command destroys or ends something. False: the user is asked, and a yes runs the
  // command again.
  bool sure(const std::string& question);
  // The peer with this name. nullptr: there is none and the user was told; the server is asked about the name.
  const client::Peer* known(const std::string& name);
  // The server may have answered about a name: a line that waits for it is carried out again.
  void model_changed();
  void wipe();

 private:
  // The line that is carried out.
  struct Typed {
    std::string window;      // the peer of the window where it was typed
    std::string draft;       // the whole line, if it is the draft of that window
    std::string line;        // what is carried out of it
    bool confirmed = false;  // the user said yes to it
  };
  bool carry_out(const Parsed& parsed, Typed typed);
  bool carry_out(const Parsed& parsed);
  void entered(const std::string& peer, Editor typed, bool done);
  bool deliver(const std::string& peer, std::string_view text, bool action);
  bool hold(const client::Peer& to, std::string_view text, bool action, Ask question);
  Ask question(Ask::About about, std::string words) const;
  void ask_about_slash();
  void ask_about_cut();
  void answer_draft(const Ask& asked, char32_t key);
  void send_spaced_slash();
  void answer_command(const Ask& asked);
  void answer_text(const Ask& asked);
  Editor take_draft(const Ask& asked);
  void say_elsewhere();
  void carry_out_again(const Typed& typed);

  UiContext& ui_;
  ConversationIntents& intents_;
  Uses uses_;
  Run run_;
  Typed typed_;  // empty but while a line is carried out
  // The server was asked for this user, who may get a letter.
  std::string asked_for_;  // empty: nobody
  Typed asked_by_;         // the line that named them
};

}  // namespace sims::tui
