// Keys of messages that have not arrived yet (sims-protocol(7) section 6), and the symmetric chain that makes
// message keys. Owned by a ratchet; both are wiped with it.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "proto/keys.h"
#include "proto/session/state_hash.h"

namespace sims::proto {

// Names a chain of the other side: its 49-byte ratchet key, or u32(epoch) and zeros. No compressed point
// starts with 00, so the two never collide.
using ChainName = ByteArray<49>;
ChainName epoch_chain(std::uint64_t epoch);

struct SkippedKey {
  ChainName chain;
  std::uint64_t n;
  MessageKey key;
};

// At most max_skipped_keys: evicts the oldest first.
class SkippedKeys {
 public:
  // nullptr: none. Valid until the next add() or remove().
  const SkippedKey* find(const ChainName& chain, std::uint64_t n) const;
  void remove(const ChainName& chain, std::uint64_t n);
  void add(std::vector<SkippedKey> keys);
  std::size_t size() const { return keys_.size(); }
  void mix_into(StateHash& hash) const;

 private:
  std::list<SkippedKey> keys_;  // oldest first
};

// KDF_CK: each step gives one message key and leaves the next chain key.
struct Chain {
  ChainKey key;
  std::uint64_t n = 0;  // of the next message key

  Chain clone() const { return {key.clone(), n}; }
  MessageKey step();
  // Steps up to `end`, keeping the keys of the messages passed over.
  void skip_to(std::uint64_t end, const ChainName& name, std::vector<SkippedKey>& kept);
};

}  // namespace sims::proto
