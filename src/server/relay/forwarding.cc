// Sub-messages of clients that are logged in, and the relay's answers (sims-protocol(7) section 4).
//   - on_message(): dispatches one sub-message by its type
//   - forward(): re-seals it byte for byte for its peer; the hot path
//   - list(), find(), and presence changes, which are gathered over 200 ms
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "proto/wire/message_table.h"
#include "server/relay/relay_state.h"

namespace sims::server {

using log::Level;
using log::remote;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::size_t write_chunk = 64 * 1024;  // collected output that does not wait for the turn's end
constexpr std::size_t told_a_turn = 2;          // sessions of a PresenceBroadcast: some 50 us
constexpr std::uint32_t max_ack_credit = 100'000;
// After a refused message, the ones right behind it are refused too: they must not overtake it.
constexpr std::int64_t refuse_ms = 500;
constexpr std::int64_t max_calls_to_one = 10;

// The most that mail may have added to the output of this client, which is never cut off for mail.
std::size_t mail_in_output(const Session& s) {
  const bool given = s.mail && !s.mail->given.empty();
  return given ? max_mail_output : 0;
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void Relay::State::on_message(Session& s, std::string_view plaintext, Now now) {
  const auto owe = [&](const proto::MessageRow& row) {
    if (!row.acked()) return;
    s.transport.owe_ack();
    if (!row.forwarded()) s.acks.at_once = true;  // the client waits for the ack of a ping
  };
  if (const auto known = s.online ? proto::fast_path_forwarded(plaintext) : std::nullopt) {
    const auto& row = proto::message_row(known->type);
    owe(row);
    if (!within_rate(s, plaintext.size(), !row.acked(), known->dst, now)) return;
    return forward(s, *known, plaintext, now);
  }
  copy.assign(plaintext);
  auto root = tape.parse(copy);
  if (!root)
    return fault(s, root.error().code, "the message is not acceptable JSON", root.error().detail, now);
  auto message = proto::decode_from_client(*root);
  if (!message)
    return fault(s, message.error().code, "the message is not valid", message.error().detail, now);
  if (!s.online) return before_login(s, *message, now);
  const auto& row = proto::message_row(*root);
  const auto dst = row.between_clients() ? root->get_string("dst").value_or(std::string_view()) : "";
  if (!within_rate(s, plaintext.size(), !row.acked(), dst, now)) {
    if (!s.ended && row.acked()) s.transport.owe_ack();  // we read it, and answered with an error
    return;
  }
  if (row.acking == proto::Acking::once_read) owe(row);
  std::visit(Overloaded{
                 [&](const proto::Forwarded& m) {
                   if (m.type == proto::MessageType::client_connect && !may_call(s, *root, m, now)) return;
                   if (m.type == proto::MessageType::client_refuse) call_answered(s, m);
                   forward(s, m, plaintext, now);
                 },
                 [&](const proto::Kept& m) { keep(s, m, plaintext, now); },
                 [&](proto::PrekeysUpload& m) { publish(s, m, now); },
                 [&](proto::PrekeyRequest& m) { claim(s, m, now); },
                 [&](const proto::ListRequest& m) { list(s, m, now); },
                 [&](const proto::FindRequest& m) { find(s, m, now); },
                 [&](const proto::Ack& m) {
                   if (s.mail) mail_acked(s, m.id, now);  // nothing else is sent again
                 },
                 [&](const proto::Ping&) {},  // the ack is the answer
                 [&](const proto::Disconnect&) {
                   s.transport.flush_ack(now, s.output.frames);
                   end(s, true, "disconnect", now);
                 },
                 [&](const proto::Register&) {},  // it is registered already
                 [&](const proto::Error& m) {
                   events.note(*s.slot.source, Level::info, now, "event=client-error conn={} code={} text={}",
                               s.conn, remote{m.code_text}, remote{m.message});
                 },
                 [&](const proto::UnknownMessage&) {
                   reply_error(s, ErrorCode::bad_message, "unknown message type", {}, now);
                 },
             },
             *message);
}

void Relay::State::forward(Session& s, const proto::Forwarded& message, std::string_view plaintext, Now now) {
  const auto route = router.route(s, message, plaintext.size());
  if (!route) {
    const auto& why = route.error();
    if (why.fatal) return fault(s, why.code, why.text, why.text, now);
    return reply_error(s, why.code, why.text, why.dst, now);
  }
  Session& peer = **route;
  const Id dst = peer.transport.peer_id();
  // Announce a (re)login before forwarding that peer's first message.
  const bool told = s.presence.own_change < presence.first_change() ||
                    s.presence.own_change < peer.presence.seen_change ||
                    catch_up(peer, presence.next_change(), now);
  if (!told || !push(peer, plaintext, now)) {
    count_refused(Refused::queue);
    return reply_error(s, ErrorCode::not_connected, "this peer does not read and was cut off", dst, now);
  }
  ++s.sent;
  ++peer.received;
  ++stats.messages;
  stats.message_bytes += plaintext.size();
  ++peer.rates.ack_credit;
}

// A client whose name is not registered yet, on a server that needs invitations.
void Relay::State::before_login(Session& s, const proto::FromClient& message, Now now) {
  const auto* invitation = std::get_if<proto::Register>(&message);
  if (invitation != nullptr && !s.login.redeeming) return redeem(s, *invitation, now);
  fault(s, ErrorCode::not_registered, "this server takes new names by invitation only", "not invited", now);
}

// Rate-limits everything except acks for messages we delivered to it: a flood to a client must not
// use up its own budget. Past the budget a message is refused; past as much again the client is
// disconnected.
bool Relay::State::within_rate(Session& s, std::size_t size, bool is_ack, std::string_view dst, Now now) {
  if (is_ack && s.rates.ack_credit > 0) {
    --s.rates.ack_credit;
    return true;
  }
  auto& rates = s.rates;
  const auto& limits = options.policy.limits;
  const auto count = rates.budgets.messages.spend(limits.messages, now.steady_ms);
  const auto bytes =
      rates.budgets.message_bytes.spend(limits.message_bytes, now.steady_ms, static_cast<std::int64_t>(size));
  rates.fast = count < limits.messages.burst / 8 * 7 || bytes < limits.message_bytes.burst / 8 * 7;
  if (count < 0 || bytes < 0) rates.refused_until = now.steady_ms + refuse_ms;
  if (now.steady_ms >= rates.refused_until) return true;
  count_refused(Refused::messages);
  if (count < -limits.messages.burst || bytes < -limits.message_bytes.burst) {
    penalise(s, penalty_flood_ms, now);
    fault(s, ErrorCode::rate_limited, "you send too much in too short a time", "flood", now);
  } else {
    reply_error(s, ErrorCode::rate_limited, "you send too fast: this message was not passed on",
                proto::Id::shaped(dst), now);
  }
  return false;
}

void Relay::State::call_answered(const Session& by, const proto::Forwarded& message) {
  const Online* caller = presence.find(message.dst);
  if (caller == nullptr) return;
  if (auto& calls = caller->session->rates.budgets.calls)
    std::erase_if(calls->open, [&](const auto& call) { return call.dst == by.transport.peer_id(); });
}

// Limits unanswered calls, which may be a nuisance like a ringing phone. An answer or a refusal
// removes the call from the count.
bool Relay::State::may_call(Session& s, const proto::JsonValue& root, const proto::Forwarded& message,
                            Now now) {
  const auto dst = proto::Id::shaped(message.dst);
  if (!dst) return true;  // the router refuses it
  call_answered(s, message);
  if (root.get_number("phase") != 1) return true;
  auto& calls = s.rates.budgets.calls;
  if (!calls) calls = std::make_unique<Calls>();
  calls->forget_old(now.steady_ms);
  auto& open = calls->open;
  const auto to_one = std::count_if(open.begin(), open.end(), [&](const auto& c) { return c.dst == *dst; });
  if (open.size() < options.policy.limits.unanswered_calls && to_one < max_calls_to_one) {
    open.push_back({*dst, now.steady_ms});
    return true;
  }
  count_refused(Refused::calls);
  reply_error(s, ErrorCode::rate_limited, "too many calls that were not answered; try again in a minute", dst,
              now);
  return false;
}

void Relay::State::list(Session& s, const proto::ListRequest& request, Now now) {
  if (!s.rates.budgets.lists.take(options.policy.limits.lists, now.steady_ms)) {
    count_refused(Refused::list_requests);
    return reply_error(s, ErrorCode::rate_limited, "too many list requests; try again in some seconds", {},
                       now);
  }
  // Send changes that are older than the snapshot before it: after it they would contradict it.
  if (catch_up(s, presence.next_change(), now)) push(s, encode(presence.page(request)), now);
}

// Finds a registered name or id, online or not.
void Relay::State::find(Session& s, const proto::FindRequest& request, Now now) {
  if (!s.rates.budgets.finds.take(options.policy.limits.finds, now.steady_ms)) {
    count_refused(Refused::find_requests);
    return reply_error(s, ErrorCode::rate_limited, "too many find requests; try again in a minute", {}, now);
  }
  const auto id = request.id ? request.id : accounts.id_of(request.name);
  const auto name = request.id ? accounts.name_of(*request.id) : request.name;
  if (!id || !name) {
    proto::Error error;
    error.code = ErrorCode::unknown_peer;
    error.message = "nobody is registered here under this";
    error.id = s.transport.received() - 1;
    error.dst = request.id;
    error.name = request.name;
    return answer_error(s, error, now);
  }
  push(s, encode(proto::Found{*name, *id, presence.find(*id) != nullptr}), now);
}

void Relay::State::reply_error(Session& s, ErrorCode code, std::string_view text, std::optional<Id> dst,
                               Now now) {
  proto::Error error;
  error.code = code;
  error.message = text;
  error.id = s.transport.received() - 1;
  error.dst = dst;
  answer_error(s, error, now);
}

// Seals one sub-message for a session. False: the client reads too slowly and was disconnected.
bool Relay::State::push(Session& s, std::string_view plaintext, Now now) {
  if (s.ended) return false;
  auto& output = s.output;
  if (output.frames.size() >= write_chunk) flush(s, now);
  if (output.unsent_bytes > 0) set_unsent(s, actions.queued(s.conn), now);
  const auto& limits = options.policy.limits;
  const auto waiting = output.unsent_bytes + output.frames.size();
  const auto all = backlog.all() + output.frames.size();
  const bool full = waiting > limits.queue_bytes && waiting > limits.queue_bytes + mail_in_output(s);
  if (full || (output.unsent_bytes > 0 && all > limits.queue_bytes_total)) {
    cut_off(s, waiting, now);
    return false;
  }
  if (output.frames.empty()) output.frames = scratch.frames.spare.take();
  s.transport.send(plaintext, now, output.frames);
  // The client will ack it to us, and acks a forwarded message to its peer as well, see forward().
  if (s.rates.ack_credit < max_ack_credit) ++s.rates.ack_credit;
  schedule_write(s);
  return true;
}

void Relay::State::cut_off(Session& s, std::size_t waiting, Now now) {
  events.note(*s.slot.source, Level::warning, now,
              "event=queue-full conn={} address={} id={} bytes={} all={}", s.conn, s.address,
              s.transport.peer_id().text(), waiting, backlog.unsent_bytes);
  ++stats.slow_readers;
  end(s, false, "queue-full", now);
}

// --- presence ------------------------------------------------------------------------------------

void Relay::State::announce(Now now) {
  for (std::size_t told = 0; told < told_a_turn;) {
    Session* s = broadcast.next();  // push() may end it, which part() handles
    if (s == nullptr) break;
    if (s->presence.seen_change >= broadcast.to()) continue;
    ++told;
    if (s->presence.seen_change > broadcast.from()) {
      catch_up(*s, broadcast.to(), now);
      continue;
    }
    s->presence.seen_change = broadcast.to();
    for (const auto& plaintext : broadcast.events())
      if (!push(*s, plaintext, now)) break;
  }
  if (broadcast.complete()) broadcast.finish(presence, now.steady_ms);
}

// Sends one client the changes up to `to` that it does not know yet. False: it was disconnected.
bool Relay::State::catch_up(Session& s, std::uint64_t to, Now now) {
  const auto from = std::max(s.presence.seen_change, presence.first_change());
  s.presence.seen_change = std::max(s.presence.seen_change, to);
  if (from >= to) return !s.ended;
  for (const auto& plaintext : presence.events(from, to))
    if (!push(s, plaintext, now)) return false;
  return true;
}

}  // namespace sims::server
