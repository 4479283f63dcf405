// The panel over the end of a conversation. It asks about keys: a server's first or changed key, a peer's
// changed key, the numbers of /verify. Nothing is sent until the user answers. Or it introduces a stranger,
// and asks nothing. Pure.
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
  std::string qr;  // the content of the QR code beside the lines; empty: no QR code
  std::string prompt;
  const Editor* answer = nullptr;  // the editor of the answer; null: the panel asks nothing
};

// The kind of the open question; PanelKind::none if there is none.
PanelKind panel_kind(const client::Model& model, const UiState& ui);
TrustPanel make_panel(const client::Model& model, const UiState& ui);  // the question alone
// The question, or else the introduction of the stranger in this window.
TrustPanel shown_panel(const client::Model& model, const UiState& ui);
// Splits a safety number into two rows of six groups.
std::pair<std::string, std::string> number_halves(const std::string& number);

// The place of the panel: the lower end of the screen's body.
struct PanelPlace {
  int height = 0;           // rows of the body that the panel covers
  Rect title, text, qr;     // qr: empty without a QR code, or if it does not fit whole
  std::vector<Cells> rows;  // of the text; `text` may be too small for all of them
};
PanelPlace place_panel(const TrustPanel& panel, const Rect& body);
// Returns the rows that the panel covers. `scroll`: rows of the text above its rectangle.
int draw_panel(Grid& grid, const PanelPlace& place, const TrustPanel& panel, int scroll, QrCache& qr);

}  // namespace sims::tui
