// The decoders of all sub-messages, which check presence, kind and bounds of each field.
#include "proto/wire/decode.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/decoders.h"
#include "proto/wire/field_reader.h"
#include "proto/wire/message_table.h"

namespace sims::proto {

namespace {

constexpr std::uint64_t max_u32 = 0xffffffff;

template <class T>  // Ack, Disconnect
Checked<T> decode_name_and_id(const JsonValue& root) {
  FieldReader fields(root);
  T out;
  out.name = fields.text("name");
  if (!valid_name(out.name)) fields.miss("name");
  out.id = fields.number("id");
  return fields.checked(std::move(out));
}

// `decoder` is the column of the table for the sender's side.
template <class Message>
Checked<Message> decode_by_row(Checked<Message> (*MessageRow::*decoder)(const MessageRow&, const JsonValue&),
                               const JsonValue& root) {
  if (!root.get_string("type")) return fault(ErrorCode::bad_message, "field missing or wrong: type");
  const MessageRow& row = message_row(root);
  if (row.*decoder == nullptr) return fault(ErrorCode::bad_message, "a type that is not legal here");
  return (row.*decoder)(row, root);
}

}  // namespace

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

Checked<Ack> decode_ack(const JsonValue& root) {
  return decode_name_and_id<Ack>(root);
}

Checked<Ping> decode_ping(const JsonValue&) {
  return Ping{};
}

Checked<Disconnect> decode_disconnect(const JsonValue& root) {
  return decode_name_and_id<Disconnect>(root);
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

Checked<UnknownMessage> decode_unknown(const JsonValue& root) {
  return UnknownMessage{
      std::string(utf8_prefix(root.get_string("type").value_or(std::string_view{}), max_error_text))};
}

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
  return decode_by_row<FromServer>(&MessageRow::from_server, root);
}

Checked<FromClient> decode_from_client(const JsonValue& root) {
  return decode_by_row<FromClient>(&MessageRow::from_client, root);
}

}  // namespace sims::proto
