// The kinds of messages and of handshakes, and the two roles in a handshake (sims-protocol(7) sections 3 to 8).
#pragma once

#include <cstdint>

namespace sims::proto {

enum class Role : std::uint8_t { initiator, responder };
enum class HandshakeKind : std::uint8_t { client_server, client_client };

enum class MessageType : std::uint8_t {
  connect,
  secure,
  list,
  find,
  client_connect,
  client_refuse,
  client_disconnect,
  client_com,
  peer_ack,  // `ack` with `dst`
  client_mail,
  client_receipt,
  prekeys,
  prekey,
  ack,
  ping,
  disconnect,
  redeem,  // `register`
  error,
  unknown,
};

}  // namespace sims::proto
