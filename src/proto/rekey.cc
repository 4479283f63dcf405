// In the order of the phases: start (4) -> receive_offer (4 to 5) -> receive_share (5 to 6) ->
// receive_confirm (6).
#include "proto/rekey.h"

#include <cassert>

namespace sims::proto {

namespace {

auto refused(std::string why) {
  return fault(ErrorCode::handshake_failed, "re-key: " + std::move(why));
}

}  // namespace

Rekey::Rekey(Parties parties, const crypto::Digest& transcript, crypto::EphemeralSource& ephemerals)
    : parties_(parties), transcript_(transcript), ephemerals_(ephemerals) {}

HandshakeFrame Rekey::frame(int phase) const {
  HandshakeFrame out;
  out.kind = HandshakeKind::client_client;
  out.phase = phase;
  out.src = parties_.self.str();
  out.dst = parties_.peer.str();
  out.ciphers = {std::string(parties_.suite->name)};
  return out;
}

std::string Rekey::start(std::unique_ptr<crypto::ResponderKey> key) {
  assert(parties_.role == Role::responder && key);
  auto offer = frame(4);
  offer.key.assign(key->spki().begin(), key->spki().end());
  offer.signature = sign_key(Role::responder, *parties_.identity, transcript_, offer.key);
  auto text = encode(offer);
  attempt_ = Attempt{};
  attempt_->key = std::move(key);
  attempt_->transcript = transcript_next(transcript_, text);
  return text;
}

int Rekey::expected_phase() const {
  if (parties_.role == Role::responder) return attempt_ ? 5 : 0;
  return attempt_ ? 6 : 4;
}

Checked<Rekey::Step> Rekey::receive(std::string_view text) {
  std::string copy(text);
  JsonTape tape;
  auto root = tape.parse(copy);
  if (!root) return fail(std::move(root.error()));
  auto got = decode_handshake(*root);
  if (!got) return fail(std::move(got.error()));
  if (got->kind != HandshakeKind::client_client || got->src != parties_.peer.text() ||
      got->dst != parties_.self.text() || got->ciphers != frame(0).ciphers) {
    return refused("between others, or under another suite");
  }
  const bool responder = parties_.role == Role::responder;
  if (got->phase == 4 && !responder) return receive_offer(*got, text);
  if (got->phase == 5 && responder && attempt_) return receive_share(*got, text);
  if (got->phase == 6 && !responder && attempt_) return receive_confirm(*got, text);
  return refused("phase out of order");
}

Checked<Rekey::Step> Rekey::receive_offer(const HandshakeFrame& got, std::string_view text) {
  const auto hash = crypto::sha256({bytes_of(text)});
  if (attempt_ && attempt_->offer == hash) return Step{attempt_->answer, std::nullopt};  // it came twice
  if (!got.signature || !verify_key(Role::responder, parties_.peer, transcript_, got.key, *got.signature)) {
    return refused("wrong signature in phase 4");
  }
  auto share = parties_.suite->make_initiator_share(got.key, ephemerals_);
  if (!share) return refused("no acceptable key in phase 4");

  const auto t4 = transcript_next(transcript_, text);
  auto answer = frame(5);
  answer.key = std::move(share->key);
  answer.signature = sign_key(Role::initiator, *parties_.identity, t4, answer.key);
  auto master = master_secret(*parties_.suite, share->z.view(), t4, answer.key);
  answer.confirm = confirm_initiator(master, t4, answer.key, *answer.signature);

  attempt_ = Attempt{};
  attempt_->offer = hash;
  attempt_->answer = encode(answer);
  attempt_->transcript = transcript_next(t4, attempt_->answer);
  attempt_->master = std::move(master);
  return Step{attempt_->answer, std::nullopt};
}

Checked<Rekey::Step> Rekey::receive_share(const HandshakeFrame& got, std::string_view text) {
  const auto t4 = attempt_->transcript;
  if (!got.signature || !verify_key(Role::initiator, parties_.peer, t4, got.key, *got.signature)) {
    return refused("wrong signature in phase 5");
  }
  // The peer itself sent this, and a key decrypts once: whatever is wrong now ends the attempt.
  auto key = std::move(attempt_->key);
  attempt_.reset();
  auto z = key->agree(got.key, ephemerals_.rng());
  if (!z) return refused("no acceptable key in phase 5");
  auto master = master_secret(*parties_.suite, z->view(), t4, got.key);
  if (!got.confirm || !crypto::equal(confirm_initiator(master, t4, got.key, *got.signature), *got.confirm)) {
    return refused("wrong confirm in phase 5");
  }

  const auto t5 = transcript_next(t4, text);
  auto answer = frame(6);
  answer.confirm = confirm_responder(master, t5);
  auto out = encode(answer);
  transcript_ = transcript_next(t5, out);
  return Step{std::move(out), std::move(master)};
}

Checked<Rekey::Step> Rekey::receive_confirm(const HandshakeFrame& got, std::string_view text) {
  auto expected = confirm_responder(attempt_->master, attempt_->transcript);
  if (!got.confirm || !crypto::equal(expected, *got.confirm)) return refused("wrong confirm in phase 6");
  transcript_ = transcript_next(attempt_->transcript, text);
  auto master = std::move(attempt_->master);
  attempt_.reset();
  return Step{"", std::move(master)};
}

void Rekey::mix_into(StateHash& hash) const {
  hash.mix(transcript_).mix(attempt_.has_value());
  if (!attempt_) return;
  hash.mix(attempt_->transcript).mix(attempt_->key != nullptr).mix(attempt_->offer);
  hash.mix(bytes_of(attempt_->answer)).mix(attempt_->master.view());
}

}  // namespace sims::proto
