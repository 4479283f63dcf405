// The messages of sims-protocol(7) as plain structs, and their encode/decode pairs. Field order is that of
// the known answers in tests/vectors/sims. Views in decoded structs point into the tape's text and live as
// long as it.
//
// To add a message type: a struct here, a row in message_table.h, an encode/decode pair in message.cc, one
// handler.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/kdf.h"
#include "proto/error.h"
#include "proto/identity.h"
#include "proto/wire/json.h"
#include "proto/wire/message_table.h"

namespace sims::proto {

using Nonce = ByteArray<32>;

// --- handshake (section 3): `connect` in clear, `client-connect` inside SECURE -------------------
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

// --- SECURE (section 4) --------------------------------------------------------------------------
struct SecureFrame {
  std::uint64_t epoch = 0, seq = 0;
  std::string_view payload;
};
Checked<SecureFrame> decode_secure(const JsonValue& root);

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

std::string encode(const ListRequest&);
std::string encode(const List&);
std::string encode(const FindRequest&);
std::string encode(const Found&);
std::string encode(const Ack&);
std::string encode(const Ping&);
std::string encode(const Disconnect&);
std::string encode(const Register&);
std::string encode(const Error&);
std::string encode(const ClientCom&);
std::string encode(const ClientDisconnect&);
std::string encode(const PeerAck&);
std::string encode(const ClientRefuse&);
// Appends to `out`, for callers that send an ack after nearly every read.
void encode_ack(std::string& out, std::string_view name, std::uint64_t id);
// In clear or inside SECURE; `message` is cut to max_error_text.
std::string encode_error(ErrorCode code, std::string_view message);

// A message that a client gets from its server. A HandshakeFrame here is a `client-connect`.
using FromServer = std::variant<List, Found, HandshakeFrame, ClientRefuse, ClientCom, ClientDisconnect,
                                PeerAck, Ack, Ping, Disconnect, Error, UnknownMessage>;
Checked<FromServer> decode_from_server(const JsonValue& root);

// A message that a server gets from a client. Of a forwarded type only the presence and kinds of fields are
// checked: the clients check its content.
struct Forwarded {
  MessageType type;
  std::string_view src, dst;  // unchecked text
};
using FromClient =
    std::variant<Forwarded, ListRequest, FindRequest, Ack, Ping, Disconnect, Register, Error, UnknownMessage>;
Checked<FromClient> decode_from_client(const JsonValue& root);
// Decodes a `client-com` or an `ack` between clients in exactly the form that encode() writes. The result is
// that of parsing and decode_from_client(), but needs no parser and no copy of the text. nullopt: any other
// text, valid or not. Returns views into the text.
std::optional<Forwarded> fast_path_forwarded(std::string_view text);

// --- content: the plaintext of a client-com's token (section 6) ----------------------------------
struct TextContent {
  bool action = false;  // kind `action` (/me)
  std::string uid;      // 22 characters
  std::string body;
  std::uint64_t sent = 0;  // unix ms
  // The uid of the author's text before this one in the conversation; empty: there is none. nullopt: the
  // order is unknown.
  std::optional<std::string> after;
};
struct ReadContent {
  std::string uid;
};
struct TypingContent {
  bool on = false;
};
struct UnsupportedContent {
  std::string kind;
  std::string uid;  // empty: it has none
};
using Content = std::variant<TextContent, ReadContent, TypingContent, UnsupportedContent>;

// Compact JSON, padded with spaces to 128, 256, 512 or a multiple of 1,024 bytes. Fails with too_large past
// max_body or max_content and with bad_message for a body that is not UTF-8.
Checked<std::string> encode_content(const Content& content);
Checked<Content> decode_content(std::string_view plaintext);
// 22 characters for 16 random bytes.
std::string make_uid(crypto::Rng& rng);

}  // namespace sims::proto
