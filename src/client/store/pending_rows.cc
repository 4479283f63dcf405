// Rows that something is still to happen to: texts of ours that are to be sent, and received ones whose line
// waits for the text before it.
#include "client/store/store_state.h"

namespace sims::client {

namespace {

using Pending = std::map<std::string, std::vector<HistoryEntry>>;

constexpr const char* outgoing_rows =
    "SELECT row, number, tag, conversation.token, kind, history.token FROM history"
    " JOIN conversation ON number = conversation WHERE kind = 2 ORDER BY row";
constexpr const char* waiting_rows =
    "SELECT row, number, tag, conversation.token, kind, history.token FROM history"
    " JOIN conversation ON number = conversation WHERE kind = 3 ORDER BY row";

// take(number of the conversation, peer, entry); without `all` rows that do not open are left out.
template <class F>
Result<void> each_pending(Store::State& s, const char* sql, F take, bool all = true) {
  sqlite::Statement rows(s.db, sql);
  return rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(1));
    auto peer = read_conversation(*s.sealer, number, rows.blob(2), rows.text(3));
    auto entry = read_entry(*s.sealer, static_cast<std::uint64_t>(rows.number(0)), number, rows.number(4),
                            rows.text(5));
    if (!all && (!peer || !entry)) return {};
    if (!peer || !entry) return fail(sqlite::damaged("a message that is pending does not open"));
    take(number, *peer, std::move(*entry));
    return {};
  });
}

// An older version wrote only to the key that was pinned.
Id pinned_id(const Store::State& s, const PeerKey& peer) {
  const auto at = s.pins.peers.find({peer.server, peer.name});
  return at == s.pins.peers.end() ? Id() : at->second.id;
}

Result<Pending> pending_of(Store::State& s, const char* sql, const Id& server) {
  if (!s.sealer) return fail("the store is locked");
  Pending out;
  auto done = each_pending(s, sql, [&](std::uint64_t, const PeerKey& peer, HistoryEntry entry) {
    if (peer.server != server) return;
    if (entry.mine && entry.peer_id.empty()) entry.peer_id = pinned_id(s, peer);
    out[peer.name].push_back(std::move(entry));
  });
  if (!done) return fail(s.in_file(done.error()));
  return out;
}

}  // namespace

Result<Pending> Store::outbox(const Id& server) {
  return pending_of(*state_, outgoing_rows, server);
}

Result<Pending> Store::waiting(const Id& server) {
  return pending_of(*state_, waiting_rows, server);
}

// So that they go to no other key when that pin is forgotten. A damaged row is no reason not to write others.
Result<void> Store::State::adopt_outbox() {
  struct Row {
    std::uint64_t conversation;
    HistoryEntry entry;
  };
  std::vector<Row> rows;
  auto done = each_pending(
      *this, outgoing_rows,
      [&](std::uint64_t number, const PeerKey& peer, HistoryEntry entry) {
        if (!entry.peer_id.empty()) return;
        entry.peer_id = pinned_id(*this, peer);
        if (!entry.peer_id.empty()) rows.push_back({number, std::move(entry)});
      },
      false);
  for (auto row = rows.begin(); done && row != rows.end(); ++row) {
    const auto token = seal_entry(*sealer, row->entry.row, row->conversation, row->entry);
    done = sqlite::Statement(db, "UPDATE history SET token = ? WHERE row = ?", token, row->entry.row).run();
  }
  return done;
}

}  // namespace sims::client
