// What stands over the end of a conversation and asks for an answer before anything goes on: a server's first
// or changed key, a peer's changed key, /verify. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/model.h"
#include "tui/state.h"

namespace sims::tui {

enum class PanelKind { none, server_first, server_changed, peer_changed, verify };

struct PanelLine {
  std::string text;
  Style style = Style::normal;
};

struct Panel {
  PanelKind kind = PanelKind::none;
  std::string title;
  std::vector<PanelLine> lines;
  std::string prompt;
  const Editor* answer = nullptr;  // where the answer is typed
};

PanelKind panel_kind(const client::Model& model, const UiState& ui);
Panel make_panel(const client::Model& model, const UiState& ui);
// A safety number as two rows of six groups.
std::pair<std::string, std::string> number_halves(const std::string& number);
// Its rows under the title, wrapped.
std::vector<Cells> panel_rows(const Panel& panel, int width);
// How many rows of a body of `height` the panel gets, its title row included.
int panel_height(int rows, int height);

}  // namespace sims::tui
