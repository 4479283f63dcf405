// Why a peer session does not open a message (sims-protocol(7) section 6).
#pragma once

namespace sims::proto {

enum class OpenError {
  forged,        // verification or token does not hold, a header that cannot be
  too_far,       // skips more than 1,000 messages
  old,           // its key is gone: already opened long ago, or dropped
  rate_limited,  // too many failed ratchet steps lately; not tried
};

}  // namespace sims::proto
