// The list of peers: moves through it with keys and clicks, and opens it over the chat on narrow screens.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/context.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class PeerList final : public Component {
 public:
  PeerList(UiContext& ui, Windows& windows) : ui_(ui), windows_(windows) {}

  bool handle_key(const Key& key) override;
  void click(const Key& press);  // opens the window of the row; ignores clicks beside the list

 private:
  bool over_key(const Key& key);
  void step(int by);
  void toggle();

  UiContext& ui_;
  Windows& windows_;
};

}  // namespace sims::tui
