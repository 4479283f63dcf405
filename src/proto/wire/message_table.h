// The table of message types: name, decoder for each sender, and the fields that a relay checks in a type
// between clients (sims-protocol(7) sections 3 to 8). A type without a row is unknown. A type whose row has no
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

enum class FieldKind : std::uint8_t { text, number, boolean, object, array };

struct MessageField {
  const char* name;
  FieldKind kind;
};

// How a server passes a message on from one client to another.
enum class Passing : std::uint8_t {
  none,  // it is for the server itself
  live,  // at once, to a client that is here
  kept,  // through its mailbox: acked once it is on disk
};

// When the receiver of a message counts it in its cumulative ack.
enum class Acking : std::uint8_t {
  never,
  once_read,
  once_done,  // a server, when its fate is known: on disk, or answered. A client once it is read
};

struct MessageRow {
  std::string_view name;  // on the wire
  MessageType type;
  Acking acking;
  Passing passing;
  // Of a type between clients, which the server passes on byte for byte: the fields beside `type`, `src` and
  // `dst` that must be there.
  std::span<const MessageField> passed_fields;
  // Read the message as a sub-message inside SECURE; nullptr: not legal there from this side. `row` is this.
  Checked<FromClient> (*from_client)(const MessageRow& row, const JsonValue& root);
  Checked<FromServer> (*from_server)(const MessageRow& row, const JsonValue& root);

  bool acked() const { return acking != Acking::never; }
  bool forwarded() const { return passing == Passing::live; }
  bool kept() const { return passing == Passing::kept; }
  bool between_clients() const { return passing != Passing::none; }
};

std::span<const MessageRow> message_table();
const MessageRow& message_row(MessageType type);
// The row of a parsed message; that of `unknown` when its `type` is not in the table or no text.
const MessageRow& message_row(const JsonValue& root);
// `has_dst` tells the two acks apart. unknown when the table has no such name.
MessageType message_type(std::string_view name, bool has_dst);

}  // namespace sims::proto
