// HistoryTable: adds, reads, changes, erases and moves the rows of texts.
#include "client/store/history_table.h"

#include <algorithm>

namespace sims::client {

namespace {

constexpr std::int64_t max_rows = std::int64_t{1} << 48;  // more than anybody writes

// The last number that SQLite gave.
Result<std::uint64_t> last_number(sqlite::Database& db, const char* sql) {
  TRY_LET(last, db.number(sql));
  if (last < 0 || last > max_rows) return fail(sqlite::damaged("an impossible row number"));
  return static_cast<std::uint64_t>(last);
}

}  // namespace

// --- adding and changing -------------------------------------------------------------------------

Result<std::uint64_t> HistoryTable::number_of(const PeerKey& peer) {
  const Tag tag = conversation_tag(vault_.sealer(), peer);
  sqlite::Statement row(file_.db, "SELECT number FROM conversation WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  return there ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

Result<std::uint64_t> HistoryTable::make_conversation(const PeerKey& peer, const Tag& tag) {
  TRY_LET(last, last_number(file_.db, "SELECT seq FROM sqlite_sequence WHERE name = 'conversation'"));
  const auto number = last + 1;
  const auto token = seal_conversation(vault_.sealer(), number, tag, peer);
  TRY(sqlite::Statement(file_.db, "INSERT INTO conversation (number, tag, token) VALUES (?, ?, ?)", number,
                        tag, token)
          .run());
  return number;
}

Result<void> HistoryTable::add(const PeerKey& peer, const HistoryEntry& entry) {
  auto conversation = number_of(peer);
  if (conversation && *conversation == 0)
    conversation = make_conversation(peer, conversation_tag(vault_.sealer(), peer));
  TRY(conversation);
  TRY_LET(last, last_number(file_.db, "SELECT seq FROM sqlite_sequence WHERE name = 'history'"));
  const auto row = last_row_ = std::max(last_row_, last) + 1;
  const auto token = seal_entry(vault_.sealer(), row, *conversation, entry);
  TRY(sqlite::Statement(file_.db, "INSERT INTO history (row, conversation, kind, token) VALUES (?, ?, ?, ?)",
                        row, *conversation, static_cast<int>(kind_of(entry)), token)
          .run());
  return entry.mine ? Result<void>() : names_.note_received(peer, entry);
}

Result<void> HistoryTable::remove(std::uint64_t row) {
  return sqlite::Statement(file_.db, "DELETE FROM history WHERE row = ?", row).run();
}

Result<HistoryTable::Found> HistoryTable::find(std::uint64_t row) {
  sqlite::Statement found(file_.db,
                          "SELECT number, kind, history.token, tag, conversation.token FROM history"
                          " JOIN conversation ON number = conversation WHERE row = ?",
                          row);
  TRY_LET(there, found.step());
  Found out;
  if (!there) return out;
  out.conversation = static_cast<std::uint64_t>(found.number(0));
  out.entry = read_entry(vault_.sealer(), row, out.conversation, found.number(1), found.text(2));
  if (out.entry)
    out.peer = read_conversation(vault_.sealer(), out.conversation, found.blob(3), found.text(4));
  if (!out.peer) return fail(sqlite::damaged("a message does not open"));
  return out;
}

Result<void> HistoryTable::replace(const Found& found, bool left) {
  const HistoryEntry& entry = *found.entry;
  const auto token = seal_entry(vault_.sealer(), entry.row, found.conversation, entry);
  TRY(sqlite::Statement(file_.db, "UPDATE history SET kind = ?, token = ? WHERE row = ?",
                        static_cast<int>(kind_of(entry)), token, entry.row)
          .run());
  return left || entry.delivery == Delivery::delivered ? names_.note_left(*found.peer, entry)
                                                       : Result<void>();
}

// --- reading -------------------------------------------------------------------------------------

Result<void> HistoryTable::each(const PeerKey& peer, const char* sql, std::uint64_t row, std::uint64_t max,
                                const std::function<bool(HistoryEntry)>& take) {
  TRY_LET(number, number_of(peer));
  sqlite::Statement rows(file_.db, sql, number, row, max);
  for (;;) {
    TRY_LET(there, rows.step());
    if (!there) return {};
    auto entry = read_entry(vault_.sealer(), static_cast<std::uint64_t>(rows.number(0)), number,
                            rows.number(1), rows.text(2));
    if (!entry) return fail(sqlite::damaged("a message of " + peer.name + " does not open"));
    if (!take(std::move(*entry))) return {};
  }
}

std::size_t HistoryTable::unread(const PeerKey& peer, std::uint64_t row) {
  const auto number = number_of(peer);
  if (!number) return 0;
  sqlite::Statement count(
      file_.db, "SELECT count(*) FROM history WHERE conversation = ? AND row > ? AND kind = 0", *number, row);
  const auto there = count.step();
  return there && *there ? static_cast<std::size_t>(count.number(0)) : 0;
}

Result<std::vector<HistoryTable::Conversation>> HistoryTable::conversations() {
  std::vector<Conversation> out;
  sqlite::Statement rows(file_.db, "SELECT number, tag, token FROM conversation");
  TRY(rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(0));
    auto peer = read_conversation(vault_.sealer(), number, rows.blob(1), rows.text(2));
    if (!peer) return fail(sqlite::damaged("a conversation does not open"));
    out.push_back({number, std::move(*peer)});
    return {};
  }));
  return out;
}

// --- erasing -------------------------------------------------------------------------------------

Result<void> HistoryTable::erase(const PeerKey& peer) {
  TRY_LET(number, number_of(peer));
  if (number == 0) return {};
  TRY(sqlite::Statement(file_.db, "DELETE FROM history WHERE conversation = ? AND kind < 2", number).run());
  // If nothing is unsent or waiting, the conversation's name is erased, too.
  return sqlite::Statement(file_.db,
                           "DELETE FROM conversation WHERE number = ? AND NOT EXISTS"
                           " (SELECT 1 FROM history WHERE conversation = number)",
                           number)
      .run();
}

// --- a server's new id ---------------------------------------------------------------------------

Result<bool> HistoryTable::has_conversation(const Id& server) {
  TRY_LET(all, conversations());
  return std::any_of(all.begin(), all.end(), [&](const Conversation& c) { return c.peer.server == server; });
}

Result<void> HistoryTable::move(const Id& from, const Id& to) {
  TRY_LET(all, conversations());
  for (const auto& [number, peer] : all) {
    if (peer.server != from) continue;
    const PeerKey moved{to, peer.name};
    const Tag tag = conversation_tag(vault_.sealer(), moved);
    const auto token = seal_conversation(vault_.sealer(), number, tag, moved);
    TRY(sqlite::Statement(file_.db, "UPDATE conversation SET tag = ?, token = ? WHERE number = ?", tag, token,
                          number)
            .run());
  }
  return names_.move(from, to);
}

}  // namespace sims::client
