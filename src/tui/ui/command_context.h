// The context of the handlers of slash commands. Plain references; all of them outlive it.
#pragma once

#include "tui/ui/command_line.h"
#include "tui/ui/connect_box.h"
#include "tui/ui/passphrase_box.h"
#include "tui/ui/search_pane.h"
#include "tui/ui/trust_questions.h"

namespace sims::tui {

struct CommandContext {
  UiContext& ui;
  ConnectionIntents& connection;
  ConversationIntents& conversations;
  StoreIntents& store;
  ProgramIntents& program;
  Notices& notices;
  TypingSignal& typing;
  Windows& windows;
  LinkStatus& link;
  ConnectBox& connect_box;
  PassphraseBox& passphrase_box;
  SearchPane& search;
  TrustQuestions& trust;
  CommandLine& line;
  std::function<void()> model_changed;  // Ui::model_changed(), for commands that may uncover unread lines
};

}  // namespace sims::tui
