// The six-phase handshake of sims-protocol(7) section 3 as a pure object: frames in, frames out, no I/O, no
// clock. The same object serves client-server (`connect`) and client-client (`client-connect`), as either
// role.
//
//   initiator: start() ->1  <-2 receive() ->3  <-4 receive() ->5  <-6 receive() done
//   responder: <-1 receive() ->2  <-3 receive() ->4  <-5 receive() ->6 done
//
// receive() does the public-key work itself: up to 6 ms, or up to a second when the responder's source
// generates an RSA key. When next_is_heavy() says so, call it on a thread that may block. Everything is
// verified before anything is kept; after a failure every call fails. Every ephemeral private key is wiped at
// the end, except the two that section 6 keeps for its first ratchet step.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "crypto/suite.h"
#include "proto/error.h"
#include "proto/identity.h"
#include "proto/keys.h"
#include "proto/wire/handshake_frame.h"

namespace sims::proto {

struct HandshakeOptions {
  HandshakeKind kind = HandshakeKind::client_server;
  Role role = Role::initiator;
  const crypto::SigningKey* identity = nullptr;  // not owned; outlives the handshake
  std::string name;                              // our own
  crypto::SuiteList suites;                      // offered (initiator) or accepted (responder), best first

  // The id that the other side must have. client_client: the peer's id, required. client_server initiator:
  // the pinned server id. Without a pin, `accept_unknown` true goes on; false stops after the server proved
  // its id in phase 4, before we prove ours to it (cause unknown_key).
  std::optional<Id> peer;
  bool accept_unknown = false;
};

struct HandshakeFailure {
  enum class Cause {
    protocol,     // the frame was wrong: send `code` to the other side
    peer_error,   // the other side sent `error`: code and (unproven) text are its own; nothing is sent back
    unknown_key,  // first contact: peer_id() is proved, and was not pinned; nothing is sent back
    changed_key,  // peer_id() is claimed, and not the pinned one; nothing is sent back
  };
  Cause cause = Cause::protocol;
  ErrorCode code = ErrorCode::handshake_failed;
  std::string detail;  // for the log; of a peer_error the other side's text, not yet safe to show
};

// The result that both sides agree on. Move-only: it holds the master secret.
struct HandshakeResult {
  const crypto::Suite* suite = nullptr;
  Role role = Role::initiator;
  Id self, peer;
  std::string peer_name;
  MasterSecret master;                                // K
  crypto::Digest transcript{};                        // t5, from which an RSA re-key continues
  std::optional<crypto::P384Key> ratchet_key;         // ECDHE: our ephemeral key, for the first ratchet step
  std::optional<crypto::P384Point> peer_ratchet_key;  // ECDHE: the other side's
};

class Handshake {
 public:
  Handshake(HandshakeOptions options, crypto::EphemeralSource& ephemerals);
  Handshake(Handshake&&) noexcept;
  Handshake& operator=(Handshake&&) noexcept;
  ~Handshake();

  // Initiator, once: the phase-1 frame (without LF).
  std::string start();

  // The exact bytes of the next frame. Returns the answer to send (empty after phase 6).
  Result<std::string, HandshakeFailure> receive(std::string_view frame);

  // Between clients the initiator drops such a phase 2 instead of passing it to receive(): it is a late
  // answer to an abandoned call.
  bool answers_another_call(const HandshakeFrame& frame) const;

  // True when the next receive() does public-key work.
  bool next_is_heavy() const;
  int expected_phase() const;  // of the next frame from the other side; 0: none
  bool done() const;
  // The suite once chosen (phase 2), else nullptr.
  const crypto::Suite* suite() const;
  // The other side's id and name as claimed (proved only once done(), or by cause unknown_key); empty before.
  const Id& peer_id() const;
  const std::string& peer_name() const;
  // Once, after done().
  HandshakeResult take_result();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::proto
