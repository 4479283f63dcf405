// Encoding and decoding of the frames of a handshake, between client and server and between clients.
#include "proto/wire/handshake_frame.h"

#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

std::vector<std::string> strings(const JsonValue& array, const char* name, FieldReader& fields) {
  std::vector<std::string> out;
  for (auto v = array.first(); v; v = v->next()) {
    const auto text = v->string();
    if (!text) fields.miss(name);
    out.emplace_back(text.value_or(std::string_view{}));
  }
  return out;
}

std::vector<std::uint64_t> numbers(const JsonValue& array, const char* name, FieldReader& fields) {
  std::vector<std::uint64_t> out;
  for (auto v = array.first(); v; v = v->next()) {
    const auto number = v->number();
    if (!number) fields.miss(name);
    out.push_back(number.value_or(0));
  }
  return out;
}

void decode_data(HandshakeFrame& frame, FieldReader& data) {
  if (frame.kind == HandshakeKind::client_client && frame.phase <= 2) frame.name = data.text("name");
  if (frame.phase == 1)
    if (const auto versions = data.array("version")) frame.versions = numbers(*versions, "version", data);
  if (frame.phase == 2) frame.versions = {data.number("version")};
  if (frame.phase <= 2) frame.nonce = data.bytes<32>("nonce");
  if (frame.phase == 2) frame.to = data.optional_bytes<32>("to");
  if (frame.phase == 3) frame.status = data.text("status");
  if (frame.phase == 4 || frame.phase == 5) {
    frame.key = data.bytes("key");
    frame.signature = data.bytes<64>("signature");
  }
  if (frame.phase >= 5) frame.confirm = data.bytes<32>("confirm");
}

void encode_data(const HandshakeFrame& frame, JsonWriter& json) {
  const auto b64 = [&](const char* name, ByteView bytes) {
    json.field(name, base64_encode(bytes, Base64::standard));
  };
  if (frame.kind == HandshakeKind::client_client && frame.phase <= 2) json.field("name", frame.name);
  if (frame.phase == 1) {
    json.key("version").begin_array();
    for (const std::uint64_t version : frame.versions)
      json.value(version);
    json.end_array();
  }
  if (frame.phase == 2) json.field("version", frame.versions.at(0));
  if (frame.phase <= 2) b64("nonce", frame.nonce.value());
  if (frame.phase == 2 && frame.to) b64("to", *frame.to);
  if (frame.phase == 3) json.field("status", frame.status);
  if (frame.phase == 4 || frame.phase == 5) {
    b64("key", frame.key);
    b64("signature", frame.signature.value());
  }
  if (frame.phase >= 5) b64("confirm", frame.confirm.value());
}

}  // namespace

std::string encode(const HandshakeFrame& frame) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const auto phase = static_cast<std::uint64_t>(frame.phase);
  if (frame.kind == HandshakeKind::client_server)
    json.field("type", "connect").field("phase", phase).field("name", frame.name).field("id", frame.id);
  else
    json.field("type", "client-connect")
        .field("src", frame.src)
        .field("dst", frame.dst)
        .field("phase", phase);
  json.key("ciphers").begin_array();
  for (const std::string& cipher : frame.ciphers)
    json.value(cipher);
  json.end_array().key("data").begin_object();
  encode_data(frame, json);
  json.end_object().end_object();
  return out;
}

Checked<HandshakeFrame> decode_handshake(const JsonValue& root) {
  FieldReader fields(root);
  HandshakeFrame frame;
  const std::string_view type = fields.text("type");
  if (type == "client-connect")
    frame.kind = HandshakeKind::client_client;
  else if (type != "connect")
    fields.miss("type");

  if (frame.kind == HandshakeKind::client_server) {
    frame.name = fields.text("name");
    frame.id = fields.text("id");
  } else {
    frame.src = fields.text("src");
    frame.dst = fields.text("dst");
  }
  const std::uint64_t phase = fields.number("phase", 6);
  if (phase == 0) fields.miss("phase");
  frame.phase = static_cast<int>(phase);
  if (const auto ciphers = fields.array("ciphers")) frame.ciphers = strings(*ciphers, "ciphers", fields);
  const auto data = fields.object("data");
  if (!fields.ok()) return fields.failure();

  FieldReader inner(*data);
  decode_data(frame, inner);
  return inner.checked(std::move(frame));
}

}  // namespace sims::proto
