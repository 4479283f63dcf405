#include "client/call.h"

namespace sims::client {

using Step = Call::Outcome::Step;

void Call::begin(const Id& peer, proto::Role role, Now now) {
  proto::HandshakeOptions options;
  options.kind = proto::HandshakeKind::client_client;
  options.role = role;
  options.identity = context_.options.identity;
  options.name = context_.options.name;
  options.suites = context_.options.suites;
  options.peer = peer;
  handshake_.emplace(std::move(options), context_.ephemerals);
  running_ = true;
  role_ = role;
  number_ = ++context_.last_number;
  started_ms_ = now.steady_ms;
}

Call::Outcome Call::call(const Id& peer, Now now) {
  begin(peer, proto::Role::initiator, now);
  Outcome outcome;
  outcome.step = Step::going_on;
  outcome.answer = handshake_->start();
  return outcome;
}

Call::Outcome Call::receive(const Id& peer, const proto::HandshakeFrame& frame, std::string raw, Now now) {
  if (frame.phase == 1) {
    // Both called at once. Past phase 2 it is no coincidence: the peer gave up the call that it had answered.
    const bool at_once = calling() && handshake_->expected_phase() == 2;
    if (at_once && context_.model.self < peer) return {};
    if (!answers_.take(now.steady_ms)) return {};
    begin(peer, proto::Role::responder, now);
  } else if (!expects(frame)) {
    return {};
  }
  if (!handshake_->next_is_heavy()) return take(handshake_->receive(raw));
  Outcome outcome;
  outcome.step = Step::going_on;
  outcome.role = role_;
  const auto* suite = handshake_->suite();
  const bool costly = frame.phase == 3 && suite && suite->rekeying == crypto::Rekeying::fresh_exchange;
  outcome.work = std::make_unique<PeerWork>(number_, std::move(*handshake_), std::move(raw));
  outcome.work->makes_costly_key = costly;
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
