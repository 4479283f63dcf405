// The core: changes of the server's list, and the sender of each forwarded message.
#include "client/core/core_state.h"
#include "client/model/look_alike.h"
#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

// The server gathers its events, so a newcomer's call may arrive before its name.
constexpr std::int64_t park_ms = 5'000;
// The server says that it keeps letters after it has read what waits, which may take longer than its list.
constexpr std::int64_t mail_word_ms = 10'000;
constexpr std::size_t max_parked = 256;

}  // namespace

// --- the list ------------------------------------------------------------------------------------

void ClientCore::State::ask_page(Now now) {
  page_again_ms_ = INT64_MAX;
  proto::ListRequest request;
  request.after = page_after_;
  request.limit = proto::max_list_page;
  page_seq_ = send(proto::encode(request), now);
}

void ClientCore::State::receive_list(const proto::List& list, Now now) {
  std::vector<Roster::Change> changes;
  const bool fits = roster.apply(list, now, changes);
  if (!fits) windows.alert(nullptr, "The server lists more users than we keep: some are not shown.", now);
  for (const auto& change : changes)
    roster_changed(change, now);
  unpark(now);
  if (list.event != proto::List::Event::snapshot || !snapshot_) return;
  // The pages follow the ids, so that a server cannot send pages forever.
  if (fits && list.more && !list.data.empty() && (!page_after_ || *page_after_ < list.data.back().id)) {
    page_after_ = list.data.back().id;
    return ask_page(now);
  }
  snapshot_ = false;
  model.list_complete = true;
  if (!model.mail_known) mail_by_ms_ = now.steady_ms + mail_word_ms;
  summary.list_complete(now);
  changes.clear();
  roster.snapshot_done(changes);
  for (const auto& change : changes)
    roster_changed(change, now);
  wake_writers(now);
}

void ClientCore::State::roster_changed(const Roster::Change& change, Now now) {
  using Event = Roster::Change::Event;
  Conversation* conversation = conversations.find(change.name);
  auto at = model.peers.find(change.name);
  if (at == model.peers.end()) return forget_gone(change.name);
  Peer& peer = at->second;
  const bool quiet = peer.standing == Standing::blocked;
  switch (change.event) {
    case Event::left:
      if (conversation) conversation->peer_left(now);
      return;
    case Event::restored:
      if (!quiet)
        windows.key_alert(peer, "The server shows the known key of " + change.name + " again.", now);
      [[fallthrough]];
    case Event::came:
      if (conversation) conversation->peer_came(change.again, now);
      return;
    case Event::changed:
      return key_changed(peer, conversation, now);
  }
}

void ClientCore::State::key_changed(Peer& peer, Conversation* conversation, Now now) {
  if (conversation) conversation->shut();
  if (peer.standing == Standing::blocked) return;
  peer.attention = true;
  windows.key_alert(peer,
                    "KEY CHANGED: the server shows another key for " + peer.name +
                        (peer.was_verified ? ", whose old key you had verified" : "") +
                        ". Nothing is sent until you decide.",
                    now);
}

void ClientCore::State::forget_gone(const std::string& name) {
  conversations.drop(name);
  history.forget(name);
}

void ClientCore::State::dismiss(Peer& peer, bool erased) {
  const std::string name = peer.name;
  if (auto* conversation = conversations.find(name)) conversation->shut();
  if (erased) {
    windows.clear(&peer);
    history.forget(name);
    peer.older = true;
  }
  peer.unread = 0;
  peer.attention = false;
  peer.looks_like.reset();
  roster.refresh(name);
  if (roster.drop_if_unused(name)) forget_gone(name);
}

void ClientCore::State::look_alike(Peer& peer) {
  peer.looks_like = client::look_alike(peer.name, pins.peers());
}

// --- from peers ----------------------------------------------------------------------------------

// Finds the name in the server's list, or in our pins if the list does not have the id (yet).
const std::string* ClientCore::State::name_of(const Id& src) const {
  if (const auto* name = roster.name_of(src)) return name;
  const auto* name = pins.name_of(src);
  return name && model.peers.contains(*name) ? name : nullptr;
}

Conversation* ClientCore::State::conversation_of(const Id& id) {
  const auto* name = name_of(id);
  return name ? conversations.find(*name) : nullptr;
}

// True if a pinned peer has this name, or its key under another name.
bool ClientCore::State::blocked(const std::string& name, const Id& src) const {
  const auto stands = [this](const std::string& who) {
    const PinnedPeer* pin = pins.find(who);
    return pin && pin->standing == Standing::blocked;
  };
  const std::string* other = pins.name_of(src);
  return stands(name) || (other && stands(*other));
}

void ClientCore::State::from_peer(const Id& src, const Id& dst, PeerFrame frame, Now now) {
  if (dst != model.self || src == model.self)
    return windows.alert(nullptr, "A message was dropped: it was not for us, or it was our own.", now);
  const std::string* name = name_of(src);
  if (!name) return park(src, std::move(frame), now);
  if (blocked(*name, src)) return;
  Peer& peer = model.peers.at(*name);
  if (peer.trust == Trust::changed || peer.id != src)
    return windows.alert(&peer, "A message under another key of " + *name + " was refused.", now);
  // Only a call, or a text for a session that the sender believes in, starts a conversation.
  const auto* handshake = std::get_if<proto::HandshakeFrame>(&frame.message);
  const bool begins =
      handshake ? handshake->phase == 1 : std::holds_alternative<proto::ClientCom>(frame.message);
  if (!conversations.find(*name) && (!begins || !conversations.make_room(peer, now))) return;
  conversations.get(*name).receive(std::move(frame), now);
}

void ClientCore::State::park(const Id& src, PeerFrame frame, Now now) {
  const auto* handshake = std::get_if<proto::HandshakeFrame>(&frame.message);
  if (!handshake || handshake->phase != 1) return;
  std::erase_if(parked_, [&](const Parked& p) { return p.src == src; });
  if (parked_.size() >= max_parked) parked_.pop_front();
  parked_.push_back({src, std::move(frame), now.steady_ms + park_ms});
}

void ClientCore::State::unpark(Now now) {
  std::deque<Parked> all;
  all.swap(parked_);
  for (auto& one : all) {
    if (name_of(one.src))
      from_peer(one.src, model.self, std::move(one.frame), now);
    else if (one.until_ms > now.steady_ms)
      parked_.push_back(std::move(one));
  }
}

}  // namespace sims::client
