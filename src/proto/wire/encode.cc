// The encoders of all sub-messages: a struct in, the bytes of its JSON out.
#include "proto/wire/encode.h"

#include "base/base64.h"
#include "proto/limits.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

std::string b64(ByteView bytes) {
  return base64_encode(bytes, Base64::standard);
}

}  // namespace

void encode_ack(std::string& out, std::string_view name, std::uint64_t id) {
  JsonWriter(out).begin_object().field("type", "ack").field("name", name).field("id", id).end_object();
}

std::string encode(const Ack& message) {
  std::string out;
  encode_ack(out, message.name, message.id);
  return out;
}

std::string encode(const Ping&) {
  return R"({"type":"ping"})";
}

std::string encode(const Register& message) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("type", "register")
      .field("invitation", message.invitation)
      .end_object();
  return out;
}

std::string encode(const Disconnect& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("type", "disconnect")
      .field("name", message.name)
      .field("id", message.id)
      .end_object();
  return out;
}

std::string encode(const Error& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "error").field("code", to_string(message.code));
  json.field("message", utf8_prefix(message.message, max_error_text));
  if (message.id) json.field("id", *message.id);
  if (message.dst) json.field("dst", message.dst->text());
  if (!message.name.empty()) json.field("name", message.name);
  json.end_object();
  return out;
}

std::string encode_error(ErrorCode code, std::string_view message) {
  Error error;
  error.code = code;
  error.message = message;
  return encode(error);
}

// --- list and find (section 4)

std::string encode(const ListRequest& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "list");
  if (message.after) json.field("after", message.after->text());
  if (message.limit != 0) json.field("limit", message.limit);
  if (!message.match.empty()) json.field("match", message.match);
  json.end_object();
  return out;
}

std::string encode(const List& message) {
  const bool snapshot = message.event == List::Event::snapshot;
  const bool offline = message.event == List::Event::offline;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "list").key("data").begin_array();
  for (const ListEntry& entry : message.data) {
    json.begin_object().field("name", entry.name).field("id", entry.id.text());
    json.field("status", offline ? "offline" : "online").field("since", entry.since).end_object();
  }
  json.end_array().field("event", snapshot ? "snapshot" : offline ? "offline" : "online");
  if (snapshot) json.key("more").boolean(message.more);
  json.end_object();
  return out;
}

std::string encode(const FindRequest& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "find");
  if (message.id)
    json.field("id", message.id->text());
  else
    json.field("name", message.name);
  json.end_object();
  return out;
}

std::string encode(const Found& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "find").field("name", message.name).field("id", message.id.text());
  if (message.online) json.field("status", *message.online ? "online" : "offline");
  json.end_object();
  return out;
}

// --- client to client (sections 5, 6)

std::string encode(const ClientCom& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("type", "client-com")
      .field("src", message.src.text())
      .field("dst", message.dst.text());
  json.field("id", message.id).key("ratchet").begin_object();
  if (message.ratchet.key) json.field("key", b64(*message.ratchet.key));
  if (message.ratchet.epoch) json.field("epoch", *message.ratchet.epoch);
  json.field("pn", message.ratchet.pn).field("n", message.ratchet.n).end_object();
  json.field("verification", b64(message.verification)).field("data", message.data).end_object();
  return out;
}

std::string encode(const ClientDisconnect& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "client-disconnect");
  json.field("src", message.src.text()).field("dst", message.dst.text());
  json.key("data").begin_object().field("reason", message.reason).end_object();
  json.field("verification", b64(message.verification)).end_object();
  return out;
}

std::string encode(const ClientRefuse& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "client-refuse");
  json.field("src", message.src.text()).field("dst", message.dst.text()).field("to", b64(message.to));
  json.field("code", to_string(message.code)).field("signature", b64(message.signature)).end_object();
  return out;
}

std::string encode(const PeerAck& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "ack").field("src", message.src.text()).field("dst", message.dst.text());
  json.field("id", message.id).field("data", b64(message.data));
  json.field("verification", b64(message.verification)).end_object();
  return out;
}

}  // namespace sims::proto
