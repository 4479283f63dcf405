// Checked steps of a message between the two sessions of a PeerPair.
#pragma once

#include <doctest/doctest.h>

#include "proto/session/peer_pair.h"
#include "proto/wire/decode.h"

namespace sims::test {

template <class T>
T decode_as(std::string text) {
  JsonTape tape;
  auto root = tape.parse(text);
  REQUIRE(root);
  auto message = decode_from_server(*root);
  REQUIRE(message);
  REQUIRE(std::holds_alternative<T>(*message));
  return std::get<T>(std::move(*message));
}
inline ClientCom com_of(const std::string& text) {
  return decode_as<ClientCom>(text);
}
inline PeerAck ack_of(const std::string& text) {
  return decode_as<PeerAck>(text);
}

// A message that arrives at once: seals it, opens it at the other side, takes the ack.
inline void pass(PeerSession& from, PeerSession& to, std::string_view text, Now now) {
  auto sealed = from.seal(text, now);
  auto opened = to.open(com_of(sealed.message), now);
  REQUIRE(opened);
  CHECK(opened->id == sealed.id);
  CHECK_FALSE(opened->duplicate);
  CHECK(opened->plaintext == text);
  CHECK(from.take_ack(ack_of(opened->ack)) == sealed.id);
}

// Requires that the message is refused as `expected` and changes nothing in the session.
inline void check_refused(PeerSession& session, const ClientCom& com, OpenError expected, Now now) {
  const auto before = session.state_digest();
  auto opened = session.open(com, now);
  REQUIRE_FALSE(opened);
  CHECK(opened.error() == expected);
  CHECK(session.state_digest() == before);
}

}  // namespace sims::test
