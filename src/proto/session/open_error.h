// The reasons why a peer session does not open a message (sims-protocol(7) section 6).
#pragma once

namespace sims::proto {

enum class OpenError {
  forged,        // wrong verification or token, or an impossible header
  too_far,       // skips more than 1,000 messages
  old,           // its key is gone: opened long ago, or dropped
  rate_limited,  // too many failed ratchet steps lately; not tried
};

}  // namespace sims::proto
