// The words for trust and absence, and counts with their noun.
#include "tui/view/wording.h"

namespace sims::tui {

// States that stop or hold a conversation have precedence over "verified".
std::string_view trust_word(const client::Peer& peer) {
  if (peer.trust == client::Trust::changed) return "KEY CHANGED";
  switch (peer.standing) {
    case client::Standing::blocked:
      return "blocked";
    case client::Standing::request:
      return "request";
    case client::Standing::stranger:
      return peer.trust == client::Trust::verified ? "verified" : "stranger";
    case client::Standing::contact:
      break;
  }
  return peer.trust == client::Trust::verified ? "verified" : "unverified";
}

std::string_view away_words(const client::Model& model, const client::Peer& peer) {
  if (peer.online) return "";
  const bool held = peer.trust == client::Trust::changed || peer.standing == client::Standing::blocked;
  return model.mail && !held ? "offline, by letter" : "offline";
}

std::string count_words(std::size_t count, std::string_view one, std::string_view more) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : more);
}

}  // namespace sims::tui
