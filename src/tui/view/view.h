// The screen as a pure function of the client's model, the interface's state and the time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/term/cells.h"
#include "tui/view/chat.h"
#include "tui/view/layout.h"

namespace sims::tui {

Grid render(const client::Model& model, const UiState& ui, Now now);

// The layout that render() uses for this state. Keys that scroll by pages need it.
Layout layout_of(const client::Model& model, const UiState& ui);
// The name of our last connection, or else the name to connect with. A name that the server has not accepted
// yet does not relabel lines.
const std::string& own_name(const client::Model& model, const UiState& ui);
// The lines of the current window; those of the status window if the peer is not known.
Chat chat_of(const client::Model& model, const UiState& ui, int width);

// The number of our messages that are neither delivered nor at the relay, which keeps them, and a sentence
// that says it.
std::size_t undelivered(const client::Peer& peer);
std::size_t undelivered(const client::Model& model);
std::string undelivered_words(std::size_t count);

// The peers of the list, in its order.
std::vector<const client::Peer*> listed_peers(const client::Model& model, const UiState& ui);

std::string suite_label(std::string_view wire_name);          // "ECDHE_WITH_..." -> "ECDHE"
std::string link_words(const client::Model& model, Now now);  // "reconnecting in 3 s: no route to host"

}  // namespace sims::tui
