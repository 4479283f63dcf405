// The ratchet of the RSA suite (sims-protocol(7) section 6): one chain for each direction and epoch, and a
// new epoch with each fresh key exchange (rekey.h). The chains of the two previous epochs stay for late
// messages, until the first message of the epoch after a chain says how long the chain was.
#pragma once

#include "proto/session/ratchet.h"

namespace sims::proto {

class RsaChains final : public Ratchet {
 public:
  RsaChains(Role role, RootKey root);

  SendKey next_to_send() override;
  Result<Staged, OpenError> stage(const RatchetHeader& header, bool newest, Now now) override;
  void commit(Staged staged) override;
  std::uint64_t epoch() const override { return epoch_; }
  void mix_into(StateHash& hash) const override;

  // Moves both directions to the next epoch; `master` is K' of the key exchange.
  void advance(const MasterSecret& master);
  // stage() for a header of the next epoch, assuming that `master` is its K'. Call advance() before commit().
  Result<Staged, OpenError> stage_ahead(const RatchetHeader& header, const MasterSecret& master) const;
  // Messages sent or opened in the current epoch.
  std::uint64_t messages_in_epoch() const { return sending_.n + opened_in_epoch_; }
  // Messages of the previous epoch opened since we last sent, while none of the current one arrived.
  std::uint64_t messages_behind() const { return opened_in_epoch_ == 0 ? opened_behind_ : 0; }
  std::uint64_t sent_in_epoch() const { return sending_.n; }

 private:
  struct Receiving {
    std::uint64_t epoch;
    Chain chain;
  };
  const Receiving* receiving(std::uint64_t epoch) const;
  RootKey next_root(const MasterSecret& master) const;
  Receiving receiving_chain(const RootKey& root, std::uint64_t epoch) const;
  Result<Staged, OpenError> stage_in(const RatchetHeader& header, const Receiving* from) const;
  void start_chains();

  Role role_;
  RootKey root_;  // RK of the current epoch
  std::uint64_t epoch_ = 0;
  Chain sending_;
  std::uint64_t previous_length_ = 0;  // PN
  std::vector<Receiving> receiving_;   // oldest first, at most three
  std::uint64_t opened_in_epoch_ = 0, opened_behind_ = 0;
};

}  // namespace sims::proto
