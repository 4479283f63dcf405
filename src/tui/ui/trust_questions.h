// The questions of the trust panel: a server's first or changed key, a peer's changed key, and the numbers of
// /verify. It consumes every key while a question is open.
#pragma once

#include <string>

#include "tui/ui/command_line.h"
#include "tui/ui/component.h"
#include "tui/ui/exit_key.h"

namespace sims::tui {

class TrustQuestions final : public Component {
 public:
  struct Uses {  // other components
    Notices& notices;
    CommandLine& line;
    TypingSignal& typing;
    ExitKey& exit;
  };
  TrustQuestions(UiContext& ui, ConnectionIntents& connection, ConversationIntents& conversations,
                 const Uses& uses)
      : ui_(ui), connection_(connection), conversations_(conversations), uses_(uses) {}

  bool handle_key(const Key& key) override;
  void enter();  // takes the typed answer, as Enter does
  // Forgets what was typed for a server's question that is gone, and numbers of keys that were replaced.
  void model_changed();
  void wipe();

 private:
  bool asks_server() const;
  void forget_question();
  void forget_number(Window& window);
  Editor& answer();
  void interrupt(const Key& key);
  void cancel();
  void answer_server(const std::string& text);
  void answer_peer(const std::string& text);
  void compare(const std::string& text);

  UiContext& ui_;
  ConnectionIntents& connection_;
  ConversationIntents& conversations_;
  Uses uses_;
  std::string question_;  // the server's question that is asked: where, about which key; empty: none
};

}  // namespace sims::tui
