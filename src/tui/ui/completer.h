// Tab in the input: cycles through the completions of the word before the cursor.
#pragma once

#include "tui/ui/completion.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Completer {
 public:
  Completer(UiContext& ui, ProgramIntents& program) : ui_(ui), program_(program) {}

  void step(bool forward);             // to the next or the previous candidate
  void settle() { cycling_ = false; }  // keeps the word; the next step() completes the text of that time
  void wipe();

 private:
  bool begin(bool forward);  // false: no candidate

  UiContext& ui_;
  ProgramIntents& program_;
  Completion completion_;  // the current candidates
  std::string window_;     // the peer of the window where it was begun
  std::string text_;       // that draft after the last step
  std::size_t at_ = 0;
  bool cycling_ = false;
};

}  // namespace sims::tui
