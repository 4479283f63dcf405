// LinkStatus: compares the link with its last state, and reports the change.
#include "tui/ui/link_status.h"

#include <utility>

#include "base/secret.h"
#include "tui/ui/connect_box.h"

namespace sims::tui {

using client::LinkState;

void LinkStatus::model_changed() {
  const client::Model& model = ui_.model();
  const bool online = model.link == LinkState::online;
  // The client retries after an unencrypted refusal, which may be forged. But the user can choose another
  // name or has an invitation, so show it as the end of the attempt.
  const bool refused =
      model.link == LinkState::waiting && model.refusal.has_value() && proto::refuses_login(*model.refusal);
  const bool ended = (model.link == LinkState::offline || refused) && was_link_ != model.link;
  was_link_ = model.link;
  if (ended && back_to_name()) return;
  if (ended) focus_missing_invitation(ui_);
  if (model.link != LinkState::offline) reported_problem_.clear();
  // Close the dialog of this connection; not a dialog that the user opened since, for another server.
  if (online && !std::exchange(been_online_, been_online_ || online)) ui_.state.dialog.open = false;
  if (online == was_online_) return report_problem();
  was_online_ = online;
  if (online) return came_online();
  const std::string why = model.problem.empty() ? std::string(".") : ": " + model.problem;
  if (model.link == LinkState::offline) reported_problem_ = model.problem;
  report("Disconnected from " + was_at_ + why);
  if (model.link == LinkState::offline) asked_here_ = false;
}

void LinkStatus::came_online() {
  const client::Model& model = ui_.model();
  ui_.state.self_name = model.self_name;
  name_before_.clear();
  if (std::exchange(ui_.state.dialog.invitation_submitted, false))
    ui_.state.dialog.invitation = Editor(64, Newlines::fold);  // redeemed: never send it to another server
  was_at_ = model.server + (model.server_name.empty() ? "" : " (" + model.server_name + ")");
  report("Connected to " + was_at_ + " as " + model.self_name + ".");
  asked_here_ = false;
}

void LinkStatus::report(std::string text) {
  if (asked_here_ && !ui_.state.window().peer.empty()) notices_.say(text);
  notices_.status(std::move(text));
}

// A server that refuses the new name still has the old one for this key.
bool LinkStatus::back_to_name() {
  const client::Model& model = ui_.model();
  using enum proto::ErrorCode;
  const auto refusal = model.refusal;
  const bool of_the_name =
      refusal == id_taken || refusal == name_taken || refusal == name_invalid || refusal == not_registered;
  if (name_before_.empty() || !of_the_name) return false;
  const std::string before = std::exchange(name_before_, std::string());
  const std::string words = "Not connected as " + model.self_name + ": " + model.problem +
                            ". The name registered for this key is " + before + ": going on as " + before +
                            ".";
  if (auto connects = intents_.nick(before); !connects) return false;
  ui_.state.dialog.name.set(before);
  report(words);
  return true;
}

// Reports the error that ended the attempt, once and in full, unless the dialog shows it.
void LinkStatus::report_problem() {
  const client::Model& model = ui_.model();
  if (model.link != LinkState::offline || ui_.state.dialog.open || model.problem == reported_problem_) return;
  reported_problem_ = model.problem;
  if (!reported_problem_.empty())
    report("Not connected: " + reported_problem_ + ". /connect opens the dialog.");
  asked_here_ = false;
}

void LinkStatus::connecting() {
  been_online_ = false;
  name_before_.clear();  // it may be another server
}

void LinkStatus::renaming() {
  if (been_online_ && name_before_.empty()) name_before_ = ui_.state.self_name;
  been_online_ = false;
  asked_here_ = true;
}

void LinkStatus::wipe() {
  for (std::string* name : {&was_at_, &reported_problem_, &name_before_})
    wipe_and_assign(*name);
  was_online_ = been_online_ = asked_here_ = false;
}

}  // namespace sims::tui
