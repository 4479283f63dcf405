// A question in the place of the input, answered by one key.
#pragma once

#include <functional>
#include <string>

#include "tui/ui/component.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Prompt final : public Component {
 public:
  // Called with the question and the key that answered it; not after "no". It holds nothing secret: what the
  // question is about is in Ask, where locking wipes it.
  using Answer = std::function<void(const Ask& asked, char32_t key)>;

  explicit Prompt(UiContext& ui) : ui_(ui) {}

  bool handle_key(const Key& key) override;
  void ask(Ask question, Answer answer);

 private:
  UiContext& ui_;
  Answer answer_;
};

}  // namespace sims::tui
