// The chains of each RSA epoch: how they start, advance, and are kept for late messages.
#include "proto/session/rsa_chains.h"

#include <algorithm>

#include "proto/labels.h"
#include "proto/limits.h"

namespace sims::proto {

namespace {

constexpr std::size_t kept_epochs = 3;  // the current one and two before it

Chain chain_of(const RootKey& root, Role sender) {
  auto label = sender == Role::initiator ? labels::chain_initiator : labels::chain_responder;
  return {derive<ChainKey>(root, label), 0};
}

}  // namespace

RsaChains::RsaChains(Role role, RootKey root) : role_(role), root_(std::move(root)) {
  start_chains();
}

void RsaChains::start_chains() {
  sending_ = chain_of(root_, role_);
  receiving_.push_back(receiving_chain(root_, epoch_));
  if (receiving_.size() > kept_epochs) receiving_.erase(receiving_.begin());
  opened_in_epoch_ = opened_behind_ = 0;
}

RsaChains::Receiving RsaChains::receiving_chain(const RootKey& root, std::uint64_t epoch) const {
  return {epoch, chain_of(root, role_ == Role::initiator ? Role::responder : Role::initiator)};
}

RootKey RsaChains::next_root(const MasterSecret& master) const {
  return RootKey(crypto::hkdf<32>(root_.view(), master.view(), labels::ratchet).view());
}

void RsaChains::advance(const MasterSecret& master) {
  root_ = next_root(master);
  ++epoch_;
  previous_length_ = sending_.n;
  start_chains();
}

const RsaChains::Receiving* RsaChains::receiving(std::uint64_t epoch) const {
  auto at =
      std::find_if(receiving_.begin(), receiving_.end(), [&](const auto& r) { return r.epoch == epoch; });
  return at == receiving_.end() ? nullptr : &*at;
}

SendKey RsaChains::next_to_send() {
  RatchetHeader header;
  header.epoch = epoch_;
  header.pn = previous_length_;
  header.n = sending_.n;
  opened_behind_ = 0;
  return {header, sending_.step()};
}

Result<Staged, OpenError> RsaChains::stage(const RatchetHeader& header, bool, Now) {
  if (*header.epoch > epoch_) return fail(OpenError::forged);
  return stage_in(header, receiving(*header.epoch));
}

Result<Staged, OpenError> RsaChains::stage_ahead(const RatchetHeader& header,
                                                 const MasterSecret& master) const {
  if (*header.epoch != epoch_ + 1) return fail(OpenError::forged);
  const Receiving ahead = receiving_chain(next_root(master), epoch_ + 1);
  return stage_in(header, &ahead);
}

// `from`: the receiving chain of the header's epoch; nullptr: it is gone.
Result<Staged, OpenError> RsaChains::stage_in(const RatchetHeader& header, const Receiving* from) const {
  const std::uint64_t epoch = *header.epoch;
  const auto name = epoch_chain(epoch);
  const Receiving* before = epoch > 0 ? receiving(epoch - 1) : nullptr;
  const bool in_chain = from && header.n >= from->chain.n;

  Staged staged;
  if (!in_chain) {
    auto kept = stage_skipped(name, header.n);
    if (!kept) return fail(OpenError::old);
    staged = std::move(*kept);
  }
  // Bound the numbers of the header before computing anything from them.
  if (before && header.pn < before->chain.n) return fail(OpenError::forged);
  const std::uint64_t skips =
      (in_chain ? header.n - from->chain.n : 0) + (before ? header.pn - before->chain.n : 0);
  if (skips > max_skipped_keys) return fail(OpenError::too_far);

  if (before) {
    before->chain.clone().skip_to(header.pn, epoch_chain(epoch - 1), staged.skipped);
    staged.ends_previous = true;
  }
  if (in_chain) {
    staged.chain = name;
    staged.n = header.n;
    staged.next = from->chain.clone();
    staged.next.skip_to(header.n, name, staged.skipped);
    staged.message_key = staged.next.step();
  }
  return staged;
}

void RsaChains::commit(Staged staged) {
  if (staged.was_skipped) skipped_.remove(staged.chain, staged.n);
  skipped_.add(std::move(staged.skipped));
  for (auto& r : receiving_) {
    if (epoch_chain(r.epoch) != staged.chain) continue;
    if (!staged.was_skipped) r.chain = std::move(staged.next);
    if (r.epoch == epoch_) ++opened_in_epoch_;
    if (r.epoch + 1 == epoch_) ++opened_behind_;
  }
  if (!staged.ends_previous) return;
  std::erase_if(receiving_, [&](const auto& r) { return epoch_chain(r.epoch + 1) == staged.chain; });
}

void RsaChains::mix_into(StateHash& hash) const {
  hash.mix(root_.view()).mix(epoch_).mix(sending_.key.view()).mix(sending_.n).mix(previous_length_);
  hash.mix(opened_in_epoch_).mix(opened_behind_).mix(receiving_.size());
  for (const auto& r : receiving_)
    hash.mix(r.epoch).mix(r.chain.key.view()).mix(r.chain.n);
  skipped_.mix_into(hash);
}

}  // namespace sims::proto
