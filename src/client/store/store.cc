// Store: opens and joins its parts. The passphrase and the key file are in locking.cc, letters in
// store_mail.cc, the check of the file in health.cc.
#include "client/store/store.h"

#include <algorithm>
#include <limits>

#include "client/store/history_source.h"
#include "client/store/store_parts.h"
#include "proto/limits.h"

namespace sims::client {

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() {
  Parts& p = *parts_;
  if (p.transaction.open()) p.transaction.undo("not committed");
  p.transaction.raise_if_written();
  p.transaction.wipe_traces();  // closing empties the log only if no other program reads it
  // Damage stays marked, so that it is reported again.
  if (p.use.held && !p.use.unclean) p.use.note_end();
}

Result<std::unique_ptr<Store>> Store::open(const std::string& folder, const std::string& state_folder) {
  TRY_LET(file, open_store_file(folder));
  std::unique_ptr<Store> store(new Store(std::make_unique<Parts>(std::move(file))));
  Parts& p = *store->parts_;
  TRY(p.vault.read_head());
  const StoreHead& head = p.vault.head();
  if (!state_folder.empty()) p.vault.set_note(state_folder + "/" + head.id.str());
  p.vault.compare_with_note();
  if (head.lock == Lock::none) {
    if (head.master.size() != 32) return fail(p.file.damaged("no key"));
    TRY(store->open_with(Secret<32>(head.master.view())));
  }
  return store;
}

Store::Lock Store::lock_kind() const {
  return parts_->vault.head().lock;
}
bool Store::unlocked() const {
  return parts_->vault.unlocked();
}
const Id& Store::id() const {
  return parts_->vault.head().id;
}
const std::string& Store::folder() const {
  return parts_->file.folder;
}
bool Store::made_identity() const {
  return parts_->file.made;
}
bool Store::restored() const {
  return parts_->vault.restored();
}

// --- the transaction -----------------------------------------------------------------------------

Result<void> Store::hold() {
  return parts_->transaction.hold();
}

Result<bool> Store::try_hold() {
  return parts_->transaction.try_hold();
}

Result<void> Store::commit() {
  return parts_->transaction.commit();
}

Result<void> Store::save() {
  return parts_->transaction.save();
}

bool Store::in_doubt() const {
  return parts_->transaction.in_doubt();
}

// --- values --------------------------------------------------------------------------------------

std::optional<std::string> Store::get(const std::string& key) {
  Parts& p = *parts_;
  if (!p.vault.unlocked()) return std::nullopt;
  Sealer& sealer = p.vault.sealer();
  const Tag tag = sealer.tag("value", key);
  sqlite::Statement row(p.file.db, "SELECT token FROM value WHERE tag = ?", tag);
  if (auto there = row.step(); !there || !*there) return std::nullopt;
  const auto value = sealer.open(row_place("value", tag), row.text(0));
  if (!value) return std::nullopt;
  return std::string(*value);
}

Result<void> Store::put(const std::string& key, std::string_view value) {
  Parts& p = *parts_;
  return p.transaction.write([&] {
    Sealer& sealer = p.vault.sealer();
    return p.file.put_row(sealer, put_value, "value", sealer.tag("value", key), value);
  });
}

Result<void> Store::erase(const std::string& key) {
  Parts& p = *parts_;
  return p.transaction.write([&] {
    const Tag tag = p.vault.sealer().tag("value", key);
    return sqlite::Statement(p.file.db, "DELETE FROM value WHERE tag = ?", tag).run();
  });
}

// --- pins ----------------------------------------------------------------------------------------

std::optional<PinnedServer> Store::server(const std::string& host_port) {
  const auto& servers = parts_->pins.pins().servers;
  const auto found = servers.find(server_key(host_port));
  if (found == servers.end()) return std::nullopt;
  return found->second;
}

Result<void> Store::pin_server(const std::string& host_port, const PinnedServer& server) {
  const std::string key = server_key(host_port);
  if (key.empty()) return fail("not a HOST:PORT that can be remembered: " + host_port);
  return parts_->transaction.write_for_core([&] { return parts_->pins.put_server(key, server); });
}

Result<bool> Store::any_texts_or_letters(const Id& server) {
  TRY_LET(said, parts_->history.has_conversation(server));
  return said ? Result<bool>(true) : parts_->mail.has(server);
}

Result<bool> Store::replace_server(const std::string& host_port, const PinnedServer& server) {
  Parts& p = *parts_;
  const std::string key = server_key(host_port);
  const auto old = this->server(host_port);
  if (!old || old->id == server.id) return fail("no other key is remembered for " + host_port);
  bool along = false;
  auto done = p.transaction.write_for_core([&]() -> Result<void> {
    const auto users = peers(old->id);
    TRY_LET(said, any_texts_or_letters(old->id));
    TRY_LET(known, any_texts_or_letters(server.id));
    const auto is_elsewhere = [&](const Id& id) {
      return std::any_of(p.pins.pins().servers.begin(), p.pins.pins().servers.end(),
                         [&](const auto& one) { return one.first != key && one.second.id == id; });
    };
    const bool mixed = is_elsewhere(old->id) || is_elsewhere(server.id) || known || !peers(server.id).empty();
    along = !mixed || (users.empty() && !said);
    if (auto put = p.pins.put_server(key, server); !put || mixed) return put;
    for (const auto& [name, peer] : users) {
      auto moved = p.pins.drop_peer(old->id, name);
      if (moved) moved = p.pins.put_peer(server.id, name, peer);
      if (!moved) return moved;
    }
    TRY(p.mail.move(old->id, server.id));
    return p.history.move(old->id, server.id);
  });
  TRY(done);
  return along;
}

Result<void> Store::forget_server(const std::string& host_port) {
  Parts& p = *parts_;
  const std::string key = server_key(host_port);
  TRY(p.transaction.ready());
  if (!p.pins.pins().servers.contains(key)) return fail("no such server is remembered: " + host_port);
  return p.transaction.write_for_core([&] { return p.pins.drop_server(key); });
}

std::map<std::string, PinnedPeer> Store::peers(const Id& server) {
  return parts_->pins.peers(server);
}

Result<void> Store::pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) {
  if (server.empty() || peer.id.empty() || !proto::valid_name(name) || peer.standing == Standing::stranger)
    return fail("not a peer that can be remembered");
  return parts_->transaction.write_for_core([&] { return parts_->pins.put_peer(server, name, peer); });
}

Result<void> Store::forget_peer(const Id& server, const std::string& name) {
  return parts_->transaction.write_for_core([&] { return parts_->pins.drop_peer(server, name); });
}

std::vector<KnownPeer> Store::all_peers() const {
  std::vector<KnownPeer> all;
  for (const auto& [key, pinned] : parts_->pins.pins().peers)
    all.push_back({key.first, key.second, pinned});
  return all;
}

const Settings& Store::settings() const {
  return parts_->pins.pins().settings;
}

Result<void> Store::save_settings(const Settings& settings) {
  return parts_->transaction.write([&] { return parts_->pins.put_settings(settings); });
}

// --- history -------------------------------------------------------------------------------------

Result<std::uint64_t> Store::add(const PeerKey& peer, const HistoryEntry& entry) {
  Parts& p = *parts_;
  TRY(p.transaction.write_for_core([&] { return p.history.add(peer, entry); }));
  return p.history.last_row();
}

Result<std::uint64_t> Store::put_last(const PeerKey& peer, const HistoryEntry& entry) {
  Parts& p = *parts_;
  const auto done = p.transaction.write_for_core([&]() -> Result<void> {
    TRY(p.history.remove(entry.row));
    return p.history.add(peer, entry);
  });
  TRY(done);
  return p.history.last_row();
}

Result<void> Store::set_delivery(std::uint64_t row, Delivery delivery, const std::string& why, bool left) {
  Parts& p = *parts_;
  return p.transaction.write_for_core([&]() -> Result<void> {
    TRY_LET(found, p.history.find(row));
    if (!found.entry) return {};  // erased meanwhile
    found.entry->delivery = delivery;
    found.entry->why = why;
    return p.history.replace(found, left);
  });
}

bool Store::seen(const PeerKey& peer, const Id& author, const std::string& uid) {
  return unlocked() && parts_->names.seen(peer, author, uid);
}

std::optional<LastText> Store::last_from(const PeerKey& peer, const Id& author) {
  return unlocked() ? parts_->names.last_from(peer, author) : std::nullopt;
}

std::optional<LastText> Store::last_to(const PeerKey& peer, const Id& id) {
  return unlocked() ? parts_->names.last_to(peer, id) : std::nullopt;
}

namespace {
constexpr std::uint64_t no_end = std::numeric_limits<std::int64_t>::max();
}  // namespace

std::string Store::in_file(const std::string& why) const {
  return parts_->file.in_file(why);
}

Result<bool> Store::look_up(const PeerKey& peer, const Id& author, const std::string& uid) {
  return read([&] { return parts_->names.look_up(peer, author, uid); });
}

Result<std::vector<HistoryEntry>> Store::before(const PeerKey& peer, std::uint64_t row, std::size_t most) {
  std::vector<HistoryEntry> out;
  TRY(read([&] {
    return parts_->history.each(peer,
                                "SELECT row, kind, token FROM history WHERE conversation = ? AND row < ?"
                                " AND kind != 3 ORDER BY row DESC LIMIT ?",
                                row == 0 ? no_end : row, most, [&](HistoryEntry entry) {
                                  out.push_back(std::move(entry));
                                  return true;
                                });
  }));
  std::reverse(out.begin(), out.end());
  return out;
}

Result<void> Store::each(const PeerKey& peer, const std::function<bool(const HistoryEntry&)>& f) {
  return read([&] {
    return parts_->history.each(peer,
                                "SELECT row, kind, token FROM history WHERE conversation = ? AND row > ?"
                                " AND kind != 3 ORDER BY row LIMIT ?",
                                0, no_end, f);
  });
}

std::size_t Store::unread(const PeerKey& peer, std::uint64_t row) {
  return unlocked() ? parts_->history.unread(peer, row) : 0;
}

Result<std::map<std::string, std::vector<HistoryEntry>>> Store::outbox(const Id& server) {
  return read([&] { return parts_->history.outbox(server); });
}

Result<std::map<std::string, std::vector<HistoryEntry>>> Store::waiting(const Id& server) {
  return read([&] { return parts_->history.waiting(server); });
}

Result<std::vector<PeerKey>> Store::conversations() {
  TRY_LET(all, read([&] { return parts_->history.conversations(); }));
  std::vector<PeerKey> out;
  out.reserve(all.size());
  for (auto& one : all)
    out.push_back(std::move(one.peer));
  return out;
}

Result<void> Store::erase_history(const PeerKey& peer) {
  Parts& p = *parts_;
  return p.transaction.write_for_core([&] {
    auto done = p.history.erase(peer);
    if (done) p.transaction.scrub();
    return done;
  });
}

std::unique_ptr<HistorySearch> Store::search(std::optional<PeerKey> peer, std::string text,
                                             std::size_t most) const {
  auto source = std::make_unique<HistorySearch::Source>();
  source->path = parts_->file.path();
  if (const auto& master = parts_->vault.master()) source->master.emplace(master->clone());
  return std::make_unique<HistorySearch>(std::move(source), std::move(peer), std::move(text), most);
}

}  // namespace sims::client
