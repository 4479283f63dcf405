// The life of a connection, in the order of the functions below:
//   1. opened():    counted, or refused at once
//   2. received():  its Transport makes handshake steps (LoginWork, done elsewhere) and sub-messages
//   3. work_done(): the step's answer; after the last one log_in()
//   4. on_message(): one sub-message: answered, or re-sealed byte for byte for its peer (core_messages.cc)
//   5. turn_end():  what was collected is written, once per peer
//   6. tick():      handshake deadlines, pings, gathered presence changes
//   7. end():       closed; the others learn it with the next gathered changes
#include <algorithm>

#include "server/core_state.h"
#include "server/invitation.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::size_t acks_a_turn = 8;  // of those that had nothing to go with: some 50 us
constexpr std::int64_t slow_check_ms = 1'000;

// What a failure adds to the penalty of its source.
constexpr std::int64_t penalty_left_ms = 1'000;     // gone before it logged in
constexpr std::int64_t penalty_refused_ms = 5'000;  // another's name, not registered
constexpr std::int64_t penalty_fault_ms = 5'000;    // not the protocol, not the owner of its id
constexpr std::int64_t penalty_late_ms = 10'000;    // held a connection without logging in

constexpr std::string_view banned_words = "you are banned from this server";

std::string_view words_for(Refused why) {
  switch (why) {
    case Refused::banned:
      return "your address is banned from this server";
    case Refused::connections:
      return "this server has no room for more connections; try again later";
    case Refused::address_connections:
      return "too many connections from your address";
    case Refused::penalty:
      return "too many failures from your address lately; try again in some minutes";
    case Refused::address_handshakes:
      return "too many logins from your address in a short time; try again in a minute";
    case Refused::unauthenticated:
      return "too many connections that have not logged in; try again";
    default:
      return "this server is busy; try again later";
  }
}

std::int64_t full_second(std::int64_t ms) {
  return (ms + 999) / 1'000 * 1'000;
}

}  // namespace

void LoginWork::run() {
  if (gone_->load(std::memory_order_relaxed)) return;
  if (!handshake_) return void(binding_ = accounts_.redeem(name_, id_, code_, unix_s_));
  handshake_->run();
  if (!handshake_->completes()) return;
  const auto& h = handshake_->handshake();
  if (registration_ == Registration::banned)
    return void(binding_ = fail(Refusal{ErrorCode::banned, std::string(banned_words)}));
  binding_ = accounts_.bind(h.peer_name(), h.peer_id(), registration_ == Registration::open, unix_s_);
  if (!binding_ && registration_ == Registration::rationed &&
      binding_.error().code == ErrorCode::not_registered)
    binding_ =
        fail(Refusal{ErrorCode::rate_limited, "too many new names from your address; try again in an hour"});
}

// --- 1. a new connection -------------------------------------------------------------------------

Core::Core(CoreOptions options, AccountStore& accounts, crypto::EphemeralSource& ephemerals, Actions& actions)
    : state_(std::make_unique<State>(std::move(options), accounts, ephemerals, actions)) {}
Core::~Core() = default;

void Core::opened(ConnId conn, std::string_view address, Now now) {
  auto& st = *state_;
  if (st.going_away) return st.actions.close(conn, false);
  const auto& limits = st.options.policy.limits;
  const auto from = Address::parse(address).value_or(Address());
  if (st.bans.on_address(from, now.unix_s())) return st.refuse(conn, address, Refused::banned, now);
  auto entered = st.admission.enter(conn, from, limits, now.steady_ms);
  if (!entered) return st.refuse(conn, address, entered.error(), now);
  ++st.stats.opened;
  proto::HandshakeOptions handshake;
  handshake.kind = proto::HandshakeKind::client_server;
  handshake.role = proto::Role::responder;
  handshake.identity = st.options.identity;
  handshake.name = st.options.name;
  handshake.suites = st.options.policy.suites;
  auto session = std::make_unique<Session>(conn, address, entered->guest,
                                           proto::Transport(std::move(handshake), st.ephemerals));
  session->last_heard = now.steady_ms;
  st.wake_at(*session, now.steady_ms + limits.handshake_ms);
  st.sessions.emplace(conn, std::move(session));
  if (entered->displaced) st.displace(*entered->displaced, now);
}

void Core::State::refuse(ConnId conn, std::string_view address, Refused why, Now now) {
  const auto number = static_cast<std::size_t>(why);
  ++stats.refused[number];
  const auto from = Address::parse(address);
  note(from ? admission.find(*from) : nullptr, Level::notice, now, "event=refused address={} reason={}",
       address, refusal_names[number]);
  const auto code = why == Refused::banned ? ErrorCode::banned : ErrorCode::busy;
  actions.write(conn, proto::encode_error(code, words_for(why)) + "\n");
  actions.close(conn, true);
}

// The oldest of those who have said nothing that cost anything makes room for a new one.
void Core::State::displace(ConnId conn, Now now) {
  Session& s = *find(conn);
  ++stats.refused[static_cast<std::size_t>(Refused::unauthenticated)];
  s.transport.fail(ErrorCode::busy, words_for(Refused::unauthenticated), {}, now, s.out);
  end(s, true, "displaced", now);
}

// --- 2. bytes ------------------------------------------------------------------------------------

void Core::received(ConnId conn, ByteView bytes, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  s->last_heard = now.steady_ms;
  s->pinged = false;
  st.stats.bytes_in += bytes.size();
  st.process(*s, bytes, now);
}

void Core::State::process(Session& s, ByteView input, Now now) {
  using Kind = proto::Transport::Event::Kind;
  while (!s.ended) {
    auto event = s.transport.poll(input, scratch, now, s.out);
    if (event.kind == Kind::message) {
      on_message(s, event.message, now);
    } else if (event.kind == Kind::work) {
      if (!s.gone && !admit(s, now)) return;
      start_work(s, std::move(event.work), now);
    } else if (event.kind == Kind::failed) {
      note(s.guest.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn,
           s.address, to_string(event.failure.code), remote{event.failure.detail});
      return failed(s, event.failure.code, "fault", now);
    } else {
      break;
    }
  }
  if (s.ended) return;
  set_held(s);
  if (s.fast != s.read_little) actions.read_little(s.conn, s.read_little = s.fast);
  if (queued + held > options.policy.limits.queue_bytes_total && s.held > 0)
    return fault(s, ErrorCode::busy, "this server has no memory for the rest of your message", "memory", now);
  owe_ack(s, now);
  mark(s);
}

// Its first public-key work: only what an address and all together may ask for.
bool Core::State::admit(Session& s, Now now) {
  const auto refused =
      admission.shakes_hands(s.guest, options.policy.limits, now.steady_ms, ephemerals.rng());
  if (!refused) return true;
  ++stats.refused[static_cast<std::size_t>(*refused)];
  note(s.guest.source, Level::notice, now, "event=refused conn={} address={} reason={}", s.conn, s.address,
       refusal_names[static_cast<std::size_t>(*refused)]);
  s.transport.refuse(ErrorCode::busy, words_for(*refused), now, s.out);
  end(s, true, "refused", now);
  return false;
}

void Core::State::start_work(Session& s, std::unique_ptr<proto::HandshakeWork> work, Now now) {
  auto registration = options.policy.registration_open ? Registration::open : Registration::closed;
  const bool last = s.gone != nullptr;  // phase 5: what it claims to be will be proved
  const auto& h = work->handshake();
  if (last && bans.on_login(h.peer_id().text(), h.peer_name(), now.unix_s()))
    registration = Registration::banned;
  if (last && registration == Registration::open && !accounts.registered(h.peer_id()) &&
      !admission.may_register(s.guest, options.policy.limits, now.steady_ms))
    registration = Registration::rationed;
  if (!s.gone) s.gone = std::make_shared<std::atomic<bool>>(false);
  actions.start_work(
      s.conn, std::make_unique<LoginWork>(std::move(work), accounts, registration, now.unix_s(), s.gone));
}

void Core::State::count_handshake(const Session& s, std::uint64_t Stats::Handshakes::*outcome) {
  const auto suites = crypto::all_suites();
  const auto* suite = s.transport.suite();
  const auto place = suite ? static_cast<std::size_t>(suite - suites.data()) : stats.handshakes.size() - 1;
  ++(stats.handshakes[place].*outcome);
}

void Core::State::penalise(Session& s, std::int64_t ms, Now now) {
  admission.penalise(*s.guest.source, ms, options.policy.limits, now.steady_ms);
}

// It did not keep to the protocol, or is not who it says; busy is our own matter.
void Core::State::failed(Session& s, ErrorCode code, std::string_view why, Now now) {
  if (code != ErrorCode::busy) penalise(s, penalty_fault_ms, now);
  if (!s.guest.authenticated) count_handshake(s, &Stats::Handshakes::failed);
  ++stats.faults;
  end(s, true, why, now);
}

// The ack of this read goes at once if a message asked for it, else with what goes to this client next, or
// alone when there is nothing for a while: a send of its own would double what a message costs.
void Core::State::owe_ack(Session& s, Now now) {
  if (!s.transport.owes_ack()) return;
  if (std::exchange(s.ack_at_once, false)) return s.transport.flush_ack(now, s.out);
  if (std::exchange(s.ack_listed, true)) return;
  acks.emplace_back(now.steady_ms + proto::ack_delay_ms, s.conn);
}

// A few in each turn, so that messages need not wait for many of them.
void Core::State::send_acks(Now now) {
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

// --- 3. handshake --------------------------------------------------------------------------------

void Core::work_done(ConnId conn, std::unique_ptr<LoginWork> work, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  if (!work->handshake_) return st.redeemed(*s, *work, now);
  // A new name where names are given by invitation: what is said inside SECURE decides.
  const bool invited = !work->binding_ && work->binding_.error().code == ErrorCode::not_registered &&
                       st.accounts.invitations(now.unix_s()) > 0;
  if (!work->binding_ && !invited) {
    const auto& refusal = work->binding_.error();
    const auto& h = work->handshake_->handshake();
    st.note(s->guest.source, Level::notice, now,
            "event=login-refused conn={} address={} id={} name={} code={}", conn, s->address,
            h.peer_id().text(), h.peer_name(), to_string(refusal.code));
    const auto why = refusal.code == ErrorCode::rate_limited ? Refused::registrations
                     : refusal.code == ErrorCode::banned     ? Refused::banned
                                                             : Refused::login;
    ++st.stats.refused[static_cast<std::size_t>(why)];
    if (refusal.code != ErrorCode::internal) st.penalise(*s, penalty_refused_ms, now);
    s->transport.refuse(refusal.code, refusal.text, now, s->out);
    return st.end(*s, true, "refused", now);
  }

  auto event = s->transport.complete(std::move(work->handshake_), now, s->out);
  if (event.kind == proto::Transport::Event::Kind::failed) {
    st.note(s->guest.source, Level::notice, now, "event=login-failed conn={} address={} code={} detail={}",
            conn, s->address, to_string(event.failure.code), remote{event.failure.detail});
    return st.failed(*s, event.failure.code, "handshake", now);
  }
  if (s->transport.connected() && !s->online) {
    if (st.banned(*s, now)) return st.expel(*s, ErrorCode::banned, banned_words, "banned", now);  // meanwhile
    if (invited)
      s->awaited = true;
    else
      st.log_in(*s, *work->binding_, now);
  }
  st.process(*s, {}, now);  // what came meanwhile is in the transport
}

void Core::State::redeem(Session& s, const proto::Register& message, Now now) {
  const auto code = parse_invitation(message.invitation);
  if (!code) return fault(s, ErrorCode::not_registered, "this invitation is not valid", "invitation", now);
  if (!admission.may_register(s.guest, options.policy.limits, now.steady_ms))
    return fault(s, ErrorCode::rate_limited, "too many new names from your address; try again in an hour",
                 "registrations", now);
  s.redeeming = true;
  actions.start_work(s.conn, std::make_unique<LoginWork>(s.transport.peer_name(), s.transport.peer_id(),
                                                         *code, accounts, now.unix_s(), s.gone));
}

void Core::State::redeemed(Session& s, const LoginWork& work, Now now) {
  s.redeeming = false;
  if (!work.binding_) {
    const auto& refusal = work.binding_.error();
    ++stats.refused[static_cast<std::size_t>(Refused::login)];
    return fault(s, refusal.code, refusal.text, "invitation", now);
  }
  if (banned(s, now)) return expel(s, ErrorCode::banned, banned_words, "banned", now);
  s.awaited = false;
  s.transport.owe_ack();  // which tells that the code was right
  s.transport.flush_ack(now, s.out);
  log_in(s, *work.binding_, now);
  mark(s);
}

void Core::State::log_in(Session& s, Binding binding, Now now) {
  const Id& id = s.transport.peer_id();
  if (const Online* before = presence.find(id)) {
    Session& old = *before->session;
    proto::Error error;
    error.code = ErrorCode::id_taken;
    error.message = "replaced by a newer login of this id";
    old.transport.flush_ack(now, old.out);  // nothing may follow the last word
    old.transport.send(encode(error), now, old.out);
    end(old, true, "replaced", now);
  }
  s.gone.reset();
  admission.authenticated(s.guest);
  count_handshake(s, &Stats::Handshakes::done);
  if (binding == Binding::made) ++stats.registrations;
  s.own_change = presence.next_change();
  presence.add(id, s.transport.peer_name(), now.unix_s(), &s);
  s.seen_change = presence.next_change();  // of itself and of what was before, its first snapshot tells
  join(s);
  wake_at(s, full_second(now.steady_ms + options.policy.limits.ping_ms));
  gather(now.steady_ms + proto::list_gather_ms);
  if (log::enabled(Level::info))
    actions.log(Level::info,
                fmt::format("event=login conn={} address={} id={} name={} suite={}{}", s.conn, s.address,
                            id.text(), s.transport.peer_name(), s.transport.suite()->label,
                            binding == Binding::made ? " registered=yes" : ""));
}

// --- 5. output -----------------------------------------------------------------------------------

void Core::State::mark(Session& s) {
  if (s.dirty || s.ended || s.out.empty()) return;
  s.dirty = true;
  dirty.push_back(s.conn);
}

void Core::State::flush(Session& s, Now now) {
  if (s.out.empty()) return;
  s.written += s.out.size();
  stats.bytes_out += s.out.size();
  set_stuck(s, actions.write(s.conn, s.out), now);
  scratch.frames.spare.give(s.out);
}

void Core::State::set_stuck(Session& s, std::size_t bytes, Now now) {
  queued += bytes - std::exchange(s.stuck, bytes);
  if (bytes == 0 || s.ended) return;
  queued_most = std::max(queued_most, bytes);
  if (std::exchange(s.stuck_listed, true)) return;
  s.taken = s.written - bytes;
  s.taken_ms = now.steady_ms;
  slow.push_back(s.conn);
  if (slow_check == never) slow_check = now.steady_ms + slow_check_ms;
}

void Core::State::set_held(Session& s) {
  held += s.transport.buffered() - s.held;
  s.held = s.transport.buffered();
}

void Core::turn_end(Now now) {
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

void Core::tick(Now now) {
  auto& st = *state_;
  if (st.next_ack() <= now.steady_ms) st.send_acks(now);
  if (st.slow_check <= now.steady_ms) st.look_at_slow(now);
  while (!st.deadlines.empty() && st.deadlines.begin()->first <= now.steady_ms)
    st.wake(*st.deadlines.begin()->second.back(), now);  // which ends it or gives it a later one
  if (st.gather_until <= now.steady_ms) st.begin_sweep(now);
  if (st.sweep.going) st.go_on_with_sweep(now);
}

std::int64_t Core::next_tick() const {
  const auto& st = *state_;
  if (st.sweep.going) return State::at_once;
  return std::min({st.gather_until, st.next_ack(), st.slow_check,
                   st.deadlines.empty() ? State::never : st.deadlines.begin()->first});
}

// Once a second, only those for whom something waits: who takes nothing of it for stall_ms is cut off.
void Core::State::look_at_slow(Now now) {
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
    note(s->guest.source, Level::warning, now, "event=slow-reader conn={} address={} bytes={}", conn,
         s->address, s->stuck);
    ++stats.slow_readers;
    end(*s, false, "slow-reader", now);
  }
  slow_check = slow.empty() ? never : now.steady_ms + slow_check_ms;
}

void Core::State::wake_at(Session& s, std::int64_t steady_ms) {
  let_sleep(s);
  s.wake_at = steady_ms;
  auto& same = deadlines[s.wake_at];
  s.wake_place = static_cast<std::uint32_t>(same.size());
  same.push_back(&s);
}

void Core::State::let_sleep(Session& s) {
  const auto at = deadlines.find(s.wake_at);
  if (at == deadlines.end()) return;
  auto& same = at->second;
  same[s.wake_place] = same.back();
  same[s.wake_place]->wake_place = s.wake_place;
  same.pop_back();
  if (same.empty()) deadlines.erase(at);
  s.wake_at = 0;
}

void Core::State::late(Session& s, Now now) {
  note(s.guest.source, Level::notice, now, "event=late conn={} address={}", s.conn, s.address);
  count_handshake(s, &Stats::Handshakes::timed_out);
  penalise(s, penalty_late_ms, now);
  s.transport.fail(ErrorCode::handshake_failed, "the handshake took too long", {}, now, s.out);
  end(s, true, "late", now);
}

// A session's deadline is looked at when it comes, not moved with every read.
void Core::State::wake(Session& s, Now now) {
  if (!s.online) return late(s, now);
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

void Core::ban(const Ban& ban, Now now) {
  auto& st = *state_;
  st.bans.add(ban);
  for (const ConnId conn : st.hit_by(st.bans, now))
    st.expel(*st.find(conn), ErrorCode::banned, banned_words, "banned", now);
}

std::size_t Core::kick(const BanList& whom, Now now) {
  const auto all = state_->hit_by(whom, now);
  for (const ConnId conn : all)
    kick(conn, now);
  return all.size();
}

bool Core::kick(ConnId conn, Now now) {
  Session* s = state_->find(conn);
  if (s == nullptr) return false;
  state_->expel(*s, ErrorCode::going_away, "the administrator ended your connection", "kicked", now);
  return true;
}

std::vector<ClientInfo> Core::clients(ConnId after, std::size_t limit) const {
  std::vector<const Session*> all;
  for (const auto& [conn, s] : state_->sessions)
    if (conn > after) all.push_back(s.get());
  const auto by_number = [](const Session* a, const Session* b) { return a->conn < b->conn; };
  const auto count = std::min(limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), by_number);
  std::vector<ClientInfo> out;
  for (const Session* s : std::span(all).first(count)) {
    ClientInfo info{s->conn, s->address, {}, {}, {}, 0, s->sent, s->got, s->stuck, s->online};
    if (s->transport.connected()) {
      info.id = s->transport.peer_id().str();
      info.name = s->transport.peer_name();
      info.suite = s->transport.suite()->label;
      if (const Online* online = state_->presence.find(s->transport.peer_id()))
        info.since_unix_s = online->since;
    }
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<ConnId> Core::State::hit_by(const BanList& list, Now now) const {
  std::vector<ConnId> hit;  // to be ended after this: each end changes the table
  for (const auto& [conn, s] : sessions) {
    const bool login = s->transport.connected() &&
                       list.on_login(s->transport.peer_id().text(), s->transport.peer_name(), now.unix_s());
    if (login || list.on_address(Address::parse(s->address).value_or(Address()), now.unix_s()))
      hit.push_back(conn);
  }
  return hit;
}

void Core::unban(Ban::Kind kind, const std::string& value) {
  state_->bans.remove(kind, value);
}

bool Core::State::banned(const Session& s, Now now) const {
  return s.transport.connected() &&
         bans.on_login(s.transport.peer_id().text(), s.transport.peer_name(), now.unix_s()) != nullptr;
}

void Core::State::expel(Session& s, ErrorCode code, std::string_view text, std::string_view why, Now now) {
  s.transport.fail(code, text, {}, now, s.out);
  end(s, true, why, now);
}

void Core::reload(Policy policy) {
  state_->options.policy = std::move(policy);
}

// --- 7. the end ----------------------------------------------------------------------------------

void Core::closed(ConnId conn, Now now) {
  Session* s = state_->find(conn);
  if (!s) return;
  if (!s->guest.authenticated) state_->penalise(*s, penalty_left_ms, now);
  state_->forget(*s, "closed by the other side", now);
}

void Core::State::fault(Session& s, ErrorCode code, std::string_view text, std::string_view detail, Now now) {
  note(s.guest.source, Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn,
       s.address, to_string(code), remote{detail});
  std::optional<std::uint64_t> id;
  if (s.transport.connected() && s.transport.received() > 0) id = s.transport.received() - 1;
  s.transport.fail(code, text, id, now, s.out);
  failed(s, code, "fault", now);
}

void Core::State::end(Session& s, bool flush_first, std::string_view why, Now now) {
  if (s.ended) return;
  if (flush_first) flush(s, now);
  actions.close(s.conn, flush_first);
  forget(s, why, now);
}

void Core::State::forget(Session& s, std::string_view why, Now now) {
  s.ended = true;
  if (s.gone) s.gone->store(true, std::memory_order_relaxed);
  let_sleep(s);
  admission.leave(s.guest);
  set_stuck(s, 0, now);
  held -= std::exchange(s.held, 0);
  if (s.online) {
    presence.remove(s.transport.peer_id());
    part(s);
    gather(now.steady_ms + proto::list_gather_ms);
    if (log::enabled(Level::info))
      actions.log(Level::info,
                  fmt::format("event=logout conn={} id={} name={} reason={}", s.conn,
                              s.transport.peer_id().text(), s.transport.peer_name(), remote{why}));
  }
  const auto at = sessions.find(s.conn);
  graveyard.push_back(std::move(at.value()));
  sessions.erase(at);
}

void Core::shutdown(Now now) {
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

std::size_t Core::connections() const {
  return state_->sessions.size();
}
std::size_t Core::online() const {
  return state_->presence.size();
}

Stats& Core::stats() {
  return state_->stats;
}

void Core::refresh_gauges() {
  auto& st = *state_;
  st.stats.connections = st.sessions.size();
  st.stats.online = st.presence.size();
  st.stats.unauthenticated = st.admission.unauthenticated();
  st.stats.queued_bytes = st.queued;
  st.stats.queued_most_bytes = std::exchange(st.queued_most, 0);
  st.stats.addresses = st.admission.sources();
}

}  // namespace sims::server
