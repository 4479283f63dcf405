// Conversation: its calls and sessions. Texts are in conversation.cc.
#include <algorithm>

#include "client/conversation/conversation.h"
#include "proto/channel/refusal.h"
#include "proto/limits.h"
#include "proto/wire/content.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

constexpr std::int64_t call_again_low_ms = 1'000, call_again_high_ms = 60'000;
constexpr std::int64_t young_ms = 1'000;
constexpr std::int64_t busy_ms = 4'000;  // a callee that was busy is called again within this time

std::string words_for(const Call::Outcome& failed, const std::string& name) {
  const bool too_old =
      failed.role == proto::Role::initiator && failed.failure.code == proto::ErrorCode::unsupported_version;
  return too_old ? name + "'s client is too old: ask them to update it" : failed.failure.detail;
}

std::string words_for(proto::ErrorCode refused, const std::string& name) {
  switch (refused) {
    case proto::ErrorCode::unsupported_suite:
      return name +
             "'s client accepts none of our cipher suites: allow another suite in one of the two clients";
    case proto::ErrorCode::unsupported_version:
      return name + "'s client speaks another version of the protocol: update the older one";
    default:
      return name + "'s client could not go on with the call";
  }
}

// True for errors that stay until one of the two clients changes.
bool lasts(proto::ErrorCode code) {
  return code == proto::ErrorCode::unsupported_suite || code == proto::ErrorCode::unsupported_version;
}

}  // namespace

bool Conversation::may_talk() const {
  const Peer& p = peer();
  return context_.online() && p.online && p.known() && p.trust != Trust::changed;
}

void Conversation::start_call(Now now) {
  auto outcome = call_.call(peer().id, now);
  call_seqs_ = {context_.core.send(outcome.answer, now)};
  if (unanswered_since_ms_ == INT64_MAX) unanswered_since_ms_ = now.steady_ms;
  show_session();
}

void Conversation::receive_handshake(const proto::HandshakeFrame& frame, std::string raw, Now now) {
  if (call_.expects(frame)) return act(call_.receive(peer(), frame, std::move(raw), now), now);
  // A frame that neither the call nor the session expects belongs to a call that was given up
  // meanwhile.
  if (!session_ || !session_->takes_rekey(frame.phase)) return;
  auto answer = session_->receive_rekey(raw);
  if (!answer) return complain("A bad change of keys from " + name_ + " was ignored.", now);
  if (!answer->empty()) context_.core.send(*answer, now);
}

void Conversation::act(Call::Outcome outcome, Now now) {
  using Step = Call::Outcome::Step;
  if (!outcome.answer.empty()) call_seqs_.push_back(context_.core.send(outcome.answer, now));
  if (outcome.refusal) refuse(*outcome.refusal, now);
  if (outcome.work) {
    outcome.work->peer = name_;
    if (!context_.core.start(std::move(outcome.work))) {
      refuse({call_.hash(), proto::ErrorCode::busy}, now);
      drop_call();
    }
  }
  if (outcome.step == Step::failed) {
    const std::string why = words_for(outcome, name_);
    if (outcome.role == proto::Role::initiator && lasts(outcome.failure.code)) peer().call_refused = why;
    call_failed(why, outcome.role, now);
  }
  if (outcome.step == Step::established) established(std::move(*outcome.result), outcome.role, now);
  show_session();
}

// A stranger must not learn that we are online.
void Conversation::refuse(const Call::Refusal& refusal, Now now) {
  if (!peer().known() || !context_.online()) return;
  const auto signed_word =
      proto::sign_refusal(*context_.options.identity, peer().id, refusal.to, refusal.code);
  context_.core.send(proto::encode(signed_word), now);
}

// Only a refusal of our last call counts, signed by the peer that we called.
void Conversation::receive_refuse(const proto::ClientRefuse& refusal, Now now) {
  if (!call_.calling() || refusal.to != call_.hash() || !refusals_.take(now.steady_ms)) return;
  if (!proto::verify_refusal(refusal, peer().id, call_.hash())) return;
  drop_call();
  if (refusal.code == proto::ErrorCode::busy) {
    next_call_ms_ = now.steady_ms + backoff_ms(2, call_again_low_ms, busy_ms, context_.ephemerals.rng());
  } else {
    const std::string why = words_for(refusal.code, name_);
    if (lasts(refusal.code)) peer().call_refused = why;
    call_failed(why, proto::Role::initiator, now);
  }
  show_session();
}

void Conversation::work_done(PeerWork& work, Now now) {
  act(call_.complete(work), now);
  while (!waiting_.empty() && !call_.work_out()) {
    dispatch(waiting_.pop(), now);
  }
  pump(now);
}

void Conversation::established(proto::HandshakeResult result, proto::Role role, Now now) {
  // The relay says whose id this is, but the peer proved its own name together with the id.
  if (result.peer_name != name_)
    return call_failed("the one with this key calls itself " + result.peer_name, role, now);
  drop_session();
  Peer& p = peer();
  meet(now);
  p.suite = std::string(result.suite->name);
  session_.emplace(std::move(result), *context_.options.identity, context_.ephemerals);
  session_number_ = ++context_.last_number;
  session_since_ms_ = now.steady_ms;
  call_seqs_.clear();
  overdue_told_ = false;
  next_m_ = 0;
  hole_serial_ = 0;
  failed_calls_ = 0;
  next_call_ms_ = 0;
  unanswered_since_ms_ = INT64_MAX;
  p.call_refused.clear();
  paused_ = false;
  if (role == proto::Role::responder && p.known()) p.attention = true;
}

// A failed call by the peer does not delay our own calls.
void Conversation::call_failed(const std::string& why, proto::Role role, Now now) {
  call_seqs_.clear();
  complain("No session with " + name_ + ": " + why, now);
  if (role == proto::Role::initiator) wait_before_next_call(now);
}

void Conversation::wait_before_next_call(Now now) {
  ++failed_calls_;
  next_call_ms_ = now.steady_ms +
                  backoff_ms(failed_calls_, call_again_low_ms, call_again_high_ms, context_.ephemerals.rng());
}

// Strangers cannot make us create costly keys: the few texts that we take before the user decides
// need no new key.
void Conversation::rekey_if_due(Now now) {
  if (!session_ || !peer().known() || call_.running()) return;
  if (session_->owes_word_of_epoch()) say_aside(proto::TypingContent{told_typing_}, now);
  const bool overdue = session_->rekey_overdue();  // once an epoch
  if (!std::exchange(overdue_told_, overdue) && overdue)
    context_.windows.notice(&peer(),
                            "The keys of this session with " + name_ +
                                " should change every 100 messages and have not for 200: the messages that "
                                "change them are lost on the way.",
                            now);
  if (rekeying_ || !session_->wants_rekey()) return;
  rekeying_ = true;
  context_.core.start(
      std::make_unique<RekeyWork>(name_, session_number_, session_->suite(), context_.ephemerals));
}

void Conversation::work_done(RekeyWork& work, Now now) {
  if (work.number != session_number_) return;
  rekeying_ = false;
  if (!session_ || !work.key || !context_.online() || call_.running() || !session_->wants_rekey()) return;
  context_.core.send(session_->start_rekey(std::move(work.key)), now);
}

void Conversation::drop_call() {
  call_.drop();
  call_seqs_.clear();  // a later connection counts from 0 again
  waiting_.clear();
}

// Ends the session here. Texts that are not proved delivered wait for the next session.
void Conversation::drop_session() {
  if (session_) {
    session_.reset();
    session_number_ = ++context_.last_number;
  }
  rekeying_ = false;
  renew_ms_ = left_alone_ms_ = INT64_MAX;
  held_acks_.clear();
  told_typing_ = false;
  stops_typing();
  for (const auto* entry : outbox_.requeue())
    mark(*entry);
  peer().suite.clear();
  peer().key_rotations = 0;
  show_session();
}

void Conversation::show_session() {
  Peer& p = peer();
  p.session = session_          ? SessionState::established
              : call_.running() ? SessionState::calling
                                : SessionState::none;
  if (session_) p.key_rotations = session_->epoch();
}

// The server gathers its events for up to 200 ms, so `left` and `came` of the last login may arrive
// after the first frames of the next. A young session is therefore kept until `came` has had time to
// come. If it did belong to the last login, an error or a deadline may end it sooner.
void Conversation::peer_came(bool again, Now now) {
  if (again) peer_left(now);
  left_alone_ms_ = INT64_MAX;
  online_since_ms_ = now.steady_ms;
  pause_.until_ms = pause_.until_unix_ms = 0;  // they take their letters now, and their texts
  next_call_ms_ = now.steady_ms;
  failed_calls_ = 0;
  peer().call_refused.clear();
  pump(now);
}

void Conversation::peer_left(Now now) {
  online_since_ms_ = unanswered_since_ms_ = INT64_MAX;
  if (call_.calling() || (call_.running() && now.steady_ms - call_.started_ms() >= young_ms)) drop_call();
  if (session_ && now.steady_ms - session_since_ms_ >= young_ms) drop_session();
  if (session_) left_alone_ms_ = now.steady_ms + young_ms;
  show_session();
  pump(now);
}

bool Conversation::awaits(std::uint64_t seq) {
  const bool call =
      call_.running() && std::find(call_seqs_.begin(), call_seqs_.end(), seq) != call_seqs_.end();
  return call || outbox_.carries(seq) || outbox_.posted_as(seq) != nullptr || letters_.asked_as(seq);
}

// What an error says about one message touches nothing else: an error about a letter ends no session.
void Conversation::receive_error(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  if (!error.id) {
    if (!call_.calling()) return;
    drop_call();
    return wait_before_next_call(now);
  }
  if (letter_refused(error, now)) return pump(now);
  if (error.code == rate_limited) return slow_down(*error.id, now);
  if ((error.code == too_large || error.code == bad_message) && outbox_.carries(*error.id))
    return refused(*error.id, "the server refused it (" + error.code_text + ")", now);
  if (outbox_.carries(*error.id)) return undeliverable(now);
  drop_call();
  show_session();
  wait_before_next_call(now);
}

void Conversation::undeliverable(Now now) {
  drop_call();
  drop_session();
  wait_before_next_call(now);
}

// The relay did not forward this message because we send too much. If it was a text, it goes again
// in its order, in a new session, once the acks of the forwarded texts have had time to come. A
// refused ack or re-key frame needs no new session: it is sent again. Typing and read notices are
// not missed.
void Conversation::slow_down(std::uint64_t seq, Now now) {
  context_.pace.hold(now.steady_ms);
  if (!outbox_.carries(seq)) return undeliverable(now);
  renew_ms_ = std::min(renew_ms_, context_.pace.held_until_ms());
}

void Conversation::shut() {
  link_lost();
}

void Conversation::link_lost() {
  drop_call();
  drop_session();
  outbox_.link_lost();
  letters_.link_lost();
  failed_calls_ = 0;
  next_call_ms_ = post_from_ms_ = 0;
  online_since_ms_ = unanswered_since_ms_ = INT64_MAX;
}

void Conversation::leave(std::string_view reason, Now now) {
  if (session_ && context_.online()) context_.core.send(session_->close(reason), now);
  drop_call();
  drop_session();
}

void Conversation::end(std::string_view reason, Now now) {
  leave(reason, now);
  paused_ = true;
}

void Conversation::tick(Now now) {
  show_due(now);
  if (now.steady_ms >= typing_until_ms_) stops_typing();
  if (now.steady_ms >= call_.deadline()) {
    const bool ours = call_.calling();
    drop_call();
    if (ours) call_failed("no answer", proto::Role::initiator, now);
    show_session();
  }
  if (may_talk() && session_ && !call_.running() && now.steady_ms >= std::max(resend_at(), next_call_ms_)) {
    ++unanswered_;
    start_call(now);
  }
  if (now.steady_ms >= renew_ms_) undeliverable(now);
  if (now.steady_ms >= std::min(left_alone_ms_, silent_ms())) drop_session();
  if (now.steady_ms >= mailed_check_ms_) look_after_mailed(now);
  pump(now);
}

std::int64_t Conversation::next_tick() const {
  const std::int64_t soon = std::min(
      {typing_until_ms_, renew_ms_, left_alone_ms_, silent_ms(), order_.next_ms(), next_letter_ms()});
  if (call_.running()) return std::min(soon, call_.deadline());
  if (!may_talk()) return soon;
  const std::int64_t held = context_.pace.held_until_ms();
  std::int64_t due = INT64_MAX;
  if (session_) {
    due = std::max(resend_at(), next_call_ms_);
    if (outbox_.ready(peer().id, mailed_too(pumped_))) due = std::min(due, context_.pace.next_ms());
  } else if (outbox_.waiting(peer().id, mailed_too(pumped_)) && !paused_) {
    due = std::max(next_call_ms_, held);
  }
  return std::min(soon, due);
}

}  // namespace sims::client
