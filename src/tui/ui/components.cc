// Constructs the components, and orders them by who gets a key first.
#include "tui/ui/components.h"

namespace sims::tui {

Components::Components(UiState& state, Intents& intents, const std::function<void()>& model_changed)
    : ui(state, intents),
      notices(ui, intents),
      typing(ui, intents),
      tracker(ui, intents, intents),
      chat(ui, intents, tracker),
      windows(ui, typing, tracker, model_changed),
      servers(ui, windows, typing, tracker),
      list(ui, windows),
      link(ui, intents, notices),
      connect_box(ui, intents, notices, link),
      passphrase_box(ui, intents, intents, notices),
      search(ui, intents, windows, chat, tracker),
      input_search(ui, typing),
      prompt(ui),
      line(ui, intents, {notices, prompt, typing, windows},
           [this](const Invocation& call) { return call.command->run(commands, call); }),
      exit(ui, intents, [this] { line.run_typed_elsewhere("/quit"); }),
      trust(ui, intents, intents, {notices, line, typing, exit}),
      input(ui, intents, intents, {windows, typing, notices, prompt, line, link, exit}),
      shortcuts(ui, intents, notices, search),
      mouse(ui, search, chat, list),
      commands{ui,   intents,     intents,        intents, intents, notices, typing,       windows,
               link, connect_box, passphrase_box, search,  trust,   line,    model_changed} {}

std::array<Component*, 11> Components::layers() {
  return {&passphrase_box, &connect_box, &search,    &prompt, &input_search, &list,
          &windows,        &chat,        &shortcuts, &trust,  &input};
}

void Components::wipe() {
  servers.wipe();
  windows.wipe();
  typing.wipe();
  link.wipe();
  line.wipe();
  trust.wipe();
  input.wipe();
}

}  // namespace sims::tui
