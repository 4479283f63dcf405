// The table of message types: name, legal senders and state (sims-protocol(7) sections 3 to 6). A type
// without a row is unknown. A type that is not legal for its sender in this state is refused (default deny).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/wire/message_type.h"

namespace sims::proto {

enum Where : std::uint8_t { in_clear = 1, in_secure = 2 };
enum Sender : std::uint8_t { from_client = 1, from_server = 2, from_both = 3 };

struct MessageRow {
  std::string_view name;  // on the wire
  MessageType type;
  std::uint8_t where;   // Where bits
  std::uint8_t sender;  // Sender bits
  bool forwarded;       // client to client, passed on byte for byte
  bool acked;           // counts for the cumulative ack
};

std::span<const MessageRow> message_table();
const MessageRow& message_row(MessageType type);
// `has_dst` tells the two acks apart. unknown when the table has no such name.
MessageType message_type(std::string_view name, bool has_dst);

}  // namespace sims::proto
