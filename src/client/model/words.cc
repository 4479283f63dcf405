#include "client/model/words.h"

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
    case Delivery::delivered:
      return "delivered";
    case Delivery::failed:
      break;
  }
  return "failed";
}

}  // namespace sims::client
