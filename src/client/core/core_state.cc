// The core: the connection's host, and what goes to and comes from the Memory.
#include "client/core/core_state.h"

#include <algorithm>

#include "proto/limits.h"

namespace sims::client {
namespace {

constexpr std::int64_t page_again_ms = 1'000;    // after a page was refused because of the server's rate
constexpr std::int64_t read_again_ms = 10'000;   // what is pending, when it could not be read
constexpr std::int64_t write_again_ms = 10'000;  // what waits is not shown: its line could not be written

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
  if (const auto* m = std::get_if<proto::ClientRefuse>(&message)) return Addressed{m->src, m->dst};
  if (const auto* m = std::get_if<proto::ClientCom>(&message)) return Addressed{m->src, m->dst};
  if (const auto* m = std::get_if<proto::ClientDisconnect>(&message)) return Addressed{m->src, m->dst};
  if (const auto* m = std::get_if<proto::PeerAck>(&message)) return Addressed{m->src, m->dst};
  return std::nullopt;
}

PeerFrame peer_frame(proto::FromServer&& message, std::string_view raw) {
  PeerFrame frame;
  if (auto* m = std::get_if<proto::HandshakeFrame>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::ClientRefuse>(&message)) frame.message = *m;
  if (auto* m = std::get_if<proto::ClientCom>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::ClientDisconnect>(&message)) frame.message = std::move(*m);
  if (auto* m = std::get_if<proto::PeerAck>(&message)) frame.message = *m;
  frame.raw = std::string(raw);
  return frame;
}

}  // namespace

ClientCore::State::State(CoreOptions options_given, Memory& trust, crypto::EphemeralSource& source,
                         Effects& out)
    : Context(owned_options, shown, source, out, window_lines, pinned, past),
      owned_options(std::move(options_given)),
      store(trust),
      window_lines(shown, owned_options.max_lines),
      pinned(trust),
      past(trust, shown, window_lines, pinned, owned_options.keep_history),
      roster(shown, pinned,
             [this](const std::string& name) {
               auto at = conversations_.find(name);
               return at != conversations_.end() && at->second.in_use();
             }),
      connection(owned_options, shown, trust, source, out, window_lines, *this) {
  shown.self = Id::of(owned_options.identity->public_key());
  shown.self_name = owned_options.name;
  receipt_settings = owned_options.receipt_settings;
  for (Line& line : std::exchange(owned_options.status, {}))
    window_lines.add(nullptr, std::move(line));
}

void ClientCore::State::finish() {
  connection.flush();
  effects.changed();
}

// --- who -----------------------------------------------------------------------------------------

Result<Peer*> ClientCore::State::find(const std::string& name) {
  auto at = shown.peers.find(name);
  if (at == shown.peers.end()) return fail("nobody here is called " + name);
  return &at->second;
}

Conversation& ClientCore::State::conversation(const std::string& name) {
  touched_.insert(name);
  return conversations_.try_emplace(name, *this, name).first->second;
}

Conversation* ClientCore::State::talking(const std::string& name) {
  auto at = conversations_.find(name);
  if (at == conversations_.end()) return nullptr;
  touched_.insert(name);
  return &at->second;
}

PinnedPeer ClientCore::State::pin_of(const Peer& peer, Now now) const {
  const PinnedPeer* known = pinned.find(peer.name);
  return known ? *known : PinnedPeer{peer.id, false, now.unix_ms, peer.standing};
}

void ClientCore::State::show_known(const std::string& host_port, bool elsewhere, Now now) {
  const auto known = store.server(host_port);
  if (known || elsewhere) use_server(known ? known->id : Id(), now);
  if (owned_options.restored && !std::exchange(told_restored_, true))
    window_lines.alarm(nullptr,
                       "What is remembered here is older than its last use: it came from a backup. All "
                       "sessions begin anew; what had not arrived then is sent again, and shown once.",
                       now);
}

void ClientCore::State::use_server(const Id& server, Now now) {
  if (server == server_) return;
  (void)commit(now);
  if (shown.link != LinkState::online) shown.server_name.clear();
  drop_all();
  server_ = server;
  been_online_ = false;
  shown.server_id = server;
  server.empty() ? pinned.clear() : pinned.load(server);
  window_lines.forget_peers();
  past.use(server);
  roster.reset();
  for (auto& [name, peer] : shown.peers) {
    past.show_unread(peer);
    if (peer.standing == Standing::request) look_alike(peer);
  }
  outbox_again_ms_ = waiting_again_ms_ = INT64_MAX;
  if (server.empty()) return;
  restore_outbox(now);
  restore_waiting(0, now);
}

// --- the Memory ----------------------------------------------------------------------------------

void ClientCore::State::restore_outbox(Now now) {
  const auto waiting = store.outbox(server_);
  if (!waiting) return could_not_read(outbox_again_ms_, "What is still to be sent", waiting.error(), now);
  outbox_again_ms_ = INT64_MAX;
  for (const auto& [name, entries] : *waiting) {
    if (entries.empty()) continue;
    Peer& peer = shown.peers[name];
    peer.name = name;
    past.load_down_to(peer, entries.front().row, now);
    conversation(name).restore(entries, now);
  }
}

// Said once; tried again until it works.
void ClientCore::State::could_not_read(std::int64_t& again_ms, const std::string& what,
                                       const std::string& why, Now now) {
  if (again_ms == INT64_MAX)
    window_lines.alarm(nullptr, what + " could not be read: " + why + "; it is tried again", now);
  again_ms = now.steady_ms + read_again_ms;
}

void ClientCore::State::restore_again(Now now) {
  if (outbox_again_ms_ <= now.steady_ms) restore_outbox(now);
  if (waiting_again_ms_ <= now.steady_ms) restore_waiting(0, now);
}

// A text that went ahead of those that wait on the disk would be out of order.
Result<void> ClientCore::State::outbox_is_read(Now now) {
  if (outbox_again_ms_ != INT64_MAX) restore_outbox(now);
  if (outbox_again_ms_ == INT64_MAX) return {};
  return fail("what is still to be sent could not be read yet; try again in a moment");
}

void ClientCore::State::restore_waiting(std::int64_t wait_ms, Now now) {
  auto waiting = store.waiting(server_);
  if (!waiting) return could_not_read(waiting_again_ms_, "Messages that wait", waiting.error(), now);
  waiting_again_ms_ = INT64_MAX;
  for (auto& [name, entries] : *waiting) {
    shown.peers[name].name = name;
    conversation(name).restore_waiting(std::move(entries), wait_ms, now);
  }
}

Result<void> ClientCore::State::write_down(Now now, const std::function<Result<void>()>& writes) {
  if (past.holds())
    if (auto before = commit(now); !before) return before;
  past.wrote(now);
  auto written = writes();
  auto lasts = commit_past(now);
  if (written && lasts) return {};
  read_pins_again();
  return written ? lasts : written;
}

// Nobody hears of a text before it lasts.
Result<void> ClientCore::State::commit_past(Now now) {
  auto done = past.commit(now);
  if (!done) return done;
  for (const auto& [name, line] : past.take_arrived()) {
    const auto at = shown.peers.find(name);
    if (at == shown.peers.end()) continue;
    summary.received(name, now);
    effects.received(at->second, line);
  }
  return done;
}

Result<void> ClientCore::State::pin(const std::string& name, const PinnedPeer& peer, Now now) {
  auto stored = write_down(now, [&] { return pinned.pin(name, peer); });
  if (stored) roster.refresh(name);
  touched_.insert(name);
  effects.changed();
  return stored;
}

Result<void> ClientCore::State::commit(Now now) {
  const bool promised = past.holds();
  auto done = commit_past(now);
  if (done) return done;
  if (!promised) {
    window_lines.fault(nullptr, "What changed could not be stored: " + done.error(), now);
    return done;
  }
  read_pins_again();
  window_lines.fault(nullptr,
                     "What came could not be stored (" + done.error() +
                         "): it is taken back, and the connection is dropped so that it comes again.",
                     now);
  connection.abandon("what came could not be stored: " + done.error(), now);
  return done;
}

// After a commit that failed. Only who was or is pinned: about others the Memory knows nothing.
void ClientCore::State::read_pins_again() {
  if (server_.empty()) return;
  const auto before = pinned.peers();
  pinned.load(server_);
  const auto again = [this](const std::string& name) {
    roster.refresh(name);
    touched_.insert(name);
  };
  for (const auto& [name, pin] : before)
    again(name);
  for (const auto& [name, pin] : pinned.peers())
    again(name);
  for (auto& [name, talk] : conversations_) {
    talk.restore_waiting({}, 0, clock);
    touched_.insert(name);
  }
  restore_waiting(write_again_ms, clock);
}

// --- the connection ------------------------------------------------------------------------------

void ClientCore::State::online(Now now) {
  use_server(shown.server_id, now);
  summary.online(std::exchange(been_online_, true), now);
  shown.catching_up = true;
  snapshot_ = true;
  page_after_.reset();
  ask_page(now);
}

void ClientCore::State::lost() {
  roster.lost();
  summary.lost();
  shown.catching_up = false;
  parked_.clear();
  snapshot_ = false;
  page_again_ms_ = INT64_MAX;
  shown.list_complete = false;
  finds_.clear();
  shown.found.clear();
  for (auto& [name, talk] : conversations_) {
    talk.link_lost();
    touched_.insert(name);
  }
}

void ClientCore::State::leaving(Now now) {
  for (auto& [name, talk] : conversations_)
    talk.leave("leaving", now);
}

void ClientCore::State::message(std::string_view plaintext, Now now) {
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
  // Until an invitation was taken nothing here is of the new connection's server.
  if (!Context::online() && (row.forwarded || std::holds_alternative<proto::List>(*decoded) ||
                             std::holds_alternative<proto::Found>(*decoded)))
    return;
  if (!row.forwarded) return hop(*decoded, now);
  const auto to = addresses(*decoded);
  if (!to) return window_lines.alert(nullptr, "A message without a proper sender was dropped.", now);
  forwarded(to->src, to->dst, peer_frame(std::move(*decoded), plaintext), now);
}

void ClientCore::State::hop(proto::FromServer& message, Now now) {
  if (const auto* list = std::get_if<proto::List>(&message)) {
    receive_list(*list, now);
  } else if (const auto* found = std::get_if<proto::Found>(&message)) {
    receive_found(*found, now);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    if (ack->id >= connection.sent()) return;  // claims what we never sent
    connection.acked(ack->id, now);
    index_touched();
    for (const auto& name : in_flight_)
      if (auto* talk = talking(name)) talk->server_took(ack->id);
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

void ClientCore::State::receive_error(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  if (find_failed(error, now)) return;
  Conversation* talk = nullptr;
  if (error.dst) {
    if (const auto* name = name_of(*error.dst)) talk = talking(*name);
    if (!talk) return;  // nothing of ours waits for it
  } else if (error.id) {
    index_touched();
    for (const auto& name : in_flight_)
      if (auto* one = talking(name); one && one->carries(*error.id)) talk = one;
  }
  if (error.code == rate_limited && error.id && Context::online() && *error.id < connection.sent()) {
    connection.acked(*error.id, now);  // refused, but read
    if (snapshot_ && *error.id == page_seq_) page_again_ms_ = now.steady_ms + page_again_ms;
    if (talk) talk->rate_limited(*error.id, now);
    return;
  }
  if (!talk) return connection.server_error(error, now);
  if ((error.code == too_large || error.code == bad_message) && error.id && talk->carries(*error.id))
    return talk->refused(*error.id, "the server refused it (" + error.code_text + ")", now);
  talk->undeliverable(now);
}

}  // namespace sims::client
