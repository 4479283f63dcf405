// Transport: the steps of the handshake, then acks, errors and the end of a connection.
#include "proto/channel/transport.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <utility>

#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::proto {

using Kind = Transport::Event::Kind;
using Cause = HandshakeFailure::Cause;

HandshakeWork::HandshakeWork(Handshake handshake, std::string frame)
    : handshake_(std::move(handshake)),
      frame_(std::move(frame)),
      outcome_(tl::make_unexpected(
          HandshakeFailure{Cause::protocol, ErrorCode::internal, "the work did not run"})) {}

void HandshakeWork::run() {
  outcome_ = handshake_.receive(frame_);
}

struct Transport::State {
  struct Secure {
    SecureSender sender;
    SecureReceiver receiver;
  };
  enum class Stage : std::uint8_t { handshake, working, secure, closed };
  // Messages whose fate comes later, from the first without one: no ack covers that.
  struct Held {
    struct Message {
      std::uint64_t seq;
      bool settled = false;
    };
    std::deque<Message> messages;
    std::uint64_t acked = 0;  // messages that acks have covered, as far as that matters for the next ack
  };

  State(HandshakeOptions options, crypto::EphemeralSource& ephemerals)
      : name(options.name), role(options.role), handshake(Handshake(std::move(options), ephemerals)) {}

  Event advance(const std::string& answer, std::string& out);
  Event take_handshake_frame(Scratch& scratch, Now now, std::string& out);
  Event take_secure_frame(Scratch& scratch, Now now, std::string& out);
  Event fail(HandshakeFailure failure, Now now, std::string& out);
  void close();
  std::uint64_t ackable() const;
  void flush_ack(Now now, std::string& out);
  void send_error(const Error& error, Now now, std::string& out);

  std::string name;  // our own
  Role role;
  Stage stage = Stage::handshake;
  std::uint64_t to_ack = 0;              // messages that the pending ack covers; 0: none is pending
  std::unique_ptr<Held> held;            // null, as nearly always: none is held
  std::optional<Handshake> handshake;    // in stage handshake only
  std::optional<Secure> secure;          // in stage secure only
  std::uint64_t received = 0, sent = 0;  // once closed: the last counts of secure
  FrameCutter cutter;
  Id peer_id;
  std::string peer_name;
  const crypto::Suite* suite = nullptr;
};

// Sends the answer to a phase. After the last phase the channel's keys replace the handshake.
Transport::Event Transport::State::advance(const std::string& answer, std::string& out) {
  if (!answer.empty()) out.append(answer).push_back('\n');
  peer_id = handshake->peer_id();
  peer_name = handshake->peer_name();
  suite = handshake->suite();
  if (!handshake->done()) return {};
  const HandshakeResult result = handshake->take_result();
  handshake.reset();
  const bool client = role == Role::initiator;
  secure.emplace(Secure{SecureSender(secure_chain(result.master, client)),
                        SecureReceiver(secure_chain(result.master, !client))});
  stage = Stage::secure;
  return {};
}

void Transport::State::close() {
  stage = Stage::closed;
  to_ack = 0;
  held.reset();
  handshake.reset();
  if (secure) {
    received = secure->receiver.count();
    sent = secure->sender.count();
    secure.reset();
  }
  cutter.clear();
}

// The messages that an ack may cover now; 0: there is nothing to ack.
std::uint64_t Transport::State::ackable() const {
  if (!held) return to_ack;
  const auto up_to = std::min(to_ack, held->messages.front().seq);
  return up_to > held->acked ? up_to : 0;
}

void Transport::State::flush_ack(Now now, std::string& out) {
  const auto up_to = ackable();
  if (up_to == 0) return;
  if (held) held->acked = up_to;
  if (to_ack == up_to) to_ack = 0;
  thread_local std::string text;
  text.clear();
  encode_ack(text, name, up_to - 1);
  secure->sender.seal(text, now.unix_s(), out);
}

// An error is always our last message, so ack the messages accepted before it first.
void Transport::State::send_error(const Error& error, Now now, std::string& out) {
  flush_ack(now, out);
  if (stage == Stage::secure)
    secure->sender.seal(encode(error), now.unix_s(), out);
  else
    out.append(encode(error)).push_back('\n');
}

Transport::Event Transport::State::fail(HandshakeFailure failure, Now now, std::string& out) {
  if (failure.cause == Cause::protocol) {
    Error error;
    error.code = failure.code;
    error.message = explain(failure.code);
    send_error(error, now, out);
  }
  if (stage == Stage::handshake) {
    peer_id = handshake->peer_id();
    peer_name = handshake->peer_name();
  }
  close();
  Event event;
  event.kind = Kind::failed;
  event.failure = std::move(failure);
  return event;
}

Transport::Event Transport::State::take_handshake_frame(Scratch& scratch, Now now, std::string& out) {
  if (handshake->next_is_heavy()) {
    Event event;
    event.kind = Kind::work;
    event.work = std::make_unique<HandshakeWork>(std::move(*handshake), std::string(scratch.frames.frame));
    handshake.reset();
    stage = Stage::working;
    return event;
  }
  auto answer = handshake->receive(scratch.frames.frame);
  if (!answer) return fail(std::move(answer).error(), now, out);
  return advance(*answer, out);
}

Transport::Event Transport::State::take_secure_frame(Scratch& scratch, Now now, std::string& out) {
  const auto refuse = [&](Fault fault) {
    return fail({Cause::protocol, fault.code, std::move(fault.detail)}, now, out);
  };
  // The form that our own sender writes needs no parser. The parser judges every other form.
  if (!secure->receiver.open_canonical(scratch.frames.frame, scratch.message)) {
    scratch.text.assign(scratch.frames.frame);
    const auto root = scratch.tape.parse(scratch.text);
    if (!root) return refuse(root.error());
    const auto frame = decode_secure(*root);
    if (!frame) return refuse(frame.error());
    if (const auto opened = secure->receiver.open(*frame, scratch.message); !opened)
      return refuse(opened.error());
  }
  Event event;
  event.kind = Kind::message;
  event.message = scratch.message;
  return event;
}

Transport::Transport(HandshakeOptions options, crypto::EphemeralSource& ephemerals)
    : state_(std::make_unique<State>(std::move(options), ephemerals)) {}
Transport::Transport(Transport&&) noexcept = default;
Transport& Transport::operator=(Transport&&) noexcept = default;
Transport::~Transport() = default;

void Transport::start(std::string& out) {
  assert(state_->stage == State::Stage::handshake);
  out.append(state_->handshake->start()).push_back('\n');
}

Transport::Event Transport::poll(ByteView& input, Scratch& scratch, Now now, std::string& out) {
  using Stage = State::Stage;
  State& s = *state_;
  const auto too_large = [&] {
    input = {};
    return s.fail({Cause::protocol, ErrorCode::too_large, "a frame over the limit"}, now, out);
  };
  while (s.stage != Stage::closed) {
    if (s.stage == Stage::working) {
      // The other side should wait for our answer. Keep its early input, at most one frame.
      if (!s.cutter.keep(input, max_handshake_frame)) return too_large();
      return {};
    }
    const std::size_t limit = s.stage == Stage::secure ? max_frame : max_handshake_frame;
    const auto cut = s.cutter.next(input, limit, scratch.frames);
    if (cut == FrameCutter::Cut::too_long) return too_large();
    if (cut == FrameCutter::Cut::too_empty) {
      input = {};
      return s.fail({Cause::protocol, ErrorCode::bad_frame, "too many empty lines"}, now, out);
    }
    if (cut == FrameCutter::Cut::need_input) return {};
    Event event = s.stage == Stage::secure ? s.take_secure_frame(scratch, now, out)
                                           : s.take_handshake_frame(scratch, now, out);
    if (event.kind == Kind::failed) input = {};
    if (event.kind != Kind::need_input) return event;
  }
  input = {};
  return {};
}

Transport::Event Transport::complete(std::unique_ptr<HandshakeWork> work, Now now, std::string& out) {
  if (state_->stage == State::Stage::closed) return {};
  assert(state_->stage == State::Stage::working);
  state_->stage = State::Stage::handshake;
  state_->handshake = std::move(work->handshake_);
  if (work->failed()) return state_->fail(std::move(work->outcome_).error(), now, out);
  return state_->advance(*work->outcome_, out);
}

void Transport::refuse(ErrorCode code, std::string_view message, Now now, std::string& out) {
  fail(code, message, std::nullopt, now, out);
}

bool Transport::connected() const {
  return state_->stage == State::Stage::secure;
}
bool Transport::closed() const {
  return state_->stage == State::Stage::closed;
}

void Transport::send(std::string_view plaintext, Now now, std::string& out) {
  assert(connected());
  state_->secure->sender.seal(plaintext, now.unix_s(), out);
}

void Transport::fail(ErrorCode code, std::string_view message, std::optional<std::uint64_t> id, Now now,
                     std::string& out) {
  if (closed()) return;
  Error error;
  error.code = code;
  error.message = message;
  error.id = id;
  if (id) state_->to_ack = std::min(state_->to_ack, *id);
  state_->send_error(error, now, out);
  state_->close();
}

void Transport::owe_ack() {
  if (connected()) state_->to_ack = received();
}

std::size_t Transport::buffered() const {
  return state_->cutter.kept();
}

bool Transport::owes_ack() const {
  return state_->ackable() > 0;
}

std::uint64_t Transport::hold_ack() {
  assert(connected() && received() > 0);
  auto& s = *state_;
  const auto seq = received() - 1;
  if (!s.held) {
    s.held = std::make_unique<State::Held>();
    if (s.to_ack == 0) s.held->acked = seq;  // all before it is acked
  }
  s.held->messages.push_back({seq});
  s.to_ack = received();
  return seq;
}

void Transport::settle(std::uint64_t seq) {
  if (closed()) return;
  auto& held = state_->held;
  assert(held);
  auto& messages = held->messages;
  const auto at = std::lower_bound(messages.begin(), messages.end(), seq,
                                   [](const auto& message, auto wanted) { return message.seq < wanted; });
  assert(at != messages.end() && at->seq == seq && !at->settled);
  at->settled = true;
  while (!messages.empty() && messages.front().settled)
    messages.pop_front();
  if (messages.empty()) held.reset();
}

bool Transport::held_before(std::uint64_t seq) const {
  return state_->held && state_->held->messages.front().seq < seq;
}

void Transport::flush_ack(Now now, std::string& out) {
  state_->flush_ack(now, out);
}

std::uint64_t Transport::received() const {
  return state_->secure ? state_->secure->receiver.count() : state_->received;
}
std::uint64_t Transport::sent() const {
  return state_->secure ? state_->secure->sender.count() : state_->sent;
}

const Id& Transport::peer_id() const {
  return state_->peer_id;
}
const std::string& Transport::peer_name() const {
  return state_->peer_name;
}
const crypto::Suite* Transport::suite() const {
  return state_->suite;
}

}  // namespace sims::proto
