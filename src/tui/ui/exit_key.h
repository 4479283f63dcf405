// Ctrl-C on an empty line: the second press leaves, or a question does when messages wait.
#pragma once

#include <functional>

#include "tui/ui/context.h"

namespace sims::tui {

class ExitKey {
 public:
  // `ask`: leaves after a yes.
  ExitKey(UiContext& ui, ProgramIntents& program, std::function<void()> ask)
      : ui_(ui), program_(program), ask_(std::move(ask)) {}

  void press(const Key& key);
  void forget() { pressed_ = false; }  // another key came in between

 private:
  UiContext& ui_;
  ProgramIntents& program_;
  std::function<void()> ask_;
  bool pressed_ = false;
};

}  // namespace sims::tui
