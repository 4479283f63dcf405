// The interface's own words to the user, always where they are seen at once.
#pragma once

#include <string>

#include "base/result.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Notices {
 public:
  Notices(UiContext& ui, ConversationIntents& intents) : ui_(ui), intents_(intents) {}

  void say(std::string text);  // into the window in front
  // The core said it in the window of `peer`. Says it here, too, if another window is in front.
  void say_elsewhere(const std::string& peer, std::string text);
  // Into the window in front and the status window. `hint`: in the status line, until the next key.
  void warn(const std::string& text, std::string hint);
  void status(std::string text) { intents_.notice("", std::move(text)); }  // into the status window alone
  bool refuse(std::string why);                                            // says so; false
  bool done(const Result<void>& result);                                   // true, or says the error: false

 private:
  UiContext& ui_;
  ConversationIntents& intents_;
};

}  // namespace sims::tui
