// The handlers of commands about the connection and the program.
#include <fmt/format.h>

#include "proto/identity.h"
#include "proto/limits.h"
#include "tui/ui/command_handlers.h"
#include "tui/view/view.h"

namespace sims::tui::commands {

// --- the connection --------------------------------------------------------------------------------

bool connect(CommandContext& with, const Invocation& call) {
  if (call.words.empty()) return with.connect_box.open(), true;
  ConnectDialog& dialog = with.ui.state.dialog;
  dialog.server.set(call.word(0));
  dialog.port.set(std::to_string(proto::default_port));
  dialog.open = true;
  with.link.asked_here();
  return with.connect_box.submit(), true;
}

bool disconnect(CommandContext& with, const Invocation&) {
  if (with.ui.model().link == client::LinkState::offline)
    return with.notices.refuse("There is no connection to leave.");
  with.link.asked_here();
  with.connection.disconnect();
  return true;
}

bool nick(CommandContext& with, const Invocation& call) {
  const std::string name = call.word(0);
  if (!proto::valid_name(name))
    return with.notices.refuse("A name is a lower-case letter or digit, then up to 31 of a-z 0-9 . _ -");
  if (!with.notices.done(with.connection.nick(name))) return false;
  with.link.renaming();
  with.ui.state.dialog.name.set(name);
  return true;
}

// The protocol has no message for "away", on purpose: others must not be able to track the user's absence.
bool away(CommandContext& with, const Invocation& call) {
  UiState& state = with.ui.state;
  if (!call.words.empty() || !state.away) {
    with.typing.stop();
    state.away = true;
    state.away_reason = call.word(0);
    with.notices.say(
        "You are away: SIMS sends no notifications, read or typing notices. /away again ends it.");
    return true;
  }
  state.away = false;
  state.away_reason.clear();
  std::string came;
  for (const auto& [name, peer] : with.ui.model().peers) {
    if (peer.unread > 0) came += fmt::format("{}{} {}", came.empty() ? "" : ", ", name, peer.unread);
  }
  with.notices.say(came.empty() ? "You are back. Nothing came meanwhile."
                                : "You are back. Unread: " + came + ".");
  with.model_changed();
  return true;
}

// --- the program -----------------------------------------------------------------------------------

bool doctor(CommandContext& with, const Invocation&) {
  return with.notices.say(with.program.doctor()), true;
}

bool lock(CommandContext& with, const Invocation&) {
  return with.notices.done(with.store.lock());
}

bool passphrase(CommandContext& with, const Invocation&) {
  return with.passphrase_box.open_for_change(), true;
}

// Asks first if messages are undelivered: they wait until the program runs again.
bool quit(CommandContext& with, const Invocation&) {
  const std::size_t open = undelivered(with.ui.model());
  if (open > 0 && !with.line.sure(undelivered_words(open) + (open == 1 ? " It goes" : " They go") +
                                  " at the next start. Leave?"))
    return false;
  with.program.quit();
  return true;
}

bool help(CommandContext& with, const Invocation& call) {
  if (call.words.empty()) {
    const std::string keys = with.ui.state.keys.keys_of(Action::help);
    return with.notices.say(help_text() + "\n" + (keys.empty() ? "/bind" : keys) + " shows the keys."), true;
  }
  std::string name = call.word(0);
  if (name.front() != '/') name.insert(0, 1, '/');
  const Command* command = find_command(name);
  if (command == nullptr) return with.notices.refuse(no_such_command(name));
  return with.notices.say(help_text(*command)), true;
}

void show_keys(const UiContext& ui, Notices& notices) {
  notices.say("Keys:\n" + ui.state.keys.help() + "\n/help shows the commands, /bind changes keys.");
}

}  // namespace sims::tui::commands
