// One end-to-end session between two clients, from the end of their handshake to the end of either one's
// connection (sims-protocol(7) sections 5 and 6): the Double Ratchet (ECDHE) or re-keyed chains (RSA), acks
// and the close. Pure; not thread-safe; owned by the client's conversation. State is staged, verified, then
// committed: a message that fails any check changes nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "proto/channel/handshake.h"
#include "proto/session/open_error.h"
#include "proto/wire/message.h"

namespace sims::proto {

class PeerSession {
 public:
  // `identity` (not owned, outlives the session) signs RSA re-keys.
  PeerSession(HandshakeResult handshake, const crypto::SigningKey& identity,
              crypto::EphemeralSource& ephemerals);
  PeerSession(PeerSession&&) noexcept;
  PeerSession& operator=(PeerSession&&) noexcept;
  ~PeerSession();

  const Id& peer() const;
  Role role() const;
  const crypto::Suite& suite() const;

  struct Sealed {
    std::uint64_t id;     // M
    std::string message;  // the client-com
  };
  // `plaintext` comes from encode_content(). The message awaits its ack until acked or forget().
  Sealed seal(std::string_view plaintext, Now now);

  struct Opened {
    std::uint64_t id = 0;
    bool duplicate = false;  // opened before: do not show it again; `plaintext` is empty
    std::string plaintext;
    std::string ack;  // the `ack` to send once the message is stored
  };
  Result<Opened, OpenError> open(const ClientCom& com, Now now);

  // The id M of the message that this ack proves delivered; nullopt: not genuine, or not awaited.
  std::optional<std::uint64_t> take_ack(const PeerAck& ack);
  // Stops awaiting the ack of message M and wipes its key.
  void forget(std::uint64_t id);

  std::string close(std::string_view reason);  // the client-disconnect
  bool verify_close(const ClientDisconnect& message) const;

  // --- RSA re-key. The responder starts one when wants_rekey(), with a fresh key (a second of work). The
  // initiator only answers. Messages continue under the old epoch until phase 6.
  bool wants_rekey() const;
  std::string start_rekey(std::unique_ptr<crypto::ResponderKey> key);  // phase 4
  // Whether receive_rekey() takes this phase now. An initiator always takes 4, and takes 6 after it answered
  // a 4. A responder takes 5 while its attempt waits for one.
  bool takes_rekey(int phase) const;
  // Returns the answer to send: empty after phase 6 and for a late frame of an abandoned attempt. On failure
  // the old epoch continues. A forged frame changes nothing; a genuine frame that fails ends the attempt. See
  // rekey.h.
  Checked<std::string> receive_rekey(std::string_view frame);
  // True: phase 6 was lost, so the peer still writes under the epoch before ours. The next message that we
  // seal completes its re-key. Due after 10, 20, 40, ... of its messages.
  bool owes_word_of_epoch() const;
  // True: the epoch has lasted 100 messages longer than it should.
  bool rekey_overdue() const;

  std::uint64_t epoch() const;       // of the RSA suite; ECDHE: ratchet steps so far
  std::size_t skipped_keys() const;  // for tests and /doctor
  // For tests: a digest of the whole state; equal before and after a refused message.
  crypto::Digest state_digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::proto
