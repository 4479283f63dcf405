// Enter in the input: sends the line or runs its command. A line that is refused or asked about stays in its
// window.
#pragma once

#include <functional>
#include <optional>
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
  CommandLine(UiContext& ui, ConversationIntents& intents, const Uses& uses, Run run)
      : ui_(ui), intents_(intents), uses_(uses), run_(std::move(run)) {}

  void enter();
  // A command in a panel or by a key, which is no line of the window. A text does nothing.
  void run_typed_elsewhere(const Parsed& parsed);

  // For the handlers of commands.
  bool send(const std::string& peer, std::string_view text, bool action);
  // Before a command destroys or ends something. False: the user is asked, and a yes runs it again.
  bool sure(const std::string& question);
  // Says why not: nullptr. Asks the server about a name that is not in the list.
  const client::Peer* known(const std::string& name);
  void wipe();

 private:
  // A text that waits for the answer whether to send it, or a command whether to do it, and where it was
  // typed.
  struct PendingSend {
    std::string window, line;
    std::string to, text;
    bool action = false;
    std::optional<Invocation> call = std::nullopt;
  };
  bool carry_out(const Parsed& parsed, const std::string& peer);
  void entered(const std::string& peer, Editor typed, bool done);
  bool deliver(const std::string& peer, std::string_view text, bool action);
  bool hold(const std::string& peer, std::string_view text, bool action, Ask question);
  void ask_about_slash();
  void ask_about_cut();
  void enter_doubtful(bool command);
  void answer_held(Ask::About about);

  UiContext& ui_;
  ConversationIntents& intents_;
  Uses uses_;
  Run run_;
  PendingSend pending_send_;
  bool sure_ = false;  // the command that runs was asked about, and the answer was yes
};

}  // namespace sims::tui
