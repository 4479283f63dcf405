// What clients say once they are logged in, and what the relay tells them: section 4 of sims-protocol(7).
//   - on_message(): one sub-message, told apart by its type
//   - forward(): re-sealed byte for byte for the peer it is for; the hot path
//   - list() and the presence changes, gathered over 200 ms
#include "server/core_state.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::size_t write_chunk = 64 * 1024;  // collected output that does not wait for the turn's end

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void Core::State::on_message(Session& s, std::string_view plaintext, Now now) {
  copy.assign(plaintext);
  auto root = tape.parse(copy);
  if (!root)
    return fault(s, root.error().code, "the message is not acceptable JSON", root.error().detail, now);
  auto message = proto::decode_from_client(*root);
  if (!message)
    return fault(s, message.error().code, "the message is not valid", message.error().detail, now);
  const auto owe = [&](proto::MessageType type) {
    if (proto::message_row(type).acked) s.transport.owe_ack();
  };
  std::visit(Overloaded{
                 [&](const proto::Forwarded& m) {
                   owe(m.type);
                   forward(s, m, plaintext, now);
                 },
                 [&](const proto::ListRequest& m) {
                   owe(proto::MessageType::list);
                   list(s, m, now);
                 },
                 [&](const proto::Ack&) {},  // the server resends nothing, so it has nothing to strike off
                 [&](const proto::Ping&) { owe(proto::MessageType::ping); },
                 [&](const proto::Disconnect&) {
                   owe(proto::MessageType::disconnect);
                   s.transport.flush_ack(now, s.out);
                   end(s, true, "disconnect", now);
                 },
                 [&](const proto::Error& m) {
                   owe(proto::MessageType::error);
                   note(Level::info, now, "event=client-error conn={} code={} text={}", s.conn,
                        remote{m.code_text}, remote{m.message});
                 },
                 [&](const proto::UnknownMessage&) {
                   s.transport.owe_ack();  // taken over, and answered
                   reply_error(s, ErrorCode::bad_message, "unknown message type", {}, now);
                 },
             },
             *message);
}

void Core::State::forward(Session& s, const proto::Forwarded& message, std::string_view plaintext, Now now) {
  const auto route = router.route(s, message);
  if (!route) {
    const auto& why = route.error();
    if (why.fatal) return fault(s, why.code, why.text, why.text, now);
    return reply_error(s, why.code, why.text, why.dst, now);
  }
  Session& peer = **route;
  const Id dst = peer.transport.peer_id();
  // The receiver's counters have more digits than the sender's, perhaps.
  if (proto::SecureSender::frame_size_max(plaintext.size()) > proto::max_frame)
    return reply_error(s, ErrorCode::too_large, "too long to be passed on", dst, now);
  // Who came (again) a moment ago must not be heard of before the others know that he came.
  const bool told = s.own_change < presence.first_change() || s.own_change < peer.seen_change ||
                    catch_up(peer, presence.next_change(), now);
  if (!told || !push(peer, plaintext, now))
    reply_error(s, ErrorCode::not_connected, "this peer does not read and was cut off", dst, now);
}

void Core::State::list(Session& s, const proto::ListRequest& request, Now now) {
  // Changes that are older than the snapshot go before it: after it they would undo what it says.
  if (catch_up(s, presence.next_change(), now)) push(s, encode(presence.page(request)), now);
}

void Core::State::reply_error(Session& s, ErrorCode code, std::string_view text, std::optional<Id> dst,
                              Now now) {
  proto::Error error;
  error.code = code;
  error.message = text;
  error.id = s.transport.received() - 1;
  error.dst = dst;
  push(s, encode(error), now);
}

// Seals one sub-message for a session; false: it takes too little of what is there for it, and was cut off.
bool Core::State::push(Session& s, std::string_view plaintext, Now now) {
  if (s.ended) return false;
  if (s.out.size() >= write_chunk) flush(s);
  if (actions.queued(s.conn) + s.out.size() > options.policy.limits.queue_bytes) {
    note(Level::warning, now, "event=queue-full conn={} address={} id={} bytes={}", s.conn, s.address,
         s.transport.peer_id().text(), actions.queued(s.conn) + s.out.size());
    end(s, false, "queue-full", now);
    return false;
  }
  s.transport.send(plaintext, now, s.out);
  mark(s);
  return true;
}

void Core::State::gather(Now now) {
  if (gather_until == never && !going_away) gather_until = now.steady_ms + proto::list_gather_ms;
}

void Core::State::send_changes(Now now) {
  gather_until = never;
  const auto to = presence.next_change();
  std::vector<ConnId>
      online;  // catch_up() may cut somebody off, which changes the table (and is a new change)
  for (const auto& [conn, s] : sessions)
    if (s->online && s->seen_change < to) online.push_back(conn);
  const auto all = presence.events(presence.first_change(), to);
  for (const ConnId conn : online) {
    Session* s = find(conn);
    if (s->seen_change > presence.first_change()) {
      catch_up(*s, to, now);
      continue;
    }
    s->seen_change = to;
    for (const auto& plaintext : all)
      if (!push(*s, plaintext, now)) break;
  }
  presence.forget_changes(to);
}

// Tells one client the changes up to `to` that it has not been told; false: it was cut off.
bool Core::State::catch_up(Session& s, std::uint64_t to, Now now) {
  const auto from = std::max(s.seen_change, presence.first_change());
  s.seen_change = std::max(s.seen_change, to);
  if (from >= to) return !s.ended;
  for (const auto& plaintext : presence.events(from, to))
    if (!push(s, plaintext, now)) return false;
  return true;
}

}  // namespace sims::server
