// The list of peers: walking through it, and its narrow form over the chat, where it has no room beside it.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/context.h"
#include "tui/ui/windows.h"

namespace sims::tui {

class PeerList final : public Component {
 public:
  PeerList(UiContext& ui, Windows& windows) : ui_(ui), windows_(windows) {}

  bool handle_key(const Key& key) override;
  void click(const Key& press);  // on a row of it: opens that window

 private:
  bool over_key(const Key& key);
  void step(int by);
  void toggle();

  UiContext& ui_;
  Windows& windows_;
};

}  // namespace sims::tui
