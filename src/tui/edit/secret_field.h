// An input line for a passphrase. Its memory has a fixed size and is wiped by clear(), a move and the
// destructor. Nothing can show, undo or yank its text. The cursor is always at the end.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/secret.h"
#include "tui/term/keys.h"

namespace sims::tui {

class SecretField {
 public:
  static constexpr std::size_t max_bytes = 1'024;

  SecretField() = default;
  SecretField(SecretField&& other) noexcept
      : bytes_(std::move(other.bytes_)), used_(std::exchange(other.used_, 0)) {}
  SecretField& operator=(SecretField&& other) noexcept;

  // Inserts the whole text or nothing (false), because half a pasted passphrase would lock its owner out.
  // Fails without room, and for invalid UTF-8 and control characters. Drops line breaks at the end.
  bool insert(std::string_view text);
  void backspace();
  void clear();
  // Returns the passphrase and leaves the field empty.
  SecretBytes take();

  bool empty() const { return used_ == 0; }
  std::size_t size() const;  // in characters, for the asterisks on the screen

  // Takes characters, pastes, Backspace and Ctrl-U. False: another key.
  bool handle(const Key& key);
  // The last handle() refused the typed or pasted text.
  bool refused() const { return refused_; }

 private:
  Secret<max_bytes> bytes_;
  std::size_t used_ = 0;
  bool refused_ = false;
};

}  // namespace sims::tui
