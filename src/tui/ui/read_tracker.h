// Which of the messages in the window in front the user has seen.
#pragma once

#include "tui/ui/context.h"

namespace sims::tui {

class ReadTracker {
 public:
  ReadTracker(UiContext& ui, ConversationIntents& conversations, StoreIntents& store)
      : ui_(ui), conversations_(conversations), store_(store) {}

  // Marks as read what is on the screen; after everything that may have uncovered it.
  void look();
  void front_changed() { was_seeing_ = false; }  // another window, or another server's windows

 private:
  bool panel_covers() const;
  bool seeing() const;  // the user sees new lines of the window in front

  UiContext& ui_;
  ConversationIntents& conversations_;
  StoreIntents& store_;
  bool was_seeing_ = false;  // at the last look(), this window
};

}  // namespace sims::tui
