// The handshakes with one peer, called by either side (sims-protocol(7) section 3). At most one runs at
// a time.
//
//    idle ----- call() --------------------------------------> calling (initiator)
//    idle, calling, answering ----- phase 1 of the peer -----> answering (responder)
//    calling ----- phase 6 ----------------------------------> idle, established
//    answering ----- phase 5 --------------------------------> idle, established
//    calling, answering ----- failed, expired, drop() -------> idle
//
// When both call at once, the one with the smaller id (as text) stays the initiator and ignores the other's
// phase 1. Pure; owned by the peer's Conversation, which sends the answer of each Outcome.
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

  // The callee's signed refusal of a call, if the caller may know that we are online.
  struct Refusal {
    crypto::Digest to{};
    proto::ErrorCode code = proto::ErrorCode::handshake_failed;
  };

  struct Outcome {
    enum class Step { ignored, going_on, established, failed } step = Step::ignored;
    std::string answer;              // to send; empty: nothing
    std::unique_ptr<PeerWork> work;  // to run; call nothing but drop() until complete() has it back
    std::optional<proto::HandshakeResult> result;  // established
    proto::HandshakeFailure failure;               // failed
    std::optional<Refusal> refusal;                // of the peer's call
    proto::Role role = proto::Role::initiator;
  };

  bool running() const { return running_; }
  bool calling() const { return running_ && role_ == proto::Role::initiator; }
  bool work_out() const { return running_ && !handshake_; }

  // True if receive() would take this frame now. An answer to a call that was given up is not
  // taken.
  bool expects(const proto::HandshakeFrame& frame) const {
    if (frame.phase == 1) return true;
    return handshake_ && handshake_->expected_phase() == frame.phase &&
           !handshake_->answers_another_call(frame);
  }
  Outcome call(const Id& peer, Now now);  // not while running()
  // A client-connect whose src is the peer's id; `raw` is its exact bytes. Not while work_out().
  Outcome receive(const Peer& peer, const proto::HandshakeFrame& frame, std::string raw, Now now);
  Outcome complete(PeerWork& work);
  void drop();

  const crypto::Digest& hash() const { return hash_; }  // of the last call's phase 1
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
  std::optional<proto::Handshake> handshake_;  // empty while it is in a work item
  std::uint64_t number_ = 0;                   // of this call; tells late work items of earlier calls apart
  std::int64_t started_ms_ = 0;
  crypto::Digest hash_{};
  // A stranger gets 6 answers a minute, then none. A contact that calls too often is told `busy`,
  // and sooner if each call costs a key that takes a second to make.
  TokenBucket strangers_{6, 10'000}, contacts_{60, 500}, costly_{6, 10'000};
};

}  // namespace sims::client
