// What was said, row by row: 1. what a row holds  2. adding and changing  3. reading  4. forgetting
// 5. a server's new id
#include <algorithm>
#include <limits>

#include "client/store/history_source.h"
#include "client/store/record.h"
#include "client/store/store_state.h"

namespace sims::client {

namespace {

// The column `kind`, in clear so that counting unread ones and finding the outbox open no token.
enum Kind : int { received = 0, mine = 1, outgoing = 2, waiting_line = 3 };
constexpr std::uint64_t is_mine = 1, is_action = 2, is_incomplete = 4, is_disordered = 8, has_after = 16,
                        all_flags = 31;

Kind kind_of(const HistoryEntry& entry) {
  if (!entry.mine) return entry.waits ? waiting_line : received;
  return entry.delivery == Delivery::queued || entry.delivery == Delivery::sent ? outgoing : mine;
}

std::uint64_t number_of(Delivery delivery) {
  switch (delivery) {
    case Delivery::queued:
      return 0;
    case Delivery::sent:
      return 1;
    case Delivery::delivered:
      return 2;
    case Delivery::failed:
      break;
  }
  return 3;
}

std::optional<Delivery> delivery_of(std::uint64_t number) {
  constexpr Delivery all[] = {Delivery::queued, Delivery::sent, Delivery::delivered, Delivery::failed};
  if (number >= std::size(all)) return std::nullopt;
  return all[number];
}

std::string conversation_place(std::uint64_t number, ByteView tag) {
  return row_place("conversation", tag).append(text_of(u64be(number)));
}

std::string seal_conversation(Sealer& sealer, std::uint64_t number, const Tag& tag, const PeerKey& peer) {
  RecordWriter out;
  out.text(peer.server.text()).text(peer.name);
  return sealer.seal(conversation_place(number, tag), out.view());
}

// 0: nothing was said yet.
Result<std::uint64_t> conversation_number(sqlite::Database& db, const Tag& tag) {
  sqlite::Statement row(db, "SELECT number FROM conversation WHERE tag = ?", tag);
  auto there = row.step();
  if (!there) return fail(there.error());
  return *there ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

}  // namespace

// --- 1. what a row holds -------------------------------------------------------------------------

Tag conversation_tag(const Sealer& sealer, const PeerKey& peer) {
  return sealer.tag("conversation", peer.server.text(), peer.name);
}

// Rows of schema 1 end after `why`.
std::string seal_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                       const HistoryEntry& entry) {
  RecordWriter out;
  out.reserve(entry.uid.size() + entry.body.size() + entry.why.size() + 160);
  out.number((entry.mine ? is_mine : 0) | (entry.action ? is_action : 0) |
             (entry.incomplete ? is_incomplete : 0) | (entry.disordered ? is_disordered : 0) |
             (entry.after ? has_after : 0));
  out.number(number_of(entry.delivery)).number(static_cast<std::uint64_t>(entry.at_unix_ms));
  out.text(entry.uid).text(entry.body).text(entry.why).text(entry.peer_id.text());
  out.number(static_cast<std::uint64_t>(entry.sent_unix_ms)).text(entry.after.value_or(""));
  return sealer.seal(row_place("history", row, conversation), out.view());
}

std::optional<HistoryEntry> read_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                                       std::int64_t kind, std::string_view token) {
  const auto plain = sealer.open(row_place("history", row, conversation), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  HistoryEntry entry;
  entry.row = row;
  const auto flags = in.number();
  entry.mine = flags & is_mine;
  entry.action = flags & is_action;
  entry.incomplete = flags & is_incomplete;
  entry.disordered = flags & is_disordered;
  entry.waits = kind == waiting_line;
  const auto delivery = delivery_of(in.number());
  entry.at_unix_ms = static_cast<std::int64_t>(in.number());
  entry.uid = in.text();
  entry.body = in.text();
  entry.why = in.text();
  if (in.more()) {
    const auto id = in.text();
    entry.peer_id = Id::shaped(id).value_or(Id());
    entry.sent_unix_ms = static_cast<std::int64_t>(in.number());
    const auto after = in.text();
    if (flags & has_after) entry.after = after;
    if (entry.peer_id.text() != id) return std::nullopt;
  }
  if (!in.ok() || flags > all_flags || !delivery) return std::nullopt;
  entry.delivery = *delivery;
  if (kind_of(entry) != kind) return std::nullopt;
  return entry;
}

std::optional<PeerKey> read_conversation(Sealer& sealer, std::uint64_t number, ByteView tag,
                                         std::string_view token) {
  const auto plain = sealer.open(conversation_place(number, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  const auto server = Id::shaped(in.text());
  const std::string name(in.text());
  if (!in.ok() || !server) return std::nullopt;
  return PeerKey{*server, name};
}

// --- 2. adding and changing ----------------------------------------------------------------------

namespace {

constexpr std::int64_t max_rows = std::int64_t{1} << 48;  // nobody says so much

// What SQLite gave a row last.
Result<std::uint64_t> last_number(sqlite::Database& db, const char* sql) {
  auto last = db.number(sql);
  if (!last) return fail(last.error());
  if (*last < 0 || *last > max_rows) return fail(sqlite::damaged("a number that no row has"));
  return static_cast<std::uint64_t>(*last);
}

Result<std::uint64_t> make_conversation(Store::State& s, const PeerKey& peer, const Tag& tag) {
  auto last = last_number(s.db, "SELECT seq FROM sqlite_sequence WHERE name = 'conversation'");
  if (!last) return fail(last.error());
  const auto number = *last + 1;
  const auto token = seal_conversation(*s.sealer, number, tag, peer);
  auto made = sqlite::Statement(s.db, "INSERT INTO conversation (number, tag, token) VALUES (?, ?, ?)",
                                number, tag, token)
                  .run();
  if (!made) return fail(made.error());
  return number;
}

Result<void> add_row(Store::State& s, const PeerKey& peer, const HistoryEntry& entry) {
  const Tag tag = conversation_tag(*s.sealer, peer);
  auto conversation = conversation_number(s.db, tag);
  if (conversation && *conversation == 0) conversation = make_conversation(s, peer, tag);
  if (!conversation) return fail(conversation.error());
  auto last = last_number(s.db, "SELECT seq FROM sqlite_sequence WHERE name = 'history'");
  if (!last) return fail(last.error());
  const auto row = s.last_row = std::max(s.last_row, *last) + 1;
  const auto token = seal_entry(*s.sealer, row, *conversation, entry);
  auto done =
      sqlite::Statement(s.db, "INSERT INTO history (row, conversation, kind, token) VALUES (?, ?, ?, ?)", row,
                        *conversation, static_cast<int>(kind_of(entry)), token)
          .run();
  if (!done || entry.mine) return done;
  return s.note_received(peer, entry);
}

}  // namespace

Result<std::uint64_t> Store::add(const PeerKey& peer, const HistoryEntry& entry) {
  State& s = *state_;
  auto done = s.write_for_core([&] { return add_row(s, peer, entry); });
  if (!done) return fail(done.error());
  return s.last_row;
}

Result<std::uint64_t> Store::put_last(const PeerKey& peer, const HistoryEntry& entry) {
  State& s = *state_;
  auto done = s.write_for_core([&] {
    auto gone = sqlite::Statement(s.db, "DELETE FROM history WHERE row = ?", entry.row).run();
    return gone ? add_row(s, peer, entry) : gone;
  });
  if (!done) return fail(done.error());
  return s.last_row;
}

Result<void> Store::set_delivery(std::uint64_t row, Delivery delivery, const std::string& why, bool left) {
  State& s = *state_;
  if (auto ready = s.ready(); !ready) return ready;
  std::optional<HistoryEntry> entry;
  std::optional<PeerKey> peer;
  std::uint64_t conversation = 0;
  {
    sqlite::Statement found(s.db,
                            "SELECT number, kind, history.token, tag, conversation.token FROM history"
                            " JOIN conversation ON number = conversation WHERE row = ?",
                            row);
    auto there = found.step();
    if (!there) return fail(s.in_file(there.error()));
    if (!*there) return {};  // erased since
    conversation = static_cast<std::uint64_t>(found.number(0));
    entry = read_entry(*s.sealer, row, conversation, found.number(1), found.text(2));
    if (entry) peer = read_conversation(*s.sealer, conversation, found.blob(3), found.text(4));
  }
  if (!entry || !peer) return fail(s.damaged("a message does not open"));
  entry->delivery = delivery;
  entry->why = why;
  return s.write_for_core([&] {
    const auto token = seal_entry(*s.sealer, row, conversation, *entry);
    auto done = sqlite::Statement(s.db, "UPDATE history SET kind = ?, token = ? WHERE row = ?",
                                  static_cast<int>(kind_of(*entry)), token, row)
                    .run();
    return done && left ? s.note_left(*peer, *entry) : done;
  });
}

// --- 3. reading ----------------------------------------------------------------------------------

namespace {

// Rows of one conversation, by the statement's order; false from take stops.
template <class F>
Result<void> each_entry(Store::State& s, const PeerKey& peer, const char* sql, std::uint64_t row,
                        std::uint64_t most, F take) {
  if (!s.sealer) return fail("the store is locked");
  const auto number = conversation_number(s.db, conversation_tag(*s.sealer, peer));
  if (!number) return fail(s.in_file(number.error()));
  sqlite::Statement rows(s.db, sql, *number, row, most);
  for (;;) {
    auto there = rows.step();
    if (!there) return fail(s.in_file(there.error()));
    if (!*there) return {};
    auto entry = read_entry(*s.sealer, static_cast<std::uint64_t>(rows.number(0)), *number, rows.number(1),
                            rows.text(2));
    if (!entry) return fail(s.damaged("a message of " + peer.name + " does not open"));
    if (!take(std::move(*entry))) return {};
  }
}

constexpr std::uint64_t no_end = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<std::vector<HistoryEntry>> Store::before(const PeerKey& peer, std::uint64_t row, std::size_t most) {
  std::vector<HistoryEntry> out;
  auto done = each_entry(*state_, peer,
                         "SELECT row, kind, token FROM history WHERE conversation = ? AND row < ?"
                         " AND kind != 3 ORDER BY row DESC LIMIT ?",
                         row == 0 ? no_end : row, most, [&](HistoryEntry entry) {
                           out.push_back(std::move(entry));
                           return true;
                         });
  if (!done) return fail(done.error());
  std::reverse(out.begin(), out.end());
  return out;
}

Result<void> Store::each(const PeerKey& peer, const std::function<bool(const HistoryEntry&)>& f) {
  return each_entry(*state_, peer,
                    "SELECT row, kind, token FROM history WHERE conversation = ? AND row > ?"
                    " AND kind != 3 ORDER BY row LIMIT ?",
                    0, no_end, f);
}

std::size_t Store::unread(const PeerKey& peer, std::uint64_t row) {
  State& s = *state_;
  if (!s.sealer) return 0;
  const auto number = conversation_number(s.db, conversation_tag(*s.sealer, peer));
  if (!number) return 0;
  sqlite::Statement count(
      s.db, "SELECT count(*) FROM history WHERE conversation = ? AND row > ? AND kind = 0", *number, row);
  const auto there = count.step();
  return there && *there ? static_cast<std::size_t>(count.number(0)) : 0;
}

namespace {

struct Conversation {
  std::uint64_t number;
  PeerKey peer;
};

Result<std::vector<Conversation>> read_conversations(Store::State& s) {
  std::vector<Conversation> out;
  sqlite::Statement rows(s.db, "SELECT number, tag, token FROM conversation");
  auto done = rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(0));
    auto peer = read_conversation(*s.sealer, number, rows.blob(1), rows.text(2));
    if (!peer) return fail(sqlite::damaged("a conversation does not open"));
    out.push_back({number, std::move(*peer)});
    return {};
  });
  if (!done) return fail(done.error());
  return out;
}

}  // namespace

Result<std::vector<PeerKey>> Store::conversations() {
  State& s = *state_;
  if (!s.sealer) return fail("the store is locked");
  auto all = read_conversations(s);
  if (!all) return fail(s.in_file(all.error()));
  std::vector<PeerKey> out;
  for (auto& one : *all)
    out.push_back(std::move(one.peer));
  return out;
}

std::unique_ptr<HistorySearch> Store::search(std::optional<PeerKey> peer, std::string text,
                                             std::size_t most) const {
  auto source = std::make_unique<HistorySearch::Source>();
  source->path = state_->path();
  if (state_->master) source->master.emplace(state_->master->clone());
  return std::make_unique<HistorySearch>(std::move(source), std::move(peer), std::move(text), most);
}

// --- 4. forgetting -------------------------------------------------------------------------------

Result<void> Store::erase_history(const PeerKey& peer) {
  State& s = *state_;
  return s.write_for_core([&]() -> Result<void> {
    const auto number = conversation_number(s.db, conversation_tag(*s.sealer, peer));
    if (!number || *number == 0) return number ? Result<void>() : fail(number.error());
    auto done =
        sqlite::Statement(s.db, "DELETE FROM history WHERE conversation = ? AND kind < 2", *number).run();
    // With nothing left to be sent or shown, not even the name stays.
    if (done)
      done = sqlite::Statement(s.db,
                               "DELETE FROM conversation WHERE number = ? AND NOT EXISTS"
                               " (SELECT 1 FROM history WHERE conversation = number)",
                               *number)
                 .run();
    s.scrub = true;
    return done;
  });
}

// --- 5. a server's new id ------------------------------------------------------------------------

Result<bool> Store::State::has_history(const Id& server) {
  auto all = read_conversations(*this);
  if (!all) return fail(all.error());
  return std::any_of(all->begin(), all->end(),
                     [&](const Conversation& c) { return c.peer.server == server; });
}

Result<void> Store::State::move_history(const Id& from, const Id& to) {
  const auto all = read_conversations(*this);
  if (!all) return fail(all.error());
  for (const auto& [number, peer] : *all) {
    if (peer.server != from) continue;
    const PeerKey moved{to, peer.name};
    const Tag tag = conversation_tag(*sealer, moved);
    const auto token = seal_conversation(*sealer, number, tag, moved);
    auto done = sqlite::Statement(db, "UPDATE conversation SET tag = ?, token = ? WHERE number = ?", tag,
                                  token, number)
                    .run();
    if (!done) return done;
  }
  return move_names(from, to);
}

}  // namespace sims::client
