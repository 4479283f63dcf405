// The interface of both suites' ratchets (sims-protocol(7) section 6): the next key to send under, and the
// key for a received header. stage() computes on copies and commit() keeps them; between the two the session
// verifies the message. Owned by one PeerSession; not thread-safe.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "proto/session/peer_session.h"
#include "proto/session/skipped_keys.h"

namespace sims::proto {

struct SendKey {
  RatchetHeader header;
  MessageKey message_key;
};

// A message key, and the next state of the ratchet if the message proves genuine.
struct Staged {
  MessageKey message_key;
  ChainName chain{};
  std::uint64_t n = 0;
  bool was_skipped = false;         // the key is one of the kept ones
  Chain next;                       // the receiving chain after it, unless was_skipped
  std::vector<SkippedKey> skipped;  // passed over on the way
  // Double Ratchet, on a new key of the other side:
  std::optional<crypto::P384Point> peer_key;
  RootKey root;
  // RSA chains: the previous epoch is complete, its remaining keys are in `skipped`.
  bool ends_previous = false;
};

class Ratchet {
 public:
  virtual ~Ratchet() = default;
  virtual SendKey next_to_send() = 0;
  // `newest`: the message's id is above that of every message opened so far. A ratchet step
  // takes from the allowance of failed steps (commit() gives it back). Changes nothing else.
  virtual Result<Staged, OpenError> stage(const RatchetHeader& header, bool newest, Now now) = 0;
  virtual void commit(Staged staged) = 0;

  virtual std::uint64_t epoch() const = 0;
  virtual void mix_into(StateHash& hash) const = 0;
  std::size_t skipped_keys() const { return skipped_.size(); }

 protected:
  // Stages a skipped key; nullopt: there is none for this header.
  std::optional<Staged> stage_skipped(const ChainName& chain, std::uint64_t n) const;

  SkippedKeys skipped_;
};

}  // namespace sims::proto
