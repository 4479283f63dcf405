// Notices of the interface to the user, always at a place that is visible now.
#pragma once

#include <string>

#include "base/result.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Notices {
 public:
  Notices(UiContext& ui, ConversationIntents& intents) : ui_(ui), intents_(intents) {}

  void say(std::string text);  // into the window in front
  // For a text that the core has put into the window of `peer`: if another window is in front, says it there.
  void say_elsewhere(const std::string& peer, std::string text);
  // Into the window in front and the status window. Shows `hint` in the status line until the next key.
  void warn(const std::string& text, std::string hint);
  void status(std::string text) { intents_.notice("", std::move(text)); }  // into the status window alone
  bool refuse(std::string why);                                            // says why; returns false
  bool done(const Result<void>& result);                                   // says an error, and returns false

 private:
  UiContext& ui_;
  ConversationIntents& intents_;
};

}  // namespace sims::tui
