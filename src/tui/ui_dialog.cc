#include "tui/ui.h"

namespace sims::tui {

using client::LinkState;

void Ui::open_dialog() {
  state_.dialog.open = true;
  state_.dialog.problem.clear();
  state_.dialog.focus =
      state_.dialog.server.empty() ? ConnectDialog::server_field : ConnectDialog::name_field;
}

Editor* Ui::dialog_editor() {
  switch (state_.dialog.focus) {
    case ConnectDialog::server_field:
      return &state_.dialog.server;
    case ConnectDialog::port_field:
      return &state_.dialog.port;
    case ConnectDialog::name_field:
      return &state_.dialog.name;
    default:
      return nullptr;
  }
}

void Ui::submit_dialog() {
  ConnectDialog& dialog = state_.dialog;
  dialog.problem.clear();
  ConnectFields fields{dialog.server.text(), dialog.port.text(), dialog.name.text(),
                       dialog.suites.empty() ? std::string() : dialog.suites[dialog.suite]};
  if (auto done = intents_.connect(fields); !done) dialog.problem = done.error();
}

void Ui::dialog_key(const Key& key) {
  ConnectDialog& dialog = state_.dialog;
  const LinkState link = intents_.model().link;
  const bool busy = link != LinkState::offline && link != LinkState::online;
  const bool interrupt = key.code == KeyCode::character && key.ctrl && key.ch == U'c';
  auto move = [&](int by) {
    dialog.focus = (dialog.focus + by + ConnectDialog::fields) % ConnectDialog::fields;
  };
  if (key.code == KeyCode::escape || interrupt) {
    dialog.problem.clear();
    if (busy) return intents_.disconnect();
    dialog.open = false;
    intents_.notice("", "/connect opens the dialog again, /quit leaves.");
    return;
  }
  if (key.code == KeyCode::enter) return submit_dialog();
  if (key.code == KeyCode::tab || (key.code == KeyCode::down && !key.alt)) return move(1);
  if (key.code == KeyCode::back_tab || (key.code == KeyCode::up && !key.alt)) return move(-1);
  if (Editor* editor = dialog_editor()) {
    editor->handle(key);
    return;
  }
  if (dialog.suites.empty()) return;
  const bool next = key.code == KeyCode::right || (key.code == KeyCode::character && key.ch == U' ');
  const std::size_t count = dialog.suites.size();
  if (next) dialog.suite = (dialog.suite + 1) % count;
  if (key.code == KeyCode::left) dialog.suite = (dialog.suite + count - 1) % count;
}

}  // namespace sims::tui
