// The rows of the message types, and how a type is looked up by its name.
#include "proto/wire/message_table.h"

#include <algorithm>
#include <iterator>

namespace sims::proto {

namespace {

constexpr std::uint8_t anywhere = in_clear | in_secure;

// `acked`: section 4 has no ack for an `ack` of either kind; connect and secure are frames, not sub-messages.
constexpr MessageRow rows[] = {
    {"connect", MessageType::connect, in_clear, from_both, false, false},
    {"secure", MessageType::secure, in_clear, from_both, false, false},
    {"list", MessageType::list, in_secure, from_both, false, true},
    {"find", MessageType::find, in_secure, from_both, false, true},
    {"client-connect", MessageType::client_connect, in_secure, from_both, true, true},
    {"client-refuse", MessageType::client_refuse, in_secure, from_both, true, true},
    {"client-disconnect", MessageType::client_disconnect, in_secure, from_both, true, true},
    {"client-com", MessageType::client_com, in_secure, from_both, true, true},
    {"ack", MessageType::peer_ack, in_secure, from_both, true, false},
    {"ack", MessageType::ack, in_secure, from_both, false, false},
    {"ping", MessageType::ping, in_secure, from_both, false, true},
    {"disconnect", MessageType::disconnect, in_secure, from_both, false, true},
    {"register", MessageType::redeem, in_secure, from_client, false, true},
    {"error", MessageType::error, anywhere, from_both, false, true},
    {"", MessageType::unknown, 0, 0, false, true},
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

MessageType message_type(std::string_view name, bool has_dst) {
  if (name.empty()) return MessageType::unknown;
  if (name == "ack") return has_dst ? MessageType::peer_ack : MessageType::ack;
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const MessageRow& r) { return r.name == name; });
  return found == std::end(rows) ? MessageType::unknown : found->type;
}

}  // namespace sims::proto
