// The core's inside: what the server says, who it is about, and whose turn it is.
#include "client/core_state.h"

#include <algorithm>

#include "proto/limits.h"

namespace sims::client {
namespace {

// The server gathers its events, so a newcomer's call may be here before its name.
constexpr std::int64_t park_ms = 5'000;
constexpr std::size_t max_parked = 256;
constexpr std::size_t max_costly_calls = 16;

// Where in PeerFrame a forwarded message goes; nullopt: not a forwarded one, or its ids have no shape.
struct Addressed {
  Id src, dst;
};
std::optional<Addressed> addresses(const proto::FromServer& message) {
  if (const auto* m = std::get_if<proto::HandshakeFrame>(&message)) {
    auto src = Id::shaped(m->src), dst = Id::shaped(m->dst);
    if (!src || !dst) return std::nullopt;
    return Addressed{*src, *dst};
  }
  if (const auto* m = std::get_if<proto::ClientCom>(&message)) return Addressed{m->src, m->dst};
  if (const auto* m = std::get_if<proto::ClientDisconnect>(&message)) return Addressed{m->src, m->dst};
  if (const auto* m = std::get_if<proto::PeerAck>(&message)) return Addressed{m->src, m->dst};
  return std::nullopt;
}

PeerFrame peer_frame(proto::FromServer&& message, std::string_view raw) {
  PeerFrame frame;
  if (auto* m = std::get_if<proto::HandshakeFrame>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::ClientCom>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::ClientDisconnect>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::PeerAck>(&message)) frame.message = *m;
  frame.raw = std::string(raw);
  return frame;
}

}  // namespace

Core::State::State(CoreOptions options_given, Memory& trust, crypto::EphemeralSource& source,
                   Effects& out)
    : Context(owned_options, shown, source, out, window_lines, pinned),
      owned_options(std::move(options_given)),
      store(trust),
      window_lines(shown, owned_options.max_lines),
      pinned(trust),
      roster(shown, pinned,
             [this](const std::string& name) {
               auto at = conversations_.find(name);
               return at != conversations_.end() && at->second.in_use();
             }),
      connection(owned_options, shown, trust, source, out, window_lines, *this) {
  shown.self = Id::of(owned_options.identity->public_key());
  shown.self_name = owned_options.name;
}

void Core::State::finish() {
  connection.flush();
  effects.changed();
}

// --- who -----------------------------------------------------------------------------------------

Result<Peer*> Core::State::find(const std::string& name) {
  auto at = shown.peers.find(name);
  if (at == shown.peers.end()) return fail("nobody here is called " + name);
  return &at->second;
}

Conversation& Core::State::conversation(const std::string& name) {
  return conversations_.try_emplace(name, *this, name).first->second;
}

Conversation* Core::State::talking(const std::string& name) {
  auto at = conversations_.find(name);
  return at == conversations_.end() ? nullptr : &at->second;
}

Result<void> Core::State::pin(const std::string& name, const PinnedPeer& peer) {
  auto stored = pinned.pin(name, peer);
  if (stored) roster.refresh(name);
  effects.changed();
  return stored;
}

void Core::State::show_known(const std::string& host_port, bool elsewhere) {
  const auto known = store.server(host_port);
  if (known || elsewhere) use_server(known ? known->id : Id());
}

void Core::State::use_server(const Id& server) {
  if (server == server_) return;
  if (shown.link != LinkState::online) shown.server_name.clear();
  for (auto& [name, talk] : conversations_)
    talk.fail_all("we went to another server");
  conversations_.clear();
  server_ = server;
  shown.server_id = server;
  server.empty() ? pinned.clear() : pinned.load(server);
  window_lines.forget_peers();
  roster.reset();
}

// --- the connection ------------------------------------------------------------------------------

void Core::State::online(Now now) {
  use_server(shown.server_id);
  snapshot_ = true;
  page_after_.reset();
  proto::ListRequest request;
  request.limit = proto::max_list_page;
  send(proto::encode(request), now);
}

void Core::State::lost() {
  roster.lost();
  parked_.clear();
  snapshot_ = false;
  shown.list_complete = false;
  for (auto& [name, talk] : conversations_)
    talk.link_lost();
}

void Core::State::leaving(Now now) {
  for (auto& [name, talk] : conversations_)
    talk.leave("leaving", now);
}

void Core::State::message(std::string_view plaintext, Now now) {
  buffer_.assign(plaintext);
  auto root = tape_.parse(buffer_);
  if (!root) return connection.fail(root.error(), now);
  const auto type = proto::message_type(root->get_string("type").value_or(""), root->get("dst").has_value());
  const auto& row = proto::message_row(type);
  if (row.acked) connection.owe_ack();
  auto decoded = proto::decode_from_server(*root);
  if (!decoded) {
    if (!row.forwarded) return connection.fail(decoded.error(), now);
    // The server passes on what a peer wrote without reading it: not its fault.
    return window_lines.alert(nullptr, "A malformed message was dropped: " + decoded.error().detail, now);
  }
  if (!row.forwarded) return hop(*decoded, now);
  const auto to = addresses(*decoded);
  if (!to) return window_lines.alert(nullptr, "A message without a proper sender was dropped.", now);
  forwarded(to->src, to->dst, peer_frame(std::move(*decoded), plaintext), now);
}

void Core::State::hop(proto::FromServer& message, Now now) {
  if (const auto* list = std::get_if<proto::List>(&message)) {
    receive_list(*list, now);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    if (ack->id >= connection.sent()) return;  // claims what we never sent
    connection.acked(ack->id, now);
    for (auto& [name, talk] : conversations_)
      talk.server_took(ack->id);
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    receive_error(*error, now);
  } else if (std::holds_alternative<proto::Disconnect>(message)) {
    connection.server_left(now);
  } else if (std::holds_alternative<proto::UnknownMessage>(message)) {
    proto::Error answer;
    answer.code = proto::ErrorCode::bad_message;
    answer.message = "unknown message type";
    answer.id = connection.received() - 1;
    send(proto::encode(answer), now);
  }
}

void Core::State::receive_error(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  Conversation* talk = nullptr;
  if (error.dst) {
    if (const auto* name = name_of(*error.dst)) talk = talking(*name);
    if (!talk) return;
  } else if (error.id) {
    for (auto& [name, one] : conversations_)
      if (one.carries(*error.id)) talk = &one;
  }
  if (!talk) return connection.server_error(error, now);
  if ((error.code == too_large || error.code == bad_message) && error.id && talk->carries(*error.id))
    return talk->refused(*error.id, "the server refused it (" + error.code_text + ")");
  talk->undeliverable(now);
}

// --- the list ------------------------------------------------------------------------------------

void Core::State::receive_list(const proto::List& list, Now now) {
  std::vector<Roster::Change> changes;
  const bool fits = roster.apply(list, now, changes);
  if (!fits)
    window_lines.alert(nullptr, "The server lists more users than we keep: some are not shown.", now);
  for (const auto& change : changes)
    roster_changed(change, now);
  unpark(now);
  if (list.event != proto::List::Event::snapshot || !snapshot_) return;
  // The pages follow the ids, so a server cannot send us in circles.
  if (fits && list.more && !list.data.empty() && (!page_after_ || *page_after_ < list.data.back().id)) {
    page_after_ = list.data.back().id;
    proto::ListRequest request;
    request.after = page_after_;
    request.limit = proto::max_list_page;
    send(proto::encode(request), now);
    return;
  }
  snapshot_ = false;
  shown.list_complete = true;
  changes.clear();
  roster.snapshot_done(changes);
  for (const auto& change : changes)
    roster_changed(change, now);
}

void Core::State::roster_changed(const Roster::Change& change, Now now) {
  using Event = Roster::Change::Event;
  Conversation* talk = talking(change.name);
  auto at = shown.peers.find(change.name);
  if (at == shown.peers.end()) {
    conversations_.erase(change.name);
    window_lines.forget(change.name);
    return;
  }
  Peer& peer = at->second;
  switch (change.event) {
    case Event::left:
      if (talk) talk->peer_left(now);
      return;
    case Event::restored:
      window_lines.key_alert(peer, "The server shows the known key of " + change.name + " again.", now);
      [[fallthrough]];
    case Event::came:
      if (talk) talk->peer_came(change.again, now);
      return;
    case Event::changed:
      if (talk) talk->blocked();
      peer.attention = true;
      window_lines.key_alert(peer,
                             "KEY CHANGED: the server shows another key for " + change.name +
                                 ". Nothing is sent until you decide.",
                             now);
  }
}

// --- from peers ----------------------------------------------------------------------------------

// By the server's list, or by our own pins when the list does not know (yet).
const std::string* Core::State::name_of(const Id& src) const {
  if (const auto* name = roster.name_of(src)) return name;
  const auto* name = pinned.name_of(src);
  return name && shown.peers.contains(*name) ? name : nullptr;
}

void Core::State::forwarded(const Id& src, const Id& dst, PeerFrame frame, Now now) {
  if (dst != shown.self || src == shown.self)
    return window_lines.alert(nullptr, "A message that was not for us, or our own, was dropped.", now);
  const std::string* name = name_of(src);
  if (!name) return park(src, std::move(frame), now);
  Peer& peer = shown.peers.at(*name);
  if (peer.trust == Trust::changed || peer.id != src)
    return window_lines.alert(&peer, "A message under another key of " + *name + " was refused.", now);
  // Only a call, or a text of somebody who believes in a session, begins anything here.
  const auto* handshake = std::get_if<proto::HandshakeFrame>(&frame.message);
  const bool begins =
      handshake ? handshake->phase == 1 : std::holds_alternative<proto::ClientCom>(frame.message);
  if (!begins && !talking(*name)) return;
  conversation(*name).receive(std::move(frame), now);
}

void Core::State::park(const Id& src, PeerFrame frame, Now now) {
  const auto* handshake = std::get_if<proto::HandshakeFrame>(&frame.message);
  if (!handshake || handshake->phase != 1) return;
  std::erase_if(parked_, [&](const Parked& p) { return p.src == src; });
  if (parked_.size() >= max_parked) parked_.pop_front();
  parked_.push_back({src, std::move(frame), now.steady_ms + park_ms});
}

void Core::State::unpark(Now now) {
  std::deque<Parked> all;
  all.swap(parked_);
  for (auto& one : all) {
    if (name_of(one.src))
      forwarded(one.src, shown.self, std::move(one.frame), now);
    else if (one.until_ms > now.steady_ms)
      parked_.push_back(std::move(one));
  }
}

// --- work and time -------------------------------------------------------------------------------

void Core::State::start(std::unique_ptr<PeerWork> work) {
  if (!work->makes_costly_key) return effects.start_work(std::move(work));
  if (costly_calls_.size() >= max_costly_calls) return;  // that caller's deadline ends it
  costly_calls_.push_back(std::move(work));
  next_costly();
}

void Core::State::start(std::unique_ptr<RekeyWork> work) {
  costly_rekeys_.push_back(std::move(work));
  next_costly();
}

void Core::State::next_costly() {
  while (!costly_out_ && !costly_calls_.empty()) {
    auto work = std::move(costly_calls_.front());
    costly_calls_.pop_front();
    auto* talk = talking(work->peer);
    if (!talk || !talk->wants(*work)) continue;
    costly_out_ = true;
    effects.start_work(std::move(work));
  }
  if (costly_out_ || costly_rekeys_.empty()) return;
  costly_out_ = true;
  effects.start_work(std::move(costly_rekeys_.front()));
  costly_rekeys_.pop_front();
}

void Core::State::work_done(Work& work, Now now) {
  if (auto* server = dynamic_cast<ServerWork*>(&work)) return connection.work_done(*server, now);
  if (auto* call = dynamic_cast<PeerWork*>(&work)) {
    if (call->makes_costly_key) costly_out_ = false;
    if (auto* talk = talking(call->peer)) talk->work_done(*call, now);
  } else if (auto* rekey = dynamic_cast<RekeyWork*>(&work)) {
    costly_out_ = false;
    if (auto* talk = talking(rekey->peer)) talk->work_done(*rekey, now);
  }
  next_costly();
}

void Core::State::tick(Now now) {
  connection.tick(now);
  while (!parked_.empty() && parked_.front().until_ms <= now.steady_ms)
    parked_.pop_front();
  for (auto& [name, talk] : conversations_)
    if (talk.next_tick() <= now.steady_ms) talk.tick(now);
}

std::int64_t Core::State::next_tick() const {
  std::int64_t next = connection.next_tick();
  if (!parked_.empty()) next = std::min(next, parked_.front().until_ms);
  for (const auto& [name, talk] : conversations_)
    next = std::min(next, talk.next_tick());
  return next;
}

}  // namespace sims::client
