// TextNames: the tags of uids and chains, and their search under earlier ids of the server.
#include "client/store/text_names.h"

#include <algorithm>

#include "client/model/sent_time.h"
#include "client/store/history_row.h"
#include "client/store/record.h"

namespace sims::client {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t remembered_days = 90;
constexpr std::size_t max_former_ids = 16;  // of a server

// A text's tag: its author, the conversation (in private talk its author, too) and its uid, at one
// server.
Tag name_tag(const Sealer& sealer, const PeerKey& peer, const Id& author, const std::string& uid) {
  return sealer.tag("name", peer.server.str().append(author.text()), author.str().append(uid));
}

// The tag as in schema 1: without the author.
Tag old_name_tag(const Sealer& sealer, const PeerKey& peer, const std::string& uid) {
  return sealer.tag("uid", text_of(conversation_tag(sealer, peer)), uid);
}

Tag from_tag(const Sealer& sealer, const Id& server, const Id& author) {
  return sealer.tag("chain from", server.text(), author.text());
}

Tag to_tag(const Sealer& sealer, const Id& server, const Id& peer) {
  return sealer.tag("chain to", server.text(), peer.text());
}

Tag former_tag(const Sealer& sealer, const Id& server) {
  return sealer.tag("former", server.text());
}

}  // namespace

bool TextNames::seen(const PeerKey& peer, const Id& author, const std::string& uid) {
  return or_misread(look_up(peer, author, uid));
}

Result<bool> TextNames::look_up(const PeerKey& peer, const Id& author, const std::string& uid) {
  TRY_LET(all, ids_of(peer.server));
  const Sealer& sealer = vault_.sealer();
  for (const Id& server : *all) {
    const PeerKey then{server, peer.name};
    TRY_LET(there, has(name_tag(sealer, then, author, uid)));
    if (there) return true;
    TRY_LET(there_before, has(old_name_tag(sealer, then, uid)));
    if (there_before) return true;
  }
  return false;
}

std::optional<LastText> TextNames::last_from(const PeerKey& peer, const Id& author) {
  return or_misread(last_of(from_tag, peer.server, author));
}

std::optional<LastText> TextNames::last_to(const PeerKey& peer, const Id& id) {
  return or_misread(last_of(to_tag, peer.server, id));
}

template <class T>
T TextNames::or_misread(Result<T> read) {
  if (read) return std::move(*read);
  if (misread_.empty()) misread_ = read.error();
  return {};
}

Result<bool> TextNames::has(const Tag& tag) {
  return sqlite::Statement(file_.db, "SELECT 1 FROM name WHERE tag = ?", tag).step();
}

// --- chains --------------------------------------------------------------------------------------

Result<void> TextNames::put_last(const Tag& tag, const LastText& last) {
  RecordWriter out;
  out.number(last.row).text(last.uid).number(static_cast<std::uint64_t>(last.sent_unix_ms));
  out.number(last.proved ? 1 : 0);
  return file_.put_row(vault_.sealer(), "INSERT OR REPLACE INTO chain (tag, token) VALUES (?, ?)", "chain",
                       tag, out.view());
}

// A chain that does not open counts as none: then the order is unknown.
Result<std::optional<LastText>> TextNames::read_last(const Tag& tag) {
  sqlite::Statement found(file_.db, "SELECT token FROM chain WHERE tag = ?", tag);
  TRY_LET(there, found.step());
  if (!there) return std::nullopt;
  const auto plain = vault_.sealer().open(row_place("chain", tag), found.text(0));
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  LastText last;
  last.row = in.number();
  last.uid = in.text();
  last.sent_unix_ms = static_cast<std::int64_t>(in.number());
  last.proved = !in.more() || in.number() != 0;  // before letters nearly all left in a session with the peer
  return in.ok() ? std::optional(std::move(last)) : std::nullopt;
}

// Looks under the server's current id, then under its earlier ones.
Result<std::optional<LastText>> TextNames::last_of(TagOf tag_of, const Id& server, const Id& id) {
  TRY_LET(all, ids_of(server));
  for (const Id& one : *all) {
    TRY_LET(last, read_last(tag_of(vault_.sealer(), one, id)));
    if (last) return std::move(last);
  }
  return std::nullopt;
}

// --- changes -------------------------------------------------------------------------------------

Result<void> TextNames::note_received(const PeerKey& peer, const HistoryEntry& entry) {
  const Sealer& sealer = vault_.sealer();
  TRY_LET(former, last_of(from_tag, peer.server, entry.peer_id));
  LastText last = former.value_or(LastText{});
  last.uid = entry.uid;
  if (!entry.waits && sent_is_likely(entry))
    last.sent_unix_ms = std::max(last.sent_unix_ms, entry.sent_unix_ms);
  const std::int64_t today = entry.at_unix_ms / day_ms;
  const Tag name = name_tag(sealer, peer, entry.peer_id, entry.uid);
  TRY(sqlite::Statement(file_.db, "INSERT OR IGNORE INTO name (tag, day) VALUES (?, ?)", name,
                        static_cast<std::uint64_t>(std::max<std::int64_t>(0, today)))
          .run());
  TRY(put_last(from_tag(sealer, peer.server, entry.peer_id), last));
  if (today == forgot_on_) return {};
  forgot_on_ = today;
  return sqlite::Statement(file_.db, "DELETE FROM name WHERE day < ?", today - remembered_days).run();
}

// Earlier rows may be settled after later ones.
Result<void> TextNames::note_left(const PeerKey& peer, const HistoryEntry& entry) {
  if (entry.peer_id.empty()) return {};
  TRY_LET(former, last_of(to_tag, peer.server, entry.peer_id));
  LastText last = former.value_or(LastText{});
  const bool newer = entry.row > last.row;
  const bool proves = !last.proved && entry.delivery == Delivery::delivered;
  if (!newer && !proves) return {};
  if (newer) last.row = entry.row, last.uid = entry.uid;
  last.proved |= proves;
  return put_last(to_tag(vault_.sealer(), peer.server, entry.peer_id), last);
}

// --- a server's new id ---------------------------------------------------------------------------

// A tag does not reveal its parts. So names stay under the id that the server had then.
Result<const std::vector<Id>*> TextNames::ids_of(const Id& server) {
  if (const auto cached = server_ids_.find(server); cached != server_ids_.end()) return &cached->second;
  TRY_LET(all, read_ids(server));
  return &server_ids_.emplace(server, std::move(all)).first->second;
}

Result<std::vector<Id>> TextNames::read_ids(const Id& server) {
  std::vector<Id> all{server};
  const Tag tag = former_tag(vault_.sealer(), server);
  sqlite::Statement found(file_.db, "SELECT token FROM value WHERE tag = ?", tag);
  TRY_LET(there, found.step());
  if (!there) return all;
  const auto plain = vault_.sealer().open(row_place("value", tag), found.text(0));
  if (!plain) return all;
  RecordReader in(*plain);
  while (in.more())
    if (const auto id = Id::shaped(in.text())) all.push_back(*id);
  return all;
}

// A chain is written again only if the peer is known: under an id that the server had once it may
// be old.
Result<void> TextNames::move(const Id& from, const Id& to) {
  for (const auto& [name, peer] : pins_.peers(to)) {
    for (const auto tag_of : {from_tag, to_tag}) {
      TRY_LET(last, last_of(tag_of, from, peer.id));
      if (last) TRY(put_last(tag_of(vault_.sealer(), to, peer.id), *last));
    }
  }
  TRY_LET(all, ids_of(from));
  std::vector<Id> former = *all;
  std::erase(former, to);
  if (former.size() > max_former_ids) former.resize(max_former_ids);
  RecordWriter out;
  for (const Id& id : former)
    out.text(id.text());
  server_ids_.clear();
  return file_.put_row(vault_.sealer(), put_value, "value", former_tag(vault_.sealer(), to), out.view());
}

}  // namespace sims::client
