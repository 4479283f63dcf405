#include <algorithm>

#include "tui/state/dialog_fields.h"
#include "tui/ui/ui.h"

namespace sims::tui {

using client::LinkState;

void Ui::set_fields(const ConnectFields& fields) {
  ConnectDialog& dialog = state_.dialog;
  for (const DialogField& field : dialog_fields) {
    if (field.editor) (dialog.*field.editor).set(fields.*field.value);
  }
  const auto it = std::find(dialog.suites.begin(), dialog.suites.end(), fields.suites);
  if (it != dialog.suites.end()) dialog.suite = static_cast<std::size_t>(it - dialog.suites.begin());
}

void Ui::open_dialog() {
  state_.dialog.open = true;
  state_.dialog.problem.clear();
  state_.dialog.focus =
      state_.dialog.server.empty() ? ConnectDialog::server_field : ConnectDialog::name_field;
  ask_for_invitation();
}

// Where what is missing goes.
void Ui::ask_for_invitation() {
  if (intents_.model().refusal == proto::ErrorCode::not_registered)
    state_.dialog.focus = ConnectDialog::invitation_field;
}

Editor* Ui::dialog_editor() {
  const DialogField& field = focused_field(state_.dialog);
  return field.editor ? &(state_.dialog.*field.editor) : nullptr;
}

void Ui::submit_dialog() {
  ConnectDialog& dialog = state_.dialog;
  dialog.problem.clear();
  ConnectFields fields;
  for (const DialogField& field : dialog_fields)
    fields.*field.value = value_of(dialog, field);
  auto done = intents_.connect(fields);
  if (done) {
    been_online_ = false;
    return;
  }
  if (!dialog.open) open_dialog();
  dialog.problem = done.error();
}

void Ui::dialog_key(const Key& key) {
  ConnectDialog& dialog = state_.dialog;
  const LinkState link = intents_.model().link;
  const bool busy = link != LinkState::offline && link != LinkState::online;
  const auto action = action_of(key);
  auto move = [&](int by) {
    dialog.focus = (dialog.focus + by + ConnectDialog::fields) % ConnectDialog::fields;
  };
  if (leaves(key)) {
    dialog.problem.clear();
    if (busy) return intents_.disconnect();
    dialog.open = false;
    say("/connect opens the dialog again, /quit leaves.");
    return;
  }
  if (action == Action::send) return submit_dialog();
  if (action == Action::complete || action == Action::down) return move(1);
  if (action == Action::complete_back || action == Action::up) return move(-1);
  if (Editor* editor = dialog_editor()) {
    type_into(*editor, key);
    return;
  }
  if (dialog.suites.empty()) return;
  const bool next = action == Action::right || (key.code == KeyCode::character && key.ch == U' ' && !action);
  const std::size_t count = dialog.suites.size();
  if (next) dialog.suite = (dialog.suite + 1) % count;
  if (action == Action::left) dialog.suite = (dialog.suite + count - 1) % count;
}

}  // namespace sims::tui
