// Input: edits the draft, steps through its history, and asks before a long paste is inserted.
#include "tui/ui/input.h"

#include <fmt/format.h>

namespace sims::tui {
namespace {

// Lines as an editor counts them: a line break at the very end does not begin a line.
std::size_t lines_of(std::string_view text) {
  std::size_t lines = 1;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    lines += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
  return lines;
}

}  // namespace

Input::Input(UiContext& ui, ConnectionIntents& connection, ProgramIntents& program, const Uses& uses)
    : ui_(ui), connection_(connection), uses_(uses), completer_(ui, program) {
  uses_.prompt.answer_with({Ask::About::paste}, [this](const Ask& asked, char32_t) { answer_paste(asked); });
}

bool Input::handle_key(const Key& key) {
  const auto action = ui_.action_of(key);
  if (action == Action::interrupt) return interrupt(key), true;
  uses_.windows.user_is_here();
  if (key.code == KeyCode::paste) return paste(key), true;
  if (action == Action::send) return uses_.line.enter(), true;
  if (action == Action::complete) return completer_.step(true), true;
  if (action == Action::complete_back) return completer_.step(false), true;
  if (action == Action::history_search) return ui_.state.history_find.open = true;
  if (action == Action::cancel) return cancel(), true;
  edited_ = edit(ui_.state.window(), key);
  if (!edited_ && action) browse(*action);
  return true;
}

void Input::settle_completion(std::optional<Action> action) {
  if (action != Action::complete && action != Action::complete_back) completer_.settle();
}

// Clears the draft. Up or undo brings it back.
void Input::interrupt(const Key& key) {
  Window& window = ui_.state.window();
  if (window.input.empty()) return uses_.exit.press(key);
  window.history.add(window.input.text());
  window.left_out = 0;
  window.input.set("");
  uses_.typing.update();
}

// Ends the bare view, or else the first attempt to connect. It does not stop reconnecting after a lost link.
void Input::cancel() {
  if (std::exchange(ui_.state.look.bare, false)) return;
  const client::LinkState link = ui_.model().link;
  const bool trying = link != client::LinkState::offline && link != client::LinkState::online;
  if (!trying || uses_.link.been_online()) return;
  connection_.disconnect();
  uses_.notices.say("The attempt to connect was ended. /connect opens the dialog.");
}

void Input::paste(const Key& key) {
  const std::size_t lines = lines_of(key.text);
  if (lines <= static_cast<std::size_t>(ui_.state.options.paste_lines))
    return insert(ui_.state.window(), key);
  Ask question{Ask::About::paste, fmt::format("Insert the {} pasted lines? y yes, n no", lines)};
  question.window = ui_.state.window().peer;
  if (const client::Peer* peer = ui_.front_peer()) question.to_id = peer->id.text();
  question.text = key.text;
  question.cut = key.cut;
  question.guessed = key.guessed;
  uses_.prompt.ask(std::move(question));
}

// A server's question over this one lets the user go to another window, and close this one there.
void Input::answer_paste(const Ask& asked) {
  Window* window = uses_.windows.find(asked.window);
  if (window == nullptr) {
    ui_.state.hint = "nothing was inserted: the window is closed";
    return;
  }
  if (window->typed_for.empty()) window->typed_for = asked.to_id;
  Key paste;
  paste.code = KeyCode::paste;
  paste.text = asked.text;
  paste.cut = asked.cut;
  paste.guessed = asked.guessed;
  insert(*window, paste);
}

void Input::insert(Window& window, const Key& paste) {
  edit(window, paste);
  if (paste.guessed && ui_.state.hint.empty()) ui_.state.hint = "paste: Enter sends";
}

void Input::browse(Action action) {
  Window& window = ui_.state.window();
  const std::string* entry = nullptr;
  if (action == Action::up) entry = window.history.older(window.input.text());
  if (action == Action::down) entry = window.history.newer();
  if (entry == nullptr) return;
  window.input.set(*entry);
  window.left_out = 0;
}

bool Input::edit(Window& window, const Key& key) {
  const std::string before = window.input.text();
  if (!ui_.type_into(window.input, key)) return false;
  if (const std::size_t lost = window.input.left_out()) {
    window.left_out += lost + key.cut;
    ui_.state.hint = "a message holds at most 16 KiB: " + left_out_words(window.left_out);
  }
  if (window.input.empty()) window.left_out = 0;
  if (window.input.text() == before) return true;
  window.history.leave();
  if (&window == &ui_.state.window()) uses_.typing.update();
  return true;
}

std::string left_out_words(std::size_t bytes) {
  return fmt::format("{} byte{} left out", bytes, bytes == 1 ? " was" : "s were");
}

}  // namespace sims::tui
