// The text of each panel, its place over the chat, and its drawing.
#include "tui/view/trust_panel.h"

#include <fmt/format.h>

#include <algorithm>

#include "tui/view/chat.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Question;

TrustPanel first_server(const Question& q) {
  TrustPanel out;
  out.title = "New server";
  out.lines = {
      {"The authenticity of server '" + q.server + "' can't be established.", Style::strong},
      {"Ed25519 key fingerprint is", Style::normal},
      {"  " + q.shown.str(), Style::strong},
      {"This is a new key. The server's administrator can give you its fingerprint (simsd --print-id).",
       Style::normal},
      {"Are you sure you want to continue connecting (yes/no/[fingerprint])?", Style::strong},
  };
  out.prompt = "yes/no/fingerprint: ";
  return out;
}

TrustPanel changed_server(const Question& q, UtcOffset offset) {
  TrustPanel out;
  out.title = "THE SERVER'S KEY HAS CHANGED";
  out.lines = {
      {"The server '" + q.server +
           "' shows another key than before. Somebody may be between you and it, or it was "
           "set up again. Nothing is sent to it.",
       Style::alert},
      {"Known since " + format_date_time(q.pinned_since_unix_ms, offset) + ":", Style::normal},
      {"  " + (q.pinned ? q.pinned->str() : std::string("-")), Style::strong},
      {"Shown now:", Style::normal},
      {"  " + q.shown.str(), Style::strong},
      {"Ask the server's administrator over another channel. Only typing or pasting the new fingerprint "
       "accepts it; Esc leaves.",
       Style::normal},
  };
  out.prompt = "new fingerprint: ";
  return out;
}

TrustPanel changed_peer(const Peer& peer, UtcOffset offset) {
  TrustPanel out;
  out.title = "THE KEY OF " + peer.name + " HAS CHANGED";
  out.lines = {
      {"The server shows another key for " + peer.name +
           " than before. It may be a new device, or somebody who "
           "pretends to be " +
           peer.name + ". Nothing is sent; your draft is kept.",
       Style::alert},
      {peer.was_verified ? "You had verified the old key: the new one is not the one that you compared."
                         : "The old key was never verified.",
       peer.was_verified ? Style::alert : Style::normal},
      {"Known since " + format_date_time(peer.first_seen_unix_ms, offset) + ":", Style::normal},
      {"  " + peer.id.str(), Style::strong},
      {"New, first seen " + format_date_time(peer.changed_unix_ms, offset) + ":", Style::normal},
      {"  " + (peer.changed_to ? peer.changed_to->str() : std::string("-")), Style::strong},
      {"Ask " + peer.name +
           " over another channel. Only typing or pasting the new fingerprint accepts it; "
           "/close leaves.",
       Style::normal},
  };
  out.prompt = "new fingerprint: ";
  return out;
}

TrustPanel verification(const Window& window, bool ascii) {
  TrustPanel out;
  if (!ascii) out.qr = window.qr;
  out.title = "Verify " + window.peer;
  out.lines.push_back({"The safety number of you and " + window.peer + ":", Style::normal});
  const auto [first, second] = number_halves(window.safety_number);
  out.lines.push_back({"  " + first, Style::strong});
  if (!second.empty()) out.lines.push_back({"  " + second, Style::strong});
  out.lines.push_back({"Ask " + window.peer +
                           " for theirs over another channel (in person, by phone), and type or paste it: "
                           "only equal numbers verify. Esc closes this.",
                       Style::normal});
  if (ascii && !window.qr.empty())
    out.lines.push_back({"ASCII cannot draw the QR code: compare the number instead.", Style::dim});
  out.prompt = window.peer + "'s number: ";
  return out;
}

void add_said(std::string_view text, TrustPanel& out) {
  std::vector<PanelLine> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back({std::string(text.substr(at, end - at)), Style::strong});
    at = end + 1;
  }
  out.lines.insert(out.lines.begin(), lines.begin(), lines.end());
}

TrustPanel stranger(const Peer& peer) {
  const bool asks = peer.standing == client::Standing::request;
  TrustPanel out;
  out.kind = PanelKind::stranger;
  out.title = asks ? "A request from " + peer.name : peer.name + " is a stranger";
  if (peer.looks_like)
    out.lines.push_back({"Take care: the name looks like that of your contact " + *peer.looks_like +
                             ". This is somebody else.",
                         Style::alert});
  out.lines.push_back({peer.name + "'s fingerprint is", Style::normal});
  out.lines.push_back({"  " + peer.id.str(), Style::strong});
  if (!asks) return out;
  out.lines.push_back(
      {"Nothing goes back to " + peer.name + " before you accept, not even that the message arrived.",
       Style::normal});
  out.lines.push_back({"/accept  or  /decline (forgets it)  or  /block", Style::strong});
  return out;
}

}  // namespace

std::pair<std::string, std::string> number_halves(const std::string& number) {
  constexpr std::size_t half = 36;  // six groups of five digits and a space
  if (number.size() <= half) return {number, ""};
  return {number.substr(0, half - 1), number.substr(half)};
}

PanelKind panel_kind(const Model& model, const UiState& ui) {
  if (model.question)
    return model.question->kind == Question::Kind::server_first ? PanelKind::server_first
                                                                : PanelKind::server_changed;
  const Window& window = ui.window();
  if (window.peer.empty()) return PanelKind::none;
  const auto it = model.peers.find(window.peer);
  if (it != model.peers.end() && it->second.trust == client::Trust::changed) return PanelKind::peer_changed;
  return window.verifying ? PanelKind::verify : PanelKind::none;
}

TrustPanel make_panel(const Model& model, const UiState& ui) {
  const PanelKind kind = panel_kind(model, ui);
  TrustPanel out;
  const Window& window = ui.window();
  const std::string* problem = &window.problem;
  switch (kind) {
    case PanelKind::none:
    case PanelKind::stranger:
      return out;
    case PanelKind::server_first:
      out = first_server(*model.question);
      break;
    case PanelKind::server_changed:
      out = changed_server(*model.question, ui.offset);
      break;
    case PanelKind::peer_changed:
      out = changed_peer(model.peers.at(window.peer), ui.offset);
      break;
    case PanelKind::verify:
      out = verification(window, ui.options.ascii || ui.look.ascii);
      break;
  }
  out.kind = kind;
  out.answer = &window.answer;
  if (kind == PanelKind::server_first || kind == PanelKind::server_changed) {
    out.answer = &ui.answer;
    problem = &ui.answer_problem;
  }
  if (!problem->empty())
    out.lines.insert(out.lines.begin(), {*problem, Style::alert});  // first, to be visible on small screens
  if (!ui.said.empty()) add_said(ui.said, out);
  return out;
}

TrustPanel shown_panel(const Model& model, const UiState& ui) {
  TrustPanel out = make_panel(model, ui);
  if (out.kind != PanelKind::none) return out;
  const auto it = model.peers.find(ui.window().peer);
  if (it == model.peers.end()) return out;
  const Peer& peer = it->second;
  const bool new_to_us = peer.standing == client::Standing::stranger && peer.looks_like;
  return peer.standing == client::Standing::request || new_to_us ? stranger(peer) : out;
}

namespace {

constexpr int min_text_width = 24;  // columns of the text beside a QR code

std::vector<Cells> rows_of(const std::vector<PanelLine>& lines, int width) {
  std::vector<Cells> rows;
  for (const PanelLine& line : lines) {
    // Fingerprints are indented by two columns, on each row.
    const bool indented = line.text.substr(0, 2) == "  ";
    const Cells text = to_cells(std::string_view(line.text).substr(indented ? 2 : 0), line.style);
    const int indent = indented && width > 10 ? 2 : 0;
    for (const auto& part : wrap(text, width - indent, width - indent)) {
      Cells row(static_cast<std::size_t>(indent));
      row.insert(row.end(), text.begin() + static_cast<std::ptrdiff_t>(part.from),
                 text.begin() + static_cast<std::ptrdiff_t>(part.to));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// The most rows that a panel may cover. A stranger's panel leaves some rows of the stranger's words visible.
int max_height(PanelKind kind, int body) {
  return kind == PanelKind::stranger ? body - std::min(3, body / 3) : body;
}

}  // namespace

PanelPlace place_panel(const TrustPanel& panel, const Rect& body) {
  PanelPlace out;
  if (panel.kind == PanelKind::none || body.empty()) return out;
  const Size qr = qr_size(panel.qr.size());
  const bool beside = qr.width > 0 && qr.height <= body.height && qr.width + 1 + min_text_width <= body.width;
  const int left = beside ? qr.width + 1 : 0;
  std::vector<PanelLine> lines = panel.lines;
  if (qr.width > 0 && !beside)
    lines.push_back({fmt::format("The QR code needs a screen of at least {}x{}.",
                                 qr.width + 1 + min_text_width, qr.height + 3),
                     Style::dim});
  out.rows = rows_of(lines, body.width - left);
  const int wanted = std::max(static_cast<int>(out.rows.size()) + 1, beside ? qr.height : 0);
  out.height = std::min(wanted, max_height(panel.kind, body.height));
  const int top = body.y + body.height - out.height;
  if (beside) out.qr = {body.x, top, qr.width, qr.height};
  out.title = {body.x + left, top, body.width - left, 1};
  out.text = {body.x + left, top + 1, body.width - left, out.height - 1};
  return out;
}

int draw_panel(Grid& grid, const PanelPlace& place, const TrustPanel& panel, int scroll, QrCache& qr) {
  if (place.height == 0) return 0;
  const bool alarm = panel.kind == PanelKind::server_changed || panel.kind == PanelKind::peer_changed;
  const int hidden = std::max(0, static_cast<int>(place.rows.size()) - place.text.height);
  const int top = std::clamp(scroll, 0, hidden);
  std::string title = panel.title;
  if (hidden > 0) title = (top < hidden ? "PgDn: more │ " : "PgUp: more │ ") + title;
  const Rect& bar = place.title;
  grid.fill(bar, alarm ? Style::bar_alert : Style::bar);
  grid.put(bar.x + 1, bar.y, bar.width - 1,
           fit(to_cells(title, alarm ? Style::bar_alert : Style::bar_strong), bar.width - 1));
  const Rect& text = place.text;
  for (int y = 0; y < text.height && top + y < static_cast<int>(place.rows.size()); ++y)
    grid.put(text.x, text.y + y, text.width, place.rows[static_cast<std::size_t>(top + y)]);
  if (place.qr.empty()) return place.height;
  const auto& rows = qr.rows(panel.qr);
  for (std::size_t y = 0; y < rows.size(); ++y)
    grid.put(place.qr.x, place.qr.y + static_cast<int>(y), place.qr.width, rows[y]);
  return place.height;
}

}  // namespace sims::tui
