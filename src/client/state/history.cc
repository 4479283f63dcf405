// History: stores received and typed texts, loads older ones into windows, and erases them.
#include "client/state/history.h"
#include "proto/wire/content.h"

#include <algorithm>

namespace sims::client {
namespace {

constexpr std::int64_t gather_ms = 20, later_ms = 1'000, retry_ms = 10'000;
// A text's uid is remembered for at least this long. After that nobody knows whether the text
// before another came.
constexpr std::int64_t names_ms = 89LL * 86'400'000;

Line line_of(const HistoryEntry& entry) {
  Line line;
  line.kind = entry.action ? Line::Kind::action : Line::Kind::text;
  line.row = entry.row;
  line.uid = entry.uid;
  line.at_unix_ms = entry.at_unix_ms;
  line.mine = entry.mine;
  line.text = entry.body;
  line.delivery = entry.delivery;
  line.why = entry.why;
  line.sent_unix_ms = entry.sent_unix_ms;
  line.disordered = entry.disordered;
  if (entry.incomplete) line.missing = entry.after.value_or("");
  return line;
}

HistoryEntry entry_of(const proto::TextContent& text, const Id& peer) {
  HistoryEntry entry;
  entry.action = text.action;
  entry.uid = text.uid;
  entry.body = text.body;
  entry.peer_id = peer;
  return entry;
}

HistoryEntry typed_entry(const proto::TextContent& text, const Id& peer) {
  HistoryEntry entry = entry_of(text, peer);
  entry.mine = true;
  entry.at_unix_ms = static_cast<std::int64_t>(text.sent);
  entry.delivery = Delivery::queued;
  return entry;
}

HistoryEntry received_entry(const proto::TextContent& text, const Id& author, Now now) {
  HistoryEntry entry = entry_of(text, author);
  entry.at_unix_ms = now.unix_ms;
  entry.sent_unix_ms = static_cast<std::int64_t>(text.sent);
  entry.after = text.after;
  return entry;
}

std::uint64_t oldest_row(const Peer& peer) {
  auto at =
      std::find_if(peer.lines.begin(), peer.lines.end(), [](const Line& line) { return line.row != 0; });
  return at == peer.lines.end() ? 0 : at->row;
}

std::uint64_t newest_row(const Peer& peer) {
  auto at =
      std::find_if(peer.lines.rbegin(), peer.lines.rend(), [](const Line& line) { return line.row != 0; });
  return at == peer.lines.rend() ? 0 : at->row;
}

}  // namespace

// If it cannot be read whether the other text came, the row is believed.
bool lacks_predecessor(Memory& memory, const PeerKey& peer, const HistoryEntry& entry, std::int64_t unix_ms) {
  return entry.incomplete && entry.after && unix_ms - entry.at_unix_ms <= names_ms &&
         !memory.look_up(peer, entry.peer_id, *entry.after).value_or(false);
}

void History::use(const Id& server) {
  server_ = server;
  places_.clear();
  // State left by a failed commit must not reach a peer of the same name there; row numbers are the
  // same everywhere.
  reads_.clear();
  passing_.clear();
  for (Mark& mark : marks_)
    mark.name.clear();
}

void History::forget(const std::string& name) {
  places_.erase(name);
  windows_.forget(name);
}

// --- received and sent texts -------------------------------------------------------------------

const Line& History::show(Peer& peer, const HistoryEntry& entry) {
  const Line& line = windows_.add(&peer, line_of(entry));
  fresh_.push_back({peer.name, line});
  if (!keep_) passing_.insert(peer.name);
  return line;
}

Result<const Line*> History::receive(Peer& peer, const proto::TextContent& text, Now now) {
  HistoryEntry entry = received_entry(text, peer.id, now);
  const auto last = last_from(peer);
  entry.disordered = last && entry.sent_unix_ms < last->sent_unix_ms;
  wrote(now);  // also on failure: the others of this commit fail with it
  TRY_LET(row, memory_.add(key(peer.name), entry));
  entry.row = row;
  return &show(peer, entry);
}

Result<HistoryEntry> History::keep_waiting(const Peer& peer, const proto::TextContent& text, Now now) {
  HistoryEntry entry = received_entry(text, peer.id, now);
  entry.waits = true;
  wrote(now);
  TRY_LET(row, memory_.add(key(peer.name), entry));
  entry.row = row;
  return entry;
}

Result<const Line*> History::show_waiting(Peer& peer, HistoryEntry entry, bool incomplete, Now now) {
  const auto last = memory_.last_from(key(peer.name), entry.peer_id);
  entry.waits = false;
  entry.incomplete = incomplete;
  entry.disordered = last && entry.sent_unix_ms < last->sent_unix_ms;
  wrote(now);
  TRY_LET(row, memory_.put_last(key(peer.name), entry));
  entry.row = row;
  return &show(peer, entry);
}

Result<std::uint64_t> History::typed(const Peer& peer, const proto::TextContent& text) {
  return memory_.add(key(peer.name), typed_entry(text, peer.id));
}

Result<std::uint64_t> History::typed_again(const Peer& peer, const proto::TextContent& text,
                                           std::uint64_t row) {
  HistoryEntry entry = typed_entry(text, peer.id);
  entry.row = row;
  return memory_.put_last(key(peer.name), entry);
}

Line& History::show_typed(Peer& peer, const proto::TextContent& text, std::uint64_t row) {
  HistoryEntry entry = typed_entry(text, peer.id);
  entry.row = row;
  return windows_.add(&peer, line_of(entry));
}

void History::delivered(const std::string& name, std::uint64_t row, Delivery delivery, const std::string& why,
                        bool left, Now now) {
  marks_.push_back({name, row, delivery, why, left});
  wrote_later(now);
}

// A write that fails here fails again in commit().
void History::put_delivery_later(const std::string& name, const MailDelivery& mail, Delivery delivery,
                                 const std::string& why, Now now) {
  (void)memory_.put_delivery(server_, mail);
  delivered(name, mail.row, delivery, why, true, now);
}

bool History::proved(const Peer& peer) {
  if (last_from(peer)) return true;
  const auto last = last_to(peer);
  return last && last->proved;
}

void History::forget_delivery(const MailDelivery& mail, Now now) {
  (void)erase_delivery(mail);
  wrote_later(now);
}

void History::settled(const std::string& name, const MailDelivery& mail, Delivery delivery,
                      const std::string& why, bool left, Now now) {
  (void)erase_delivery(mail);
  delivered(name, mail.row, delivery, why, left, now);
}

// --- commits -----------------------------------------------------------------------------------

void History::wrote(Now now) {
  if (!holds_) next_commit_ms_ = std::max(next_commit_ms_, now.steady_ms);
  holds_ = true;
}

void History::depends_on_commit(const Peer& peer, const Line& line) {
  if (holds_) fresh_.push_back({peer.name, line});
}

void History::wrote_later(Now now) {
  if (!later_since_ms_) later_since_ms_ = now.steady_ms;
}

std::int64_t History::commit_at() const {
  if (holds_) return next_commit_ms_;
  return later_since_ms_ ? *later_since_ms_ + later_ms : INT64_MAX;
}

Result<void> History::commit(Now now) {
  if (!holds_ && !later_since_ms_) return {};
  write_later();
  auto done = memory_.commit();
  next_commit_ms_ = now.steady_ms + gather_ms;
  holds_ = false;
  if (!done) {
    take_back();
    if (later_since_ms_) later_since_ms_ = now.steady_ms + retry_ms - later_ms;
    return done;
  }
  for (Arrived& one : fresh_)
    if (one.line.row != 0) arrived_.push_back(std::move(one));
  fresh_.clear();
  later_since_ms_.reset();
  marks_.clear();
  reads_.clear();
  passing_.clear();
  return {};
}

// A write that fails here fails again in commit().
void History::write_later() {
  for (const Mark& mark : marks_) {
    (void)memory_.set_delivery(mark.row, mark.delivery, mark.why, mark.left);
    if (!keep_ && !mark.name.empty()) passing_.insert(mark.name);
  }
  for (const auto& [name, row] : reads_) {
    const PinnedPeer* pin = pins_.find(name);
    if (!pin || pin->read_row >= row) continue;
    PinnedPeer read = *pin;
    read.read_row = row;
    (void)pins_.pin(name, read);
  }
  for (const auto& name : passing_) {
    auto at = model_.peers.find(name);
    if (at == model_.peers.end() || at->second.unread == 0) (void)memory_.erase_history(key(name));
  }
}

void History::take_back() {
  for (const auto& [name, line] : fresh_) {
    auto at = model_.peers.find(name);
    if (at == model_.peers.end()) continue;
    Peer& peer = at->second;
    windows_.erase(peer, line.serial);
    if (line.row != 0 && peer.unread > 0) --peer.unread;
  }
  fresh_.clear();
}

// --- windows -------------------------------------------------------------------------------------

void History::show_unread(Peer& peer) {
  const PinnedPeer* pin = pins_.find(peer.name);
  if (!pin || pin->standing == Standing::blocked) return;
  peer.unread = memory_.unread(key(peer.name), pin->read_row);
  peer.attention = peer.unread > 0;
}

bool History::mark_read(Peer& peer, Now now) {
  const bool first = !places_[peer.name].opened;
  if (!first && peer.unread == 0 && !peer.attention) return false;
  if (first) load_older(peer, page, now);
  if (peer.unread > 0) {
    reads_[peer.name] = newest_row(peer);
    if (!keep_) passing_.insert(peer.name);
    wrote_later(now);
  }
  peer.unread = 0;
  peer.attention = false;
  return true;
}

// With the notice about the text before it, if that is still missing.
bool History::prepend(Peer& peer, const HistoryEntry& entry, Now now) {
  Line line = line_of(entry);
  if (!lacks_predecessor(memory_, key(peer.name), entry, now.unix_ms)) line.missing.clear();
  const std::string missing = line.missing;
  if (!windows_.prepend(peer, std::move(line))) return false;
  if (!missing.empty()) windows_.prepend(peer, missing_notice(missing, entry.at_unix_ms));
  return true;
}

History::Older History::load_older(Peer& peer, std::size_t most, Now now) {
  Place& place = places_[peer.name];
  place.opened = true;
  most = std::min(most, windows_.room(peer));
  if (!peer.older || most == 0) return {};
  auto entries = memory_.before(key(peer.name), oldest_row(peer), most);
  if (!entries) {
    windows_.fault(&peer, "The history could not be read: " + entries.error(), now);
    return {.lines = false, .changed = true};
  }
  peer.older = entries->size() == most;
  bool any = false;
  for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
    if (entry->row <= place.floor) {
      peer.older = false;
      break;
    }
    if (!prepend(peer, *entry, now)) {
      peer.older = true;
      break;
    }
    any = true;
  }
  return {.lines = any, .changed = any || !peer.older};
}

void History::load_down_to(Peer& peer, std::uint64_t row, Now now) {
  while (oldest_row(peer) == 0 || oldest_row(peer) > row)
    if (!load_older(peer, page, now).lines) return;
}

void History::clear(Peer& peer) {
  Place& place = places_[peer.name];
  place.opened = true;
  const auto newest = memory_.before(key(peer.name), 0, 1);
  if (newest && !newest->empty()) place.floor = newest->back().row;
  peer.older = false;
  windows_.clear(&peer);
}

void History::erased(Peer& peer) {
  places_[peer.name].opened = true;
  windows_.erase_said(peer);
  peer.older = false;
  peer.unread = 0;
}

}  // namespace sims::client
