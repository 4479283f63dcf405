// The life of a connection in the relay, in the order of the functions below:
//   1. opened():     count it, or refuse it at once (login.cc)
//   2. received():   its Transport makes handshake steps (LoginWork, run elsewhere) and sub-messages
//   3. work_done():  the result of a step; after the last one log_in() (login.cc)
//   4. on_message(): answer a sub-message, or re-seal it byte for byte for its peer (forwarding.cc)
//   5. mail_answers(): fates of letters, and mail for its owners (mail.cc, mail_delivery.cc)
//   6. turn_end():   write the collected output, once per peer
//   7. tick():       handshake deadlines, pings, acks, presence changes
//   8. end():        close it; the others learn it with the next presence changes
#include <algorithm>

#include "proto/wire/encode.h"
#include "server/relay/relay_state.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;

namespace {

constexpr std::size_t acks_a_turn = 8;  // acks sent alone: some 50 us
constexpr std::int64_t slow_check_ms = 1'000;
constexpr std::int64_t frame_ms = 30'000;  // from its first byte to its last

}  // namespace

Relay::Relay(RelayOptions options, AccountStore& accounts, Mailbox& mailbox, Prekeys& prekeys,
             crypto::EphemeralSource& ephemerals, Actions& actions)
    : state_(std::make_unique<State>(std::move(options), accounts, mailbox, prekeys, ephemerals, actions)) {}
Relay::~Relay() = default;

// --- 2. bytes ------------------------------------------------------------------------------------

void Relay::received(ConnId conn, ByteView bytes, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  s->input.last_heard = now.steady_ms;
  s->input.pinged = false;
  st.stats.bytes_in += bytes.size();
  st.process(*s, bytes, now);
}

void Relay::State::process(Session& s, ByteView input, Now now) {
  using Kind = proto::Transport::Event::Kind;
  const auto before = s.transport.received();
  while (!s.ended) {
    auto event = s.transport.poll(input, scratch, now, s.output.frames);
    if (event.kind == Kind::message) {
      on_message(s, event.message, now);
    } else if (event.kind == Kind::work) {
      if (!s.login.gone && !admit_handshake(s, event.work->handshake(), now)) return;
      start_work(s, std::move(event.work), now);
    } else if (event.kind == Kind::failed) {
      events.note(*s.slot.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}",
                  s.conn, s.address, to_string(event.failure.code), remote{event.failure.detail});
      return failed(s, event.failure.code, "fault", now);
    } else {
      break;
    }
  }
  if (s.ended) return;
  set_partial(s, s.transport.received() != before, now);
  if (end_slow_frame(s, now)) return;
  if (s.rates.fast != s.input.reading_little)
    actions.read_little(s.conn, s.input.reading_little = s.rates.fast);
  if (backlog.all() > options.policy.limits.queue_bytes_total && s.input.partial_bytes > 0)
    return fault_in_partial(s, ErrorCode::busy, "this server has no memory for the rest of your message",
                            "memory", now);
  owe_ack(s, now);
  schedule_write(s);
}

// An ack goes at once if a message asked for that. Otherwise it waits for the next output to this
// client, or goes alone after ack_delay_ms: a write of its own would double the cost of a message.
void Relay::State::owe_ack(Session& s, Now now) {
  if (!s.transport.owes_ack()) return;
  if (std::exchange(s.acks.at_once, false)) return s.transport.flush_ack(now, s.output.frames);
  if (std::exchange(s.acks.listed, true)) return;
  acks.add(now.steady_ms + proto::ack_delay_ms, s.conn);
}

// Sends a few in each turn, so that messages need not wait for many of them.
void Relay::State::send_due_acks(Now now) {
  for (std::size_t sent = 0; sent < acks_a_turn && acks.next_due() <= now.steady_ms;) {
    Session* s = find(acks.take());
    if (s == nullptr) continue;
    s->acks.listed = false;
    if (!s->transport.owes_ack()) continue;
    ++sent;
    if (s->output.frames.empty()) s->output.frames = scratch.frames.spare.take();
    s->transport.flush_ack(now, s->output.frames);
    schedule_write(*s);
  }
  acks.compact();
}

// --- 6. output -----------------------------------------------------------------------------------

void Relay::State::schedule_write(Session& s) {
  if (s.output.listed || s.ended || s.output.frames.empty()) return;
  s.output.listed = true;
  with_output.push_back(s.conn);
}

void Relay::State::flush(Session& s, Now now) {
  if (s.output.frames.empty()) return;
  s.output.written += s.output.frames.size();
  stats.bytes_out += s.output.frames.size();
  set_unsent(s, actions.write(s.conn, s.output.frames), now);
  scratch.frames.spare.give(s.output.frames);
}

void Relay::State::set_unsent(Session& s, std::size_t bytes, Now now) {
  auto& output = s.output;
  backlog.unsent_bytes += bytes - std::exchange(output.unsent_bytes, bytes);
  if (bytes == 0 || s.ended) return;
  backlog.max_unsent_bytes = std::max(backlog.max_unsent_bytes, bytes);
  if (std::exchange(output.listed_as_slow, true)) return;
  output.taken = output.written - bytes;
  output.taken_ms = now.steady_ms;
  backlog.slow_readers.push_back(s.conn);
  if (backlog.next_check == never) backlog.next_check = now.steady_ms + slow_check_ms;
}

void Relay::State::set_partial(Session& s, bool new_frame, Now now) {
  auto& input = s.input;
  if (input.partial_bytes == 0 || new_frame) input.partial_since = now.steady_ms;
  backlog.partial_bytes += s.transport.buffered() - input.partial_bytes;
  input.partial_bytes = s.transport.buffered();
}

// A frame that never completes occupies memory of queue_bytes_total, which all clients share.
bool Relay::State::end_slow_frame(Session& s, Now now) {
  if (s.input.partial_bytes == 0 || now.steady_ms - s.input.partial_since <= frame_ms) return false;
  fault_in_partial(s, ErrorCode::bad_frame, "your message took too long to come", "slow frame", now);
  return true;
}

void Relay::turn_end(Now now) {
  auto& st = *state_;
  for (const ConnId conn : st.with_output) {
    if (Session* s = st.find(conn)) {
      s->output.listed = false;
      // An ack that waits goes along; this is the only place, so there is at most one a read.
      if (!s->output.frames.empty()) s->transport.flush_ack(now, s->output.frames);
      st.flush(*s, now);
    }
  }
  st.with_output.clear();
  st.graveyard.clear();
}

// --- 7. time and presence ------------------------------------------------------------------------

void Relay::tick(Now now) {
  auto& st = *state_;
  if (st.acks.next_due() <= now.steady_ms) st.send_due_acks(now);
  if (st.backlog.next_check <= now.steady_ms) st.check_slow_readers(now);
  if (st.desk.next_late() <= now.steady_ms) st.late_fates(now);
  if (st.desk.next_retry <= now.steady_ms) st.retry_due(now);
  while (Session* s = st.deadlines.due(now.steady_ms))
    st.deadline_reached(*s, now);  // which ends it or gives it a later one
  if (st.broadcast.scheduled() <= now.steady_ms) st.broadcast.begin(st.presence, now.steady_ms);
  if (st.broadcast.running()) st.announce(now);
}

std::int64_t Relay::next_tick() const {
  const auto& st = *state_;
  if (st.broadcast.running()) return State::at_once;
  return std::min({st.broadcast.scheduled(), st.acks.next_due(), st.backlog.next_check, st.deadlines.next(),
                   st.desk.next_late(), st.desk.next_retry});
}

// Once a second, and only sessions with unsent bytes. A client that takes none of them for stall_ms
// is cut off.
void Relay::State::check_slow_readers(Now now) {
  for (const ConnId conn : std::exchange(backlog.slow_readers, {})) {
    Session* s = find(conn);
    if (s == nullptr) continue;
    set_unsent(*s, actions.queued(conn), now);
    auto& output = s->output;
    if (output.unsent_bytes == 0) {
      output.listed_as_slow = false;
      continue;
    }
    if (const auto taken = output.written - output.unsent_bytes; taken > output.taken)
      output.taken = taken, output.taken_ms = now.steady_ms;
    if (now.steady_ms - output.taken_ms < options.policy.limits.stall_ms) {
      backlog.slow_readers.push_back(conn);
      continue;
    }
    events.note(*s->slot.source, Level::warning, now, "event=slow-reader conn={} address={} bytes={}", conn,
                s->address, output.unsent_bytes);
    ++stats.slow_readers;
    end(*s, false, "slow-reader", now);
  }
  backlog.next_check = backlog.slow_readers.empty() ? never : now.steady_ms + slow_check_ms;
}

// A deadline is not moved with every read: when it comes, it is set again to where it should be by
// then.
void Relay::State::deadline_reached(Session& s, Now now) {
  if (!s.online) return login_timed_out(s, now);
  if (end_slow_frame(s, now)) return;
  const auto ping_ms = options.policy.limits.ping_ms;
  const auto silent_until = s.input.last_heard + ping_ms;
  if (now.steady_ms < silent_until) return deadlines.set(s, full_second(silent_until));
  if (s.input.pinged) {
    ++stats.idle_cut;
    return end(s, false, "silent", now);
  }
  s.input.pinged = true;
  deadlines.set(s, full_second(now.steady_ms + ping_ms));
  push(s, encode(proto::Ping{}), now);
}

void Relay::reload(Policy policy) {
  state_->options.policy = std::move(policy);
  state_->desk.mailbox.set_limits(state_->options.policy.limits.mail);
}

// --- 8. the end ----------------------------------------------------------------------------------

void Relay::closed(ConnId conn, Now now) {
  Session* s = state_->find(conn);
  if (!s) return;
  if (!s->slot.authenticated) state_->penalise(*s, penalty_left_ms, now);
  state_->forget(*s, "closed by the other side", now);
}

void Relay::State::fault(Session& s, ErrorCode code, std::string_view text, std::string_view detail,
                         Now now) {
  std::optional<std::uint64_t> id;
  if (s.transport.connected() && s.transport.received() > 0) id = s.transport.received() - 1;
  end_with_fault(s, {code, std::string(detail)}, text, id, now);
}

void Relay::State::fault_in_partial(Session& s, ErrorCode code, std::string_view text,
                                    std::string_view detail, Now now) {
  end_with_fault(s, {code, std::string(detail)}, text, {}, now);
}

void Relay::State::end_with_fault(Session& s, const proto::Fault& fault, std::string_view text,
                                  std::optional<std::uint64_t> id, Now now) {
  events.note(*s.slot.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn,
              s.address, to_string(fault.code), remote{fault.detail});
  // In SECURE the handshake succeeded, and it is the login that is refused.
  if (s.transport.connected()) s.login.outcome = &Stats::Handshakes::refused;
  s.transport.fail(fault.code, text, id, now, s.output.frames);
  failed(s, fault.code, "fault", now);
}

void Relay::State::end(Session& s, bool flush_first, std::string_view why, Now now) {
  if (s.ended) return;
  if (flush_first) flush(s, now);
  actions.close(s.conn, flush_first);
  forget(s, why, now);
}

void Relay::State::forget(Session& s, std::string_view why, Now now) {
  s.ended = true;
  if (s.login.gone) s.login.gone->store(true, std::memory_order_relaxed);
  deadlines.clear(s);
  if (!s.slot.authenticated) count_handshake(s);
  Source* const source = s.slot.source;
  admission.release(s.slot);
  set_unsent(s, 0, now);
  backlog.partial_bytes -= std::exchange(s.input.partial_bytes, 0);
  if (s.mail) backlog.error_bytes -= std::exchange(s.mail->error_bytes, 0);
  if (s.online) {
    saved_budgets.keep(s.transport.peer_id(), std::move(s.rates.budgets), options.policy.limits,
                       sessions.size(), now.steady_ms);
    presence.remove(s.transport.peer_id());
    broadcast.part(s);
    broadcast.schedule(now.steady_ms + proto::list_gather_ms);
    events.note_login(*source, now, "event=logout conn={} id={} name={} reason={}", s.conn,
                      s.transport.peer_id().text(), s.transport.peer_name(), remote{why});
  }
  const auto at = sessions.find(s.conn);
  graveyard.push_back(std::move(at.value()));
  sessions.erase(at);
}

void Relay::shutdown(Now now) {
  auto& st = *state_;
  st.going_away = true;
  st.broadcast.stop();
  std::vector<ConnId> all;  // each end() changes the table
  for (const auto& [conn, session] : st.sessions)
    all.push_back(conn);
  for (const ConnId conn : all) {
    Session& s = *st.find(conn);
    if (s.transport.connected()) {
      proto::Error error;
      error.code = ErrorCode::going_away;
      error.message = "the server is going down";
      s.transport.flush_ack(now, s.output.frames);  // before `disconnect`, which must be the last message
      s.transport.send(encode(error), now, s.output.frames);
      s.transport.send(encode(proto::Disconnect{st.options.name, s.transport.sent()}), now, s.output.frames);
    } else {
      s.transport.fail(ErrorCode::going_away, "the server is going down", {}, now, s.output.frames);
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
