// The handshakes with one peer, called by either side (sims-protocol(7) section 3). At most one runs at a
// time:
//
//            call()                    phase 1 of a peer with the smaller id, or after ours got on
//   idle ------------> calling (initiator) ------------------------------------------> answering (responder)
//    ^                    | phase 6 in                                  phase 5 in        |     ^ | phase 1:
//    anew
//    '--------------------'----- established, failed, expired, drop() --------------------'     '-'
//
// When both call at once the smaller id (as text) stays initiator. Pure; owned by the peer's Conversation,
// which sends what an Outcome says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/conversation/context.h"
#include "client/model/rate.h"
#include "proto/channel/handshake.h"
#include "proto/limits.h"

namespace sims::client {

class Call {
 public:
  explicit Call(Context& context) : context_(context) {}

  // What the callee says of a call that it doesn't go on with, if the caller may know that we are here.
  struct Refusal {
    crypto::Digest to{};
    proto::ErrorCode code = proto::ErrorCode::handshake_failed;
  };

  struct Outcome {
    enum class Step { ignored, going_on, established, failed } step = Step::ignored;
    std::string answer;                            // to send; empty: nothing
    std::unique_ptr<PeerWork> work;                // to run; until it is back nothing may be given in
    std::optional<proto::HandshakeResult> result;  // established
    proto::HandshakeFailure failure;               // failed
    std::optional<Refusal> refusal;                // of the peer's call
    proto::Role role = proto::Role::initiator;
  };

  bool running() const { return running_; }
  bool calling() const { return running_ && role_ == proto::Role::initiator; }
  bool work_out() const { return running_ && !handshake_; }

  // Would receive() take this frame now? It takes no answer to a call that was given up.
  bool expects(const proto::HandshakeFrame& frame) const {
    if (frame.phase == 1) return true;
    return handshake_ && handshake_->expected_phase() == frame.phase &&
           !handshake_->answers_another_call(frame);
  }
  Outcome call(const Id& peer, Now now);  // not while running()
  // A client-connect whose src was found to be the peer's id. `raw` is its exact bytes. Not while work_out().
  Outcome receive(const Peer& peer, const proto::HandshakeFrame& frame, std::string raw, Now now);
  Outcome complete(PeerWork& work);
  void drop();

  const crypto::Digest& hash() const { return hash_; }  // of the phase 1 that began the last call
  std::int64_t started_ms() const { return started_ms_; }
  std::uint64_t number() const { return number_; }
  std::int64_t deadline() const { return running_ ? started_ms_ + proto::handshake_deadline_ms : INT64_MAX; }

 private:
  void begin(const Id& peer, proto::Role role, crypto::SuiteList suites, Now now);
  crypto::SuiteList acceptable(const Peer& peer, const proto::HandshakeFrame& call) const;
  Outcome take(Result<std::string, proto::HandshakeFailure> outcome);

  Context& context_;
  bool running_ = false;
  proto::Role role_ = proto::Role::initiator;
  std::optional<proto::Handshake> handshake_;  // empty while it is out as work
  std::uint64_t number_ = 0;                   // of this call, for work that comes back late
  std::int64_t started_ms_ = 0;
  crypto::Digest hash_{};
  // A stranger who calls again and again is answered 6 times a minute, and then not. A contact is told `busy`
  // when it calls too often, and sooner where each call costs a key that takes a second to make.
  TokenBucket strangers_{6, 10'000}, contacts_{60, 500}, costly_{6, 10'000};
};

}  // namespace sims::client
