// The components of the interface, put together.
#pragma once

#include <array>
#include <functional>

#include "tui/ui/command_context.h"
#include "tui/ui/input.h"
#include "tui/ui/input_search.h"
#include "tui/ui/mouse.h"
#include "tui/ui/server_windows.h"
#include "tui/ui/shortcuts.h"

namespace sims::tui {

struct Components {
  // `model_changed`: as Ui::model_changed(). All outlive it.
  Components(UiState& state, Intents& intents, const std::function<void()>& model_changed);

  // What every key but those of the program goes through: topmost first.
  std::array<Component*, 11> layers();
  void wipe();  // everything of the conversations that is not in UiState

  UiContext ui;
  Notices notices;
  TypingSignal typing;
  ReadTracker tracker;
  ChatPane chat;
  Windows windows;
  ServerWindows servers;
  PeerList list;
  LinkStatus link;
  ConnectBox connect_box;
  PassphraseBox passphrase_box;
  SearchPane search;
  InputSearch input_search;
  Prompt prompt;
  CommandLine line;
  ExitKey exit;
  TrustQuestions trust;
  Input input;
  Shortcuts shortcuts;
  Mouse mouse;
  CommandContext commands;
};

}  // namespace sims::tui
