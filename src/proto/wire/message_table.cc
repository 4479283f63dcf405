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

void check_kind(FieldReader& fields, const MessageField& field) {
  switch (field.kind) {
    case FieldKind::text:
      fields.text(field.name);
      break;
    case FieldKind::number:
      fields.number(field.name);
      break;
    case FieldKind::boolean:
      fields.boolean(field.name);
      break;
    case FieldKind::object:
      fields.object(field.name);
      break;
    case FieldKind::array:
      fields.array(field.name);
      break;
  }
}

// Presence and kinds of the fields that a type between clients must have.
template <class Way>  // Forwarded, Kept
Checked<FromClient> passed_on(const MessageRow& row, const JsonValue& root,
                              std::span<const MessageField> more = {}) {
  FieldReader fields(root);
  const Way out{{row.type, fields.text("src"), fields.text("dst")}};
  for (const MessageField& field : row.passed_fields)
    check_kind(fields, field);
  for (const MessageField& field : more)
    check_kind(fields, field);
  return fields.checked(FromClient(out));
}

Checked<FromClient> forwarded(const MessageRow& row, const JsonValue& root) {
  return passed_on<Forwarded>(row, root);
}

Checked<FromClient> letter(const MessageRow& row, const JsonValue& root) {
  return passed_on<Kept>(row, root);
}

using enum FieldKind;
constexpr MessageField connect_fields[] = {{"phase", number}, {"ciphers", array}, {"data", object}};
constexpr MessageField refuse_fields[] = {{"to", text}, {"code", text}, {"signature", text}};
constexpr MessageField disconnect_fields[] = {{"data", object}, {"verification", text}};
constexpr MessageField com_fields[] = {
    {"id", number}, {"ratchet", object}, {"verification", text}, {"data", text}};
constexpr MessageField ack_fields[] = {{"id", number}, {"data", text}, {"verification", text}};
constexpr MessageField mail_fields[] = {
    {"id", number}, {"ratchet", object}, {"verification", text}, {"data", text}};
constexpr MessageField receipt_fields[] = {{"data", text}};
constexpr MessageField delivered_fields[] = {{"id", number}, {"verification", text}};
constexpr MessageField unopened_fields[] = {{"unopened", boolean}, {"signature", text}};

// A receipt has one of two forms.
Checked<FromClient> receipt(const MessageRow& row, const JsonValue& root) {
  if (root.get("unopened")) return passed_on<Kept>(row, root, unopened_fields);
  return passed_on<Kept>(row, root, delivered_fields);
}

// `acking`: section 4 has no ack for an `ack` of either kind; connect and secure are frames, not sub-messages.
using enum MessageType;
using enum Acking;
using enum Passing;
constexpr MessageRow rows[] = {
    {"connect", connect, never, none, {}, nullptr, nullptr},
    {"secure", secure, never, none, {}, nullptr, nullptr},
    {"list", list, once_read, none, {}, client<decode_list_request>, server<decode_list>},
    {"find", find, once_read, none, {}, client<decode_find_request>, server<decode_found>},
    {"client-connect", client_connect, once_read, live, connect_fields, forwarded, server<decode_handshake>},
    {"client-refuse", client_refuse, once_read, live, refuse_fields, forwarded, server<decode_client_refuse>},
    {"client-disconnect", client_disconnect, once_read, live, disconnect_fields, forwarded,
     server<decode_client_disconnect>},
    {"client-com", client_com, once_read, live, com_fields, forwarded, server<decode_client_com>},
    {"ack", peer_ack, never, live, ack_fields, forwarded, server<decode_peer_ack>},
    {"client-mail", client_mail, once_done, kept, mail_fields, letter, server<decode_client_mail>},
    {"client-receipt", client_receipt, once_done, kept, receipt_fields, receipt,
     server<decode_client_receipt>},
    {"prekeys", prekeys, once_done, none, {}, client<decode_prekeys_upload>, server<decode_prekeys_status>},
    {"prekey", prekey, once_done, none, {}, client<decode_prekey_request>, server<decode_prekey_answer>},
    {"ack", ack, never, none, {}, client<decode_ack>, server<decode_ack>},
    {"ping", ping, once_read, none, {}, client<decode_ping>, server<decode_ping>},
    {"disconnect", disconnect, once_read, none, {}, client<decode_disconnect>, server<decode_disconnect>},
    {"register", redeem, once_read, none, {}, client<decode_register>, nullptr},
    {"error", error, once_read, none, {}, client<decode_error>, server<decode_error>},
    {"", unknown, once_read, none, {}, client<decode_unknown>, server<decode_unknown>},
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
