// The life of a connection, in the order of the functions below:
//   1. opened():    counted, or refused at once
//   2. received():  its Transport makes handshake steps (LoginWork, done elsewhere) and sub-messages of the bytes
//   3. work_done(): the step's answer; after the last one log_in()
//   4. on_message(): one sub-message: answered, or re-sealed byte for byte for the peer it is for
//   5. turn_end():  what was collected is written, once per peer
//   6. tick():      handshake deadlines, pings, gathered presence changes
//   7. end():       closed; the others learn it with the next gathered changes
#include "server/core.h"

#include <algorithm>
#include <limits>
#include <set>

#include "server/presence.h"
#include "server/router.h"
#include "server/session.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t write_chunk = 64 * 1024;       // collected output that does not wait for the turn's end
constexpr std::int64_t log_burst = 50, log_rate = 10;  // lines that strangers can cause, a second

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void LoginWork::run() {
  handshake_->run();
  if (!handshake_->completes()) return;
  const auto& h = handshake_->handshake();
  binding_ = accounts_.bind(h.peer_name(), h.peer_id(), open_, unix_s_);
}

struct Core::State {
  State(CoreOptions o, AccountStore& a, crypto::EphemeralSource& e, Actions& act)
      : options(std::move(o)), accounts(a), ephemerals(e), actions(act), router(presence, sessions, a) {}

  CoreOptions options;
  AccountStore& accounts;
  crypto::EphemeralSource& ephemerals;
  Actions& actions;

  SessionTable sessions;
  std::vector<std::unique_ptr<Session>> graveyard;      // ended in this turn; callers may still hold references
  std::vector<ConnId> dirty;                            // with output, in the order they got it
  std::set<std::pair<std::int64_t, ConnId>> deadlines;  // one a session: handshake, then ping
  std::int64_t gather_until = never;                    // when the presence changes so far go out
  ConnectionCount count;
  Presence presence;
  Router router;
  bool going_away = false;

  proto::Scratch scratch;
  proto::JsonTape tape;  // of a sub-message
  std::string copy;      // parsing destroys its text, and the router passes the original on
  LogBudget budget{log_burst, log_rate};

  Session* find(ConnId conn) {
    auto at = sessions.find(conn);
    return at == sessions.end() ? nullptr : at->second.get();
  }

  void refuse(ConnId conn, std::string_view address, ConnectionCount::Verdict verdict, Now now);
  void process(Session& s, ByteView input, Now now);
  void log_in(Session& s, Binding binding, Now now);
  void on_message(Session& s, std::string_view plaintext, Now now);
  void forward(Session& s, const proto::Forwarded& message, std::string_view plaintext, Now now);
  void list(Session& s, const proto::ListRequest& request, Now now);
  void reply_error(Session& s, ErrorCode code, std::string_view text, std::optional<Id> dst, Now now);
  void fault(Session& s, ErrorCode code, std::string_view text, std::string_view detail, Now now);
  bool push(Session& s, std::string_view plaintext, Now now);
  bool catch_up(Session& s, std::uint64_t to, Now now);
  void gather(Now now);
  void send_changes(Now now);
  void mark(Session& s);
  void flush(Session& s);
  void wake_at(Session& s, std::int64_t steady_ms);
  void wake(Session& s, Now now);
  void end(Session& s, bool flush_first, std::string_view why, Now now);
  void forget(Session& s, std::string_view why, Now now);
  template <class... A>
  void note(Level level, Now now, fmt::format_string<A...> f, A&&... a);
};

// A line about something that a stranger can cause as often as he likes.
template <class... A>
void Core::State::note(Level level, Now now, fmt::format_string<A...> f, A&&... a) {
  if (!log::enabled(level)) return;
  std::uint64_t held_back = 0;
  if (!budget.spend(now.steady_ms, held_back)) return;
  auto line = fmt::format(f, std::forward<A>(a)...);
  if (held_back) line += fmt::format(" lines-held-back={}", held_back);
  actions.log(level, std::move(line));
}

// --- 1. a new connection ---------------------------------------------------------------------------------------------

Core::Core(CoreOptions options, AccountStore& accounts, crypto::EphemeralSource& ephemerals, Actions& actions)
    : state_(std::make_unique<State>(std::move(options), accounts, ephemerals, actions)) {}
Core::~Core() = default;

void Core::opened(ConnId conn, std::string_view address, Now now) {
  auto& st = *state_;
  if (st.going_away) return st.actions.close(conn, false);
  const auto& policy = st.options.policy;
  const auto verdict = st.count.enter(address_group(address), policy.limits);
  if (verdict != ConnectionCount::Verdict::ok) return st.refuse(conn, address, verdict, now);
  proto::HandshakeOptions handshake;
  handshake.kind = proto::HandshakeKind::client_server;
  handshake.role = proto::Role::responder;
  handshake.identity = st.options.identity;
  handshake.name = st.options.name;
  handshake.suites = policy.suites;
  auto session =
      std::make_unique<Session>(conn, address, proto::Transport(std::move(handshake), st.ephemerals));
  session->last_heard = now.steady_ms;
  st.wake_at(*session, now.steady_ms + policy.limits.handshake_ms);
  st.sessions.emplace(conn, std::move(session));
}

void Core::State::refuse(ConnId conn, std::string_view address, ConnectionCount::Verdict verdict, Now now) {
  const bool all = verdict == ConnectionCount::Verdict::full;
  const char* text = all ? "this server has no room for more connections"
                         : "too many connections from your address";
  note(Level::notice, now, "event=refused address={} reason={}", address, all ? "connections" : "address");
  actions.write(conn, proto::encode_error(ErrorCode::busy, text) + "\n");
  actions.close(conn, true);
}

// --- 2. bytes --------------------------------------------------------------------------------------------------------

void Core::received(ConnId conn, ByteView bytes, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  s->last_heard = now.steady_ms;
  s->pinged = false;
  st.process(*s, bytes, now);
}

void Core::State::process(Session& s, ByteView input, Now now) {
  using Kind = proto::Transport::Event::Kind;
  while (!s.ended) {
    auto event = s.transport.poll(input, scratch, now, s.out);
    if (event.kind == Kind::message) {
      on_message(s, event.message, now);
    } else if (event.kind == Kind::work) {
      actions.start_work(s.conn, std::make_unique<LoginWork>(std::move(event.work), accounts,
                                                             options.policy.registration_open, now.unix_s()));
    } else if (event.kind == Kind::failed) {
      note(Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn, s.address,
           to_string(event.failure.code), remote(event.failure.detail));
      return end(s, true, "fault", now);
    } else {
      break;
    }
  }
  if (s.ended) return;
  if (s.transport.connected()) s.transport.flush_ack(now, s.out);
  mark(s);
}

// --- 3. handshake ----------------------------------------------------------------------------------------------------

void Core::work_done(ConnId conn, std::unique_ptr<LoginWork> work, Now now) {
  auto& st = *state_;
  Session* s = st.find(conn);
  if (!s) return;
  if (!work->binding_) {
    const auto& refusal = work->binding_.error();
    const auto& h = work->handshake_->handshake();
    st.note(Level::notice, now, "event=login-refused conn={} address={} id={} name={} code={}", conn, s->address,
            h.peer_id().text(), h.peer_name(), to_string(refusal.code));
    s->transport.refuse(refusal.code, refusal.text, now, s->out);
    return st.end(*s, true, "refused", now);
  }
  auto event = s->transport.complete(std::move(work->handshake_), now, s->out);
  if (event.kind == proto::Transport::Event::Kind::failed) {
    st.note(Level::notice, now, "event=login-failed conn={} address={} code={} detail={}", conn, s->address,
            to_string(event.failure.code), remote(event.failure.detail));
    return st.end(*s, true, "handshake", now);
  }
  if (s->transport.connected() && !s->online) st.log_in(*s, *work->binding_, now);
  st.process(*s, {}, now);  // what came meanwhile is in the transport
}

void Core::State::log_in(Session& s, Binding binding, Now now) {
  const Id& id = s.transport.peer_id();
  if (const Online* before = presence.find(id)) {
    Session& old = *sessions.at(before->conn);
    proto::Error error;
    error.code = ErrorCode::id_taken;
    error.message = "replaced by a newer login of this id";
    old.transport.send(encode(error), now, old.out);
    end(old, true, "replaced", now);
  }
  s.own_change = presence.next_change();
  presence.add(id, s.transport.peer_name(), now.unix_s(), s.conn);
  s.seen_change = presence.next_change();  // of itself and of what was before, its first snapshot tells
  s.online = true;
  wake_at(s, now.steady_ms + options.policy.limits.ping_ms);
  gather(now);
  if (log::enabled(Level::info))
    actions.log(Level::info, fmt::format("event=login conn={} address={} id={} name={} suite={}{}", s.conn, s.address,
                                         id.text(), s.transport.peer_name(), s.transport.suite()->label,
                                         binding == Binding::made ? " registered=yes" : ""));
}

// --- 4. sub-messages -------------------------------------------------------------------------------------------------

void Core::State::on_message(Session& s, std::string_view plaintext, Now now) {
  copy.assign(plaintext);
  auto root = tape.parse(copy);
  if (!root) return fault(s, root.error().code, "the message is not acceptable JSON", root.error().detail, now);
  auto message = proto::decode_from_client(*root);
  if (!message) return fault(s, message.error().code, "the message is not valid", message.error().detail, now);
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
                   note(Level::info, now, "event=client-error conn={} code={} text={}", s.conn, remote(m.code_text),
                        remote(m.message));
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

void Core::State::reply_error(Session& s, ErrorCode code, std::string_view text, std::optional<Id> dst, Now now) {
  proto::Error error;
  error.code = code;
  error.message = text;
  error.id = s.transport.received() - 1;
  error.dst = dst;
  push(s, encode(error), now);
}

// `text` is told to the client, `detail` goes into the log.
void Core::State::fault(Session& s, ErrorCode code, std::string_view text, std::string_view detail, Now now) {
  note(Level::notice, now, "event=fault conn={} address={} code={} detail={}", s.conn, s.address, to_string(code),
       remote(detail));
  std::optional<std::uint64_t> id;
  if (s.transport.connected() && s.transport.received() > 0) id = s.transport.received() - 1;
  s.transport.fail(code, text, id, now, s.out);
  end(s, true, "fault", now);
}

// --- 5. output -------------------------------------------------------------------------------------------------------

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

void Core::State::mark(Session& s) {
  if (s.dirty || s.ended || s.out.empty()) return;
  s.dirty = true;
  dirty.push_back(s.conn);
}

void Core::State::flush(Session& s) {
  if (!s.out.empty()) actions.write(s.conn, std::exchange(s.out, {}));
}

void Core::turn_end(Now) {
  auto& st = *state_;
  for (const ConnId conn : st.dirty) {
    if (Session* s = st.find(conn)) {
      s->dirty = false;
      st.flush(*s);
    }
  }
  st.dirty.clear();
  st.graveyard.clear();
}

// --- 6. time and presence --------------------------------------------------------------------------------------------

void Core::tick(Now now) {
  auto& st = *state_;
  while (!st.deadlines.empty() && st.deadlines.begin()->first <= now.steady_ms)
    st.wake(*st.sessions.at(st.deadlines.begin()->second), now);
  if (st.gather_until <= now.steady_ms) st.send_changes(now);
}

std::int64_t Core::next_tick() const {
  const auto& st = *state_;
  return std::min(st.gather_until, st.deadlines.empty() ? never : st.deadlines.begin()->first);
}

void Core::State::wake_at(Session& s, std::int64_t steady_ms) {
  deadlines.erase({s.wake_at, s.conn});
  s.wake_at = steady_ms;
  deadlines.emplace(steady_ms, s.conn);
}

// A session's deadline is looked at when it comes, not moved with every read.
void Core::State::wake(Session& s, Now now) {
  if (!s.online) return fault(s, ErrorCode::handshake_failed, "the handshake took too long", "deadline", now);
  const auto ping_ms = options.policy.limits.ping_ms;
  const auto silent_until = s.last_heard + ping_ms;
  if (now.steady_ms < silent_until) return wake_at(s, silent_until);
  if (s.pinged) return end(s, false, "silent", now);
  s.pinged = true;
  wake_at(s, now.steady_ms + ping_ms);
  push(s, encode(proto::Ping{}), now);
}

void Core::State::gather(Now now) {
  if (gather_until == never && !going_away) gather_until = now.steady_ms + proto::list_gather_ms;
}

void Core::State::send_changes(Now now) {
  gather_until = never;
  const auto to = presence.next_change();
  std::vector<ConnId> online;  // catch_up() may cut somebody off, which changes the table (and is a new change)
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

void Core::reload(Policy policy) { state_->options.policy = std::move(policy); }

// --- 7. the end ------------------------------------------------------------------------------------------------------

void Core::closed(ConnId conn, Now now) {
  if (Session* s = state_->find(conn)) state_->forget(*s, "closed by the other side", now);
}

void Core::State::end(Session& s, bool flush_first, std::string_view why, Now now) {
  if (s.ended) return;
  if (flush_first) flush(s);
  actions.close(s.conn, flush_first);
  forget(s, why, now);
}

void Core::State::forget(Session& s, std::string_view why, Now now) {
  s.ended = true;
  deadlines.erase({s.wake_at, s.conn});
  count.leave(address_group(s.address));
  if (s.online) {
    presence.remove(s.transport.peer_id());
    gather(now);
    if (log::enabled(Level::info))
      actions.log(Level::info, fmt::format("event=logout conn={} id={} name={} reason={}", s.conn,
                                           s.transport.peer_id().text(), s.transport.peer_name(), remote{why}));
  }
  auto node = sessions.extract(s.conn);
  graveyard.push_back(std::move(node.mapped()));
}

void Core::shutdown(Now now) {
  auto& st = *state_;
  st.going_away = true;
  st.gather_until = never;
  while (!st.sessions.empty()) {
    Session& s = *st.sessions.begin()->second;
    if (s.transport.connected()) {
      proto::Error error;
      error.code = ErrorCode::going_away;
      error.message = "the server is going down";
      s.transport.send(encode(error), now, s.out);
      s.transport.send(encode(proto::Disconnect{st.options.name, s.transport.sent()}), now, s.out);
    } else {
      s.transport.fail(ErrorCode::going_away, "the server is going down", {}, now, s.out);
    }
    st.end(s, true, "going away", now);
  }
}

std::size_t Core::connections() const { return state_->sessions.size(); }
std::size_t Core::online() const { return state_->presence.size(); }

}  // namespace sims::server
