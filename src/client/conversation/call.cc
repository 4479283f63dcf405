// Call: starts or answers a handshake, chooses suites for strangers, and settles calls that cross.
#include "client/conversation/call.h"
#include "proto/channel/key_schedule.h"

#include <algorithm>
#include <iterator>

namespace sims::client {

using Step = Call::Outcome::Step;

namespace {

Call::Outcome busy(const crypto::Digest& call) {
  Call::Outcome outcome;
  outcome.refusal = {call, proto::ErrorCode::busy};
  return outcome;
}

}  // namespace

void Call::begin(const Id& peer, proto::Role role, crypto::SuiteList suites, Now now) {
  proto::HandshakeOptions options;
  options.kind = proto::HandshakeKind::client_client;
  options.role = role;
  options.identity = context_.options.identity;
  options.name = context_.options.name;
  options.suites = std::move(suites);
  options.peer = peer;
  handshake_.emplace(std::move(options), context_.ephemerals);
  running_ = true;
  role_ = role;
  number_ = ++context_.last_number;
  started_ms_ = now.steady_ms;
}

Call::Outcome Call::call(const Id& peer, Now now) {
  begin(peer, proto::Role::initiator, context_.options.suites, now);
  Outcome outcome;
  outcome.step = Step::going_on;
  outcome.answer = handshake_->start();
  hash_ = proto::call_hash(outcome.answer);
  return outcome;
}

// Nobody has proved who they are before phase 5. So a stranger gets no costly key if a cheap suite
// is offered.
crypto::SuiteList Call::acceptable(const Peer& peer, const proto::HandshakeFrame& call) const {
  const auto& ours = context_.options.suites;
  if (peer.known()) return ours;
  crypto::SuiteList cheap;
  std::copy_if(ours.begin(), ours.end(), std::back_inserter(cheap), [&](const crypto::Suite* suite) {
    return suite->rekeying != crypto::Rekeying::fresh_exchange &&
           std::find(call.ciphers.begin(), call.ciphers.end(), suite->name) != call.ciphers.end();
  });
  return cheap.empty() ? ours : cheap;
}

Call::Outcome Call::receive(const Peer& peer, const proto::HandshakeFrame& frame, std::string raw, Now now) {
  if (frame.phase == 1) {
    // Both sides called at once. Past phase 2 this is no coincidence: the peer gave up the call
    // that it had answered.
    const bool at_once = calling() && handshake_->expected_phase() == 2;
    if (at_once && context_.model.self < peer.id) return {};
    const crypto::Digest hash = proto::call_hash(raw);
    if (!(peer.known() ? contacts_ : strangers_).take(now.steady_ms)) return busy(hash);
    begin(peer.id, proto::Role::responder, acceptable(peer, frame), now);
    hash_ = hash;
  } else if (!expects(frame)) {
    return {};
  }
  if (!handshake_->next_is_heavy()) return take(handshake_->receive(raw));
  const auto* suite = handshake_->suite();
  const bool costly = frame.phase == 3 && suite && suite->rekeying == crypto::Rekeying::fresh_exchange;
  if (costly && peer.known() && !costly_.take(now.steady_ms)) {
    drop();
    return busy(hash_);
  }
  Outcome outcome;
  outcome.step = Step::going_on;
  outcome.role = role_;
  outcome.work = std::make_unique<PeerWork>(number_, std::move(*handshake_), std::move(raw));
  outcome.work->makes_costly_key = costly;
  outcome.work->of_stranger = !peer.known();
  handshake_.reset();
  return outcome;
}

Call::Outcome Call::complete(PeerWork& work) {
  if (!work_out() || work.number != number_) return {};
  handshake_.emplace(std::move(work.handshake));
  return take(std::move(work.outcome));
}

Call::Outcome Call::take(Result<std::string, proto::HandshakeFailure> received) {
  Outcome outcome;
  outcome.role = role_;
  if (!received) {
    outcome.step = Step::failed;
    outcome.failure = std::move(received.error());
    if (role_ == proto::Role::responder) outcome.refusal = {hash_, proto::refusal_code(outcome.failure.code)};
    drop();
    return outcome;
  }
  outcome.answer = std::move(*received);
  outcome.step = Step::going_on;
  if (handshake_->done()) {
    outcome.step = Step::established;
    outcome.result.emplace(handshake_->take_result());
    drop();
  }
  return outcome;
}

void Call::drop() {
  handshake_.reset();
  running_ = false;
}

}  // namespace sims::client
