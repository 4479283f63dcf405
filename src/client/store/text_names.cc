// Which texts came and which left, beyond their rows: the names by which one is shown once, and the ends of
// the chains that `after` makes (sims-protocol(7) section 6). Both stay when the history is deleted.
#include <algorithm>

#include "client/model/sent_time.h"
#include "client/store/record.h"
#include "client/store/store_state.h"

namespace sims::client {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t remembered_days = 90;
constexpr std::size_t max_former_ids = 16;  // of a server

// A text's name: its author, the conversation (in private talk its author, too) and its uid, at one server.
Tag name_tag(const Sealer& sealer, const PeerKey& peer, const Id& author, const std::string& uid) {
  return sealer.tag("name", peer.server.str().append(author.text()), author.str().append(uid));
}

// As schema 1 had it: without the author.
Tag old_name_tag(const Sealer& sealer, const PeerKey& peer, const std::string& uid) {
  return sealer.tag("uid", text_of(conversation_tag(sealer, peer)), uid);
}

Tag from_tag(const Sealer& sealer, const Id& server, const Id& author) {
  return sealer.tag("chain from", server.text(), author.text());
}

Tag to_tag(const Sealer& sealer, const Id& server, const Id& peer) {
  return sealer.tag("chain to", server.text(), peer.text());
}

Result<void> put_last_text(Store::State& s, const Tag& tag, const LastText& last) {
  RecordWriter out;
  out.number(last.row).text(last.uid).number(static_cast<std::uint64_t>(last.sent_unix_ms));
  return s.put_row("INSERT OR REPLACE INTO chain (tag, token) VALUES (?, ?)", "chain", tag, out.view());
}

// One that does not open counts as none: nothing is known about the order then.
std::optional<LastText> last_text(Store::State& s, const Tag& tag) {
  sqlite::Statement found(s.db, "SELECT token FROM chain WHERE tag = ?", tag);
  const auto there = found.step();
  if (!there) s.could_not_read(there.error());
  if (!there || !*there) return std::nullopt;
  const auto plain = s.sealer->open(row_place("chain", tag), found.text(0));
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  LastText last;
  last.row = in.number();
  last.uid = in.text();
  last.sent_unix_ms = static_cast<std::int64_t>(in.number());
  return in.ok() ? std::optional(std::move(last)) : std::nullopt;
}

Result<void> put_name(Store::State& s, const Tag& tag, std::int64_t day) {
  return sqlite::Statement(s.db, "INSERT OR IGNORE INTO name (tag, day) VALUES (?, ?)", tag,
                           static_cast<std::uint64_t>(std::max<std::int64_t>(0, day)))
      .run();
}

bool has_name(Store::State& s, const Tag& tag) {
  sqlite::Statement row(s.db, "SELECT 1 FROM name WHERE tag = ?", tag);
  const auto there = row.step();
  if (!there) s.could_not_read(there.error());
  return there && *there;
}

// Under the server's id of today, else under one that it had before.
std::optional<LastText> last_of(Store::State& s, Tag (*tag_of)(const Sealer&, const Id&, const Id&),
                                const Id& server, const Id& id) {
  for (const Id& one : s.ids_of(server))
    if (auto last = last_text(s, tag_of(*s.sealer, one, id))) return last;
  return std::nullopt;
}

Tag former_tag(const Sealer& sealer, const Id& server) {
  return sealer.tag("former", server.text());
}

}  // namespace

bool Store::seen(const PeerKey& peer, const Id& author, const std::string& uid) {
  State& s = *state_;
  if (!s.sealer) return false;
  const auto& all = s.ids_of(peer.server);
  return std::any_of(all.begin(), all.end(), [&](const Id& server) {
    const PeerKey then{server, peer.name};
    return has_name(s, name_tag(*s.sealer, then, author, uid)) ||
           has_name(s, old_name_tag(*s.sealer, then, uid));
  });
}

std::optional<LastText> Store::last_from(const PeerKey& peer, const Id& author) {
  State& s = *state_;
  return s.sealer ? last_of(s, from_tag, peer.server, author) : std::nullopt;
}

std::optional<LastText> Store::last_to(const PeerKey& peer, const Id& id) {
  State& s = *state_;
  return s.sealer ? last_of(s, to_tag, peer.server, id) : std::nullopt;
}

Result<void> Store::State::note_received(const PeerKey& peer, const HistoryEntry& entry) {
  const Tag tag = from_tag(*sealer, peer.server, entry.peer_id);
  LastText last = last_of(*this, from_tag, peer.server, entry.peer_id).value_or(LastText{});
  last.uid = entry.uid;
  if (!entry.waits && sent_is_likely(entry))
    last.sent_unix_ms = std::max(last.sent_unix_ms, entry.sent_unix_ms);
  const std::int64_t today = entry.at_unix_ms / day_ms;
  auto done = put_name(*this, name_tag(*sealer, peer, entry.peer_id, entry.uid), today);
  if (done) done = put_last_text(*this, tag, last);
  if (!done || today == forgot_on) return done;
  forgot_on = today;
  return sqlite::Statement(db, "DELETE FROM name WHERE day < ?", today - remembered_days).run();
}

// Earlier rows may be settled later than later ones.
Result<void> Store::State::note_left(const PeerKey& peer, const HistoryEntry& entry) {
  if (entry.peer_id.empty()) return {};
  const Tag tag = to_tag(*sealer, peer.server, entry.peer_id);
  const auto last = last_of(*this, to_tag, peer.server, entry.peer_id);
  if (last && last->row >= entry.row) return {};
  return put_last_text(*this, tag, {entry.row, entry.uid, 0});
}

// --- a server's new id ---------------------------------------------------------------------------

// A tag says nothing of what it was made of, so that all names can only stay where they are: under the id
// that the server had then.
const std::vector<Id>& Store::State::ids_of(const Id& server) {
  const auto [place, is_new] = server_ids.try_emplace(server, 1, server);
  std::vector<Id>& all = place->second;
  if (!is_new) return all;
  const Tag tag = former_tag(*sealer, server);
  sqlite::Statement found(db, "SELECT token FROM value WHERE tag = ?", tag);
  const auto there = found.step();
  if (!there) could_not_read(there.error());
  if (!there || !*there) return all;
  const auto plain = sealer->open(row_place("value", tag), found.text(0));
  if (!plain) return all;
  RecordReader in(*plain);
  while (in.more())
    if (const auto id = Id::shaped(in.text())) all.push_back(*id);
  return all;
}

Result<void> Store::State::move_names(const Id& from, const Id& to) {
  // A chain is written anew where the peer is known: under an id that the server had once it may be old.
  for (auto at = pins.peers.lower_bound({to, ""}); at != pins.peers.end() && at->first.first == to; ++at) {
    for (const auto tag_of : {from_tag, to_tag}) {
      const auto last = last_of(*this, tag_of, from, at->second.id);
      if (!last) continue;
      if (auto done = put_last_text(*this, tag_of(*sealer, to, at->second.id), *last); !done) return done;
    }
  }
  std::vector<Id> former = ids_of(from);
  std::erase(former, to);
  if (former.size() > max_former_ids) former.resize(max_former_ids);
  RecordWriter out;
  for (const Id& id : former)
    out.text(id.text());
  server_ids.clear();
  const Tag tag = former_tag(*sealer, to);
  return put_row(put_value, "value", tag, out.view());
}

}  // namespace sims::client
