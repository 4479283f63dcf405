// The messages of sims-protocol(7) as plain structs. Views in decoded structs point into the tape's text and
// live as long as it. encode.h writes them, decode.h reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "proto/error.h"
#include "proto/identity.h"
#include "proto/wire/handshake_frame.h"
#include "proto/wire/mail_message.h"
#include "proto/wire/message_type.h"

namespace sims::proto {

// --- SECURE (section 4) --------------------------------------------------------------------------
struct SecureFrame {
  std::uint64_t epoch = 0, seq = 0;
  std::string_view payload;
};

struct ListRequest {
  std::optional<Id> after;
  std::uint64_t limit = 0;  // 0: none given
  std::string match;
};
struct ListEntry {
  Id id;
  std::string name;
  std::uint64_t since = 0;  // unix s
};
struct List {
  enum class Event { snapshot, online, offline } event = Event::snapshot;
  std::vector<ListEntry> data;
  bool more = false;
};
// Asks for the client with this name, or with this id: exactly one of the two is set.
struct FindRequest {
  std::string name;
  std::optional<Id> id;
};
struct Found {
  std::string name;
  Id id;
  std::optional<bool> online;  // nullopt: the server does not say
};
struct Ack {  // cumulative, hop by hop
  std::string name;
  std::uint64_t id = 0;
};
struct Ping {};
struct Disconnect {
  std::string name;
  std::uint64_t id = 0;
};
// Carries an invitation to a server that accepts new names by invitation only. An extension of SIMS:
// sims-protocol(7) section 4.
struct Register {
  std::string invitation;  // at most max_invitation bytes
};
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string code_text;  // as received; an unknown code becomes internal
  std::string message;
  std::optional<std::uint64_t> id;
  std::optional<Id> dst;
  std::string name;  // unknown_peer: the name that a `find` asked for; empty: none
};

// --- client to client (sections 5, 6) ------------------------------------------------------------
struct RatchetHeader {
  // ECDHE: key set. RSA: epoch set.
  std::optional<ByteArray<49>> key;
  std::optional<std::uint64_t> epoch;
  std::uint64_t pn = 0, n = 0;  // at most 2^32-1
};
struct ClientCom {
  Id src, dst;  // shape checked, curve not: they must equal known ids
  std::uint64_t id = 0;
  RatchetHeader ratchet;
  crypto::Digest verification{};
  std::string data;  // the token's text
};
struct ClientDisconnect {
  Id src, dst;
  std::string reason;
  crypto::Digest verification{};
};
struct PeerAck {
  Id src, dst;
  std::uint64_t id = 0;
  crypto::Digest data{};
  crypto::Digest verification{};
};
// The callee's signed refusal of a call (section 3); see channel/refusal.h.
struct ClientRefuse {
  Id src, dst;
  crypto::Digest to{};                           // of the call's phase 1
  ErrorCode code = ErrorCode::handshake_failed;  // one that refusal_code() gives
  crypto::Signature signature{};
};
// The code that a callee may give for a refusal: every other code becomes handshake_failed.
ErrorCode refusal_code(ErrorCode why);
struct UnknownMessage {
  std::string type;
};

// A message that a client gets from its server. A HandshakeFrame here is a `client-connect`.
using FromServer =
    std::variant<List, Found, HandshakeFrame, ClientRefuse, ClientCom, ClientDisconnect, PeerAck, ClientMail,
                 ClientReceipt, PrekeysStatus, PrekeyAnswer, Ack, Ping, Disconnect, Error, UnknownMessage>;

// A message that a server gets from a client. Of a type between clients only the presence and kinds of fields
// are checked: the clients check its content.
struct BetweenClients {
  MessageType type;
  std::string_view src, dst;  // unchecked text
};
struct Forwarded : BetweenClients {};  // at once, to a client that is here
struct Kept : BetweenClients {};       // acked once it is on disk, given to its client from there (section 8)
using FromClient = std::variant<Forwarded, Kept, ListRequest, FindRequest, PrekeysUpload, PrekeyRequest, Ack,
                                Ping, Disconnect, Register, Error, UnknownMessage>;

}  // namespace sims::proto
