// The RSA suite's re-key (sims-protocol(7) section 6): phases 4 to 6 of the handshake again, under a running
// session. Owned by a PeerSession.
//
// The transcript goes on from t5 of the last completed exchange. Each attempt hashes onto a copy. R keeps the
// copy when phase 5 has proved genuine, I when phase 6 has. So
//  - a frame that does not prove genuine changes nothing: the attempt waits for the one that does;
//  - a lost phase 4 or 5 ends no more than its attempt: the next phase 4 starts from the same t5;
//  - a lost phase 6 leaves R an epoch ahead. R's first message of that epoch proves the same as phase 6, and
//    completes the exchange at I (PeerSession::open).
// I keeps every attempt that it answered since the last exchange: a relay that holds frames back decides
// which of them R completes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/suite.h"
#include "proto/channel/handshake.h"
#include "proto/session/state_hash.h"

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

  // Responder: phase 4. The attempt that waits for its phase 5 is given up.
  std::string start(std::unique_ptr<crypto::ResponderKey> key);

  struct Step {
    std::string answer;                  // empty: nothing is to be sent
    std::optional<MasterSecret> master;  // K': the next epoch begins for us
  };
  // A frame of an attempt that was given up is ignored: an empty Step.
  Checked<Step> receive(std::string_view frame);

  // A responder takes phase 5 while an attempt waits for it. An initiator takes phase 4 at any time (the
  // responder may have started again), and phase 6 after it answered one.
  bool takes(int phase) const;

  // Initiator: the attempts that wait for phase 6, oldest first.
  struct Answered {
    crypto::Digest t4{}, t5{};
    std::string answer;   // phase 5
    MasterSecret master;  // K'
  };
  const std::vector<Answered>& answered() const { return answered_; }
  // Initiator: a message under the K' of this attempt has proved what its phase 6 would have. Returns K'.
  MasterSecret complete(const Answered& attempt);
  void mix_into(StateHash& hash) const;

 private:
  Checked<Step> receive_offer(const HandshakeFrame& frame, std::string_view text);  // 4
  Checked<Step> receive_share(const HandshakeFrame& frame, std::string_view text);  // 5
  Checked<Step> receive_confirm(const HandshakeFrame& frame);                       // 6
  HandshakeFrame frame(int phase) const;
  void give_up_offer();
  bool answers_given_up(const HandshakeFrame& share) const;

  Parties parties_;
  crypto::Digest transcript_;  // t5 of the last completed exchange
  crypto::EphemeralSource& ephemerals_;
  // Responder: the key and t4 of the phase 4 that waits for its answer; t4 of those before it.
  std::unique_ptr<crypto::ResponderKey> key_;
  crypto::Digest t4_{};
  std::vector<crypto::Digest> given_up_;
  std::vector<Answered> answered_;
};

}  // namespace sims::proto
