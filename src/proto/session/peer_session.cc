// PeerSession, in the order of its header: construction, seal and ack, open, close, re-key.
#include "proto/session/peer_session.h"

#include <algorithm>
#include <cassert>

#include "proto/labels.h"
#include "proto/limits.h"
#include "proto/session/acks.h"
#include "proto/session/double_ratchet.h"
#include "proto/session/message_keys.h"
#include "proto/session/rekey.h"
#include "proto/session/rsa_chains.h"
#include "proto/wire/encode.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

// A failed re-key is retried after this many more messages, doubled each time. So a slow answer is in time
// for one of the attempts, and a peer that cannot re-key costs few RSA keys.
constexpr std::uint64_t rekey_retry_messages = 10;
constexpr int max_retry_doublings = 10;
constexpr std::uint64_t rekey_overdue_messages = 100;

Role other(Role role) {
  return role == Role::initiator ? Role::responder : Role::initiator;
}

std::string_view close_label(Role sender) {
  return sender == Role::initiator ? labels::close_initiator : labels::close_responder;
}

crypto::Digest close_verification(const crypto::HmacKey& key, const ClientDisconnect& m) {
  return key.mac({bytes_of(m.src.text()), bytes_of(m.dst.text()), bytes_of(m.reason)});
}

}  // namespace

struct PeerSession::State {
  State(HandshakeResult handshake, const crypto::SigningKey& identity, crypto::EphemeralSource& ephemerals);
  void make_ratchet(HandshakeResult& handshake, const crypto::SigningKey& identity,
                    crypto::EphemeralSource& ephemerals);
  bool fits(const ClientCom& com) const;
  struct Verified {
    Staged staged;
    MessageKeys keys;
    const Rekey::Answered* completes;  // the re-key whose phase 6 was lost; nullptr: none
  };
  Result<Verified, OpenError> verify(const ClientCom& com, Now now);
  Result<Verified, OpenError> verify_ahead(const ClientCom& com) const;
  void enter_next_epoch(const MasterSecret& master);
  void count_rekey_attempt();

  const crypto::Suite* suite;
  Role role;
  Id self, peer;
  std::unique_ptr<Ratchet> ratchet;
  RsaChains* chains = nullptr;                       // the ratchet, under the RSA suite
  std::optional<Rekey> rekey;                        // RSA suite
  std::uint64_t next_rekey_at = messages_per_epoch;  // messages in the epoch
  int rekey_attempts = 0;                            // in the epoch
  std::uint64_t next_id = 0;                         // M of the next message to send
  SentMessages sent;
  OpenedMessages opened;
  // Derived from the first K for the whole session, so that either side can close it while the other is still
  // an epoch behind.
  crypto::HmacKey close_own, close_peer;
};

PeerSession::State::State(HandshakeResult handshake, const crypto::SigningKey& identity,
                          crypto::EphemeralSource& ephemerals)
    : suite(handshake.suite),
      role(handshake.role),
      self(handshake.self),
      peer(handshake.peer),
      close_own(derive<CloseKey>(handshake.master, close_label(role)).view()),
      close_peer(derive<CloseKey>(handshake.master, close_label(other(role))).view()) {
  make_ratchet(handshake, identity, ephemerals);
}

void PeerSession::State::make_ratchet(HandshakeResult& handshake, const crypto::SigningKey& identity,
                                      crypto::EphemeralSource& ephemerals) {
  auto root = derive<RootKey>(handshake.master, labels::root);
  if (suite->rekeying == crypto::Rekeying::double_ratchet) {
    assert(handshake.ratchet_key && handshake.peer_ratchet_key);
    ratchet = std::make_unique<DoubleRatchet>(role, std::move(root), std::move(*handshake.ratchet_key),
                                              *handshake.peer_ratchet_key, ephemerals);
    return;
  }
  auto made = std::make_unique<RsaChains>(role, std::move(root));
  chains = made.get();
  ratchet = std::move(made);
  rekey.emplace(Rekey::Parties{suite, role, self, peer, &identity}, handshake.transcript, ephemerals);
}

PeerSession::PeerSession(HandshakeResult handshake, const crypto::SigningKey& identity,
                         crypto::EphemeralSource& ephemerals)
    : state_(std::make_unique<State>(std::move(handshake), identity, ephemerals)) {}
PeerSession::PeerSession(PeerSession&&) noexcept = default;
PeerSession& PeerSession::operator=(PeerSession&&) noexcept = default;
PeerSession::~PeerSession() = default;

const Id& PeerSession::peer() const {
  return state_->peer;
}
Role PeerSession::role() const {
  return state_->role;
}
const crypto::Suite& PeerSession::suite() const {
  return *state_->suite;
}

// --- seal ----------------------------------------------------------------------------------------

PeerSession::Sealed PeerSession::seal(std::string_view plaintext, Now now) {
  State& s = *state_;
  auto [header, message_key] = s.ratchet->next_to_send();
  assert(header_fits(header, s.chains == nullptr));
  const MessageKeys keys(message_key);
  ClientCom com;
  com.src = s.self;
  com.dst = s.peer;
  com.id = s.next_id++;
  com.ratchet = header;
  com.data = keys.seal(plaintext, now.unix_s());
  com.verification = keys.verification(com, header_bytes(com.ratchet));
  s.sent.add(com.id, crypto::sha256({bytes_of(com.data)}), keys.ack_key());
  return {com.id, encode(com)};
}

std::optional<std::uint64_t> PeerSession::take_ack(const PeerAck& ack) {
  if (ack.src != state_->peer || ack.dst != state_->self || !state_->sent.take(ack)) return std::nullopt;
  return ack.id;
}

void PeerSession::forget(std::uint64_t id) {
  state_->sent.forget(id);
}

// --- open ----------------------------------------------------------------------------------------

bool PeerSession::State::fits(const ClientCom& com) const {
  return com.src == peer && com.dst == self && com.id <= max_json_integer &&
         header_fits(com.ratchet, chains == nullptr);
}

Result<PeerSession::State::Verified, OpenError> PeerSession::State::verify(const ClientCom& com, Now now) {
  if (rekey && *com.ratchet.epoch == chains->epoch() + 1) return verify_ahead(com);
  auto staged = ratchet->stage(com.ratchet, opened.newest(com.id), now);
  TRY(staged);
  MessageKeys keys(staged->message_key);
  if (!keys.verify(com, header_bytes(com.ratchet))) return fail(OpenError::forged);
  return Verified{std::move(*staged), std::move(keys), nullptr};
}

// A message of the next epoch. It proves the same as the lost phase 6.
Result<PeerSession::State::Verified, OpenError> PeerSession::State::verify_ahead(const ClientCom& com) const {
  for (const auto& attempt : rekey->answered()) {
    auto staged = chains->stage_ahead(com.ratchet, attempt.master);
    TRY(staged);  // by the header alone
    MessageKeys keys(staged->message_key);
    if (keys.verify(com, header_bytes(com.ratchet)))
      return Verified{std::move(*staged), std::move(keys), &attempt};
  }
  return fail(OpenError::forged);
}

Result<PeerSession::Opened, OpenError> PeerSession::open(const ClientCom& com, Now now) {
  State& s = *state_;
  if (!s.fits(com)) return fail(OpenError::forged);
  OpenedMessages::Record record;
  record.ack.src = s.self;
  record.ack.dst = s.peer;
  record.ack.id = com.id;
  record.ack.data = crypto::sha256({bytes_of(com.data)});
  record.fingerprint = crypto::sha256({record.ack.data, com.verification, header_bytes(com.ratchet)});
  if (const auto* before = s.opened.find(com.id)) {
    if (!crypto::equal(before->fingerprint, record.fingerprint)) return fail(OpenError::forged);
    return Opened{com.id, true, "", encode(before->ack)};
  }

  auto verified = s.verify(com, now);
  TRY(verified);
  auto plaintext = verified->keys.open(com.data);
  if (!plaintext) return fail(OpenError::forged);

  if (verified->completes) s.enter_next_epoch(s.rekey->complete(*verified->completes));
  s.ratchet->commit(std::move(verified->staged));
  record.ack.verification =
      ack_verification(verified->keys.ack_key(), s.self, s.peer, com.id, record.ack.data);
  s.opened.add(com.id, record);
  return Opened{com.id, false, std::move(*plaintext), encode(record.ack)};
}

// --- close ---------------------------------------------------------------------------------------

std::string PeerSession::close(std::string_view reason) {
  ClientDisconnect message;
  message.src = state_->self;
  message.dst = state_->peer;
  message.reason = utf8_prefix(reason, max_error_text);
  message.verification = close_verification(state_->close_own, message);
  return encode(message);
}

bool PeerSession::verify_close(const ClientDisconnect& message) const {
  return message.src == state_->peer && message.dst == state_->self &&
         crypto::equal(close_verification(state_->close_peer, message), message.verification);
}

// --- re-key --------------------------------------------------------------------------------------

bool PeerSession::wants_rekey() const {
  return state_->chains && state_->role == Role::responder &&
         state_->chains->messages_in_epoch() >= state_->next_rekey_at;
}

void PeerSession::State::count_rekey_attempt() {
  next_rekey_at = std::max(chains->messages_in_epoch(), messages_per_epoch) +
                  (rekey_retry_messages << std::min(rekey_attempts, max_retry_doublings));
  ++rekey_attempts;
}

std::string PeerSession::start_rekey(std::unique_ptr<crypto::ResponderKey> key) {
  assert(state_->rekey);
  state_->count_rekey_attempt();
  return state_->rekey->start(std::move(key));
}

Checked<std::string> PeerSession::receive_rekey(std::string_view frame) {
  State& s = *state_;
  if (!s.rekey) return fault(ErrorCode::handshake_failed, "this suite has no re-key");
  auto step = s.rekey->receive(frame);
  TRY(step);
  if (step->master) s.enter_next_epoch(*step->master);
  return std::move(step->answer);
}

void PeerSession::State::enter_next_epoch(const MasterSecret& master) {
  chains->advance(master);
  next_rekey_at = messages_per_epoch;
  rekey_attempts = 0;
}

bool PeerSession::takes_rekey(int phase) const {
  return state_->rekey && state_->rekey->takes(phase);
}

bool PeerSession::owes_word_of_epoch() const {
  const State& s = *state_;
  if (!s.chains || s.role != Role::responder) return false;
  const auto sent = std::min<std::uint64_t>(s.chains->sent_in_epoch(), max_retry_doublings);
  return s.chains->messages_behind() >= rekey_retry_messages << sent;
}

bool PeerSession::rekey_overdue() const {
  return state_->chains && state_->chains->messages_in_epoch() >= messages_per_epoch + rekey_overdue_messages;
}

std::uint64_t PeerSession::epoch() const {
  return state_->ratchet->epoch();
}
std::size_t PeerSession::skipped_keys() const {
  return state_->ratchet->skipped_keys();
}

crypto::Digest PeerSession::state_digest() const {
  const State& s = *state_;
  StateHash hash;
  hash.mix(s.self.key()).mix(s.peer.key()).mix(bytes_of(s.suite->name)).mix(s.role == Role::initiator);
  hash.mix(s.next_id).mix(s.next_rekey_at).mix(s.rekey_attempts);
  hash.mix(s.close_own.mac({})).mix(s.close_peer.mac({}));
  s.ratchet->mix_into(hash);
  s.sent.mix_into(hash);
  s.opened.mix_into(hash);
  if (s.rekey) s.rekey->mix_into(hash);
  return hash.digest();
}

}  // namespace sims::proto
