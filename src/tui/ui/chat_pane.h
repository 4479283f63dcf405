// The chat of the window in front: scrolls it, also back into the history, and toggles the bare view.
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
  // Scrolls the panel if it does not fit into its place, else the chat. `direction`: 1 is up. `by`: rows; 0
  // is a page. A page of the chat leaves two rows visible for orientation.
  void scroll(int direction, int by = 0);
  void show_in_middle(std::uint64_t serial);  // scrolls to this line of the window in front

 private:
  void scroll_to_end(bool top);
  void scroll_chat(int width, int height, int rows);

  UiContext& ui_;
  StoreIntents& store_;
  ReadTracker& tracker_;
};

}  // namespace sims::tui
