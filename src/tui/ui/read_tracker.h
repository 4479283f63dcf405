// Tracks which messages of the window in front the user has seen.
#pragma once

#include "tui/ui/context.h"

namespace sims::tui {

class ReadTracker {
 public:
  ReadTracker(UiContext& ui, ConversationIntents& conversations, StoreIntents& store)
      : ui_(ui), conversations_(conversations), store_(store) {}

  // Marks the messages on the screen as read. Call it after all that may have uncovered some.
  void look();
  void front_changed() { was_seeing_ = false; }  // another window, or those of another server

 private:
  bool panel_covers() const;
  bool seeing() const;  // the user sees the newest lines of the window in front

  UiContext& ui_;
  ConversationIntents& conversations_;
  StoreIntents& store_;
  bool was_seeing_ = false;  // seeing() at the last look(), of the same window
};

}  // namespace sims::tui
