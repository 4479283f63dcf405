// The rows of the message types, and how a type is looked up by its name.
#include "proto/wire/message_table.h"

#include <algorithm>
#include <iterator>

#include "proto/wire/decoders.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

template <auto decode>
Checked<FromClient> client(const MessageRow&, const JsonValue& root) {
  return decode(root).map([]<class M>(M&& message) { return FromClient(std::forward<M>(message)); });
}

template <auto decode>
Checked<FromServer> server(const MessageRow&, const JsonValue& root) {
  return decode(root).map([]<class M>(M&& message) { return FromServer(std::forward<M>(message)); });
}

// Presence and kinds of the fields that a forwarded type must have.
Checked<FromClient> passed_on(const MessageRow& row, const JsonValue& root) {
  FieldReader fields(root);
  const Forwarded out{row.type, fields.text("src"), fields.text("dst")};
  for (const MessageField& field : row.forwarded_fields)
    switch (field.kind) {
      case FieldKind::text:
        fields.text(field.name);
        break;
      case FieldKind::number:
        fields.number(field.name);
        break;
      case FieldKind::object:
        fields.object(field.name);
        break;
      case FieldKind::array:
        fields.array(field.name);
        break;
    }
  return fields.checked(FromClient(out));
}

using enum FieldKind;
constexpr MessageField connect_fields[] = {{"phase", number}, {"ciphers", array}, {"data", object}};
constexpr MessageField refuse_fields[] = {{"to", text}, {"code", text}, {"signature", text}};
constexpr MessageField disconnect_fields[] = {{"data", object}, {"verification", text}};
constexpr MessageField com_fields[] = {
    {"id", number}, {"ratchet", object}, {"verification", text}, {"data", text}};
constexpr MessageField ack_fields[] = {{"id", number}, {"data", text}, {"verification", text}};

// `acked`: section 4 has no ack for an `ack` of either kind; connect and secure are frames, not sub-messages.
using enum MessageType;
constexpr MessageRow rows[] = {
    {"connect", connect, false, {}, nullptr, nullptr},
    {"secure", secure, false, {}, nullptr, nullptr},
    {"list", list, true, {}, client<decode_list_request>, server<decode_list>},
    {"find", find, true, {}, client<decode_find_request>, server<decode_found>},
    {"client-connect", client_connect, true, connect_fields, passed_on, server<decode_handshake>},
    {"client-refuse", client_refuse, true, refuse_fields, passed_on, server<decode_client_refuse>},
    {"client-disconnect", client_disconnect, true, disconnect_fields, passed_on,
     server<decode_client_disconnect>},
    {"client-com", client_com, true, com_fields, passed_on, server<decode_client_com>},
    {"ack", peer_ack, false, ack_fields, passed_on, server<decode_peer_ack>},
    {"ack", ack, false, {}, client<decode_ack>, server<decode_ack>},
    {"ping", ping, true, {}, client<decode_ping>, server<decode_ping>},
    {"disconnect", disconnect, true, {}, client<decode_disconnect>, server<decode_disconnect>},
    {"register", redeem, true, {}, client<decode_register>, nullptr},
    {"error", error, true, {}, client<decode_error>, server<decode_error>},
    {"", unknown, true, {}, client<decode_unknown>, server<decode_unknown>},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(rows); ++i)
    if (static_cast<std::size_t>(rows[i].type) != i) return false;
  return std::size(rows) == static_cast<std::size_t>(MessageType::unknown) + 1;
}
static_assert(in_order());

}  // namespace

std::span<const MessageRow> message_table() {
  return rows;
}

const MessageRow& message_row(MessageType type) {
  return rows[static_cast<std::size_t>(type)];
}

const MessageRow& message_row(const JsonValue& root) {
  const auto name = root.get_string("type");
  return message_row(message_type(name.value_or(std::string_view{}), root.get("dst").has_value()));
}

MessageType message_type(std::string_view name, bool has_dst) {
  if (name.empty()) return MessageType::unknown;
  if (name == "ack") return has_dst ? MessageType::peer_ack : MessageType::ack;
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const MessageRow& r) { return r.name == name; });
  return found == std::end(rows) ? MessageType::unknown : found->type;
}

}  // namespace sims::proto
