// Ui: offers each key to the components in their order, and passes on events of the model.
#include "tui/ui/ui.h"

#include <utility>

#include "base/secret.h"
#include "tui/ui/components.h"

namespace sims::tui {

Ui::Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset)
    : intents_(intents), parts_(std::make_unique<Components>(state_, intents, [this] { model_changed(); })) {
  state_.offset = offset;
  state_.windows.emplace_back();
  state_.dialog.suites = std::move(suites);
  set_fields(fields);
}

Ui::~Ui() = default;

// --- keys ------------------------------------------------------------------------------------------

void Ui::key(const Key& key) {
  typed_ = false;
  if (key.code == KeyCode::focus_in || key.code == KeyCode::focus_out)
    return focus_changed(key.code == KeyCode::focus_in);
  if (key.code == KeyCode::press || key.code == KeyCode::wheel_up || key.code == KeyCode::wheel_down)
    return parts_->mouse.handle(key);
  const bool hinted = !std::exchange(state_.hint, std::string()).empty();
  parts_->input.settle_completion(parts_->ui.action_of(key));
  offer(key);
  if (key.cut > 0 && state_.hint.empty())
    state_.hint = "the paste was too long: at its end " + left_out_words(key.cut);
  typed_ = parts_->input.take_edited() && !hinted && state_.hint.empty();
  if (!typed_) parts_->tracker.look();  // the key may have uncovered unread messages
}

// A second Ctrl-C exits only directly after the first one.
void Ui::offer(const Key& key) {
  const auto action = parts_->ui.action_of(key);
  const Focus focus = parts_->ui.focus();
  const bool modal = focus != Focus::server_key && focus != Focus::panel && focus != Focus::input;
  if (focus != Focus::dialog && (modal || action != Action::interrupt)) parts_->exit.reset();
  if (action == Action::suspend) return intents_.suspend();
  if (action == Action::redraw) return intents_.repaint();
  for (Component* component : parts_->layers()) {
    if (component->handle_key(key)) return;
  }
}

void Ui::focus_changed(bool focused) {
  state_.focused = focused;
  const client::Peer* peer = parts_->ui.front_peer();
  if (focused && peer != nullptr && peer->unread == 0) state_.window().divider = 0;
  model_changed();
}

bool Ui::takes_lines() const {
  const Focus focus = parts_->ui.focus();
  return focus == Focus::input || focus == Focus::ask;
}

// --- the model, and answers of the program ---------------------------------------------------------

void Ui::model_changed() {
  if (state_.passphrase.kind == PassphraseState::Kind::unlock) return;
  parts_->servers.model_changed();
  parts_->link.model_changed();  // may start another connection, with another model
  parts_->trust.model_changed();
  parts_->windows.model_changed();
  parts_->line.model_changed();
  parts_->tracker.look();
}

void Ui::locked() {
  UiState fresh;
  fresh.size = state_.size;
  fresh.options = state_.options;
  fresh.keys = state_.keys;
  fresh.offset = state_.offset;
  fresh.focused = state_.focused;
  fresh.look.ascii = state_.look.ascii;
  fresh.dialog.suites = state_.dialog.suites;
  fresh.dialog.suite = state_.dialog.suite;
  fresh.windows.emplace_back();
  fresh.passphrase.kind = PassphraseState::Kind::unlock;
  wipe_and_assign(state_, std::move(fresh));
  parts_->wipe();
}

void Ui::restore(const SavedWindows& kept) {
  if (parts_->servers.restore(kept)) model_changed();
}

// --- passed on to a component ------------------------------------------------------------------------

void Ui::set_fields(const ConnectFields& fields) {
  parts_->connect_box.set_fields(fields);
}
void Ui::open_dialog() {
  parts_->connect_box.open();
}
void Ui::submit_dialog() {
  parts_->connect_box.submit();
}
void Ui::open_when_known(const std::string& peer) {
  parts_->windows.open_when_known(peer);
}
void Ui::warn(const std::string& text, std::string hint) {
  parts_->notices.warn(text, std::move(hint));
}
void Ui::found(std::vector<client::SearchHit> hits, std::string problem) {
  parts_->search.found(std::move(hits), std::move(problem));
}
void Ui::passphrase_answer(Result<void> answer) {
  parts_->passphrase_box.answer(std::move(answer));
}
SavedWindows Ui::kept() const {
  return parts_->servers.kept();
}

}  // namespace sims::tui
