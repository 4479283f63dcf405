// Ctrl-R: the search in the input history of this window.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/typing_signal.h"

namespace sims::tui {

class InputSearch final : public Component {
 public:
  InputSearch(UiContext& ui, TypingSignal& typing) : ui_(ui), typing_(typing) {}

  bool handle_key(const Key& key) override;

 private:
  void look_back(std::size_t before);

  UiContext& ui_;
  TypingSignal& typing_;
};

}  // namespace sims::tui
