// The content of one row of the tables `conversation` and `history`, sealed and opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/model/memory.h"
#include "client/store/seal.h"

namespace sims::client {

// The column `kind` of `history`. It is in clear, so that counting unread rows and finding the
// outbox opens no token.
enum RowKind : int { row_received = 0, row_mine = 1, row_outgoing = 2, row_waiting = 3 };
RowKind kind_of(const HistoryEntry& entry);

Tag conversation_tag(const Sealer& sealer, const PeerKey& peer);
std::string seal_conversation(Sealer& sealer, std::uint64_t number, const Tag& tag, const PeerKey& peer);
// nullopt: not sealed here.
std::optional<PeerKey> read_conversation(Sealer& sealer, std::uint64_t number, ByteView tag,
                                         std::string_view token);

std::string seal_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                       const HistoryEntry& entry);
// `kind`: the column's value, which must agree with the sealed one.
std::optional<HistoryEntry> read_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                                       std::int64_t kind, std::string_view token);

}  // namespace sims::client
