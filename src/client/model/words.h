// The words for values of the model in output that programs read. Pure.
#pragma once

#include <string>
#include <string_view>

#include "client/model/memory.h"

namespace sims::client {

// "new", "request", "blocked", "unverified", "verified", "changed"
std::string_view trust_word(const Peer& peer);
std::string_view trust_word(const PinnedPeer& peer);
// "queued", "sent", "mailed", "delivered", "failed"
std::string_view delivery_word(Delivery delivery);
Delivery delivery_of(std::string_view word);  // failed for any other word
// "offline", "connecting", "asking", "online", "waiting"
std::string_view link_word(LinkState state);
// The warning when a peer is forgotten to whom this many texts are unsent.
std::string held_hint(const std::string& peer, std::size_t texts);

}  // namespace sims::client
