// The RSA suite's re-key (sims-protocol(7) section 6): phases 4 to 6 of the handshake again, under a running
// session. Owned by a PeerSession.
//
//   R -> I  phase 4  R's fresh key, signed         hashed onto a copy of t5 of the last completed exchange
//   I -> R  phase 5  I's share, signed, confirmed  once genuine, R keeps its copy: R is in the next epoch
//   R -> I  phase 6  confirmed                     once genuine, I keeps its copy: I is in the next epoch
//
//  - A frame that is not genuine changes nothing: the attempt waits for the genuine one.
//  - A lost phase 4 or 5 ends only its attempt: the next phase 4 starts from the same t5.
//  - A lost phase 6 leaves R an epoch ahead. R's first message of that epoch proves the same as phase 6 and
//    completes the exchange at I (PeerSession::open).
//
// I keeps every attempt that it answered since the last exchange, because a relay that delays frames decides
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

  // Responder: returns phase 4. Abandons the attempt that waits for its phase 5.
  std::string start(std::unique_ptr<crypto::ResponderKey> key);

  struct Step {
    std::string answer;                  // empty: send nothing
    std::optional<MasterSecret> master;  // K': the next epoch begins for us
  };
  // Ignores a frame of an abandoned attempt and returns an empty Step.
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
  // Initiator: a message under the K' of this attempt has replaced its phase 6. Returns K'.
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
  // Responder: the key and t4 of the phase 4 that waits for its answer, and t4 of the abandoned ones.
  std::unique_ptr<crypto::ResponderKey> key_;
  crypto::Digest t4_{};
  std::vector<crypto::Digest> given_up_;
  std::vector<Answered> answered_;
};

}  // namespace sims::proto
