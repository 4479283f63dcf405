// SECURE (sims-protocol(7) section 4): one direction of an authenticated, ordered, key-rotating channel, as
// two pure objects. Sequence numbers start at 0 and have no gaps. The epoch of message N is N div 100. A
// chain is wiped when its epoch ends.
#pragma once

#include <memory>
#include <string>

#include "proto/error.h"
#include "proto/keys.h"
#include "proto/wire/message.h"

namespace sims::proto {

// The chain of epoch 0 for a direction, from K.
SecureChainKey secure_chain(const MasterSecret& master, bool client_to_server);

class SecureSender {
 public:
  explicit SecureSender(SecureChainKey chain);
  SecureSender(SecureSender&&) noexcept;
  SecureSender& operator=(SecureSender&&) noexcept;
  ~SecureSender();
  // Appends one whole frame with its LF. The plaintext must fit: frame_size(plaintext.size()) <= max_frame,
  // else our bug.
  void seal(std::string_view plaintext, std::uint64_t unix_s, std::string& out);
  // Messages sealed so far; the last one's seq is one less.
  std::uint64_t count() const;
  // The largest frame, in bytes without its LF, for a plaintext of this size.
  static std::size_t frame_size_max(std::size_t plaintext_size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class SecureReceiver {
 public:
  explicit SecureReceiver(SecureChainKey chain);
  SecureReceiver(SecureReceiver&&) noexcept;
  SecureReceiver& operator=(SecureReceiver&&) noexcept;
  ~SecureReceiver();
  // Opens the next frame, given as its text, if it has exactly the form that seal() writes. False: it has
  // another form or is wrong. Then nothing has changed, and open() on its parsed fields says which.
  bool open_canonical(std::string_view frame, std::string& out);
  // Opens the next frame into out (resized to the plaintext; its capacity is reused). Any failure is final:
  // bad_sequence for epoch, seq or IV, bad_message for anything wrong with the token. Nothing changes on
  // failure.
  Checked<void> open(const SecureFrame& frame, std::string& out);
  std::uint64_t count() const;  // messages opened so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::proto
