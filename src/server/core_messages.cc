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
constexpr std::size_t told_a_turn = 2;          // of a sweep: some 50 us

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void Core::State::on_message(Session& s, std::string_view plaintext, Now now) {
  const auto owe = [&](proto::MessageType type) {
    const auto& row = proto::message_row(type);
    if (!row.acked) return;
    s.transport.owe_ack();
    if (!row.forwarded) s.ack_at_once = true;  // a ping waits for it
  };
  if (const auto known = proto::recognise_forwarded(plaintext)) {
    owe(known->type);
    return forward(s, *known, plaintext, now);
  }
  copy.assign(plaintext);
  auto root = tape.parse(copy);
  if (!root)
    return fault(s, root.error().code, "the message is not acceptable JSON", root.error().detail, now);
  auto message = proto::decode_from_client(*root);
  if (!message)
    return fault(s, message.error().code, "the message is not valid", message.error().detail, now);
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
                   owe(proto::MessageType::unknown);  // taken over, and answered
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
  if (s.stuck > 0) s.stuck = actions.queued(s.conn);
  if (s.stuck + s.out.size() > options.policy.limits.queue_bytes) {
    note(Level::warning, now, "event=queue-full conn={} address={} id={} bytes={}", s.conn, s.address,
         s.transport.peer_id().text(), s.stuck + s.out.size());
    end(s, false, "queue-full", now);
    return false;
  }
  if (s.out.empty()) s.out = scratch.frames.spare.take();
  s.transport.send(plaintext, now, s.out);
  mark(s);
  return true;
}

// --- who is online -------------------------------------------------------------------------------

void Core::State::join(Session& s) {
  s.online = true;
  s.place = static_cast<std::uint32_t>(everyone.size());
  everyone.push_back(&s);
}

// The last one moves into the gap. If the sweep has passed the gap but not yet the last one, the gap moves up
// to the sweep first.
void Core::State::part(Session& s) {
  const auto move = [&](std::size_t from, std::size_t to) {
    everyone[to] = everyone[from];
    everyone[to]->place = static_cast<std::uint32_t>(to);
  };
  std::size_t gap = s.place;
  if (sweep.going && gap < sweep.next) {
    move(--sweep.next, gap);
    gap = sweep.next;
  }
  move(everyone.size() - 1, gap);
  everyone.pop_back();
}

void Core::State::gather(std::int64_t steady_ms) {
  if (gather_until == never && !sweep.going && !going_away) gather_until = steady_ms;
}

void Core::State::begin_sweep(Now now) {
  gather_until = never;
  sweep.going = true;
  sweep.next = 0;
  sweep.from = presence.first_change();
  sweep.to = presence.next_change();
  sweep.events = presence.events(sweep.from, sweep.to);
  sweep.began = now.steady_ms;
}

void Core::State::go_on_with_sweep(Now now) {
  for (std::size_t told = 0; told < told_a_turn && sweep.next < everyone.size();) {
    Session& s = *everyone[sweep.next++];  // push() may cut it off, which part() knows about
    if (s.seen_change >= sweep.to) continue;
    ++told;
    if (s.seen_change > sweep.from) {
      catch_up(s, sweep.to, now);
      continue;
    }
    s.seen_change = sweep.to;
    for (const auto& plaintext : sweep.events)
      if (!push(s, plaintext, now)) break;
  }
  if (sweep.next < everyone.size()) return;
  presence.forget_changes(sweep.to);
  const auto next = sweep.began + proto::list_gather_ms;
  sweep = {};
  if (presence.next_change() > presence.first_change()) gather(std::max(next, now.steady_ms + 1));
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
