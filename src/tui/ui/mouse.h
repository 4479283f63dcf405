// The mouse: the wheel scrolls, a click on a row of the list opens its window. It never answers a question.
#pragma once

#include "tui/ui/chat_pane.h"
#include "tui/ui/peer_list.h"
#include "tui/ui/search_pane.h"

namespace sims::tui {

class Mouse {
 public:
  Mouse(UiContext& ui, SearchPane& search, ChatPane& chat, PeerList& list)
      : ui_(ui), search_(search), chat_(chat), list_(list) {}

  void handle(const Key& key);  // press, wheel_up or wheel_down

 private:
  UiContext& ui_;
  SearchPane& search_;
  ChatPane& chat_;
  PeerList& list_;
};

}  // namespace sims::tui
