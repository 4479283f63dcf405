#include "tui/panel.h"

#include <fmt/format.h>

#include <algorithm>

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Question;

Panel first_server(const Question& q) {
  Panel out;
  out.title = "New server";
  out.lines = {
      {"The authenticity of server '" + q.server + "' can't be established.", Style::strong},
      {"Ed25519 key fingerprint is", Style::normal},
      {"  " + q.shown.str(), Style::strong},
      {"It was never seen before. Whoever runs the server can tell its fingerprint (simsd --print-id).",
       Style::normal},
      {"Are you sure you want to continue connecting (yes/no/[fingerprint])?", Style::strong},
  };
  out.prompt = "yes/no/fingerprint: ";
  return out;
}

Panel changed_server(const Question& q, UtcOffset offset) {
  Panel out;
  out.title = "THE SERVER'S KEY HAS CHANGED";
  out.lines = {
      {"The server '" + q.server +
           "' shows another key than before. Somebody may be between you and it, or it was "
           "set up anew. Nothing is sent to it.",
       Style::alert},
      {"Known since " + format_date_time(q.pinned_since_unix_ms, offset) + ":", Style::normal},
      {"  " + (q.pinned ? q.pinned->str() : std::string("-")), Style::strong},
      {"Shown now:", Style::normal},
      {"  " + q.shown.str(), Style::strong},
      {"Ask whoever runs the server over another way. Only typing or pasting the new fingerprint accepts it; "
       "Esc leaves.",
       Style::normal},
  };
  out.prompt = "new fingerprint: ";
  return out;
}

Panel changed_peer(const Peer& peer, UtcOffset offset) {
  Panel out;
  out.title = "THE KEY OF " + peer.name + " HAS CHANGED";
  out.lines = {
      {"The server shows another key for " + peer.name +
           " than before. It may be a new device, or somebody who "
           "pretends to be " +
           peer.name + ". Nothing is sent; your draft is kept.",
       Style::alert},
      {"Known since " + format_date_time(peer.first_seen_unix_ms, offset) + ":", Style::normal},
      {"  " + peer.id.str(), Style::strong},
      {"New, first seen " + format_date_time(peer.changed_unix_ms, offset) + ":", Style::normal},
      {"  " + (peer.changed_to ? peer.changed_to->str() : std::string("-")), Style::strong},
      {"Ask " + peer.name +
           " over another way. Only typing or pasting the new fingerprint accepts it; "
           "/close leaves.",
       Style::normal},
  };
  out.prompt = "new fingerprint: ";
  return out;
}

Panel verification(const Window& window) {
  Panel out;
  out.title = "Verify " + window.peer;
  out.lines.push_back({"The safety number of you and " + window.peer + ":", Style::normal});
  const auto [first, second] = number_halves(window.safety_number);
  out.lines.push_back({"  " + first, Style::strong});
  if (!second.empty()) out.lines.push_back({"  " + second, Style::strong});
  out.lines.push_back({"Let " + window.peer +
                           " read out or send theirs over another way (in person, by phone), and type or "
                           "paste what you got: only equal numbers verify. Esc closes this.",
                       Style::normal});
  out.prompt = window.peer + "'s number: ";
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

Panel make_panel(const Model& model, const UiState& ui) {
  const PanelKind kind = panel_kind(model, ui);
  Panel out;
  const Window& window = ui.window();
  const std::string* problem = &window.problem;
  switch (kind) {
    case PanelKind::none:
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
      out = verification(window);
      break;
  }
  out.kind = kind;
  out.answer = &window.answer;
  if (kind == PanelKind::server_first || kind == PanelKind::server_changed) {
    out.answer = &ui.answer;
    problem = &ui.answer_problem;
  }
  if (!problem->empty())
    out.lines.insert(out.lines.begin(), {*problem, Style::alert});  // seen on small screens too
  return out;
}

std::vector<Cells> panel_rows(const Panel& panel, int width) {
  std::vector<Cells> rows;
  for (const PanelLine& line : panel.lines) {
    // Fingerprints stand two columns in, and go on so.
    const bool indented = line.text.substr(0, 2) == "  ";
    const Cells text =
        to_cells(indented ? std::string_view(line.text).substr(2) : std::string_view(line.text), line.style);
    const int indent = indented && width > 10 ? 2 : 0;
    for (const auto& part : wrap(text, width - indent, width - indent)) {
      Cells row = to_cells(std::string(static_cast<std::size_t>(indent), ' '), Style::normal);
      row.insert(row.end(), text.begin() + static_cast<std::ptrdiff_t>(part.from),
                 text.begin() + static_cast<std::ptrdiff_t>(part.to));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

int panel_height(int rows, int height) {
  return std::clamp(rows + 1, 0, std::max(0, height));
}

}  // namespace sims::tui
