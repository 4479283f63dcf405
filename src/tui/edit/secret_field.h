// A line for a passphrase. Its memory is fixed and wiped when it is cleared, moved from or dies; there is no
// way to show it, undo it or yank it. The cursor is always at its end.
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

  // All of it or nothing (false): half a pasted passphrase would lock its owner out. Refused: what has no
  // room, is not UTF-8 or holds control characters; but line breaks at the end are left out.
  bool insert(std::string_view text);
  void backspace();
  void clear();
  // What was entered; leaves the field empty.
  SecretBytes take();

  bool empty() const { return used_ == 0; }
  std::size_t size() const;  // in characters: for the stars

  // Characters, pastes, Backspace, Ctrl-U. False: the key means nothing here.
  bool handle(const Key& key);
  // The last handle() could not take what was typed or pasted.
  bool refused() const { return refused_; }

 private:
  Secret<max_bytes> bytes_;
  std::size_t used_ = 0;
  bool refused_ = false;
};

}  // namespace sims::tui
