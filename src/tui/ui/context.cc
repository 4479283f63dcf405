// UiContext: finds a peer of the model, and tells whether a key leaves a component.
#include "tui/ui/context.h"

namespace sims::tui {

const client::Peer* UiContext::peer(const std::string& name) const {
  const auto& peers = model().peers;
  const auto it = peers.find(name);
  return it == peers.end() ? nullptr : &it->second;
}

bool UiContext::leaves(const Key& key) const {
  const auto action = action_of(key);
  return action == Action::cancel || action == Action::interrupt;
}

}  // namespace sims::tui
