// render(), and the values that several parts of the view need.
#include "tui/view/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "tui/view/parts.h"
#include "tui/view/renderer.h"
#include "tui/view/trust_panel.h"
#include "tui/view/waiting.h"

namespace sims::tui {

using client::Model;
using client::Peer;

const Peer* current_peer(const Model& model, const UiState& ui) {
  const auto it = model.peers.find(ui.window().peer);
  return it == model.peers.end() ? nullptr : &it->second;
}

std::string suite_label(std::string_view wire_name) {
  return std::string(wire_name.substr(0, wire_name.find('_')));
}

std::size_t undelivered(const Peer& peer) {
  return waiting_texts(peer).here;
}

std::size_t undelivered(const Model& model) {
  std::size_t count = 0;
  for (const auto& [name, peer] : model.peers)
    count += undelivered(peer);
  return count;
}

std::string undelivered_words(std::size_t count) {
  return fmt::format("{} of your messages {} not delivered yet.", count, count == 1 ? "is" : "are");
}

const std::string& own_name(const Model& model, const UiState& ui) {
  return ui.self_name.empty() ? model.self_name : ui.self_name;
}

Chat chat_of(const Model& model, const UiState& ui, int width) {
  const Window& window = ui.window();
  const Peer* peer = current_peer(model, ui);
  Chat out{peer ? peer->lines : model.status,
           own_name(model, ui),
           window.peer,
           ui.offset,
           width,
           ui.look.bare,
           window.divider,
           window.marked,
           peer ? peer->read_to : 0};
  const client::Line* waits = peer ? newest_waiting(*peer) : nullptr;
  if (waits == nullptr) return out;
  out.waiting_words = waiting_words(model, *peer, *waits, ui.offset);
  if (!out.waiting_words.empty()) out.waiting = waits->serial;
  return out;
}

Layout layout_with(const UiState& ui, const TrustPanel& panel, int input_rows) {
  const bool question = ui.ask.open();
  if (ui.look.bare) return lay_out(ui.size, input_rows, Columns::bare, question);
  const Layout layout = lay_out(ui.size, input_rows, Columns::list, question);
  if (panel.qr.empty() || layout.list.empty() || !place_panel(panel, layout.chat).qr.empty()) return layout;
  // If the QR code does not fit beside the list, it takes the place of the list.
  const Layout wide = lay_out(ui.size, input_rows, Columns::no_list, question);
  return place_panel(panel, wide.chat).qr.empty() ? layout : wide;
}

Layout layout_of(const Model& model, const UiState& ui) {
  const TrustPanel panel = shown_panel(model, ui);
  const InputRows input = rows_of(input_part(model, ui, panel));
  return layout_with(ui, panel, static_cast<int>(input.rows.size()));
}

Grid render(const Model& model, const UiState& ui, Now now) {
  Renderer once;
  return once.render(model, ui, now);
}

}  // namespace sims::tui
