// The frames of a handshake: `connect` in clear, `client-connect` inside SECURE (sims-protocol(7) section 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "proto/error.h"
#include "proto/wire/json.h"
#include "proto/wire/message_type.h"

namespace sims::proto {

using Nonce = ByteArray<32>;

struct HandshakeFrame {
  HandshakeKind kind = HandshakeKind::client_server;
  int phase = 0;
  // client_server: the sender's own.
  std::string name;  // also client_client phases 1 and 2 (data.name)
  std::string id;    // unchecked text
  // client_client
  std::string src, dst;  // unchecked text
  std::vector<std::string> ciphers;
  std::vector<std::uint64_t> versions;         // phase 1: the list; phase 2: the one
  std::optional<Nonce> nonce;                  // phases 1, 2
  std::optional<crypto::Digest> to;            // phase 2: SHA of phase 1; a first-edition peer sends none
  std::string status;                          // phase 3
  Bytes key;                                   // phases 4, 5
  std::optional<crypto::Signature> signature;  // phases 4, 5
  std::optional<crypto::Digest> confirm;       // phases 5, 6
};
std::string encode(const HandshakeFrame& frame);
Checked<HandshakeFrame> decode_handshake(const JsonValue& root);

}  // namespace sims::proto
