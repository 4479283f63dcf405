// The focus: the topmost component that is open. It gets the keys, and the view draws its cursor. Pure.
#pragma once

#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

enum class Focus {  // topmost first
  passphrase,       // the box that asks for the passphrase
  server_key,       // the model's question about a server's key: trust_panel.h
  dialog,           // the connect dialog
  find,             // the search in the history
  ask,              // a question in place of the input
  history_find,     // the search in the input history
  panel,            // a peer's changed key, /verify: trust_panel.h
  input,
};

Focus focus_of(const client::Model& model, const UiState& ui);

}  // namespace sims::tui
