// Plain: compares the state with what it has printed, and prints the difference in words.
#include "tui/view/plain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "tui/view/focus.h"
#include "tui/view/form_box.h"
#include "tui/view/parts.h"
#include "tui/view/passphrase_box.h"
#include "tui/view/trust_panel.h"
#include "tui/view/view.h"
#include "tui/view/waiting.h"
#include "tui/view/wording.h"

namespace sims::tui {
namespace {

using client::Delivery;
using client::Line;
using client::Model;

constexpr std::size_t max_lines = 200;    // printed at once from a window; older ones are only counted
constexpr std::size_t context_lines = 5;  // printed when a window comes to the front
constexpr std::size_t max_settling = 1'000;

const std::deque<Line>* lines_of(const Model& model, const std::string& peer) {
  if (peer.empty()) return &model.status;
  const auto at = model.peers.find(peer);
  return at == model.peers.end() ? nullptr : &at->second.lines;
}

std::string beginning(std::string_view text) {
  constexpr std::size_t max_width = 40;
  std::string safe = safe_text(text, Lines::fold);
  std::size_t end = 0;
  while (end < safe.size() && grapheme_end(safe, end) <= max_width)
    end = grapheme_end(safe, end);
  if (end == safe.size()) return safe;
  safe.resize(end);
  return safe + "...";
}

std::string words(const Line& line, const std::string& peer, UtcOffset offset) {
  const std::string sent = sent_words(line, offset);
  const std::string clock = format_clock(line.at_unix_ms, offset) + " " + (sent.empty() ? "" : sent + " ");
  switch (line.kind) {
    case Line::Kind::notice:
      return clock + line.text;
    case Line::Kind::alert:
      return clock + "Warning: " + line.text;
    case Line::Kind::action:
      return clock + (line.mine ? "you " : peer + " ") + line.text;
    case Line::Kind::text:
      break;
  }
  return clock + (line.mine ? "you" : peer) + ": " + line.text;
}

// Without a countdown, because a screen reader would read out each second of it.
std::string link_words(const Model& model) {
  switch (model.link) {
    case client::LinkState::online:
      return "online";
    case client::LinkState::waiting:
      return "not connected, trying again: " + model.problem;
    case client::LinkState::offline:
      return model.problem.empty() ? "not connected" : "not connected: " + model.problem;
    default:
      return model.progress.empty() ? "waiting for your answer" : model.progress;
  }
}

std::string title_of(const Model& model, const std::string& peer) {
  if (peer.empty()) return "Window: status";
  const auto at = model.peers.find(peer);
  if (at == model.peers.end()) return "Window: " + peer;
  const std::string_view away = away_words(model, at->second);
  return fmt::format("Window: {}, {}{}{}", peer, trust_word(at->second), away.empty() ? "" : ", ", away);
}

}  // namespace

void Plain::repaint() {
  repaint_ = true;
}

void Plain::print(std::string_view line) {
  for (;;) {
    const auto lf = line.find('\n');
    lines_ += safe_text(line.substr(0, lf), Lines::fold) + "\r\n";
    if (lf == std::string_view::npos) return;
    line.remove_prefix(lf + 1);
  }
}

void Plain::print_counts(const std::deque<client::Line>& lines, Printed& printed, const std::string& peer,
                         UtcOffset offset) {
  std::erase_if(printed.counting, [&](std::uint64_t serial) {
    const auto line =
        std::find_if(lines.rbegin(), lines.rend(), [&](const auto& l) { return l.serial <= serial; });
    if (line == lines.rend() || line->serial != serial) return true;
    if (!line->counting) print(words(*line, peer, offset));
    return !line->counting;
  });
}

void Plain::print_lines(const Model& model, const UiState& ui, const std::string& peer,
                        std::size_t max_count) {
  const auto* lines = lines_of(model, peer);
  if (lines == nullptr) return;
  Printed& printed = printed_[peer];
  print_counts(*lines, printed, peer, ui.offset);
  auto from = lines->end();
  std::size_t count = 0;
  while (from != lines->begin() && std::prev(from)->serial > printed.serial) {
    --from;
    ++count;
  }
  if (count > max_count) {
    print(fmt::format("({} earlier lines)", count - max_count));
    from += static_cast<std::ptrdiff_t>(count - max_count);
  }
  for (; from != lines->end(); ++from) {
    printed.serial = from->serial;
    if (from->counting) {
      printed.counting.push_back(from->serial);
      continue;
    }
    print(words(*from, peer, ui.offset));
    if (from->mine && from->delivery != Delivery::delivered && mine_.size() < max_settling)
      mine_[from->serial] = from->delivery;
  }
}

void Plain::print_window(const Model& model, const UiState& ui) {
  const std::string& peer = ui.window().peer;
  if (window_ != peer) {
    window_ = peer;
    print(title_of(model, peer));
    // A few old lines are enough for context.
    if (printed_[peer].serial == 0) {
      const auto* lines = lines_of(model, peer);
      if (lines && lines->size() > context_lines)
        printed_[peer].serial = (*lines)[lines->size() - context_lines - 1].serial;
    }
  }
  print_lines(model, ui, peer, max_lines);
}

// Prints news of windows that are not in front: sender and number; the lines of the status window in full.
void Plain::print_elsewhere(const Model& model, const UiState& ui) {
  if (!window_.empty()) print_lines(model, ui, "", max_lines);
  for (std::size_t i = 1; i < ui.windows.size(); ++i) {
    const std::string& name = ui.windows[i].peer;
    const auto at = model.peers.find(name);
    if (at == model.peers.end()) continue;
    Printed& printed = printed_[name];
    const std::size_t unread = at->second.unread;
    if (unread > printed.unread && name != window_)
      print(fmt::format("{} wrote: {} unread in window {}.", name, unread, i + 1));
    printed.unread = unread;
  }
}

// Prints the outcome of each of our texts: at the relay, delivered or failed.
void Plain::print_delivery(const Model& model, UtcOffset offset) {
  if (mine_.empty()) return;
  for (const auto& [name, peer] : model.peers) {
    for (auto line = peer.lines.rbegin(); line != peer.lines.rend() && !mine_.empty(); ++line) {
      if (line->serial < mine_.begin()->first) break;
      const auto at = mine_.find(line->serial);
      if (at == mine_.end() || at->second == line->delivery) continue;
      at->second = line->delivery;
      if (line->delivery == Delivery::mailed)
        print(fmt::format("{}: {}", waiting_words(model, peer, *line, offset), beginning(line->text)));
      if (line->delivery == Delivery::delivered) print("Delivered: " + beginning(line->text));
      if (line->delivery == Delivery::failed)
        print(fmt::format("Not delivered: {}: {}", beginning(line->text), line->why));
      if (client::is_settled(line->delivery)) mine_.erase(at);
    }
  }
}

// Prints why texts wait here, once for each peer until the reason changes.
void Plain::print_waiting(const Model& model, UtcOffset offset) {
  if (mine_.empty()) return;
  for (auto& [name, printed] : printed_) {
    const auto peer = model.peers.find(name);
    if (peer == model.peers.end()) continue;
    const Line* text = newest_waiting(peer->second);
    const bool here = text != nullptr && text->delivery != Delivery::mailed && mine_.contains(text->serial);
    std::string words = here ? waiting_words(model, peer->second, *text, offset) : "";
    if (words != printed.waits && !words.empty())
      print(fmt::format("Not delivered yet: {}: {}", beginning(text->text), words));
    printed.waits = std::move(words);
  }
}

void Plain::print_dialog(const Model& model, const UiState& ui) {
  if (!ui.dialog.open) {
    dialog_.clear();
    return;
  }
  if (dialog_.empty()) print("Connect to a server. Tab: next field. Enter: connect. Escape: cancel.");
  std::string state = ui.dialog.problem.empty() ? link_words(model) : ui.dialog.problem;
  if (state != dialog_) print(state);
  dialog_ = std::move(state);
}

void Plain::print_passphrase(const UiState& ui) {
  const std::string text =
      ui.passphrase.open() ? passphrase_title(ui.passphrase) + ". " + passphrase_message(ui.passphrase) : "";
  if (text != passphrase_box_ && !text.empty()) print(text);
  passphrase_box_ = text;
}

void Plain::print_question(const UiState& ui) {
  if (ui.ask.words != question_ && ui.ask.open()) print(ui.ask.words);
  question_ = ui.ask.open() ? ui.ask.words : "";
}

void Plain::print_find(const Model& model, const UiState& ui) {
  const Find& find = ui.find;
  std::string text = find.open ? find_title(find) : "";
  if (find.at < find.hits.size()) {
    const client::SearchHit& hit = find.hits[find.at];
    text += fmt::format("\n{} {}: {}", format_date_time(hit.entry.at_unix_ms, ui.offset),
                        hit.entry.mine ? own_name(model, ui) : hit.peer.name,
                        safe_text(hit.entry.body, Lines::fold));
  }
  if (text != find_ && !text.empty()) print(text);
  find_ = std::move(text);
}

void Plain::print_panel(const Model& model, const UiState& ui) {
  const TrustPanel panel = shown_panel(model, ui);
  std::string text;
  if (panel.kind != PanelKind::none) {
    text = panel.title;
    for (const auto& line : panel.lines)
      text += "\n" + line.text;
  }
  if (text == panel_) return;
  panel_ = std::move(text);
  if (!panel_.empty()) print(panel_);
}

std::string Plain::update(const Model& model, const UiState& ui, int width) {
  lines_.clear();
  print_delivery(model, ui.offset);
  print_window(model, ui);
  print_elsewhere(model, ui);
  print_waiting(model, ui.offset);
  print_dialog(model, ui);
  print_panel(model, ui);
  print_question(ui);
  print_find(model, ui);
  print_passphrase(ui);
  if (ui.hint != hint_ && !ui.hint.empty()) print("(" + ui.hint + ")");
  hint_ = ui.hint;

  if (width_ != width && width_ != 0) {  // the terminal may have wrapped the old input line: leave it
    lines_ = "\r\n" + lines_;
    shown_ = {};
  }
  width_ = width;
  Input input = input_of(model, ui);
  fit_into(input.before, input.after, std::max(10, width) - 1);
  return input_bytes(input);
}

// The input of the component that has the focus.
Plain::Input Plain::input_of(const Model& model, const UiState& ui) {
  const TrustPanel panel = make_panel(model, ui);
  InputPart part = input_part(model, ui, panel);
  switch (focus_of(model, ui)) {
    case Focus::passphrase:
      part = {};
      for (const PassphraseRow& row : passphrase_rows(ui.passphrase))
        if (row.focused) part.prompt = row.label + ": " + row.stars;
      break;
    case Focus::dialog: {
      const BoxField field = box_field(ui.dialog, focused_field(ui.dialog));
      part = {field.label + ": ", field.text, {}, field.choice ? field.text.size() : field.cursor, 0};
      break;
    }
    case Focus::ask:
      part = {"answer: ", "", {}, 0, 0};
      break;
    case Focus::find:
      part.prompt = "search: ";
      break;
    case Focus::history_find:
      break;
    case Focus::server_key:
    case Focus::panel:
      part.prompt = panel.prompt;
      break;
    case Focus::input:
      part.prompt = (ui.window().peer.empty() ? std::string("status") : ui.window().peer) + "> ";
  }
  const std::string_view text = part.text;
  return {safe_text(part.prompt, Lines::fold) + safe_text(text.substr(0, part.cursor), Lines::fold),
          safe_text(text.substr(part.cursor), Lines::fold)};
}

// Cuts a long line to the part around the cursor that fits into one row of the terminal. The line must not
// wrap: a wrapped one cannot be erased.
void Plain::fit_into(std::string& before, std::string& after, int width) {
  std::size_t cut = 0;
  while (text_width(std::string_view(before).substr(cut)) > width)
    cut = grapheme_end(before, cut);
  before.erase(0, cut);
  const int room = width - text_width(before);
  std::size_t keep = 0;
  for (std::size_t next = keep;
       next < after.size() && text_width(std::string_view(after).substr(0, next)) <= room;) {
    keep = next;
    next = grapheme_end(after, next);
  }
  if (text_width(after) > room) after.resize(keep);
}

std::string Plain::input_bytes(const Input& now) {
  const bool forced = std::exchange(repaint_, false);
  if (lines_.empty() && now == shown_ && !forced) return "";
  std::string out;
  // Typing at the end writes only the new characters: a screen reader must not read the old ones again.
  if (lines_.empty() && !forced && shown_.after.empty() && now.after.empty() &&
      now.before.size() > shown_.before.size() && now.before.starts_with(shown_.before)) {
    out = now.before.substr(shown_.before.size());
  } else {
    const int old = text_width(shown_.before) + text_width(shown_.after);
    const int back = text_width(now.after);
    out = "\r" + std::string(static_cast<std::size_t>(old), ' ') + "\r" + lines_ + now.before + now.after +
          std::string(static_cast<std::size_t>(back), '\b');
  }
  shown_ = now;
  return out;
}

}  // namespace sims::tui
