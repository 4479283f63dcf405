// The chat of the window in front: scrolling, back into the history too, and the bare view.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/context.h"
#include "tui/ui/read_tracker.h"

namespace sims::tui {

class ChatPane final : public Component {
 public:
  ChatPane(UiContext& ui, StoreIntents& store, ReadTracker& tracker)
      : ui_(ui), store_(store), tracker_(tracker) {}

  bool handle_key(const Key& key) override;
  // Of the panel, if that is longer than its place; else of the chat. `direction`: 1 is up. `by`: rows; 0 is
  // a page, less two rows that stay as a guide for the eye.
  void scroll(int direction, int by = 0);
  void show_in_middle(std::uint64_t serial);  // this line of the window in front

 private:
  void scroll_to_end(bool top);
  void scroll_chat(int width, int height, int rows);

  UiContext& ui_;
  StoreIntents& store_;
  ReadTracker& tracker_;
};

}  // namespace sims::tui
