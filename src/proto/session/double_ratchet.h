// The Double Ratchet (Signal's specification, revision 1, without header encryption) on P-384: the ratchet
// of the ECDHE suite (sims-protocol(7) section 6). Each round trip brings a new key pair.
#pragma once

#include "crypto/suite.h"
#include "proto/session/ratchet.h"

namespace sims::proto {

// A rate limit on failed ratchet steps, refilled one a second. Each step costs a variable-time P-384
// multiplication under our key, so an attacker who can only guess gets few of them.
class StepAllowance {
 public:
  bool take(Now now);  // false: empty
  void give_back();

 private:
  std::int64_t left_ms_ = -1;  // thousandths of a step; -1: not used yet, full
  std::int64_t at_ms_ = 0;
};

class DoubleRatchet final : public Ratchet {
 public:
  // own and peer: the handshake's ephemeral keys. A responder draws its first sending key at once, so
  // either side may send first.
  DoubleRatchet(Role role, RootKey root, crypto::P384Key own, const crypto::P384Point& peer,
                crypto::EphemeralSource& ephemerals);

  SendKey next_to_send() override;
  Result<Staged, OpenError> stage(const RatchetHeader& header, bool newest, Now now) override;
  void commit(Staged staged) override;
  std::uint64_t epoch() const override { return steps_; }
  void mix_into(StateHash& hash) const override;

 private:
  Result<Staged, OpenError> stage_current(std::uint64_t n) const;
  Result<Staged, OpenError> stage_step(const RatchetHeader& header, Now now);
  void new_sending_chain();

  crypto::EphemeralSource& ephemerals_;
  RootKey root_;                       // RK
  crypto::P384Key own_;                // DHs
  crypto::P384Point peer_;             // DHr
  ChainName peer_name_;                // DHr, compressed
  Chain sending_;                      // CKs, Ns
  std::optional<Chain> receiving_;     // CKr, Nr; none until an initiator hears from the responder
  std::uint64_t previous_length_ = 0;  // PN
  std::uint64_t steps_ = 0;
  StepAllowance allowance_;  // not part of the state that a refused message must leave alone
};

}  // namespace sims::proto
