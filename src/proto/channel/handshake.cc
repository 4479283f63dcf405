// The handshake: one consume and one create function for each phase, in wire order. A consume function
// verifies its whole frame before it keeps any of it. Up to phase 4 the error code names the fault. From
// phase 5 on every failure, even a malformed frame, is `handshake-failed` (section 3).
#include "proto/channel/handshake.h"

#include <algorithm>
#include <cassert>

#include "proto/channel/key_schedule.h"
#include "proto/limits.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

using Outcome = Result<std::string, HandshakeFailure>;
using Cause = HandshakeFailure::Cause;

auto refuse(ErrorCode code, std::string detail) {
  return tl::make_unexpected(HandshakeFailure{Cause::protocol, code, std::move(detail)});
}
auto refuse(Fault fault) {
  return refuse(fault.code, std::move(fault.detail));
}

// ECDHE: the other side's key, which becomes the ratchet's first.
std::optional<crypto::P384Point> ratchet_point(const crypto::Suite& suite, ByteView key) {
  if (suite.rekeying != crypto::Rekeying::double_ratchet) return std::nullopt;
  return crypto::p384_from_spki(key);
}

// The `error` that arrived instead of a phase; nullopt: the frame is no error.
std::optional<HandshakeFailure> peer_error(const JsonValue& root) {
  if (root.get_string("type") != "error") return std::nullopt;
  const auto code_text = root.get_string("code").value_or(std::string_view{});
  const auto text = root.get_string("message").value_or(std::string_view{});
  const ErrorCode code = parse_error_code(code_text).value_or(ErrorCode::internal);
  return HandshakeFailure{Cause::peer_error, code, std::string(utf8_prefix(text, max_error_text))};
}

}  // namespace

struct Handshake::State {
  State(HandshakeOptions o, crypto::EphemeralSource& e) : options(std::move(o)), ephemerals(&e) {
    assert(options.identity != nullptr && !options.suites.empty());
    assert(options.kind == HandshakeKind::client_server || options.peer);
    self = Id::of(options.identity->public_key());
    transcript = transcript_start(options.kind);
    expected = options.role == Role::responder ? 1 : 0;
  }

  bool client_server() const { return options.kind == HandshakeKind::client_server; }
  bool initiator() const { return options.role == Role::initiator; }

  std::string create_1();
  Outcome step(std::string_view frame);
  Outcome consume_1(const HandshakeFrame& frame, std::string_view bytes);
  std::string create_2();
  Outcome consume_2(const HandshakeFrame& frame, std::string_view bytes);
  std::string create_3();
  Outcome consume_3(const HandshakeFrame& frame, std::string_view bytes);
  Outcome create_4();
  Outcome consume_4(const HandshakeFrame& frame, std::string_view bytes);
  Outcome create_5(ByteView responder_key);
  Outcome consume_5(const HandshakeFrame& frame, std::string_view bytes);
  std::string create_6();
  Outcome consume_6(const HandshakeFrame& frame, std::string_view bytes);

  HandshakeFrame own_frame(int phase) const;
  std::string send(const HandshakeFrame& frame, int next);
  void take(std::string_view bytes) { transcript = transcript_next(transcript, bytes); }
  Checked<Id> check_introduction(const HandshakeFrame& frame) const;
  Checked<void> check_unchanged(const HandshakeFrame& frame) const;
  void wipe();

  HandshakeOptions options;
  crypto::EphemeralSource* ephemerals;
  Id self;
  int expected = 0;  // next phase from the other side
  bool done = false;
  bool failed = false;

  Id peer;
  std::string peer_name;
  const crypto::Suite* suite = nullptr;
  Nonce nonce{};                                        // our own
  crypto::Digest call{};                                // SHA of phase 1
  crypto::Digest transcript{};                          // over every frame so far
  std::unique_ptr<crypto::ResponderKey> responder_key;  // R, from phase 4 to 5
  HandshakeResult result;                               // filled from phase 5 on
};

// --- shared by the phases ------------------------------------------------------------------------

HandshakeFrame Handshake::State::own_frame(int phase) const {
  HandshakeFrame frame;
  frame.kind = options.kind;
  frame.phase = phase;
  frame.name = options.name;
  if (client_server()) {
    frame.id = self.str();
  } else {
    frame.src = self.str();
    frame.dst = options.peer->str();
  }
  if (suite != nullptr) frame.ciphers = {std::string(suite->name)};
  return frame;
}

std::string Handshake::State::send(const HandshakeFrame& frame, int next) {
  std::string bytes = encode(frame);
  take(bytes);
  expected = next;
  return bytes;
}

// The first frame of the other side: the name and id that it claims.
Checked<Id> Handshake::State::check_introduction(const HandshakeFrame& frame) const {
  if (!valid_name(frame.name)) return fault(ErrorCode::name_invalid, "not a name");
  const auto id = Id::parse(client_server() ? frame.id : frame.src);
  if (!id) return fault(ErrorCode::bad_message, "not an id");
  if (*id == self) return fault(ErrorCode::bad_message, "the id is our own");
  if (!client_server()) {
    if (*id != *options.peer) return fault(ErrorCode::bad_message, "src is not the peer");
    if (frame.dst != self.text()) return fault(ErrorCode::bad_message, "dst is not us");
  }
  return *id;
}

Checked<void> Handshake::State::check_unchanged(const HandshakeFrame& frame) const {
  const bool same = client_server() ? frame.id == peer.text() && frame.name == peer_name
                                    : frame.src == peer.text() && frame.dst == self.text();
  if (!same) return fault(ErrorCode::bad_message, "name or id changed");
  if (frame.ciphers.size() != 1 || frame.ciphers[0] != suite->name)
    return fault(ErrorCode::bad_message, "the suite changed");
  return {};
}

void Handshake::State::wipe() {
  failed = true;
  expected = 0;
  responder_key.reset();
  result = {};
}

Outcome Handshake::State::step(std::string_view bytes) {
  std::string text(bytes);
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return refuse(root.error());
  if (auto error = peer_error(*root)) return tl::make_unexpected(std::move(*error));
  const auto frame = decode_handshake(*root);
  if (!frame) return refuse(frame.error());
  if (frame->kind != options.kind) return refuse(ErrorCode::bad_message, "another kind of handshake");
  if (frame->phase != expected) return refuse(ErrorCode::bad_message, "a phase out of order");
  switch (expected) {
    case 1:
      return consume_1(*frame, bytes);
    case 2:
      return consume_2(*frame, bytes);
    case 3:
      return consume_3(*frame, bytes);
    case 4:
      return consume_4(*frame, bytes);
    case 5:
      return consume_5(*frame, bytes);
    default:
      return consume_6(*frame, bytes);
  }
}

// --- phase 1: I -> R, the offer ------------------------------------------------------------------

std::string Handshake::State::create_1() {
  ephemerals->rng().fill(nonce);
  HandshakeFrame frame = own_frame(1);
  for (const crypto::Suite* offered : options.suites)
    frame.ciphers.emplace_back(offered->name);
  frame.versions = {protocol_version};
  frame.nonce = nonce;
  std::string bytes = send(frame, 2);
  call = call_hash(bytes);
  return bytes;
}

Outcome Handshake::State::consume_1(const HandshakeFrame& frame, std::string_view bytes) {
  const auto& versions = frame.versions;
  if (std::find(versions.begin(), versions.end(), protocol_version) == versions.end())
    return refuse(ErrorCode::unsupported_version, "no version in common");
  const auto id = check_introduction(frame);
  if (!id) return refuse(id.error());
  const auto accepted = [&](const std::string& name) {
    const crypto::Suite* found = crypto::find_suite(name);
    return std::find(options.suites.begin(), options.suites.end(), found) != options.suites.end();
  };
  const auto chosen = std::find_if(frame.ciphers.begin(), frame.ciphers.end(), accepted);
  if (chosen == frame.ciphers.end()) return refuse(ErrorCode::unsupported_suite, "no suite in common");

  peer = *id;
  peer_name = frame.name;
  suite = crypto::find_suite(*chosen);
  call = call_hash(bytes);
  take(bytes);
  return create_2();
}

// --- phase 2: R -> I, the choice -----------------------------------------------------------------

std::string Handshake::State::create_2() {
  ephemerals->rng().fill(nonce);
  HandshakeFrame frame = own_frame(2);
  frame.versions = {protocol_version};
  frame.nonce = nonce;
  frame.to = call;
  return send(frame, 3);
}

Outcome Handshake::State::consume_2(const HandshakeFrame& frame, std::string_view bytes) {
  if (frame.versions != std::vector<std::uint64_t>{protocol_version})
    return refuse(ErrorCode::unsupported_version, "a version that was not offered");
  if (!frame.to)
    return refuse(ErrorCode::unsupported_version, "the other side speaks the first edition of the protocol");
  const auto id = check_introduction(frame);
  if (!id) return refuse(id.error());
  const crypto::Suite* chosen = frame.ciphers.size() == 1 ? crypto::find_suite(frame.ciphers[0]) : nullptr;
  if (std::find(options.suites.begin(), options.suites.end(), chosen) == options.suites.end())
    return refuse(ErrorCode::unsupported_suite, "a suite that was not offered");
  if (frame.nonce == nonce) return refuse(ErrorCode::handshake_failed, "phase 2: the nonce is our own");
  if (*frame.to != call) return refuse(ErrorCode::handshake_failed, "phase 2: an answer to another call");

  peer = *id;
  peer_name = frame.name;
  if (options.peer && peer != *options.peer)
    return tl::make_unexpected(
        HandshakeFailure{Cause::changed_key, ErrorCode::handshake_failed, "the id is not the pinned one"});
  suite = chosen;
  take(bytes);
  return create_3();
}

// --- phase 3: I -> R, agreed ---------------------------------------------------------------------

std::string Handshake::State::create_3() {
  HandshakeFrame frame = own_frame(3);
  frame.status = "ok";
  return send(frame, 4);
}

Outcome Handshake::State::consume_3(const HandshakeFrame& frame, std::string_view bytes) {
  if (const auto same = check_unchanged(frame); !same) return refuse(same.error());
  if (frame.status != "ok") return refuse(ErrorCode::bad_message, "the status is not ok");
  take(bytes);
  return create_4();
}

// --- phase 4: R -> I, R's ephemeral key, signed --------------------------------------------------

Outcome Handshake::State::create_4() {
  responder_key = suite->make_responder_key(*ephemerals);
  if (!responder_key) return refuse(ErrorCode::busy, "no ephemeral key is ready");
  HandshakeFrame frame = own_frame(4);
  const ByteView spki = responder_key->spki();
  frame.key.assign(spki.begin(), spki.end());
  frame.signature = sign_key(Role::responder, *options.identity, transcript, spki);
  return send(frame, 5);
}

Outcome Handshake::State::consume_4(const HandshakeFrame& frame, std::string_view bytes) {
  if (const auto same = check_unchanged(frame); !same) return refuse(same.error());
  if (!verify_key(Role::responder, peer, transcript, frame.key, *frame.signature))
    return refuse(ErrorCode::handshake_failed, "phase 4: wrong signature");
  if (!options.peer && !options.accept_unknown)
    return tl::make_unexpected(
        HandshakeFailure{Cause::unknown_key, ErrorCode::handshake_failed, "first contact"});
  take(bytes);
  return create_5(frame.key);
}

// --- phase 5: I -> R, I's share, signed and confirmed --------------------------------------------

Outcome Handshake::State::create_5(ByteView responder_spki) {
  auto share = suite->make_initiator_share(responder_spki, *ephemerals);
  if (!share) return refuse(ErrorCode::handshake_failed, "phase 4: not an acceptable key");
  result.master = master_secret(*suite, share->z.view(), transcript, share->key);
  result.ratchet_key = std::move(share->ratchet_key);
  result.peer_ratchet_key = ratchet_point(*suite, responder_spki);

  HandshakeFrame frame = own_frame(5);
  frame.signature = sign_key(Role::initiator, *options.identity, transcript, share->key);
  frame.confirm = confirm_initiator(result.master, transcript, share->key, *frame.signature);
  frame.key = std::move(share->key);
  return send(frame, 6);
}

// Verify the signature before any use of our private key, so a stranger's ciphertext is never decrypted.
// `agree` does not reveal whether decryption failed, so only `confirm` can fail after it.
Outcome Handshake::State::consume_5(const HandshakeFrame& frame, std::string_view bytes) {
  if (const auto same = check_unchanged(frame); !same) return refuse(same.error());
  const ByteView own = responder_key->spki();
  if (std::equal(own.begin(), own.end(), frame.key.begin(), frame.key.end()))
    return refuse(ErrorCode::handshake_failed, "phase 5: the key is our own");
  if (!verify_key(Role::initiator, peer, transcript, frame.key, *frame.signature))
    return refuse(ErrorCode::handshake_failed, "phase 5: wrong signature");
  const auto z = responder_key->agree(frame.key, ephemerals->rng());
  if (!z) return refuse(ErrorCode::handshake_failed, "phase 5: not an acceptable key");
  MasterSecret master = master_secret(*suite, z->view(), transcript, frame.key);
  if (!crypto::equal(confirm_initiator(master, transcript, frame.key, *frame.signature), *frame.confirm))
    return refuse(ErrorCode::handshake_failed, "phase 5: wrong confirm");

  result.master = std::move(master);
  result.ratchet_key = responder_key->take_ratchet_key();
  result.peer_ratchet_key = ratchet_point(*suite, frame.key);
  responder_key.reset();
  take(bytes);
  return create_6();
}

// --- phase 6: R -> I, confirmed ------------------------------------------------------------------

std::string Handshake::State::create_6() {
  HandshakeFrame frame = own_frame(6);
  result.transcript = transcript;
  frame.confirm = confirm_responder(result.master, transcript);
  done = true;
  return send(frame, 0);
}

Outcome Handshake::State::consume_6(const HandshakeFrame& frame, std::string_view bytes) {
  if (const auto same = check_unchanged(frame); !same) return refuse(same.error());
  if (!crypto::equal(confirm_responder(result.master, transcript), *frame.confirm))
    return refuse(ErrorCode::handshake_failed, "phase 6: wrong confirm");
  result.transcript = transcript;
  take(bytes);
  expected = 0;
  done = true;
  return std::string();
}

// --- the object ----------------------------------------------------------------------------------

Handshake::Handshake(HandshakeOptions options, crypto::EphemeralSource& ephemerals)
    : state_(std::make_unique<State>(std::move(options), ephemerals)) {}
Handshake::Handshake(Handshake&&) noexcept = default;
Handshake& Handshake::operator=(Handshake&&) noexcept = default;
Handshake::~Handshake() = default;

std::string Handshake::start() {
  assert(state_->initiator() && state_->expected == 0 && !state_->done && !state_->failed);
  return state_->create_1();
}

Result<std::string, HandshakeFailure> Handshake::receive(std::string_view frame) {
  if (state_->expected == 0) return refuse(ErrorCode::bad_message, "no frame is expected");
  const bool late = state_->expected >= 5;
  Outcome outcome = state_->step(frame);
  if (outcome) return outcome;
  if (late && outcome.error().cause == Cause::protocol) outcome.error().code = ErrorCode::handshake_failed;
  state_->wipe();
  return outcome;
}

bool Handshake::answers_another_call(const HandshakeFrame& frame) const {
  return state_->expected == 2 && frame.phase == 2 && frame.to && *frame.to != state_->call;
}

bool Handshake::next_is_heavy() const {
  return state_->expected >= 3 && state_->expected <= 5;
}
int Handshake::expected_phase() const {
  return state_->expected;
}
bool Handshake::done() const {
  return state_->done;
}
const crypto::Suite* Handshake::suite() const {
  return state_->suite;
}
const Id& Handshake::peer_id() const {
  return state_->peer;
}
const std::string& Handshake::peer_name() const {
  return state_->peer_name;
}

HandshakeResult Handshake::take_result() {
  assert(state_->done);
  HandshakeResult result = std::move(state_->result);
  result.suite = state_->suite;
  result.role = state_->options.role;
  result.self = state_->self;
  result.peer = state_->peer;
  result.peer_name = state_->peer_name;
  return result;
}

}  // namespace sims::proto
