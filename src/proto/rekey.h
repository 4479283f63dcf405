// The RSA suite's re-key (sims-protocol(7) section 6): phases 4 to 6 of the handshake again, under a running
// session. Owned by a PeerSession.
//
// The specification is silent about a re-key that fails. Here the transcript goes on from the last
// *completed* exchange: each attempt hashes onto a copy, R keeps it when phase 5 has proved genuine, I when
// phase 6 has. So
//  - a frame that does not prove genuine changes nothing: the attempt goes on waiting for the one that does;
//  - an attempt that got stuck (a frame lost or dropped) is simply replaced by the next phase 4, which both
//  sides hash
//    onto the same transcript;
//  - only a lost phase 6 parts the two sides: R is an epoch ahead then, and I refuses what it sends until a
//  new session
//    is made. The server connections are reliable and ordered, so only a server that drops messages can do
//    this, and it could as well drop everything.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "crypto/suite.h"
#include "proto/handshake.h"
#include "proto/state_hash.h"

namespace sims::proto {

class Rekey {
 public:
  struct Parties {
    const crypto::Suite* suite;
    Role role;
    Id self, peer;
    const crypto::SigningKey* identity;  // not owned
  };
  Rekey(Parties parties, const crypto::Digest& transcript, crypto::EphemeralSource& ephemerals);

  // Responder: phase 4. An attempt under way is given up.
  std::string start(std::unique_ptr<crypto::ResponderKey> key);

  struct Step {
    std::string answer;                // empty after phase 6
    std::optional<Secret<32>> master;  // K': the next epoch begins for us
  };
  Checked<Step> receive(std::string_view frame);

  // 5 or 0 for a responder, 4 or 6 for an initiator (which also takes another phase 4 while it waits for 6).
  int expected_phase() const;
  void mix_into(StateHash& hash) const;

 private:
  struct Attempt {
    crypto::Digest transcript;                  // after the last frame of this attempt
    std::unique_ptr<crypto::ResponderKey> key;  // responder
    crypto::Digest offer{};  // initiator: the phase-4 frame that was answered, and the answer
    std::string answer;
    Secret<32> master;  // initiator
  };
  Checked<Step> receive_offer(const HandshakeFrame& frame, std::string_view text);    // 4
  Checked<Step> receive_share(const HandshakeFrame& frame, std::string_view text);    // 5
  Checked<Step> receive_confirm(const HandshakeFrame& frame, std::string_view text);  // 6
  HandshakeFrame frame(int phase) const;

  Parties parties_;
  crypto::Digest transcript_;  // of the last completed exchange
  crypto::EphemeralSource& ephemerals_;
  std::optional<Attempt> attempt_;
};

}  // namespace sims::proto
