// The whole screen as a pure function of the client's model, the interface's state and the time.
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

// The layout that render() uses now: for keys that scroll by pages.
Layout layout_of(const client::Model& model, const UiState& ui);
// The name that we were last connected under, or else will be: a name that is only tried relabels nothing.
const std::string& own_name(const client::Model& model, const UiState& ui);
// What the current window shows; where its peer is not known, the lines of the status window.
Chat chat_of(const client::Model& model, const UiState& ui, int width);

// Messages of ours that are not delivered yet, and words for how many there are.
std::size_t undelivered(const client::Peer& peer);
std::size_t undelivered(const client::Model& model);
std::string undelivered_words(std::size_t count);

// The peers in the list, in its order.
std::vector<const client::Peer*> listed_peers(const client::Model& model, const UiState& ui);

std::string suite_label(std::string_view wire_name);          // "ECDHE_WITH_..." -> "ECDHE"
std::string link_words(const client::Model& model, Now now);  // "reconnecting in 3 s: no route to host"

}  // namespace sims::tui
