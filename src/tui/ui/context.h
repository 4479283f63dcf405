// The context of every component: the interface's state, the model, and the actions of keys.
#pragma once

#include <optional>

#include "tui/state/state.h"
#include "tui/ui/intents.h"
#include "tui/view/focus.h"

namespace sims::tui {

// Both references outlive it.
class UiContext {
 public:
  UiContext(UiState& of, const ModelSource& source) : state(of), source_(source) {}

  UiState& state;

  const client::Model& model() const { return source_.model(); }
  // nullptr: no such peer is known.
  const client::Peer* peer(const std::string& name) const;
  const client::Peer* front_peer() const { return peer(state.window().peer); }
  Focus focus() const { return focus_of(model(), state); }

  std::optional<Action> action_of(const Key& key) const { return state.keys.find(key); }
  bool does(const Key& key, Action action) const { return action_of(key) == action; }
  bool leaves(const Key& key) const;  // the key's action is cancel or interrupt
  // False: the editor has no use for the key.
  bool type_into(Editor& editor, const Key& key) { return editor.handle(key, state.keys, state.kills); }

 private:
  const ModelSource& source_;
};

}  // namespace sims::tui
