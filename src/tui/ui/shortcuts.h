// Keys that do the same as a command: search, help, mouse on or off.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/notices.h"
#include "tui/ui/search_pane.h"

namespace sims::tui {

class Shortcuts final : public Component {
 public:
  Shortcuts(UiContext& ui, ProgramIntents& program, Notices& notices, SearchPane& search)
      : ui_(ui), program_(program), notices_(notices), search_(search) {}

  bool handle_key(const Key& key) override;

 private:
  UiContext& ui_;
  ProgramIntents& program_;
  Notices& notices_;
  SearchPane& search_;
};

}  // namespace sims::tui
