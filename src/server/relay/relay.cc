// The life of a connection, in the order of the functions below:
//   1. opened():    counted, or refused at once (core_login.cc)
//   2. received():  its Transport makes handshake steps (LoginWork, done elsewhere) and sub-messages
//   3. work_done(): the step's answer; after the last one log_in() (core_login.cc)
//   4. on_message(): one sub-message: answered, or re-sealed byte for byte for its peer (core_messages.cc)
//   5. turn_end():  what was collected is written, once per peer
//   6. tick():      handshake deadlines, pings, gathered presence changes
//   7. end():       closed; the others learn it with the next gathered changes
#include <algorithm>

#include "server/relay/relay_state.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;

namespace {

constexpr std::size_t acks_a_turn = 8;  // of those that had nothing to go with: some 50 us
constexpr std::int64_t slow_check_ms = 1'000;
constexpr std::int64_t frame_ms = 30'000;  // from its first byte to its last

}  // namespace

Relay::Relay(CoreOptions options, AccountStore& accounts, crypto::EphemeralSource& ephemerals,
             Actions& actions)
    : state_(std::make_unique<State>(std::move(options), accounts, ephemerals, actions)) {}
Relay::~Relay() = default;

// --- 2. bytes ------------------------------------------------------------------------------------

void Relay::received(ConnId conn, ByteView bytes, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  s->last_heard = now.steady_ms;
  s->pinged = false;
  st.stats.bytes_in += bytes.size();
  st.process(*s, bytes, now);
}

void Relay::State::process(Session& s, ByteView input, Now now) {
  using Kind = proto::Transport::Event::Kind;
  const auto before = s.transport.received();
  while (!s.ended) {
    auto event = s.transport.poll(input, scratch, now, s.out);
    if (event.kind == Kind::message) {
      on_message(s, event.message, now);
    } else if (event.kind == Kind::work) {
      if (!s.gone && !admit(s, event.work->handshake(), now)) return;
      start_work(s, std::move(event.work), now);
    } else if (event.kind == Kind::failed) {
      note(*s.guest.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn,
           s.address, to_string(event.failure.code), remote{event.failure.detail});
      return failed(s, event.failure.code, "fault", now);
    } else {
      break;
    }
  }
  if (s.ended) return;
  set_held(s, s.transport.received() != before, now);
  if (ends_slow_frame(s, now)) return;
  if (s.fast != s.read_little) actions.read_little(s.conn, s.read_little = s.fast);
  if (queued + held > options.policy.limits.queue_bytes_total && s.held > 0)
    return fault(s, ErrorCode::busy, "this server has no memory for the rest of your message", "memory", now);
  owe_ack(s, now);
  mark(s);
}

// The ack of this read goes at once if a message asked for it, else with what goes to this client next, or
// alone when there is nothing for a while: a send of its own would double what a message costs.
void Relay::State::owe_ack(Session& s, Now now) {
  if (!s.transport.owes_ack()) return;
  if (std::exchange(s.ack_at_once, false)) return s.transport.flush_ack(now, s.out);
  if (std::exchange(s.ack_listed, true)) return;
  acks.emplace_back(now.steady_ms + proto::ack_delay_ms, s.conn);
}

// A few in each turn, so that messages need not wait for many of them.
void Relay::State::send_acks(Now now) {
  for (std::size_t sent = 0; sent < acks_a_turn && next_ack() <= now.steady_ms;) {
    Session* s = find(acks[acks_sent++].second);
    if (s == nullptr) continue;
    s->ack_listed = false;
    if (!s->transport.owes_ack()) continue;
    ++sent;
    if (s->out.empty()) s->out = scratch.frames.spare.take();
    s->transport.flush_ack(now, s->out);
    mark(*s);
  }
  // In one piece in the end, so that the list's memory is used again.
  if (acks_sent * 2 < acks.size()) return;
  acks.erase(acks.begin(), acks.begin() + static_cast<std::ptrdiff_t>(std::exchange(acks_sent, 0)));
}

// --- 5. output -----------------------------------------------------------------------------------

void Relay::State::mark(Session& s) {
  if (s.dirty || s.ended || s.out.empty()) return;
  s.dirty = true;
  dirty.push_back(s.conn);
}

void Relay::State::flush(Session& s, Now now) {
  if (s.out.empty()) return;
  s.written += s.out.size();
  stats.bytes_out += s.out.size();
  set_stuck(s, actions.write(s.conn, s.out), now);
  scratch.frames.spare.give(s.out);
}

void Relay::State::set_stuck(Session& s, std::size_t bytes, Now now) {
  queued += bytes - std::exchange(s.stuck, bytes);
  if (bytes == 0 || s.ended) return;
  queued_most = std::max(queued_most, bytes);
  if (std::exchange(s.stuck_listed, true)) return;
  s.taken = s.written - bytes;
  s.taken_ms = now.steady_ms;
  slow.push_back(s.conn);
  if (slow_check == never) slow_check = now.steady_ms + slow_check_ms;
}

void Relay::State::set_held(Session& s, bool another, Now now) {
  if (s.held == 0 || another) s.held_since = now.steady_ms;
  held += s.transport.buffered() - s.held;
  s.held = s.transport.buffered();
}

// Memory that it keeps from the others for nothing.
bool Relay::State::ends_slow_frame(Session& s, Now now) {
  if (s.held == 0 || now.steady_ms - s.held_since <= frame_ms) return false;
  fault(s, ErrorCode::bad_frame, "your message took too long to come", "slow frame", now);
  return true;
}

void Relay::turn_end(Now now) {
  auto& st = *state_;
  for (const ConnId conn : st.dirty) {
    if (Session* s = st.find(conn)) {
      s->dirty = false;
      if (!s->out.empty()) s->transport.flush_ack(now, s->out);  // here only: once a read at most
      st.flush(*s, now);
    }
  }
  st.dirty.clear();
  st.graveyard.clear();
}

// --- 6. time and presence ------------------------------------------------------------------------

void Relay::tick(Now now) {
  auto& st = *state_;
  if (st.next_ack() <= now.steady_ms) st.send_acks(now);
  if (st.slow_check <= now.steady_ms) st.look_at_slow(now);
  while (!st.deadlines.empty() && st.deadlines.begin()->first <= now.steady_ms)
    st.wake(*st.deadlines.begin()->second.back(), now);  // which ends it or gives it a later one
  if (st.gather_until <= now.steady_ms) st.begin_sweep(now);
  if (st.sweep.going) st.go_on_with_sweep(now);
}

std::int64_t Relay::next_tick() const {
  const auto& st = *state_;
  if (st.sweep.going) return State::at_once;
  return std::min({st.gather_until, st.next_ack(), st.slow_check,
                   st.deadlines.empty() ? State::never : st.deadlines.begin()->first});
}

// Once a second, only those for whom something waits: who takes nothing of it for stall_ms is cut off.
void Relay::State::look_at_slow(Now now) {
  for (const ConnId conn : std::exchange(slow, {})) {
    Session* s = find(conn);
    if (s == nullptr) continue;
    set_stuck(*s, actions.queued(conn), now);
    const auto taken = s->written - s->stuck;
    if (s->stuck == 0) {
      s->stuck_listed = false;
      continue;
    }
    if (taken > s->taken) s->taken = taken, s->taken_ms = now.steady_ms;
    if (now.steady_ms - s->taken_ms < options.policy.limits.stall_ms) {
      slow.push_back(conn);
      continue;
    }
    note(*s->guest.source, Level::warning, now, "event=slow-reader conn={} address={} bytes={}", conn,
         s->address, s->stuck);
    ++stats.slow_readers;
    end(*s, false, "slow-reader", now);
  }
  slow_check = slow.empty() ? never : now.steady_ms + slow_check_ms;
}

void Relay::State::wake_at(Session& s, std::int64_t steady_ms) {
  let_sleep(s);
  s.wake_at = steady_ms;
  auto& same = deadlines[s.wake_at];
  s.wake_place = static_cast<std::uint32_t>(same.size());
  same.push_back(&s);
}

void Relay::State::let_sleep(Session& s) {
  const auto at = deadlines.find(s.wake_at);
  if (at == deadlines.end()) return;
  auto& same = at->second;
  same[s.wake_place] = same.back();
  same[s.wake_place]->wake_place = s.wake_place;
  same.pop_back();
  if (same.empty()) deadlines.erase(at);
  s.wake_at = 0;
}

// A session's deadline is looked at when it comes, not moved with every read.
void Relay::State::wake(Session& s, Now now) {
  if (!s.online) return late(s, now);
  if (ends_slow_frame(s, now)) return;
  const auto ping_ms = options.policy.limits.ping_ms;
  const auto silent_until = s.last_heard + ping_ms;
  if (now.steady_ms < silent_until) return wake_at(s, full_second(silent_until));
  if (s.pinged) {
    ++stats.idle_cut;
    return end(s, false, "silent", now);
  }
  s.pinged = true;
  wake_at(s, full_second(now.steady_ms + ping_ms));
  push(s, encode(proto::Ping{}), now);
}

void Relay::reload(Policy policy) {
  state_->options.policy = std::move(policy);
}

// --- 7. the end ----------------------------------------------------------------------------------

void Relay::closed(ConnId conn, Now now) {
  Session* s = state_->find(conn);
  if (!s) return;
  if (!s->guest.authenticated) state_->penalise(*s, penalty_left_ms, now);
  state_->forget(*s, "closed by the other side", now);
}

void Relay::State::fault(Session& s, ErrorCode code, std::string_view text, std::string_view detail,
                         Now now) {
  note(*s.guest.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn,
       s.address, to_string(code), remote{detail});
  std::optional<std::uint64_t> id;
  // In SECURE the handshake was right, and it is the login that is refused.
  if (s.transport.connected()) s.outcome = &Stats::Handshakes::refused;
  if (s.transport.connected() && s.transport.received() > 0) id = s.transport.received() - 1;
  s.transport.fail(code, text, id, now, s.out);
  failed(s, code, "fault", now);
}

void Relay::State::end(Session& s, bool flush_first, std::string_view why, Now now) {
  if (s.ended) return;
  if (flush_first) flush(s, now);
  actions.close(s.conn, flush_first);
  forget(s, why, now);
}

void Relay::State::forget(Session& s, std::string_view why, Now now) {
  s.ended = true;
  if (s.gone) s.gone->store(true, std::memory_order_relaxed);
  let_sleep(s);
  if (!s.guest.authenticated) count_handshake(s);
  Source* const source = s.guest.source;
  admission.leave(s.guest);
  set_stuck(s, 0, now);
  held -= std::exchange(s.held, 0);
  if (s.online) {
    keep_spending(s, now);
    presence.remove(s.transport.peer_id());
    part(s);
    gather(now.steady_ms + proto::list_gather_ms);
    note_coming(*source, now, "event=logout conn={} id={} name={} reason={}", s.conn,
                s.transport.peer_id().text(), s.transport.peer_name(), remote{why});
  }
  const auto at = sessions.find(s.conn);
  graveyard.push_back(std::move(at.value()));
  sessions.erase(at);
}

void Relay::shutdown(Now now) {
  auto& st = *state_;
  st.going_away = true;
  st.gather_until = State::never;
  st.sweep = {};
  std::vector<ConnId> all;  // each end() changes the table
  for (const auto& [conn, session] : st.sessions)
    all.push_back(conn);
  for (const ConnId conn : all) {
    Session& s = *st.find(conn);
    if (s.transport.connected()) {
      proto::Error error;
      error.code = ErrorCode::going_away;
      error.message = "the server is going down";
      s.transport.flush_ack(now, s.out);  // the `disconnect` names the last one
      s.transport.send(encode(error), now, s.out);
      s.transport.send(encode(proto::Disconnect{st.options.name, s.transport.sent()}), now, s.out);
    } else {
      s.transport.fail(ErrorCode::going_away, "the server is going down", {}, now, s.out);
    }
    st.end(s, true, "going away", now);
  }
}

std::size_t Relay::connections() const {
  return state_->sessions.size();
}
std::size_t Relay::online() const {
  return state_->presence.size();
}

}  // namespace sims::server
