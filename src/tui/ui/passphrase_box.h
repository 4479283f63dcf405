// The passphrase box: asks for the passphrase at the start and after /lock, and changes it for /passphrase.
#pragma once

#include "tui/ui/component.h"
#include "tui/ui/notices.h"

namespace sims::tui {

class PassphraseBox final : public Component {
 public:
  PassphraseBox(UiContext& ui, StoreIntents& store, ProgramIntents& program, Notices& notices)
      : ui_(ui), store_(store), program_(program), notices_(notices) {}

  bool handle_key(const Key& key) override;
  void open_for_change();
  void answer(Result<void> answer);  // the answer to StoreIntents::unlock() and set_passphrase()

 private:
  SecretField& entry() { return passphrase().entries[static_cast<std::size_t>(passphrase().focus)]; }
  PassphraseState& passphrase() { return ui_.state.passphrase; }
  void leave(const Key& key);
  void move(int by);
  void enter();
  void enter_change();
  void close();

  UiContext& ui_;
  StoreIntents& store_;
  ProgramIntents& program_;
  Notices& notices_;
};

}  // namespace sims::tui
