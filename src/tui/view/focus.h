// Who gets the keys: the topmost thing that is open. The view draws the same one's cursor. Pure.
#pragma once

#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

enum class Focus {  // topmost first
  passphrase,       // the passphrase
  server_key,       // the model's question: trust_panel.h
  dialog,           // connect
  find,             // the history
  ask,              // a question in the place of the input
  history_find,     // what was typed before
  panel,            // a peer's changed key, /verify: trust_panel.h
  input,
};

Focus focus_of(const client::Model& model, const UiState& ui);

}  // namespace sims::tui
