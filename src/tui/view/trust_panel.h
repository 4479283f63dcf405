// What stands over the end of a conversation: questions that are answered before anything goes on (a server's
// first or changed key, a peer's changed key, /verify), and what is to be known about a stranger. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/view/qr.h"

namespace sims::tui {

enum class PanelKind { none, server_first, server_changed, peer_changed, verify, stranger };

struct PanelLine {
  std::string text;
  Style style = Style::normal;
};

struct TrustPanel {
  PanelKind kind = PanelKind::none;
  std::string title;
  std::vector<PanelLine> lines;
  std::string qr;  // what the QR code beside the lines holds; empty: there is none
  std::string prompt;
  const Editor* answer = nullptr;  // where the answer is typed; null: nothing is asked
};

PanelKind panel_kind(const client::Model& model, const UiState& ui);  // of the question, if there is one
TrustPanel make_panel(const client::Model& model, const UiState& ui);
// The question, or else what is to be known about the stranger of this window.
TrustPanel shown_panel(const client::Model& model, const UiState& ui);
// A safety number as two rows of six groups.
std::pair<std::string, std::string> number_halves(const std::string& number);

// Where it is in the body of the screen: at its lower end.
struct PanelPlace {
  int height = 0;           // of the body
  Rect title, text, qr;     // qr: empty if there is none, or it would not be seen whole
  std::vector<Cells> rows;  // of the text, which may show only a part of them
};
PanelPlace place_panel(const TrustPanel& panel, const Rect& body);
// Returns how many rows it takes. `scroll`: rows that are above the text's area.
int draw_panel(Grid& grid, const PanelPlace& place, const TrustPanel& panel, int scroll, QrCache& qr);

}  // namespace sims::tui
