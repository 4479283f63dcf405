#include "proto/wire/decode.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/field_reader.h"
#include "proto/wire/message_table.h"

namespace sims::proto {

namespace {

constexpr std::uint64_t max_u32 = 0xffffffff;

// --- decoders, one a type ------------------------------------------------------------------------

Checked<ListRequest> decode_list_request(const JsonValue& root) {
  FieldReader fields(root);
  ListRequest out;
  out.after = fields.optional_shaped_id("after");
  out.limit = std::min<std::uint64_t>(fields.optional_number("limit").value_or(0), max_list_page);
  out.match = fields.optional_text("match").value_or(std::string_view{});
  return fields.checked(std::move(out));
}

Checked<List> decode_list(const JsonValue& root) {
  FieldReader fields(root);
  List out;
  const std::string_view event = fields.text("event");
  if (event == "online")
    out.event = List::Event::online;
  else if (event == "offline")
    out.event = List::Event::offline;
  else if (event != "snapshot")
    fields.miss("event");
  if (out.event == List::Event::snapshot) out.more = fields.boolean("more");
  const auto data = fields.array("data");
  if (!fields.ok()) return fields.failure();

  out.data.reserve(data->size());
  for (auto v = data->first(); v; v = v->next()) {
    FieldReader entry(*v);
    const std::string_view name = entry.text("name");
    if (!valid_name(name)) entry.miss("name");
    const Id id = entry.shaped_id("id");
    entry.text("status");
    const std::uint64_t since = entry.number("since");
    if (!entry.ok()) return entry.failure();
    out.data.push_back({id, std::string(name), since});
  }
  return out;
}

Checked<FindRequest> decode_find_request(const JsonValue& root) {
  FieldReader fields(root);
  FindRequest out;
  out.name = fields.optional_text("name").value_or(std::string_view{});
  out.id = fields.optional_shaped_id("id");
  const bool by_name = root.get("name").has_value();
  if (by_name == out.id.has_value() || (by_name && !valid_name(out.name))) fields.miss("name");
  return fields.checked(std::move(out));
}

Checked<Found> decode_found(const JsonValue& root) {
  FieldReader fields(root);
  Found out;
  out.name = fields.text("name");
  if (!valid_name(out.name)) fields.miss("name");
  out.id = fields.shaped_id("id");
  if (const auto status = fields.optional_text("status")) {
    out.online = status == "online";
    if (status != "online" && status != "offline") fields.miss("status");
  }
  return fields.checked(std::move(out));
}

template <class T>  // Ack, Disconnect
Checked<T> decode_name_and_id(const JsonValue& root) {
  FieldReader fields(root);
  T out;
  out.name = fields.text("name");
  if (!valid_name(out.name)) fields.miss("name");
  out.id = fields.number("id");
  return fields.checked(std::move(out));
}

Checked<Register> decode_register(const JsonValue& root) {
  FieldReader fields(root);
  Register out{std::string(fields.text("invitation"))};
  if (out.invitation.empty() || out.invitation.size() > max_invitation) fields.miss("invitation");
  return fields.checked(std::move(out));
}

Checked<Error> decode_error(const JsonValue& root) {
  FieldReader fields(root);
  Error out;
  out.code_text = utf8_prefix(fields.text("code"), max_error_text);
  out.code = parse_error_code(out.code_text).value_or(ErrorCode::internal);
  out.message = utf8_prefix(fields.text("message"), max_error_text);
  out.id = fields.optional_number("id");
  out.dst = fields.optional_shaped_id("dst");
  const auto name = fields.optional_text("name");
  if (name && valid_name(*name)) out.name = *name;
  return fields.checked(std::move(out));
}

Checked<ClientCom> decode_client_com(const JsonValue& root) {
  FieldReader fields(root);
  ClientCom out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.id = fields.number("id");
  out.verification = fields.bytes<32>("verification");
  out.data = fields.text("data");
  const auto ratchet = fields.object("ratchet");
  if (!fields.ok()) return fields.failure();

  FieldReader header(*ratchet);
  const bool has_key = ratchet->get("key").has_value();
  if (has_key == ratchet->get("epoch").has_value())
    header.miss("key");  // exactly one of the two
  else if (has_key)
    out.ratchet.key = header.bytes<49>("key");
  else
    out.ratchet.epoch = header.number("epoch", max_u32);
  out.ratchet.pn = header.number("pn", max_u32);
  out.ratchet.n = header.number("n", max_u32);
  return header.checked(std::move(out));
}

Checked<ClientDisconnect> decode_client_disconnect(const JsonValue& root) {
  FieldReader fields(root);
  ClientDisconnect out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.verification = fields.bytes<32>("verification");
  if (const auto data = fields.object("data")) {
    const auto reason = data->get_string("reason");
    if (!reason) fields.miss("reason");
    out.reason = reason.value_or(std::string_view{});  // whole: it is under the verification
  }
  return fields.checked(std::move(out));
}

Checked<ClientRefuse> decode_client_refuse(const JsonValue& root) {
  FieldReader fields(root);
  ClientRefuse out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.to = fields.bytes<32>("to");
  const auto code = parse_error_code(fields.text("code"));
  if (!code || refusal_code(*code) != *code) fields.miss("code");
  out.code = code.value_or(ErrorCode::handshake_failed);
  out.signature = fields.bytes<64>("signature");
  return fields.checked(out);
}

Checked<PeerAck> decode_peer_ack(const JsonValue& root) {
  FieldReader fields(root);
  PeerAck out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.id = fields.number("id");
  out.data = fields.bytes<32>("data");
  out.verification = fields.bytes<32>("verification");
  return fields.checked(out);
}

// Presence and kinds of the fields that a forwarded type must have.
Checked<Forwarded> decode_forwarded(MessageType type, const JsonValue& root) {
  FieldReader fields(root);
  const Forwarded out{type, fields.text("src"), fields.text("dst")};
  switch (type) {
    case MessageType::client_connect:
      fields.number("phase");
      fields.array("ciphers");
      fields.object("data");
      break;
    case MessageType::client_refuse:
      fields.text("to");
      fields.text("code");
      fields.text("signature");
      break;
    case MessageType::client_com:
      fields.number("id");
      fields.object("ratchet");
      fields.text("verification");
      fields.text("data");
      break;
    case MessageType::client_disconnect:
      fields.object("data");
      fields.text("verification");
      break;
    default:  // peer_ack
      fields.number("id");
      fields.text("data");
      fields.text("verification");
      break;
  }
  return fields.checked(out);
}

template <class Variant, class T>
Checked<Variant> widen(Checked<T> from) {
  if (!from) return tl::make_unexpected(std::move(from).error());
  return Variant(std::move(*from));
}

auto not_here() {
  return fault(ErrorCode::bad_message, "a type that is not legal here");
}

// The type, if this sender may send it inside SECURE; unknown stays unknown.
Checked<MessageType> legal_type(const JsonValue& root, Sender sender) {
  const auto name = root.get_string("type");
  if (!name) return fault(ErrorCode::bad_message, "field missing or wrong: type");
  const MessageType type = message_type(*name, root.get("dst").has_value());
  const MessageRow& row = message_row(type);
  if (type != MessageType::unknown && ((row.where & in_secure) == 0 || (row.sender & sender) == 0))
    return not_here();
  return type;
}

UnknownMessage unknown_message(const JsonValue& root) {
  return {std::string(utf8_prefix(root.get_string("type").value_or(std::string_view{}), max_error_text))};
}

}  // namespace

Checked<SecureFrame> decode_secure(const JsonValue& root) {
  FieldReader fields(root);
  SecureFrame out;
  if (fields.text("type") != "secure") fields.miss("type");
  out.payload = fields.text("payload");
  const auto data = fields.object("sa-data");
  if (!fields.ok()) return fields.failure();
  FieldReader inner(*data);
  out.epoch = inner.number("epoch");
  out.seq = inner.number("seq");
  return inner.checked(out);
}

Checked<FromServer> decode_from_server(const JsonValue& root) {
  const auto type = legal_type(root, from_server);
  if (!type) return tl::make_unexpected(type.error());
  switch (*type) {
    case MessageType::list:
      return widen<FromServer>(decode_list(root));
    case MessageType::find:
      return widen<FromServer>(decode_found(root));
    case MessageType::client_connect:
      return widen<FromServer>(decode_handshake(root));
    case MessageType::client_refuse:
      return widen<FromServer>(decode_client_refuse(root));
    case MessageType::client_com:
      return widen<FromServer>(decode_client_com(root));
    case MessageType::client_disconnect:
      return widen<FromServer>(decode_client_disconnect(root));
    case MessageType::peer_ack:
      return widen<FromServer>(decode_peer_ack(root));
    case MessageType::ack:
      return widen<FromServer>(decode_name_and_id<Ack>(root));
    case MessageType::ping:
      return Ping{};
    case MessageType::disconnect:
      return widen<FromServer>(decode_name_and_id<Disconnect>(root));
    case MessageType::error:
      return widen<FromServer>(decode_error(root));
    case MessageType::unknown:
      return unknown_message(root);
    case MessageType::connect:
    case MessageType::secure:
    case MessageType::redeem:
      break;
  }
  return not_here();
}

Checked<FromClient> decode_from_client(const JsonValue& root) {
  const auto type = legal_type(root, from_client);
  if (!type) return tl::make_unexpected(type.error());
  if (message_row(*type).forwarded) return widen<FromClient>(decode_forwarded(*type, root));
  switch (*type) {
    case MessageType::list:
      return widen<FromClient>(decode_list_request(root));
    case MessageType::find:
      return widen<FromClient>(decode_find_request(root));
    case MessageType::ack:
      return widen<FromClient>(decode_name_and_id<Ack>(root));
    case MessageType::ping:
      return Ping{};
    case MessageType::disconnect:
      return widen<FromClient>(decode_name_and_id<Disconnect>(root));
    case MessageType::redeem:
      return widen<FromClient>(decode_register(root));
    case MessageType::error:
      return widen<FromClient>(decode_error(root));
    case MessageType::unknown:
      return unknown_message(root);
    default:
      return not_here();
  }
}

}  // namespace sims::proto
