// All components of the interface, constructed with references to each other.
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
  // `model_changed` is Ui::model_changed(). All arguments outlive this.
  Components(UiState& state, Intents& intents, const std::function<void()>& model_changed);

  // The components that take keys, topmost first.
  std::array<Component*, 11> layers();
  void wipe();  // wipes the data of conversations that is outside UiState

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
