// The table of message types: name, decoder for each sender, and the fields that a relay checks in a type that
// it forwards (sims-protocol(7) sections 3 to 6). A type without a row is unknown. A type whose row has no
// decoder for its sender is refused (default deny).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/error.h"
#include "proto/wire/json.h"
#include "proto/wire/message.h"
#include "proto/wire/message_type.h"

namespace sims::proto {

enum class FieldKind : std::uint8_t { text, number, object, array };

struct MessageField {
  const char* name;
  FieldKind kind;
};

struct MessageRow {
  std::string_view name;  // on the wire
  MessageType type;
  bool acked;  // counts for the cumulative ack
  // Not empty for a type between clients, which the server passes on byte for byte: the fields beside `type`,
  // `src` and `dst` that must be there.
  std::span<const MessageField> forwarded_fields;
  // Read the message as a sub-message inside SECURE; nullptr: not legal there from this side. `row` is this.
  Checked<FromClient> (*from_client)(const MessageRow& row, const JsonValue& root);
  Checked<FromServer> (*from_server)(const MessageRow& row, const JsonValue& root);

  bool forwarded() const { return !forwarded_fields.empty(); }
};

std::span<const MessageRow> message_table();
const MessageRow& message_row(MessageType type);
// The row of a parsed message; that of `unknown` when its `type` is not in the table or no text.
const MessageRow& message_row(const JsonValue& root);
// `has_dst` tells the two acks apart. unknown when the table has no such name.
MessageType message_type(std::string_view name, bool has_dst);

}  // namespace sims::proto
