// Words for values of the model, as they stand in output that programs read. Pure.
#pragma once

#include <string_view>

#include "client/memory.h"

namespace sims::client {

// "new", "request", "blocked", "unverified", "verified", "changed"
std::string_view trust_word(const Peer& peer);
std::string_view trust_word(const PinnedPeer& peer);
// "queued", "sent", "delivered", "failed"
std::string_view delivery_word(Delivery delivery);

}  // namespace sims::client
