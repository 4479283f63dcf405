#include "tui/ui/passphrase_box.h"

#include <algorithm>

#include "base/secret.h"
#include "crypto/kdf.h"

namespace sims::tui {
namespace {

constexpr std::size_t short_passphrase = 12;  // characters; fewer are said to be few

int first_field(const Gate& gate) {
  return gate.has_current ? Gate::current_field : Gate::fresh_field;
}

}  // namespace

void PassphraseBox::open_for_change() {
  Gate& gate = this->gate();
  gate.kind = Gate::Kind::change;
  gate.has_current = store_.has_passphrase();
  gate.focus = first_field(gate);
  gate.problem.clear();
}

void PassphraseBox::close() {
  Gate& gate = this->gate();
  for (SecretField& entry : gate.entries)
    entry.clear();
  gate.kind = Gate::Kind::none;
  gate.busy = false;
  gate.problem.clear();
}

void PassphraseBox::answer(Result<void> answer) {
  Gate& gate = this->gate();
  if (!gate.busy) return;
  gate.busy = false;
  if (!answer) {
    gate.problem = answer.error();
    gate.focus =
        gate.kind == Gate::Kind::change && !gate.has_current ? Gate::fresh_field : Gate::current_field;
    return;
  }
  const bool changed = gate.kind == Gate::Kind::change;
  close();
  if (!changed) return;
  notices_.say(
      store_.has_passphrase()
          ? "The store has a new passphrase. Copies of the file from before still open with the old one."
          : "The store has no passphrase now: who can read the file can read it all.");
}

bool PassphraseBox::handle_key(const Key& key) {
  Gate& gate = this->gate();
  if (!gate.open()) return false;
  if (ui_.leaves(key)) return leave(key), true;
  if (gate.busy) return true;
  const bool unlock = gate.kind == Gate::Kind::unlock;
  const auto action = ui_.action_of(key);
  if (action == Action::send) return enter(), true;
  if (!unlock && (action == Action::complete || action == Action::down)) return move(1), true;
  if (!unlock && (action == Action::complete_back || action == Action::up)) return move(-1), true;
  entry().handle(key);
  gate.problem = entry().refused() ? "this cannot be part of a passphrase, or is too long" : "";
  return true;
}

void PassphraseBox::leave(const Key& key) {
  Gate& gate = this->gate();
  SecretField& typed = entry();
  if (gate.busy) {
    store_.cancel_passphrase();
    gate.busy = false;
  } else if (gate.kind != Gate::Kind::unlock) {
    close();
  } else if (typed.empty() && ui_.does(key, Action::interrupt)) {
    program_.quit();
  }
  typed.clear();
}

void PassphraseBox::move(int by) {
  gate().focus = std::clamp(gate().focus + by, first_field(gate()), static_cast<int>(Gate::again_field));
}

void PassphraseBox::enter() {
  Gate& gate = this->gate();
  gate.problem.clear();
  if (gate.kind == Gate::Kind::unlock) {
    if (gate.entries[Gate::current_field].empty()) return;
    gate.busy = true;
    return store_.unlock(gate.entries[Gate::current_field].take());
  }
  if (gate.focus == Gate::again_field) return enter_change();
  ++gate.focus;
  if (gate.focus == Gate::again_field && gate.entries[Gate::fresh_field].empty())
    gate.problem = "Empty: no passphrase at all. Who can read the file can read everything in it.";
  else if (gate.focus == Gate::again_field && gate.entries[Gate::fresh_field].size() < short_passphrase)
    gate.problem = "This is short: several words are harder to guess.";
}

void PassphraseBox::enter_change() {
  Gate& gate = this->gate();
  SecretBytes current = gate.entries[Gate::current_field].take();
  SecretBytes fresh = gate.entries[Gate::fresh_field].take();
  const SecretBytes again = gate.entries[Gate::again_field].take();
  if (!crypto::equal(fresh.view(), again.view())) {
    gate.problem = "The two are not the same: nothing was changed.";
    gate.focus = first_field(gate);
    return;
  }
  gate.busy = true;
  store_.set_passphrase(std::move(current), std::move(fresh));
}

}  // namespace sims::tui
