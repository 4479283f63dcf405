// The whole screen as a pure function of the client's model, the interface's state and the time.
#pragma once

#include "base/clock.h"
#include "client/model.h"
#include "tui/cells.h"
#include "tui/state.h"

namespace sims::tui {

Grid render(const client::Model& model, const UiState& ui, Now now);

// The same grid for one frame after the other, sooner: keeps what is the same in the next one. What it costs
// grows neither with the number of peers nor with what was said.
class Renderer {
 public:
  const Grid& render(const client::Model& model, const UiState& ui, Now now);  // good until the next call

 private:
  Grid grid_;
  RowCache rows_;
};

// The layout that render() uses now: for keys that scroll by pages.
Layout layout_of(const client::Model& model, const UiState& ui);

// Messages of ours that are not delivered yet, and words for how many there are.
std::size_t undelivered(const client::Peer& peer);
std::size_t undelivered(const client::Model& model);
std::string undelivered_words(std::size_t count);

// The peers in the list, in its order.
std::vector<const client::Peer*> listed_peers(const client::Model& model, const UiState& ui);

std::string suite_label(std::string_view wire_name);  // "ECDHE_WITH_..." -> "ECDHE"
std::string_view trust_word(client::Trust trust);     // "unverified", "verified", "KEY CHANGED"

}  // namespace sims::tui
