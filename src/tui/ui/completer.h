// Tab in the input: goes round through what the word before the cursor could become.
#pragma once

#include "tui/ui/completion.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Completer {
 public:
  Completer(UiContext& ui, ProgramIntents& program) : ui_(ui), program_(program) {}

  void step(bool forward);             // to the next candidate, or the one before
  void settle() { cycling_ = false; }  // the word stays; the next step() begins with what is typed then
  void wipe();

 private:
  bool begin(bool forward);  // false: nothing fits

  UiContext& ui_;
  ProgramIntents& program_;
  Completion completion_;  // being cycled through
  std::size_t at_ = 0;
  bool cycling_ = false;
};

}  // namespace sims::tui
