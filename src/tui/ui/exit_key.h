// Ctrl-C on an empty line: the second press exits. If messages are undelivered, the first press asks.
#pragma once

#include <functional>

#include "tui/ui/context.h"

namespace sims::tui {

class ExitKey {
 public:
  // `ask` asks the user, and exits after a yes.
  ExitKey(UiContext& ui, ProgramIntents& program, std::function<void()> ask)
      : ui_(ui), program_(program), ask_(std::move(ask)) {}

  void press(const Key& key);
  void reset() { pressed_ = false; }  // after any other key

 private:
  UiContext& ui_;
  ProgramIntents& program_;
  std::function<void()> ask_;
  bool pressed_ = false;
};

}  // namespace sims::tui
