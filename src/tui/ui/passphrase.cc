// The passphrase: asked for at the start and after /lock, and changed by /passphrase.
#include <algorithm>

#include "base/secret.h"
#include "crypto/kdf.h"
#include "tui/ui/ui.h"

namespace sims::tui {
namespace {

constexpr std::size_t short_passphrase = 12;  // characters; fewer are said to be few

}  // namespace

// Nothing of the conversations stays.
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
  fresh.gate.kind = Gate::Kind::unlock;
  wipe_and_assign(state_, std::move(fresh));
  wipe_and_assign(elsewhere_);
  wipe_and_assign(held_);
  wipe_and_assign(completion_);
  for (std::string* name : {&server_id_, &wanted_peer_, &typing_to_, &was_at_, &told_why_, &name_before_})
    wipe_and_assign(*name);
  was_online_ = been_online_ = asked_link_ = false;
}

bool Ui::open_gate() {
  Gate& gate = state_.gate;
  gate.kind = Gate::Kind::change;
  gate.has_current = intents_.has_passphrase();
  gate.focus = gate.has_current ? Gate::current_field : Gate::fresh_field;
  gate.problem.clear();
  return true;
}

void Ui::close_gate() {
  Gate& gate = state_.gate;
  for (SecretField& entry : gate.entries)
    entry.clear();
  gate.kind = Gate::Kind::none;
  gate.busy = false;
  gate.problem.clear();
}

void Ui::gate_answer(Result<void> answer) {
  Gate& gate = state_.gate;
  if (!gate.busy) return;
  gate.busy = false;
  if (!answer) {
    gate.problem = answer.error();
    gate.focus =
        gate.kind == Gate::Kind::change && !gate.has_current ? Gate::fresh_field : Gate::current_field;
    return;
  }
  const bool changed = gate.kind == Gate::Kind::change;
  close_gate();
  if (!changed) return;
  say(intents_.has_passphrase()
          ? "The store has a new passphrase. Copies of the file from before still open with the old one."
          : "The store has no passphrase now: who can read the file can read it all.");
}

void Ui::gate_key(const Key& key) {
  Gate& gate = state_.gate;
  const bool unlock = gate.kind == Gate::Kind::unlock;
  if (leaves(key)) {
    SecretField& entry = gate.entries[static_cast<std::size_t>(gate.focus)];
    if (gate.busy) {
      intents_.cancel_passphrase();
      gate.busy = false;
    } else if (!unlock) {
      close_gate();
    } else if (entry.empty() && does(key, Action::interrupt)) {
      intents_.quit();
    }
    entry.clear();
    return;
  }
  if (gate.busy) return;
  const auto move = [&](int by) {
    const int first = gate.has_current ? Gate::current_field : Gate::fresh_field;
    gate.focus = std::clamp(gate.focus + by, first, static_cast<int>(Gate::again_field));
  };
  const auto action = action_of(key);
  if (action == Action::send) return enter_gate();
  if (!unlock && (action == Action::complete || action == Action::down)) return move(1);
  if (!unlock && (action == Action::complete_back || action == Action::up)) return move(-1);
  SecretField& entry = gate.entries[static_cast<std::size_t>(gate.focus)];
  entry.handle(key);
  gate.problem = entry.refused() ? "this cannot be part of a passphrase, or is too long" : "";
}

void Ui::enter_gate() {
  Gate& gate = state_.gate;
  gate.problem.clear();
  if (gate.kind == Gate::Kind::unlock) {
    if (gate.entries[Gate::current_field].empty()) return;
    gate.busy = true;
    return intents_.unlock(gate.entries[Gate::current_field].take());
  }
  if (gate.focus != Gate::again_field) {
    ++gate.focus;
    if (gate.focus == Gate::again_field && gate.entries[Gate::fresh_field].empty())
      gate.problem = "Empty: no passphrase at all. Who can read the file can read everything in it.";
    else if (gate.focus == Gate::again_field && gate.entries[Gate::fresh_field].size() < short_passphrase)
      gate.problem = "This is short: several words are harder to guess.";
    return;
  }
  SecretBytes current = gate.entries[Gate::current_field].take();
  SecretBytes fresh = gate.entries[Gate::fresh_field].take();
  const SecretBytes again = gate.entries[Gate::again_field].take();
  if (!crypto::equal(fresh.view(), again.view())) {
    gate.problem = "The two are not the same: nothing was changed.";
    gate.focus = gate.has_current ? Gate::current_field : Gate::fresh_field;
    return;
  }
  gate.busy = true;
  intents_.set_passphrase(std::move(current), std::move(fresh));
}

}  // namespace sims::tui
