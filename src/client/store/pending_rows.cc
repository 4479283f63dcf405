// HistoryTable: pending rows. These are unsent texts of ours, and received texts whose line waits for
// the text before it.
#include "client/store/history_table.h"

namespace sims::client {

namespace {

constexpr const char* outgoing_rows =
    "SELECT row, number, tag, conversation.token, kind, history.token FROM history"
    " JOIN conversation ON number = conversation WHERE kind = 2 ORDER BY row";
constexpr const char* waiting_rows =
    "SELECT row, number, tag, conversation.token, kind, history.token FROM history"
    " JOIN conversation ON number = conversation WHERE kind = 3 ORDER BY row";

}  // namespace

// Calls take(number of the conversation, peer, entry). Without `all`, rows that do not open are
// skipped.
template <class F>
Result<void> HistoryTable::each_pending(const char* sql, F take, bool all) {
  sqlite::Statement rows(file_.db, sql);
  return rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(1));
    auto peer = read_conversation(vault_.sealer(), number, rows.blob(2), rows.text(3));
    auto entry = read_entry(vault_.sealer(), static_cast<std::uint64_t>(rows.number(0)), number,
                            rows.number(4), rows.text(5));
    if (!all && (!peer || !entry)) return {};
    if (!peer || !entry) return fail(sqlite::damaged("a pending message does not open"));
    take(number, *peer, std::move(*entry));
    return {};
  });
}

// An older version sent only to the pinned key.
Id HistoryTable::pinned_id(const PeerKey& peer) const {
  const auto& peers = pins_.pins().peers;
  const auto at = peers.find({peer.server, peer.name});
  return at == peers.end() ? Id() : at->second.id;
}

Result<HistoryTable::Pending> HistoryTable::pending_of(const char* sql, const Id& server) {
  Pending out;
  TRY(each_pending(sql, [&](std::uint64_t, const PeerKey& peer, HistoryEntry entry) {
    if (peer.server != server) return;
    if (entry.mine && entry.peer_id.empty()) entry.peer_id = pinned_id(peer);
    out[peer.name].push_back(std::move(entry));
  }));
  return out;
}

Result<HistoryTable::Pending> HistoryTable::outbox(const Id& server) {
  return pending_of(outgoing_rows, server);
}

Result<HistoryTable::Pending> HistoryTable::waiting(const Id& server) {
  return pending_of(waiting_rows, server);
}

// Stores the key in each row, so that the texts go to no other key after that pin is forgotten. A
// damaged row must not stop the others.
Result<void> HistoryTable::adopt_outbox() {
  struct Row {
    std::uint64_t conversation;
    HistoryEntry entry;
  };
  std::vector<Row> rows;
  auto done = each_pending(
      outgoing_rows,
      [&](std::uint64_t number, const PeerKey& peer, HistoryEntry entry) {
        if (!entry.peer_id.empty()) return;
        entry.peer_id = pinned_id(peer);
        if (!entry.peer_id.empty()) rows.push_back({number, std::move(entry)});
      },
      false);
  for (auto row = rows.begin(); done && row != rows.end(); ++row) {
    const auto token = seal_entry(vault_.sealer(), row->entry.row, row->conversation, row->entry);
    done = sqlite::Statement(file_.db, "UPDATE history SET token = ? WHERE row = ?", token, row->entry.row)
               .run();
  }
  return done;
}

}  // namespace sims::client
