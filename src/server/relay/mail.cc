// Letters, receipts and prekeys of senders and owners (sims-protocol(7) section 8), and the errors of a client
// in the order of its messages.
//   - keep(), publish(), claim() ask the mailbox and hold the message's ack
//   - Relay::mail_answers(): errors, answers and acks, in the turn in which the mailbox has answered
//   - late_fates(): `busy` for who has waited too long
// Mail that is given to its owner: mail_delivery.cc.
#include <fmt/format.h>

#include "proto/limits.h"
#include "proto/wire/encode.h"
#include "server/relay/relay_state.h"

namespace sims::server {

using log::Level;
using proto::ErrorCode;
using proto::Id;

namespace {

constexpr std::int64_t fate_ms = 5'000;  // then the sender is told `busy`
constexpr std::int64_t refuse_ms = 500;  // further letters, after one that was refused
constexpr std::uint64_t newcomer_s = 86'400;

std::string_view words_for(ErrorCode code) {
  return code == ErrorCode::mailbox_full ? "this mailbox has no room for your letter; try again later"
                                         : "this server could not store your message; send it again";
}

// Why an upload of prekeys is refused whatever the server has; empty: it is not.
std::string fault_of(const proto::PrekeysUpload& upload, std::uint64_t unix_s) {
  const auto refusal = [&](std::string_view why) {
    return fmt::format("{}; the time of this server is {}", why, unix_s);
  };
  if (upload.data.size() > proto::max_prekeys_frame)
    return refusal(fmt::format("over {} prekeys in one message", proto::max_prekeys_frame));
  for (const auto& prekey : upload.data) {
    const auto* suite = crypto::find_suite(prekey.suite);
    if (suite == nullptr) return refusal("a prekey has an unknown suite");
    if (prekey.use == proto::PrekeyUse::many && !suite->many_prekey)
      return refusal("a prekey of this suite is for one session only");
    if (prekey.expires > unix_s + proto::prekey_life_taken_s)
      return refusal("a prekey expires more than 91 days ahead");
  }
  return {};
}

std::string too_many_words(std::uint64_t unix_s) {
  return fmt::format("too many prekeys; the time of this server is {}", unix_s);
}

}  // namespace

// --- acks and errors in order ----------------------------------------------------------------------

// The message received last is acked after its answer, but then at once.
std::uint64_t Relay::State::hold_ack(Session& s) {
  s.acks.at_once = true;
  return s.transport.hold_ack();
}

void Relay::State::ack_at_once(Session& s) {
  s.acks.at_once = true;
  s.transport.owe_ack();
}

SessionMail& Relay::State::mail_of(Session& s) {
  if (!s.mail) s.mail = std::make_unique<SessionMail>();
  return *s.mail;
}

void Relay::State::drop_idle_mail(Session& s) {
  if (s.mail && s.mail->idle()) s.mail.reset();
}

// Sends an error about message `*error.id`. While an earlier message has no fate it waits for that, so that
// errors come in the order of their messages.
void Relay::State::answer_error(Session& s, const proto::Error& error, Now now) {
  if (s.ended) return;
  auto text = encode(error);
  if (!s.transport.held_before(*error.id)) return void(push(s, text, now));
  auto& mail = mail_of(s);
  mail.error_bytes += text.size();
  backlog.error_bytes += text.size();
  mail.errors.emplace(*error.id, std::move(text));
  const auto& limits = options.policy.limits;
  if (mail.error_bytes > limits.queue_bytes || backlog.all() > limits.queue_bytes_total)
    cut_off(s, mail.error_bytes, now);
}

// The fate of a held message is known, and its error, if any, was given to answer_error().
void Relay::State::settle(Session& s, std::uint64_t seq, Now now) {
  if (s.ended) return;
  s.transport.settle(seq);
  s.acks.at_once = true;
  if (desk.settled.empty() || desk.settled.back() != s.conn) desk.settled.push_back(s.conn);
  if (!s.mail) return;
  auto& errors = s.mail->errors;
  while (!errors.empty() && !s.transport.held_before(errors.begin()->first)) {
    const auto text = std::move(errors.extract(errors.begin()).mapped());
    s.mail->error_bytes -= text.size();
    backlog.error_bytes -= text.size();
    if (!push(s, text, now)) return;
  }
}

// The error goes before the ack that covers its message.
void Relay::State::answer_held(const HeldMessage& held, ErrorCode code, std::string_view text, Now now) {
  Session* s = find(held.conn);
  if (s == nullptr || held.told) return;
  answer_error(*s, {code, {}, std::string(text), held.seq, held.dst, {}}, now);
  settle(*s, held.seq, now);
}

void Relay::State::late_fates(Now now) {
  while (const auto* held = desk.late(now.steady_ms)) {
    HeldMessage late = *held;
    late.told = false;
    count_refused(Refused::mail_busy);
    if (Session* s = find(late.conn); s != nullptr && late.letter)
      refuse_letters(*s, *late.dst, ErrorCode::busy, now);
    answer_held(late, ErrorCode::busy, words_for(ErrorCode::busy), now);
  }
  send_settled_acks(now);
}

// --- letters and receipts --------------------------------------------------------------------------

void Relay::State::refuse_letters(Session& s, const Id& owner, ErrorCode code, Now now) {
  mail_of(s).refused.add(owner, code, now.steady_ms + refuse_ms, now.steady_ms);
}

bool Relay::State::newcomer(const Session& s, Now now) const {
  if (!options.policy.registration_open) return false;
  const auto since = accounts.registered_at(s.transport.peer_id());
  return since && now.unix_s() < *since + newcomer_s;
}

void Relay::State::keep(Session& s, const proto::Kept& message, std::string_view plaintext, Now now) {
  const auto owner = router.owner(s, message, plaintext.size(), now.unix_s());
  if (!owner) {
    const auto& why = owner.error();
    if (why.fatal) return fault(s, why.code, why.text, why.text, now);
    ack_at_once(s);
    return reply_error(s, why.code, why.text, why.dst, now);
  }
  const bool letter = message.type == proto::MessageType::client_mail;
  auto code = letter && s.mail ? s.mail->refused.find(*owner, now.steady_ms) : std::nullopt;
  if (desk.closed.contains(*owner)) {
    count_refused(Refused::mail_busy);
    code = ErrorCode::busy;
    if (letter) refuse_letters(s, *owner, *code, now);
  }
  if (code) {
    ack_at_once(s);
    return reply_error(s, *code, words_for(*code), *owner, now);
  }
  const auto ticket = desk.ask_held(PutAsked{{s.conn, hold_ack(s), *owner, letter}}, now.steady_ms + fate_ms);
  desk.mailbox.put(ticket,
                   {*owner, s.transport.peer_id(), letter ? MailKind::letter : MailKind::receipt,
                    std::string(plaintext), letter && newcomer(s, now)},
                   now.unix_s());
}

void Relay::State::answered(const PutAsked& put, const PutAnswer& answer, Now now) {
  const bool full = answer.fate == PutFate::full, failed = answer.fate == PutFate::failed;
  if (answer.fate == PutFate::stored || answer.fate == PutFate::known) wake_owner(*put.dst);
  if (full || failed) {
    const auto code = full ? ErrorCode::mailbox_full : ErrorCode::busy;
    count_refused(full ? Refused::mailbox_full : Refused::mail_busy);
    Session* s = find(put.conn);
    if (s != nullptr && put.letter && !put.told) refuse_letters(*s, *put.dst, code, now);
    return answer_held(put, code, words_for(code), now);
  }
  if (Session* s = find(put.conn); s != nullptr && !put.told) settle(*s, put.seq, now);
}

// --- prekeys ---------------------------------------------------------------------------------------

MailBudgets& Relay::State::mail_budgets(Session& s) {
  auto& budgets = s.rates.budgets.mail;
  if (!budgets) budgets = std::make_unique<MailBudgets>();
  return *budgets;
}

void Relay::State::publish(Session& s, proto::PrekeysUpload& upload, Now now) {
  const auto refuse = [&](ErrorCode code, std::string_view text) {
    ack_at_once(s);
    reply_error(s, code, text, {}, now);
  };
  if (!mail_budgets(s).uploads.take(options.policy.limits.prekey_uploads, now.steady_ms)) {
    count_refused(Refused::prekey_requests);
    return refuse(ErrorCode::rate_limited, "too many uploads of prekeys; try again in a minute");
  }
  if (const auto why = fault_of(upload, now.unix_s()); !why.empty())
    return refuse(ErrorCode::bad_message, why);
  const auto& id = s.transport.peer_id();
  if (desk.closed.contains(id)) return refuse(ErrorCode::busy, words_for(ErrorCode::busy));
  const HeldMessage held{s.conn, hold_ack(s), {}};
  const auto late = now.steady_ms + fate_ms;
  if (upload.data.empty() && !upload.fresh)
    return desk.prekeys.status(desk.ask_held(StatusRequested{held}, late), id);
  desk.prekeys.publish(desk.ask_held(PublishAsked{held}, late), id, std::move(upload.data), upload.fresh,
                       now.unix_s());
}

void Relay::State::answered(const PublishAsked& asked, const PublishAnswer& answer, Now now) {
  using Fate = PublishAnswer::Fate;
  if (answer.fate == Fate::failed)
    return answer_held(asked, ErrorCode::busy, words_for(ErrorCode::busy), now);
  if (answer.fate == Fate::too_many)
    return answer_held(asked, ErrorCode::bad_message, too_many_words(now.unix_s()), now);
  answer_status(asked, answer.status, now);
}

void Relay::State::answered(const StatusRequested& asked, const StatusAnswer& answer, Now now) {
  if (answer.failed) return answer_held(asked, ErrorCode::busy, words_for(ErrorCode::busy), now);
  answer_status(asked, answer.status, now);
}

void Relay::State::answer_status(const HeldMessage& asked, const proto::PrekeysStatus& status, Now now) {
  Session* s = find(asked.conn);
  if (s != nullptr && push(*s, encode(status), now) && !asked.told) settle(*s, asked.seq, now);
}

void Relay::State::claim(Session& s, proto::PrekeyRequest& request, Now now) {
  const auto refuse = [&](ErrorCode code, std::string_view text) {
    ack_at_once(s);
    reply_error(s, code, text, request.dst, now);
  };
  if (!mail_budgets(s).requests.take(options.policy.limits.prekey_requests, now.steady_ms)) {
    count_refused(Refused::prekey_requests);
    return refuse(ErrorCode::rate_limited, "too many requests for prekeys; try again in a minute");
  }
  if (!router.has_mailbox(request.dst, now.unix_s()))
    return refuse(ErrorCode::unknown_peer, "no such peer on this server");
  if (desk.closed.contains(request.dst)) return refuse(ErrorCode::busy, words_for(ErrorCode::busy));
  const auto ticket = desk.ask_held(ClaimAsked{{s.conn, hold_ack(s), request.dst}}, now.steady_ms + fate_ms);
  desk.prekeys.claim(ticket, request.dst, s.transport.peer_id(), std::move(request.ciphers), now.unix_s());
}

void Relay::State::answered(const ClaimAsked& asked, ClaimAnswer& answer, Now now) {
  if (const Online* owner = presence.find(*asked.dst); owner != nullptr && answer.few_left)
    desk.prekeys.status(desk.ask(StatusAsked{owner->session->conn}), owner->id);
  if (answer.failed) return answer_held(asked, ErrorCode::busy, words_for(ErrorCode::busy), now);
  Session* s = find(asked.conn);
  if (s == nullptr || asked.told) return;  // the key is burned
  if (push(*s, encode(proto::PrekeyAnswer{*asked.dst, std::move(answer.prekey)}), now))
    settle(*s, asked.seq, now);
}

// --- answers ---------------------------------------------------------------------------------------

void Relay::mail_answers(Now now) {
  auto& st = *state_;
  for (auto& answer : st.desk.mailbox.take_answers())
    std::visit([&](auto& a) { st.dispatch(st.desk.answered(a.ticket), a, now); }, answer);
  st.send_settled_acks(now);
  st.give_to_waiting(now);
}

template <class Answer>
void Relay::State::dispatch(MailDesk::Question question, Answer& answer, Now now) {
  std::visit(
      [&](auto& asked) {
        if constexpr (std::is_same_v<std::decay_t<decltype(asked)>, MailDone>)
          asked(MailAnswer(std::move(answer)));
        else if constexpr (requires { answered(asked, answer, now); })
          answered(asked, answer, now);
        else
          assert(!"an answer to another question");
      },
      question);
}

// The acks of stored letters go in the turn of their commit.
void Relay::State::send_settled_acks(Now now) {
  for (const ConnId conn : desk.settled) {
    Session* s = find(conn);
    if (s == nullptr) continue;
    drop_idle_mail(*s);
    if (!s->transport.owes_ack()) continue;
    if (s->output.frames.empty()) s->output.frames = scratch.frames.spare.take();
    owe_ack(*s, now);
    schedule_write(*s);
  }
  desk.settled.clear();
}

Ticket Relay::mail_ticket(std::function<void(const MailAnswer&)> done) {
  return state_->desk.ask(std::move(done));
}

// --- mailboxes that go -----------------------------------------------------------------------------

bool Relay::close_mail(const Id& owner) {
  return state_->desk.closed.insert(owner).second;
}

void Relay::open_mail(const Id& owner) {
  state_->desk.closed.erase(owner);
}

void Relay::drop_mail(const Id& owner, MailDropped dropped) {
  state_->forget_mail(owner, false, std::move(dropped));
}

void Relay::State::forget_mail(const Id& owner, bool again, MailDropped dropped) {
  desk.unstruck.erase(owner);
  desk.mailbox.forget(desk.ask(ForgetAsked{owner, again, std::move(dropped)}), owner);
}

void Relay::State::answered(const ForgetAsked& asked, const DoneAnswer& answer, Now now) {
  if (!answer.error.empty()) forget_failed(asked, answer.error, now);
  asked.dropped(answer.error);
}

void Relay::State::forget_failed(const ForgetAsked& asked, const std::string& error, Now now) {
  actions.log(Level::error, fmt::format("event=mail-forget-failed id={} reason={}", asked.owner.text(),
                                        log::remote{error}));
  if (!asked.again) return;
  desk.unforgotten.push_back(asked.owner);
  retry_at(now.steady_ms + mail_retry_ms);
}

}  // namespace sims::server
