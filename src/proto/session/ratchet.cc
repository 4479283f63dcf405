// The part that both ratchets share: a key that an earlier message skipped.
#include "proto/session/ratchet.h"

namespace sims::proto {

std::optional<Staged> Ratchet::stage_skipped(const ChainName& chain, std::uint64_t n) const {
  const SkippedKey* kept = skipped_.find(chain, n);
  if (!kept) return std::nullopt;
  Staged staged;
  staged.message_key = kept->key.clone();
  staged.chain = chain;
  staged.n = n;
  staged.was_skipped = true;
  return staged;
}

}  // namespace sims::proto
