// Questions in the place of the input, each answered by one key.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>

#include "tui/ui/component.h"
#include "tui/ui/context.h"

namespace sims::tui {

class Prompt final : public Component {
 public:
  // Called with the question and the key that answered it; not after "no". It holds no data of its own: all
  // that a yes needs is in Ask, so that no other question can change it and locking wipes it.
  using Answer = std::function<void(const Ask& asked, char32_t key)>;

  explicit Prompt(UiContext& ui) : ui_(ui) {}

  bool handle_key(const Key& key) override;
  // Sets who carries out the answers to questions of these kinds, before the first ask().
  void answer_with(std::initializer_list<Ask::About> kinds, const Answer& answer);
  // Asks. A question that is open already comes back after this one.
  void ask(Ask question);

 private:
  UiContext& ui_;
  std::array<Answer, Ask::kinds> answers_;  // by Ask::About
};

}  // namespace sims::tui
