// The input line: the draft of the window in front, its history, pastes and completion. The lowest component:
// it consumes every key.
#pragma once

#include <utility>

#include "tui/ui/command_line.h"
#include "tui/ui/completer.h"
#include "tui/ui/exit_key.h"
#include "tui/ui/link_status.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class Input final : public Component {
 public:
  struct Uses {  // other components
    Windows& windows;
    TypingSignal& typing;
    Notices& notices;
    Prompt& prompt;
    CommandLine& line;
    LinkStatus& link;
    ExitKey& exit;
  };
  Input(UiContext& ui, ConnectionIntents& connection, ProgramIntents& program, const Uses& uses);
  bool handle_key(const Key& key) override;
  void settle_completion(std::optional<Action> action);  // call before each key, with its action
  // True if since the last call a key changed the draft and nothing else.
  bool take_edited() { return std::exchange(edited_, false); }
  void wipe() { completer_.wipe(); }

 private:
  void interrupt(const Key& key);
  void cancel();
  void paste(const Key& key);
  void answer_paste(const Ask& asked);
  void insert(Window& window, const Key& paste);
  bool edit(Window& window, const Key& key);  // false: the editor has no use for the key
  void browse(Action action);

  UiContext& ui_;
  ConnectionIntents& connection_;
  Uses uses_;
  Completer completer_;
  bool edited_ = false;
};

std::string left_out_words(std::size_t bytes);  // "3 bytes were left out"

}  // namespace sims::tui
