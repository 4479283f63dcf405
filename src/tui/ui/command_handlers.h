// The handlers of the slash commands, named like them, for the table in commands.cc. A handler returns false
// if it refused the command (and said why), or if it asks the user first. Then the line stays in the input.
#pragma once

#include "tui/ui/command_context.h"
#include "tui/ui/commands.h"

namespace sims::tui::commands {

using Handler = bool(CommandContext& with, const Invocation& call);

Handler accept, block, decline, discard, distrust, history, names, requests, resend, trust, verify,
    whois;                                                                      // peer_commands.cc
Handler clear, close, me, msg, query, search, win, wins;                        // window_commands.cc
Handler bind, save, set, theme;                                                 // option_commands.cc
Handler away, connect, disconnect, doctor, help, lock, nick, passphrase, quit;  // program_commands.cc

// For keys that do the same.
void show_keys(const UiContext& ui, Notices& notices);
void toggle_mouse(UiContext& ui, ProgramIntents& program, Notices& notices);

}  // namespace sims::tui::commands
