// Maps trust, delivery and link states to words, and delivery back.
#include "client/model/words.h"

#include <fmt/format.h>

namespace sims::client {

namespace {

std::string_view word_of(Standing standing, bool verified) {
  switch (standing) {
    case Standing::stranger:
      return "new";
    case Standing::request:
      return "request";
    case Standing::blocked:
      return "blocked";
    case Standing::contact:
      break;
  }
  return verified ? "verified" : "unverified";
}

}  // namespace

std::string_view trust_word(const Peer& peer) {
  return peer.trust == Trust::changed ? "changed" : word_of(peer.standing, peer.trust == Trust::verified);
}

std::string_view trust_word(const PinnedPeer& peer) {
  return word_of(peer.standing, peer.verified);
}

std::string_view delivery_word(Delivery delivery) {
  switch (delivery) {
    case Delivery::queued:
      return "queued";
    case Delivery::sent:
      return "sent";
    case Delivery::mailed:
      return "mailed";
    case Delivery::delivered:
      return "delivered";
    case Delivery::failed:
      break;
  }
  return "failed";
}

std::string_view link_word(LinkState state) {
  switch (state) {
    case LinkState::offline:
      return "offline";
    case LinkState::connecting:
    case LinkState::handshaking:
      return "connecting";
    case LinkState::asking:
      return "asking";
    case LinkState::online:
      return "online";
    case LinkState::waiting:
      break;
  }
  return "waiting";
}

Delivery delivery_of(std::string_view word) {
  for (const auto delivery : {Delivery::queued, Delivery::sent, Delivery::mailed, Delivery::delivered})
    if (delivery_word(delivery) == word) return delivery;
  return Delivery::failed;
}

std::string held_hint(const std::string& peer, std::size_t texts) {
  return fmt::format(
      "{0} to {1} not delivered yet, held: when the new key is known, `sims resend {1}` sends to it, `sims "
      "discard {1}` drops",
      texts == 1 ? "1 message" : fmt::format("{} messages", texts), peer);
}

}  // namespace sims::client
