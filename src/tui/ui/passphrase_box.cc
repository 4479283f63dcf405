// PassphraseBox: its keys, the steps from field to field, and the program's answer.
#include "tui/ui/passphrase_box.h"

#include <algorithm>

#include "base/secret.h"
#include "crypto/kdf.h"

namespace sims::tui {
namespace {

constexpr std::size_t short_passphrase = 12;  // characters; the box warns about fewer

int first_field(const PassphraseState& passphrase) {
  return passphrase.has_current ? PassphraseState::current_field : PassphraseState::fresh_field;
}

}  // namespace

void PassphraseBox::open_for_change() {
  PassphraseState& passphrase = this->passphrase();
  passphrase.kind = PassphraseState::Kind::change;
  passphrase.has_current = store_.has_passphrase();
  passphrase.focus = first_field(passphrase);
  passphrase.problem.clear();
}

void PassphraseBox::close() {
  PassphraseState& passphrase = this->passphrase();
  for (SecretField& entry : passphrase.entries)
    entry.clear();
  passphrase.kind = PassphraseState::Kind::none;
  passphrase.busy = false;
  passphrase.problem.clear();
}

void PassphraseBox::answer(Result<void> answer) {
  PassphraseState& passphrase = this->passphrase();
  if (!passphrase.busy) return;
  passphrase.busy = false;
  if (!answer) {
    passphrase.problem = answer.error();
    passphrase.focus = passphrase.kind == PassphraseState::Kind::change && !passphrase.has_current
                           ? PassphraseState::fresh_field
                           : PassphraseState::current_field;
    return;
  }
  const bool changed = passphrase.kind == PassphraseState::Kind::change;
  close();
  if (!changed) return;
  notices_.say(
      store_.has_passphrase()
          ? "The store has a new passphrase. Copies of the file from before still open with the old one."
          : "The store has no passphrase now: anyone who can read the file can read all of it.");
}

bool PassphraseBox::handle_key(const Key& key) {
  PassphraseState& passphrase = this->passphrase();
  if (!passphrase.open()) return false;
  if (ui_.leaves(key)) return leave(key), true;
  if (passphrase.busy) return true;
  const bool unlock = passphrase.kind == PassphraseState::Kind::unlock;
  const auto action = ui_.action_of(key);
  if (action == Action::send) return enter(), true;
  if (!unlock && (action == Action::complete || action == Action::down)) return move(1), true;
  if (!unlock && (action == Action::complete_back || action == Action::up)) return move(-1), true;
  entry().handle(key);
  passphrase.problem = entry().refused() ? "this cannot be part of a passphrase, or is too long" : "";
  return true;
}

void PassphraseBox::leave(const Key& key) {
  PassphraseState& passphrase = this->passphrase();
  SecretField& typed = entry();
  if (passphrase.busy) {
    store_.cancel_passphrase();
    passphrase.busy = false;
  } else if (passphrase.kind != PassphraseState::Kind::unlock) {
    close();
  } else if (typed.empty() && ui_.does(key, Action::interrupt)) {
    program_.quit();
  }
  typed.clear();
}

void PassphraseBox::move(int by) {
  passphrase().focus = std::clamp(passphrase().focus + by, first_field(passphrase()),
                                  static_cast<int>(PassphraseState::again_field));
}

void PassphraseBox::enter() {
  PassphraseState& passphrase = this->passphrase();
  passphrase.problem.clear();
  if (passphrase.kind == PassphraseState::Kind::unlock) {
    if (passphrase.entries[PassphraseState::current_field].empty()) return;
    passphrase.busy = true;
    return store_.unlock(passphrase.entries[PassphraseState::current_field].take());
  }
  if (passphrase.focus == PassphraseState::again_field) return enter_change();
  ++passphrase.focus;
  if (passphrase.focus == PassphraseState::again_field &&
      passphrase.entries[PassphraseState::fresh_field].empty())
    passphrase.problem = "Empty: no passphrase at all. Anyone who can read the file can read all of it.";
  else if (passphrase.focus == PassphraseState::again_field &&
           passphrase.entries[PassphraseState::fresh_field].size() < short_passphrase)
    passphrase.problem = "This is short: several words are harder to guess.";
}

void PassphraseBox::enter_change() {
  PassphraseState& passphrase = this->passphrase();
  SecretBytes current = passphrase.entries[PassphraseState::current_field].take();
  SecretBytes fresh = passphrase.entries[PassphraseState::fresh_field].take();
  const SecretBytes again = passphrase.entries[PassphraseState::again_field].take();
  if (!crypto::equal(fresh.view(), again.view())) {
    passphrase.problem = "The two new passphrases differ: nothing was changed.";
    passphrase.focus = first_field(passphrase);
    return;
  }
  passphrase.busy = true;
  store_.set_passphrase(std::move(current), std::move(fresh));
}

}  // namespace sims::tui
