// From a new connection to the login: steps 1 and 3 of relay.cc.
//   - opened(): count it, refuse it, or evict an older connection that has not logged in
//   - admit_handshake(), start_work(): public-key work within the budgets
//   - work_done() -> redeem() where a new name needs an invitation -> log_in()
//   - failed(), login_timed_out(): the penalty for not logging in
#include <algorithm>
#include <cassert>

#include "proto/wire/encode.h"
#include "server/accounts/invitation.h"
#include "server/relay/relay_state.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::string_view rationed_words = "too many new names from your address; try again in an hour";

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

}  // namespace

void LoginWork::run() {
  if (!handshake_ || gone_->load(std::memory_order_relaxed)) return;
  handshake_->run();
  if (!handshake_->completes()) return;
  const auto& h = handshake_->handshake();
  if (registration_ == Registration::banned)
    return void(binding_ = fail(Refusal{ErrorCode::banned, std::string(banned_words)}));
  name_ = h.peer_name();
  id_ = h.peer_id();
  binding_ = accounts_.check(name_, id_, registration_ == Registration::open);
  writes_ = binding_ == Binding::made;
  if (!binding_ && registration_ == Registration::rationed &&
      binding_.error().code == ErrorCode::not_registered)
    binding_ = fail(Refusal{ErrorCode::rate_limited, std::string(rationed_words)});
}

void LoginWork::write() {
  written_ = true;
  if (gone_->load(std::memory_order_relaxed)) return;
  binding_ =
      handshake_ ? accounts_.bind(name_, id_, true, unix_s_) : accounts_.redeem(name_, id_, code_, unix_s_);
}

// --- 1. a new connection -------------------------------------------------------------------------

void Relay::opened(ConnId conn, std::string_view address, Now now) {
  auto& st = *state_;
  if (st.going_away) {
    st.count_refused(Refused::going_away);
    return st.actions.close(conn, false);
  }
  const auto& limits = st.options.policy.limits;
  const auto from = Address::parse(address).value_or(Address());
  if (st.bans.on_address(from, now.unix_s())) return st.refuse(conn, from, Refused::banned, now);
  auto admitted = st.admission.admit(conn, from, limits, now.steady_ms);
  if (!admitted) return st.refuse(conn, from, admitted.error(), now);
  ++st.stats.opened;
  proto::HandshakeOptions handshake;
  handshake.kind = proto::HandshakeKind::client_server;
  handshake.role = proto::Role::responder;
  handshake.identity = st.options.identity;
  handshake.name = st.options.name;
  handshake.suites = st.options.policy.suites;
  auto session = std::make_unique<Session>(conn, address, admitted->slot,
                                           proto::Transport(std::move(handshake), st.ephemerals));
  session->input.last_heard = now.steady_ms;
  st.deadlines.set(*session, now.steady_ms + limits.handshake_ms);
  st.sessions.emplace(conn, std::move(session));
  if (admitted->evicted) st.evict(*admitted->evicted, now);
}

void Relay::State::refuse(ConnId conn, const Address& from, Refused why, Now now) {
  count_refused(why);
  events.note(admission.remember(from), Level::notice, now, "event=refused address={} reason={}", from.str(),
              name_of(why));
  const auto code = why == Refused::banned ? ErrorCode::banned : ErrorCode::busy;
  actions.write(conn, proto::encode_error(code, words_for(why)) + "\n");
  actions.close(conn, true);
}

// Evicts the oldest connection that has triggered no public-key work, or else the oldest in a
// handshake. An honest client completes its handshake before thousands of connections have come
// after it.
void Relay::State::evict(ConnId conn, Now now) {
  Session& s = *find(conn);
  count_refused(Refused::unauthenticated);
  s.login.outcome = &Stats::Handshakes::refused;
  penalise(s, penalty_left_ms, now);
  s.transport.fail(ErrorCode::busy, words_for(Refused::unauthenticated), {}, now, s.output.frames);
  end(s, true, "evicted", now);
}

// --- 3. handshake --------------------------------------------------------------------------------

// Before its first public-key work: checks the handshake budgets of its source and of all.
bool Relay::State::admit_handshake(Session& s, const proto::Handshake& handshake, Now now) {
  const auto* suite = handshake.suite();
  const bool costly = suite != nullptr && suite->rekeying == crypto::Rekeying::fresh_exchange;
  const auto refused =
      admission.may_handshake(s.slot, costly, options.policy.limits, now.steady_ms, ephemerals.rng());
  if (!refused) return true;
  count_refused(*refused);
  s.login.outcome = &Stats::Handshakes::refused;
  events.note(*s.slot.source, Level::notice, now, "event=refused conn={} address={} reason={}", s.conn,
              s.address, name_of(*refused));
  s.transport.refuse(ErrorCode::busy, words_for(*refused), now, s.output.frames);
  end(s, true, "refused", now);
  return false;
}

void Relay::State::start_work(Session& s, std::unique_ptr<proto::HandshakeWork> work, Now now) {
  auto registration = options.policy.registration_open ? Registration::open : Registration::closed;
  const bool last = s.login.gone != nullptr;  // phase 5: this step proves the claimed id
  const auto& h = work->handshake();
  if (last && bans.on_login(h.peer_id().text(), h.peer_name(), now.unix_s()))
    registration = Registration::banned;
  if (last && registration == Registration::open && !accounts.registered(h.peer_id()) &&
      !admission.may_register(s.slot, options.policy.limits, now.steady_ms))
    registration = Registration::rationed;
  if (!s.login.gone) s.login.gone = std::make_shared<std::atomic<bool>>(false);
  actions.start_work(s.conn, std::make_unique<LoginWork>(std::move(work), accounts, registration,
                                                         now.unix_s(), s.login.gone));
}

void Relay::State::count_handshake(const Session& s) {
  const auto suites = crypto::all_suites();
  const auto* suite = s.transport.suite();
  const auto place = suite ? static_cast<std::size_t>(suite - suites.data()) : stats.handshakes.size() - 1;
  ++(stats.handshakes[place].*s.login.outcome);
}

void Relay::State::penalise(Session& s, std::int64_t ms, Now now) {
  admission.penalise(*s.slot.source, ms, options.policy.limits, now.steady_ms);
}

// The client broke the protocol or does not own its id. `busy` and `internal` are our own failures.
void Relay::State::failed(Session& s, ErrorCode code, std::string_view why, Now now) {
  const bool ours = code == ErrorCode::busy || code == ErrorCode::internal;
  if (!ours) {
    penalise(s, penalty_fault_ms, now);
    ++stats.faults;
  }
  if (s.login.outcome == &Stats::Handshakes::left)
    s.login.outcome = ours ? &Stats::Handshakes::refused : &Stats::Handshakes::failed;
  end(s, true, why, now);
}

void Relay::State::login_timed_out(Session& s, Now now) {
  events.note(*s.slot.source, Level::notice, now, "event=late conn={} address={}", s.conn, s.address);
  s.login.outcome = &Stats::Handshakes::timed_out;
  penalise(s, penalty_late_ms, now);
  s.transport.fail(ErrorCode::handshake_failed, "the handshake took too long", {}, now, s.output.frames);
  end(s, true, "late", now);
}

void Relay::State::refuse_login(Session& s, const LoginWork& work, const Refusal& refusal, Refused why,
                                Now now) {
  const auto& h = work.handshake_->handshake();
  events.note(*s.slot.source, Level::notice, now,
              "event=login-refused conn={} address={} id={} name={} code={}", s.conn, s.address,
              h.peer_id().text(), h.peer_name(), to_string(refusal.code));
  count_refused(why);
  s.login.outcome = &Stats::Handshakes::refused;
  if (refusal.code != ErrorCode::internal)
    penalise(s, why == Refused::id_logins ? penalty_left_ms : penalty_refused_ms, now);
  s.transport.refuse(refusal.code, refusal.text, now, s.output.frames);
  end(s, true, "refused", now);
}

void Relay::work_done(ConnId conn, std::unique_ptr<LoginWork> work, Now now) {
  auto& st = *state_;
  assert(!work->writes_ || work->written_);
  Session* s = st.find(conn);
  if (!s) return;
  if (!work->handshake_) return st.redeemed(*s, *work, now);
  // A new name on a server that needs invitations: the client sends its invitation inside SECURE.
  const bool invited = !work->binding_ && work->binding_.error().code == ErrorCode::not_registered &&
                       st.accounts.invitations(now.unix_s()) > 0;
  if (!work->binding_ && !invited) {
    const auto& refusal = work->binding_.error();
    return st.refuse_login(*s, *work, refusal,
                           refusal.code == ErrorCode::rate_limited ? Refused::registrations
                           : refusal.code == ErrorCode::banned     ? Refused::banned
                                                                   : Refused::login,
                           now);
  }
  if (work->handshake_->completes() && !invited &&
      !st.admission.may_log_in(s->slot, work->handshake_->handshake().peer_id(), st.options.policy.limits,
                               now.steady_ms))
    return st.refuse_login(*s, *work,
                           {ErrorCode::rate_limited, "too many logins of this id; try again in some seconds"},
                           Refused::id_logins, now);

  auto event = s->transport.complete(std::move(work->handshake_), now, s->output.frames);
  if (event.kind == proto::Transport::Event::Kind::failed) {
    st.events.note(*s->slot.source, Level::notice, now,
                   "event=login-failed conn={} address={} code={} detail={}", conn, s->address,
                   to_string(event.failure.code), remote{event.failure.detail});
    return st.failed(*s, event.failure.code, "handshake", now);
  }
  if (s->transport.connected() && !s->online) {
    // A ban may have been made while the worker ran.
    if (st.banned(*s, now)) return st.expel(*s, ErrorCode::banned, banned_words, "banned", now);
    if (!invited) st.log_in(*s, *work->binding_, now);
  }
  st.process(*s, {}, now);  // the transport has kept the bytes that arrived meanwhile
}

void Relay::State::redeem(Session& s, const proto::Register& message, Now now) {
  const auto code = parse_invitation(message.invitation);
  const bool rationed = code && !admission.may_register(s.slot, options.policy.limits, now.steady_ms);
  if (!code || rationed) count_refused(rationed ? Refused::registrations : Refused::login);
  if (!code) return fault(s, ErrorCode::not_registered, "this invitation is not valid", "invitation", now);
  if (rationed) return fault(s, ErrorCode::rate_limited, rationed_words, "registrations", now);
  s.login.redeeming = true;
  actions.start_work(s.conn, std::make_unique<LoginWork>(s.transport.peer_name(), s.transport.peer_id(),
                                                         *code, accounts, now.unix_s(), s.login.gone));
}

void Relay::State::redeemed(Session& s, const LoginWork& work, Now now) {
  s.login.redeeming = false;
  if (!work.binding_) {
    const auto& refusal = work.binding_.error();
    count_refused(Refused::login);
    return fault(s, refusal.code, refusal.text, "invitation", now);
  }
  if (banned(s, now)) return expel(s, ErrorCode::banned, banned_words, "banned", now);
  s.transport.owe_ack();  // the ack confirms that the code was right
  s.transport.flush_ack(now, s.output.frames);
  log_in(s, *work.binding_, now);
  schedule_write(s);
}

void Relay::State::log_in(Session& s, Binding binding, Now now) {
  const Id& id = s.transport.peer_id();
  // The name may have been released while the worker ran. This id has no mailbox, and must get none.
  if (accounts.name_of(id) != s.transport.peer_name())
    return expel(s, ErrorCode::going_away, "your name was released; log in again", "released", now);
  if (const Online* before = presence.find(id)) {
    Session& old = *before->session;
    proto::Error error;
    error.code = ErrorCode::id_taken;
    error.message = "replaced by a newer login of this id";
    old.transport.flush_ack(now, old.output.frames);  // nothing may follow the error
    old.transport.send(encode(error), now, old.output.frames);
    end(old, true, "replaced", now);
  }
  s.login.gone.reset();
  s.rates.budgets = saved_budgets.take(id);
  admission.authenticated(s.slot);
  s.login.outcome = &Stats::Handshakes::done;
  count_handshake(s);
  if (binding == Binding::made) ++stats.registrations;
  s.presence.own_change = presence.next_change();
  presence.add(id, s.transport.peer_name(), now.unix_s(), &s);
  s.presence.seen_change = presence.next_change();  // its first snapshot contains everything before
  s.online = true;
  broadcast.join(s);
  deadlines.set(s, full_second(now.steady_ms + options.policy.limits.ping_ms));
  broadcast.schedule(now.steady_ms + proto::list_gather_ms);
  events.note_login(*s.slot.source, now, "event=login conn={} address={} id={} name={} suite={}{}", s.conn,
                    s.address, id.text(), s.transport.peer_name(), s.transport.suite()->label,
                    binding == Binding::made ? " registered=yes" : "");
  begin_mail(s);
}

}  // namespace sims::server
