// The typing notice: tells the peer of the window in front that the user types.
#pragma once

#include <string>

#include "tui/ui/context.h"

namespace sims::tui {

class TypingSignal {
 public:
  TypingSignal(UiContext& ui, ConversationIntents& intents) : ui_(ui), intents_(intents) {}

  void update();  // call after the draft changed
  void stop();
  void stop_to(const std::string& peer);  // only if this peer was told
  void forget() { told_.clear(); }        // without telling the peer that the typing stopped
  void wipe();

 private:
  UiContext& ui_;
  ConversationIntents& intents_;
  std::string told_;  // the peer who was told that we type; empty: nobody
};

}  // namespace sims::tui
