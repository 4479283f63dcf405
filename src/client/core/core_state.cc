// The core: the connection's host, and the reads from and writes to the Memory.
#include "client/core/core_state.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "proto/wire/message_table.h"

namespace sims::client {
namespace {

constexpr std::int64_t page_again_ms = 1'000;    // after a page was refused: rate limit
constexpr std::int64_t read_again_ms = 10'000;   // pending texts, when they could not be read
constexpr std::int64_t traces_ms = 1'000;        // for secrets that were wiped, in the store's log
constexpr std::int64_t write_again_ms = 10'000;  // for waiting texts whose lines could not be written
// After a start waiting texts wait so long at least: the one before them may come with the login.
constexpr std::int64_t start_ms = 10'000;

struct Addressed {
  Id src, dst;
};

template <class Message>
concept Kept = std::is_same_v<Message, proto::ClientMail> || std::is_same_v<Message, proto::ClientReceipt>;

// The types that a server forwards. PeerFrame has each of them: peer_frame() does not compile without.
template <class Message>
concept Forwarded =
    !Kept<Message> && (std::is_same_v<Message, proto::HandshakeFrame> || requires(const Message& m) {
      Addressed{m.src, m.dst};
    });

// nullopt: not a forwarded message, or an id is malformed.
std::optional<Addressed> addresses(const proto::FromServer& message) {
  return std::visit(
      [](const auto& m) -> std::optional<Addressed> {
        using Message = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<Message, proto::HandshakeFrame>) {
          auto src = Id::shaped(m.src), dst = Id::shaped(m.dst);
          if (src && dst) return Addressed{*src, *dst};
        } else if constexpr (Forwarded<Message>) {
          return Addressed{m.src, m.dst};
        }
        return std::nullopt;
      },
      message);
}

PeerFrame peer_frame(proto::FromServer&& message, std::string_view raw) {
  PeerFrame frame;
  std::visit(
      [&](auto& m) {
        if constexpr (Forwarded<std::decay_t<decltype(m)>>) frame.message = std::move(m);
      },
      message);
  frame.raw = std::string(raw);
  return frame;
}

Conversation::Deliveries by_row(std::vector<MailDelivery> all) {
  Conversation::Deliveries out;
  for (MailDelivery& one : all)
    out.insert_or_assign(one.row, std::move(one));
  return out;
}

}  // namespace

ClientCore::State::State(CoreOptions given, Memory& from, crypto::EphemeralSource& ephemerals, Effects& out)
    : options(std::move(given)),
      memory(from),
      effects(out),
      windows(model, options.max_lines),
      pins(memory),
      history(memory, model, windows, pins, options.keep_history),
      roster(model, pins, [this](const std::string& name) { return conversations.in_use(name); }),
      connection(options, model, memory, ephemerals, effects, windows, *this),
      context{options, model, ephemerals, effects, windows, pins, history, *this, options.receipt_settings},
      conversations(context),
      jobs(effects, conversations),
      finds(context),
      inbox(context, memory, *this) {
  model.self = Id::of(options.identity->public_key());
  model.self_name = options.name;
  for (Line& line : std::exchange(options.status, {}))
    windows.add(nullptr, std::move(line));
}

Result<Peer*> ClientCore::State::find(const std::string& name) {
  auto at = model.peers.find(name);
  if (at == model.peers.end()) return fail("nobody here is called " + name);
  return &at->second;
}

PinnedPeer ClientCore::State::pin_of(const Peer& peer, Now now) const {
  const PinnedPeer* known = pins.find(peer.name);
  return known ? *known : PinnedPeer{peer.id, false, now.unix_ms, peer.standing};
}

void ClientCore::State::show_remembered(const std::string& host_port, bool elsewhere, Now now) {
  const auto known = memory.server(host_port);
  if (known || elsewhere) use_server(known ? known->id : Id(), now);
  if (options.restored && !std::exchange(told_restored_, true))
    windows.alarm(nullptr,
                  "What is remembered here is older than its last use: it came from a backup. All "
                  "sessions start again. Texts not delivered then are sent again, and shown once.",
                  now);
}

void ClientCore::State::use_server(const Id& server, Now now) {
  if (server == server_) return;
  (void)commit(now);
  if (model.link != LinkState::online) model.server_name.clear();
  conversations.clear();
  server_ = server;
  been_online_ = false;
  model.server_id = server;
  finds.forget();
  server.empty() ? pins.clear() : pins.load(server);
  windows.forget_peers();
  history.use(server);
  roster.reset();
  for (auto& [name, peer] : model.peers) {
    history.show_unread(peer);
    if (peer.standing == Standing::request) look_alike(peer);
  }
  outbox_again_ms_ = waiting_again_ms_ = INT64_MAX;
  inbox.use(server, now);
  if (server.empty()) return;
  restore_outbox(now);
  restore_waiting(start_ms, now);
}

// --- the Memory ----------------------------------------------------------------------------------

void ClientCore::State::restore_outbox(Now now) {
  const auto waiting = memory.outbox(server_);
  auto letters = memory.deliveries(server_);
  if (!waiting || !letters)
    return could_not_read(outbox_again_ms_, "Unsent messages", waiting ? letters.error() : waiting.error(),
                          now);
  outbox_again_ms_ = INT64_MAX;
  auto deliveries = by_row(std::move(*letters));
  for (const auto& [name, entries] : *waiting) {
    if (entries.empty()) continue;
    Peer& peer = model.peers[name];
    peer.name = name;
    history.load_down_to(peer, entries.front().row, now);
    conversations.get(name).restore(entries, deliveries, now);
  }
  // Their texts were settled, and a crash lost that.
  for (const auto& [row, mail] : deliveries)
    history.forget_delivery(mail, now);
}

// After a failed commit. A failure leaves what is in memory, at worst letters that are posted twice.
void ClientCore::State::restore_letters(Now now) {
  auto letters = memory.deliveries(server_);
  if (!letters) return;
  auto deliveries = by_row(std::move(*letters));
  conversations.touch_each(
      [&](Conversation& conversation) { conversation.restore_letters(deliveries, now); });
}

// Alerts once, then retries until it works.
void ClientCore::State::could_not_read(std::int64_t& again_ms, const std::string& what,
                                       const std::string& why, Now now) {
  if (again_ms == INT64_MAX) windows.alarm(nullptr, what + " could not be read: " + why + "; retrying", now);
  again_ms = now.steady_ms + read_again_ms;
}

void ClientCore::State::restore_again(Now now) {
  if (outbox_again_ms_ <= now.steady_ms) restore_outbox(now);
  if (waiting_again_ms_ <= now.steady_ms) restore_waiting(start_ms, now);
}

// A text must not be sent before earlier ones that wait on the disk.
Result<void> ClientCore::State::outbox_is_read(Now now) {
  if (outbox_again_ms_ != INT64_MAX) restore_outbox(now);
  if (outbox_again_ms_ == INT64_MAX) return {};
  return fail("unsent messages could not be read yet; try again in a moment");
}

void ClientCore::State::restore_waiting(std::int64_t wait_ms, Now now) {
  auto waiting = memory.waiting(server_);
  if (!waiting) return could_not_read(waiting_again_ms_, "Waiting messages", waiting.error(), now);
  waiting_again_ms_ = INT64_MAX;
  for (auto& [name, entries] : *waiting) {
    model.peers[name].name = name;
    conversations.get(name).restore_waiting(std::move(entries), wait_ms, now);
  }
}

Result<void> ClientCore::State::write_down(Now now, const std::function<Result<void>()>& writes) {
  if (history.holds()) TRY(commit(now));
  history.wrote(now);
  auto written = writes();
  auto lasts = commit_history(now);
  if (written && lasts) return {};
  read_again();
  return written ? lasts : written;
}

// `received` is called for a text only once it is committed.
Result<void> ClientCore::State::commit_history(Now now) {
  auto done = history.commit(now);
  if (!done) return done;
  if (traces_ms_ == INT64_MAX && memory.has_traces()) traces_ms_ = now.steady_ms + traces_ms;
  for (const auto& [name, line] : history.take_arrived()) {
    const auto at = model.peers.find(name);
    if (at == model.peers.end()) continue;
    summary.received(name, now);
    effects.received(at->second, line);
  }
  return done;
}

Result<void> ClientCore::State::pin(const std::string& name, const PinnedPeer& peer, Now now) {
  auto stored = write_down(now, [&] { return pins.pin(name, peer); });
  if (stored) roster.refresh(name);
  conversations.touch(name);
  effects.changed();
  return stored;
}

Result<void> ClientCore::State::commit(Now now) {
  const bool promised = history.holds();
  auto done = commit_history(now);
  if (done) return done;
  if (!promised) {
    windows.fault(nullptr, "A change could not be stored: " + done.error(), now);
    return done;
  }
  read_again();
  windows.fault(nullptr,
                "New messages could not be stored (" + done.error() +
                    "): they are taken back, and the connection is dropped so that they are sent again.",
                now);
  connection.abandon("new messages could not be stored: " + done.error(), now);
  return done;
}

// After a failed commit. Only names that are or were pinned: the Memory knows nothing about others.
void ClientCore::State::read_again() {
  if (server_.empty()) return;
  const auto before = pins.peers();
  pins.load(server_);
  const auto again = [this](const std::string& name) {
    roster.refresh(name);
    conversations.touch(name);
  };
  for (const auto& [name, pin] : before)
    again(name);
  for (const auto& [name, pin] : pins.peers())
    again(name);
  inbox.read_again(clock);
  conversations.touch_each([&](Conversation& conversation) { conversation.restore_waiting({}, 0, clock); });
  restore_waiting(write_again_ms, clock);
  restore_letters(clock);
}

// --- the connection ------------------------------------------------------------------------------

void ClientCore::State::online(Now now) {
  use_server(model.server_id, now);
  summary.online(std::exchange(been_online_, true), now);
  finds.tick(now);
  model.catching_up = true;
  snapshot_ = true;
  page_after_.reset();
  ask_page(now);
}

void ClientCore::State::lost() {
  roster.lost();
  summary.lost();
  model.catching_up = false;
  parked_.clear();
  snapshot_ = false;
  page_again_ms_ = INT64_MAX;
  model.list_complete = model.mail_known = false;
  mail_by_ms_ = INT64_MAX;
  finds.clear();
  inbox.lost();
  conversations.touch_each([&](Conversation& conversation) { conversation.link_lost(); });
}

void ClientCore::State::leaving(Now now) {
  conversations.touch_each([&](Conversation& conversation) { conversation.leave("leaving", now); });
}

void ClientCore::State::message(std::string_view plaintext, Now now) {
  buffer_.assign(plaintext);
  auto root = tape_.parse(buffer_);
  if (!root) return connection.fail(root.error(), now);
  const auto& row = proto::message_row(*root);
  if (row.acked()) connection.owe_ack();
  auto decoded = proto::decode_from_server(*root);
  if (!decoded) {
    if (!row.between_clients()) return connection.fail(decoded.error(), now);
    if (row.kept() && context.online()) count_item(now);
    // The server forwards messages between peers without reading them, so a malformed one is not
    // its fault.
    return windows.alert(nullptr, "A malformed message was dropped: " + decoded.error().detail, now);
  }
  // Until the invitation is redeemed, the model still shows another server.
  if (!context.online() && (row.between_clients() || std::holds_alternative<proto::List>(*decoded) ||
                            std::holds_alternative<proto::Found>(*decoded)))
    return;
  if (!row.forwarded()) return from_server(*decoded, plaintext, now);
  const auto to = addresses(*decoded);
  if (!to) return windows.alert(nullptr, "A message without a proper sender was dropped.", now);
  from_peer(to->src, to->dst, peer_frame(std::move(*decoded), plaintext), now);
}

void ClientCore::State::from_server(proto::FromServer& message, std::string_view raw, Now now) {
  if (mail_from_server(message, raw, now)) return;
  if (const auto* list = std::get_if<proto::List>(&message)) {
    receive_list(*list, now);
  } else if (const auto* found = std::get_if<proto::Found>(&message)) {
    finds.receive(*found, now);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    if (ack->id >= connection.sent()) return;  // claims what we never sent
    connection.acked(ack->id, now);
    conversations.server_took(ack->id, now);
    inbox.server_took(ack->id, now);
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    receive_error(*error, now);
  } else if (std::holds_alternative<proto::Disconnect>(message)) {
    connection.server_left(now);
  } else if (!std::holds_alternative<proto::Ping>(message)) {  // the ack is a ping's answer
    proto::Error answer;
    answer.code = proto::ErrorCode::bad_message;
    answer.message = "unknown message type";
    answer.id = connection.received() - 1;
    send(proto::encode(answer), now);
  }
}

// An error is about the message of its id, however late it comes.
void ClientCore::State::receive_error(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  if (finds.receive(error, now) || inbox.receive(error, now))
    return connection.acked(*error.id, now);  // refused, but processed
  Conversation* conversation = nullptr;
  if (error.id)
    conversation = conversations.awaiting(*error.id, now);
  else if (error.dst)
    conversation = conversation_of(*error.dst);
  if (error.code == rate_limited && error.id && context.online() && *error.id < connection.sent()) {
    connection.acked(*error.id, now);  // refused, but processed
    if (snapshot_ && *error.id == page_seq_) page_again_ms_ = now.steady_ms + page_again_ms;
  }
  if (conversation) return conversation->receive_error(error, now);
  // About an ack or a notice to a peer: nobody waits for its fate.
  if (!error.dst) connection.server_error(error, now);
}

// --- time ----------------------------------------------------------------------------------------

void ClientCore::State::tick(Now now) {
  connection.tick(now);
  windows.tick(now.steady_ms);
  restore_again(now);
  if (auto line = summary.tick(now)) windows.notice(nullptr, std::move(*line), now);
  model.catching_up = summary.gathering();
  if (context.online() && page_again_ms_ <= now.steady_ms) ask_page(now);
  if (mail_by_ms_ <= now.steady_ms) mail_is_known();
  while (!parked_.empty() && parked_.front().until_ms <= now.steady_ms)
    parked_.pop_front();
  if (traces_ms_ <= now.steady_ms) {
    memory.wipe_traces();
    traces_ms_ = memory.has_traces() ? now.steady_ms + write_again_ms : INT64_MAX;
  }
  finds.tick(now);
  inbox.tick(now);
  conversations.tick(now);
}

std::int64_t ClientCore::State::next_tick() {
  std::int64_t next = std::min({connection.next_tick(), summary.next_tick(), windows.next_tick(),
                                outbox_again_ms_, waiting_again_ms_, page_again_ms_, traces_ms_, mail_by_ms_,
                                finds.next_tick(), inbox.next_tick(), conversations.next_tick(clock)});
  if (!parked_.empty()) next = std::min(next, parked_.front().until_ms);
  return next;
}

}  // namespace sims::client
