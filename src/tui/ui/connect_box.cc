// ConnectBox: its keys, the choice of suites, and the attempt that Enter starts.
#include "tui/ui/connect_box.h"

#include <algorithm>

#include "tui/state/dialog_fields.h"

namespace sims::tui {

using client::LinkState;

void ConnectBox::set_fields(const ConnectFields& fields) {
  ConnectDialog& dialog = ui_.state.dialog;
  for (const DialogField& field : dialog_fields) {
    if (field.editor) (dialog.*field.editor).set(fields.*field.value);
  }
  const auto it = std::find(dialog.suites.begin(), dialog.suites.end(), fields.suites);
  if (it != dialog.suites.end()) dialog.suite = static_cast<std::size_t>(it - dialog.suites.begin());
}

void ConnectBox::open() {
  ConnectDialog& dialog = ui_.state.dialog;
  dialog.open = true;
  dialog.problem.clear();
  dialog.focus = dialog.server.empty() ? ConnectDialog::server_field : ConnectDialog::name_field;
  focus_missing_invitation(ui_);
}

void focus_missing_invitation(UiContext& ui) {
  if (ui.model().refusal == proto::ErrorCode::not_registered)
    ui.state.dialog.focus = ConnectDialog::invitation_field;
}

void ConnectBox::submit() {
  ConnectDialog& dialog = ui_.state.dialog;
  dialog.problem.clear();
  ConnectFields fields;
  for (const DialogField& field : dialog_fields)
    fields.*field.value = value_of(dialog, field);
  auto done = intents_.connect(fields);
  dialog.invitation_submitted = static_cast<bool>(done);
  if (done) return link_.connecting();
  if (!dialog.open) open();
  dialog.problem = done.error();
}

bool ConnectBox::handle_key(const Key& key) {
  if (ui_.focus() != Focus::dialog) return false;
  ConnectDialog& dialog = ui_.state.dialog;
  const auto action = ui_.action_of(key);
  const auto move = [&](int by) {
    dialog.focus = (dialog.focus + by + ConnectDialog::fields) % ConnectDialog::fields;
  };
  if (ui_.leaves(key)) return close(), true;
  if (action == Action::send) return submit(), true;
  if (action == Action::complete || action == Action::down) return move(1), true;
  if (action == Action::complete_back || action == Action::up) return move(-1), true;
  if (const DialogField& field = focused_field(dialog); field.editor) {
    const std::string before = dialog.invitation.text();
    ui_.type_into(dialog.*field.editor, key);
    if (dialog.invitation.text() != before) dialog.invitation_submitted = false;
  } else {
    choose_suite(key);
  }
  return true;
}

void ConnectBox::close() {
  const LinkState link = ui_.model().link;
  ui_.state.dialog.problem.clear();
  if (link != LinkState::offline && link != LinkState::online) return intents_.disconnect();
  ui_.state.dialog.open = false;
  notices_.say("/connect opens the dialog again, /quit leaves.");
}

void ConnectBox::choose_suite(const Key& key) {
  ConnectDialog& dialog = ui_.state.dialog;
  if (dialog.suites.empty()) return;
  const auto action = ui_.action_of(key);
  const bool next = action == Action::right || (key.code == KeyCode::character && key.ch == U' ' && !action);
  const std::size_t count = dialog.suites.size();
  if (next) dialog.suite = (dialog.suite + 1) % count;
  if (action == Action::left) dialog.suite = (dialog.suite + count - 1) % count;
}

}  // namespace sims::tui
