// The Double Ratchet: its root steps, and how a received header is staged and committed.
#include "proto/session/double_ratchet.h"

#include <algorithm>
#include <cassert>

#include "proto/labels.h"
#include "proto/limits.h"

namespace sims::proto {

namespace {

struct RootStep {
  RootKey root;
  Chain chain;
};

// KDF_RK
RootStep root_step(const RootKey& root, const Secret<48>& z) {
  auto out = crypto::hkdf<64>(root.view(), z.view(), labels::ratchet);
  return {RootKey(out.part(0, 32)), {ChainKey(out.part(32, 32)), 0}};
}

}  // namespace

bool StepAllowance::take(Now now) {
  constexpr std::int64_t full = failed_dh_burst * 1'000;
  left_ms_ =
      left_ms_ < 0 ? full : std::min(full, left_ms_ + std::max<std::int64_t>(0, now.steady_ms - at_ms_));
  at_ms_ = now.steady_ms;
  if (left_ms_ < 1'000) return false;
  left_ms_ -= 1'000;
  return true;
}

void StepAllowance::give_back() {
  left_ms_ = std::min<std::int64_t>(failed_dh_burst * 1'000, left_ms_ + 1'000);
}

DoubleRatchet::DoubleRatchet(Role role, RootKey root, crypto::P384Key own, const crypto::P384Point& peer,
                             crypto::EphemeralSource& ephemerals)
    : ephemerals_(ephemerals),
      root_(std::move(root)),
      own_(std::move(own)),
      peer_(peer),
      peer_name_(crypto::p384_compress(peer)) {
  auto z = own_.agree(peer_);
  assert(z);  // the handshake agreed with these very keys
  auto [next_root, chain] = root_step(root_, *z);
  root_ = std::move(next_root);
  if (role == Role::initiator) {
    sending_ = std::move(chain);
  } else {
    receiving_ = std::move(chain);
    new_sending_chain();
  }
}

void DoubleRatchet::new_sending_chain() {
  own_ = ephemerals_.p384();
  auto z = own_.agree(peer_);
  assert(z);  // a validated point of a group of prime order
  auto [next_root, chain] = root_step(root_, *z);
  root_ = std::move(next_root);
  previous_length_ = sending_.n;
  sending_ = std::move(chain);
}

SendKey DoubleRatchet::next_to_send() {
  RatchetHeader header;
  header.key = crypto::p384_compress(own_.public_point());
  header.pn = previous_length_;
  header.n = sending_.n;
  return {header, sending_.step()};
}

Result<Staged, OpenError> DoubleRatchet::stage(const RatchetHeader& header, bool newest, Now now) {
  const ChainName& name = *header.key;
  const bool current = name == peer_name_;
  if (current && receiving_ && header.n >= receiving_->n) return stage_current(header.n);
  if (auto kept = stage_skipped(name, header.n)) return std::move(*kept);
  if (current) return fail(receiving_ ? OpenError::old : OpenError::forged);
  // An unknown key is either the next one or one that we have forgotten. The message ids tell them apart,
  // because an honest sender counts ids through all its chains. So an old key costs no multiplication.
  if (!newest) return fail(OpenError::old);
  return stage_step(header, now);
}

Result<Staged, OpenError> DoubleRatchet::stage_current(std::uint64_t n) const {
  if (n - receiving_->n > max_skipped_keys) return fail(OpenError::too_far);
  Staged staged;
  staged.chain = peer_name_;
  staged.n = n;
  staged.next = receiving_->clone();
  staged.next.skip_to(n, peer_name_, staged.skipped);
  staged.message_key = staged.next.step();
  return staged;
}

// Cheap checks first: bound the numbers of the header before computing anything from them.
Result<Staged, OpenError> DoubleRatchet::stage_step(const RatchetHeader& header, Now now) {
  const std::uint64_t received = receiving_ ? receiving_->n : 0;
  if (header.pn < received || (!receiving_ && header.pn > 0)) return fail(OpenError::forged);
  if (header.pn - received + header.n > max_skipped_keys) return fail(OpenError::too_far);
  if (*header.key == crypto::p384_compress(own_.public_point())) return fail(OpenError::forged);  // reflected
  if (!allowance_.take(now)) return fail(OpenError::rate_limited);
  auto point = crypto::p384_decompress(*header.key);
  if (!point) return fail(OpenError::forged);
  auto z = own_.agree(*point);
  if (!z) return fail(OpenError::forged);

  Staged staged;
  staged.chain = *header.key;
  staged.n = header.n;
  if (receiving_) receiving_->clone().skip_to(header.pn, peer_name_, staged.skipped);
  auto [root, chain] = root_step(root_, *z);
  staged.peer_key = *point;
  staged.root = std::move(root);
  staged.next = std::move(chain);
  staged.next.skip_to(header.n, staged.chain, staged.skipped);
  staged.message_key = staged.next.step();
  return staged;
}

void DoubleRatchet::commit(Staged staged) {
  if (staged.was_skipped) {
    skipped_.remove(staged.chain, staged.n);
    return;
  }
  skipped_.add(std::move(staged.skipped));
  receiving_ = std::move(staged.next);
  if (!staged.peer_key) return;
  allowance_.give_back();
  root_ = std::move(staged.root);
  peer_ = *staged.peer_key;
  peer_name_ = staged.chain;
  ++steps_;
  new_sending_chain();
}

void DoubleRatchet::mix_into(StateHash& hash) const {
  hash.mix(root_.view()).mix(own_.public_point()).mix(peer_).mix(previous_length_).mix(steps_);
  hash.mix(sending_.key.view()).mix(sending_.n).mix(receiving_.has_value());
  if (receiving_) hash.mix(receiving_->key.view()).mix(receiving_->n);
  skipped_.mix_into(hash);
}

}  // namespace sims::proto
