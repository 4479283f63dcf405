// 1. what a row holds  2. adding and changing  3. reading  4. forgetting  5. a server's new id
#include <algorithm>
#include <limits>

#include "client/history_source.h"
#include "client/record.h"
#include "client/store_state.h"

namespace sims::client {

namespace {

// The column `kind`, in clear so that counting unread ones and finding the outbox open no token.
enum Kind : int { received = 0, mine = 1, outgoing = 2 };

// A uid of long ago is forgotten: nobody sends again what was written so many rows before.
constexpr std::uint64_t seen_rows = 200'000;
constexpr std::uint64_t forget_every = 1'000;
// With a server's new id only the last ones of each conversation are known again.
constexpr std::uint64_t moved_uids = 1'000;

Kind kind_of(const HistoryEntry& entry) {
  if (!entry.mine) return received;
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

std::string seal_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                       const HistoryEntry& entry) {
  RecordWriter out;
  out.reserve(entry.uid.size() + entry.body.size() + entry.why.size() + 64);
  out.number((entry.mine ? 1 : 0) | (entry.action ? 2 : 0)).number(number_of(entry.delivery));
  out.number(static_cast<std::uint64_t>(entry.at_unix_ms)).text(entry.uid).text(entry.body).text(entry.why);
  return sealer.seal(row_place("history", row, conversation), out.view());
}

Tag conversation_tag(const Sealer& sealer, const PeerKey& peer) {
  return sealer.tag("conversation", peer.server.text(), peer.name);
}

Tag uid_tag(const Sealer& sealer, const Tag& conversation, const std::string& uid) {
  return sealer.tag("uid", text_of(conversation), uid);
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

std::optional<HistoryEntry> read_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                                       std::int64_t kind, std::string_view token) {
  const auto plain = sealer.open(row_place("history", row, conversation), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  HistoryEntry entry;
  entry.row = row;
  const auto flags = in.number();
  entry.mine = flags & 1;
  entry.action = flags & 2;
  const auto delivery = delivery_of(in.number());
  entry.at_unix_ms = static_cast<std::int64_t>(in.number());
  entry.uid = in.text();
  entry.body = in.text();
  entry.why = in.text();
  if (!in.ok() || flags > 3 || !delivery) return std::nullopt;
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

constexpr std::int64_t most_rows = std::int64_t{1} << 48;  // nobody says so much

// What SQLite gave a row last.
Result<std::uint64_t> last_number(sqlite::Database& db, const char* sql) {
  auto last = db.number(sql);
  if (!last) return fail(last.error());
  if (*last < 0 || *last > most_rows) return fail(sqlite::damaged("a number that no row has"));
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

Result<void> remember_uid(Store::State& s, const Tag& conversation, const std::string& uid,
                          std::uint64_t row) {
  const Tag tag = uid_tag(*s.sealer, conversation, uid);
  auto done = sqlite::Statement(s.db, "INSERT OR IGNORE INTO seen (row, tag) VALUES (?, ?)", row, tag).run();
  if (!done || row < seen_rows || row % forget_every != 0) return done;
  return sqlite::Statement(s.db, "DELETE FROM seen WHERE row <= ?", row - seen_rows).run();
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
  return remember_uid(s, tag, entry.uid, row);
}

}  // namespace

Result<std::uint64_t> Store::add(const PeerKey& peer, const HistoryEntry& entry) {
  State& s = *state_;
  auto done = s.write_for_core([&] { return add_row(s, peer, entry); });
  if (!done) return fail(done.error());
  return s.last_row;
}

Result<void> Store::set_delivery(std::uint64_t row, Delivery delivery, const std::string& why) {
  State& s = *state_;
  if (auto ready = s.ready(); !ready) return ready;
  std::optional<HistoryEntry> entry;
  std::uint64_t conversation = 0;
  {
    sqlite::Statement found(s.db, "SELECT conversation, kind, token FROM history WHERE row = ?", row);
    auto there = found.step();
    if (!there) return fail(s.in_file(there.error()));
    if (!*there) return {};  // erased since
    conversation = static_cast<std::uint64_t>(found.number(0));
    entry = read_entry(*s.sealer, row, conversation, found.number(1), found.text(2));
  }
  if (!entry) return fail(s.damaged("a message does not open"));
  entry->delivery = delivery;
  entry->why = why;
  return s.write_for_core([&] {
    const auto token = seal_entry(*s.sealer, row, conversation, *entry);
    return sqlite::Statement(s.db, "UPDATE history SET kind = ?, token = ? WHERE row = ?",
                             static_cast<int>(kind_of(*entry)), token, row)
        .run();
  });
}

// --- 3. reading ----------------------------------------------------------------------------------

bool Store::seen(const PeerKey& peer, const std::string& uid) {
  State& s = *state_;
  if (!s.sealer) return false;
  const Tag tag = uid_tag(*s.sealer, conversation_tag(*s.sealer, peer), uid);
  sqlite::Statement row(s.db, "SELECT 1 FROM seen WHERE tag = ?", tag);
  const auto there = row.step();
  return there && *there;
}

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
                         " ORDER BY row DESC LIMIT ?",
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
                    " ORDER BY row LIMIT ?",
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

Result<std::map<std::string, std::vector<HistoryEntry>>> Store::outbox(const Id& server) {
  State& s = *state_;
  if (!s.sealer) return fail("the store is locked");
  std::map<std::string, std::vector<HistoryEntry>> out;
  sqlite::Statement rows(s.db,
                         "SELECT row, number, tag, conversation.token, kind, history.token FROM history"
                         " JOIN conversation ON number = conversation WHERE kind = 2 ORDER BY row");
  auto done = rows.each([&]() -> Result<void> {
    const auto number = static_cast<std::uint64_t>(rows.number(1));
    auto peer = read_conversation(*s.sealer, number, rows.blob(2), rows.text(3));
    if (peer && peer->server != server) return {};
    auto entry = read_entry(*s.sealer, static_cast<std::uint64_t>(rows.number(0)), number, rows.number(4),
                            rows.text(5));
    if (!peer || !entry) return fail(sqlite::damaged("a message that is to be sent does not open"));
    out[peer->name].push_back(std::move(*entry));
    return {};
  });
  if (!done) return fail(s.in_file(done.error()));
  return out;
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
        sqlite::Statement(s.db, "DELETE FROM history WHERE conversation = ? AND kind != 2", *number).run();
    // With nothing left to be sent, not even the name stays.
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

namespace {

// The uids of what came last are known under the new tag, too: it may come again.
Result<void> move_uids(Store::State& s, std::uint64_t conversation, const Tag& tag) {
  sqlite::Statement rows(
      s.db,
      "SELECT row, kind, token FROM history WHERE conversation = ? AND kind = 0 ORDER BY row DESC LIMIT ?",
      conversation, moved_uids);
  return rows.each([&]() -> Result<void> {
    const auto row = static_cast<std::uint64_t>(rows.number(0));
    const auto entry = read_entry(*s.sealer, row, conversation, rows.number(1), rows.text(2));
    if (!entry) return fail(sqlite::damaged("a message does not open"));
    return sqlite::Statement(s.db, "UPDATE OR IGNORE seen SET tag = ? WHERE row = ?",
                             uid_tag(*s.sealer, tag, entry->uid), row)
        .run();
  });
}

}  // namespace

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
    if (done) done = move_uids(*this, number, tag);
    if (!done) return done;
  }
  return {};
}

}  // namespace sims::client
