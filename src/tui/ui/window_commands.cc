// The handlers of commands about windows and about texts sent from them.
#include <fmt/format.h>

#include "tui/ui/command_handlers.h"
#include "tui/view/view.h"
#include "tui/view/wording.h"

namespace sims::tui::commands {
namespace {

// A line of /wins, with the same mark as in the list of peers.
std::string line_of(const UiContext& ui, std::size_t i) {
  const Window& window = ui.state.windows[i];
  const client::Peer* peer = ui.peer(window.peer);
  const char mark = i == ui.state.current ? '>' : peer && peer->attention ? '!' : ' ';
  std::string out = fmt::format("\n{}{:>3} {}", mark, i + 1, window.peer.empty() ? "status" : window.peer);
  if (peer == nullptr) return out;
  out += ", " + std::string(trust_word(*peer));
  if (!peer->online) out += ", offline";
  if (peer->unread > 0) out += fmt::format(", {} unread", peer->unread);
  if (!window.input.empty()) out += ", a draft";
  return out;
}

}  // namespace

bool clear(CommandContext& with, const Invocation&) {
  with.conversations.clear(with.ui.state.window().peer);
  with.ui.state.window().scroll = Scroll{};
  return true;
}

bool me(CommandContext& with, const Invocation& call) {
  return with.line.send(with.ui.state.window().peer, call.word(0), true);
}

bool msg(CommandContext& with, const Invocation& call) {
  return with.line.send(call.word(0), call.word(1), false);
}

bool search(CommandContext& with, const Invocation& call) {
  return with.search.open(call.word(0)), true;
}

bool query(CommandContext& with, const Invocation& call) {
  if (with.line.known(call.word(0)) == nullptr) return false;
  if (!with.windows.go_to_peer(call.word(0))) return false;
  with.ui.state.window().passing = false;
  return call.words.size() < 2 || with.line.send(call.word(0), call.word(1), false);
}

bool close(CommandContext& with, const Invocation& call) {
  const std::string peer = with.ui.state.window().peer;
  if (peer.empty()) return with.notices.refuse("The status window stays. /quit leaves SIMS.");
  if (const client::Peer* front = with.ui.front_peer()) {
    const std::size_t open = undelivered(*front);
    if (open > 0 && !with.line.sure(undelivered_words(open) + (open == 1 ? " It stays" : " They stay") +
                                    " queued. Close?"))
      return false;
    with.conversations.end_session(peer, call.word(0));
    with.conversations.mark_read(peer);
  }
  with.windows.close(peer);
  return true;
}

bool win(CommandContext& with, const Invocation& call) {
  const std::string& word = call.word(0);
  std::size_t number = 0;
  for (char c : word.substr(0, 4))
    number = c >= '0' && c <= '9' ? number * 10 + static_cast<std::size_t>(c - '0') : 10'000;
  if (number < 1 || number > with.ui.state.windows.size())
    return with.notices.refuse("There is no window " + word.substr(0, 20) + ".");
  return with.windows.go_to(number - 1), true;
}

bool wins(CommandContext& with, const Invocation&) {
  std::string out = "Windows:";
  for (std::size_t i = 0; i < with.ui.state.windows.size(); ++i)
    out += line_of(with.ui, i);
  return with.notices.say(std::move(out)), true;
}

}  // namespace sims::tui::commands
