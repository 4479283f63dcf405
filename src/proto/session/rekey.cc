// The RSA re-key, in the order of its phases: start (4), receive_offer (4 to 5), receive_share (5 to 6),
// receive_confirm (6).
#include "proto/session/rekey.h"

#include <algorithm>
#include <cassert>

#include "proto/channel/key_schedule.h"

namespace sims::proto {

namespace {

// Attempts that either side remembers since the last exchange. Each attempt waits for twice as many messages
// as the one before: the eighth starts after 1,280.
constexpr std::size_t max_attempts = 8;

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
  give_up_offer();
  key_ = std::move(key);
  t4_ = transcript_next(transcript_, text);
  return text;
}

bool Rekey::takes(int phase) const {
  if (parties_.role == Role::responder) return phase == 5 && key_;
  return phase == 4 || (phase == 6 && !answered_.empty());
}

Checked<Rekey::Step> Rekey::receive(std::string_view text) {
  std::string copy(text);
  JsonTape tape;
  auto root = tape.parse(copy);
  TRY(root);
  auto got = decode_handshake(*root);
  TRY(got);
  if (got->kind != HandshakeKind::client_client || got->src != parties_.peer.text() ||
      got->dst != parties_.self.text() || got->ciphers != frame(0).ciphers) {
    return refused("src, dst or suite is another");
  }
  if (!takes(got->phase)) return refused("a phase out of order");
  if (got->phase == 4) return receive_offer(*got, text);
  return got->phase == 5 ? receive_share(*got, text) : receive_confirm(*got);
}

Checked<Rekey::Step> Rekey::receive_offer(const HandshakeFrame& got, std::string_view text) {
  const auto t4 = transcript_next(transcript_, text);
  for (const auto& attempt : answered_)
    if (attempt.t4 == t4) return Step{attempt.answer, std::nullopt};  // a duplicate
  if (!got.signature || !verify_key(Role::responder, parties_.peer, transcript_, got.key, *got.signature)) {
    return refused("phase 4: wrong signature");
  }
  auto share = parties_.suite->make_initiator_share(got.key, ephemerals_);
  if (!share) return refused("phase 4: not an acceptable key");

  auto answer = frame(5);
  answer.key = std::move(share->key);
  answer.signature = sign_key(Role::initiator, *parties_.identity, t4, answer.key);
  Answered attempt;
  attempt.t4 = t4;
  attempt.master = master_secret(*parties_.suite, share->z.view(), t4, answer.key);
  answer.confirm = confirm_initiator(attempt.master, t4, answer.key, *answer.signature);
  attempt.answer = encode(answer);
  attempt.t5 = transcript_next(t4, attempt.answer);
  if (answered_.size() >= max_attempts) answered_.erase(answered_.begin());
  answered_.push_back(std::move(attempt));
  return Step{answered_.back().answer, std::nullopt};
}

Checked<Rekey::Step> Rekey::receive_share(const HandshakeFrame& got, std::string_view text) {
  const auto t4 = t4_;
  if (!got.signature || !verify_key(Role::initiator, parties_.peer, t4, got.key, *got.signature)) {
    if (answers_given_up(got)) return Step{};
    return refused("phase 5: wrong signature");
  }
  // The frame is genuine, and a key decrypts once: from here any failure ends the attempt.
  auto key = std::move(key_);
  auto z = key->agree(got.key, ephemerals_.rng());
  if (!z) return refused("phase 5: not an acceptable key");
  auto master = master_secret(*parties_.suite, z->view(), t4, got.key);
  if (!got.confirm || !crypto::equal(confirm_initiator(master, t4, got.key, *got.signature), *got.confirm)) {
    return refused("phase 5: wrong confirm");
  }

  transcript_ = transcript_next(t4, text);
  given_up_.clear();
  auto answer = frame(6);
  answer.confirm = confirm_responder(master, transcript_);
  return Step{encode(answer), std::move(master)};
}

Checked<Rekey::Step> Rekey::receive_confirm(const HandshakeFrame& got) {
  for (const auto& attempt : answered_) {
    const auto expected = confirm_responder(attempt.master, attempt.t5);
    if (got.confirm && crypto::equal(expected, *got.confirm)) return Step{"", complete(attempt)};
  }
  return refused("phase 6: wrong confirm");
}

MasterSecret Rekey::complete(const Answered& attempt) {
  transcript_ = attempt.t5;
  auto master = attempt.master.clone();
  answered_.clear();
  return master;
}

// Remembers the abandoned offer, to recognise a late answer to it.
void Rekey::give_up_offer() {
  if (!key_) return;
  if (given_up_.size() >= max_attempts) given_up_.erase(given_up_.begin());
  given_up_.push_back(t4_);
  key_.reset();
}

bool Rekey::answers_given_up(const HandshakeFrame& share) const {
  return share.signature && std::any_of(given_up_.begin(), given_up_.end(), [&](const crypto::Digest& t4) {
           return verify_key(Role::initiator, parties_.peer, t4, share.key, *share.signature);
         });
}

void Rekey::mix_into(StateHash& hash) const {
  hash.mix(transcript_).mix(key_ != nullptr).mix(t4_).mix(given_up_.size()).mix(answered_.size());
  for (const auto& t4 : given_up_)
    hash.mix(t4);
  for (const auto& attempt : answered_)
    hash.mix(attempt.t4).mix(attempt.t5).mix(bytes_of(attempt.answer)).mix(attempt.master.view());
}

}  // namespace sims::proto
