// Admission: decides on connections, handshakes and logins, and updates counts and penalties.
#include "server/policy/admission.h"

#include <cassert>

namespace sims::server {

namespace {

bool exempt(const Address& address, const Limits& limits) {
  return std::any_of(limits.exempt.begin(), limits.exempt.end(),
                     [&](const auto& range) { return range.contains(address); });
}

// The largest penalty: it takes penalty_max_ms to fade to the threshold.
std::int64_t max_penalty(const Limits& limits) {
  return penalty_threshold_ms + limits.penalty_max_ms;
}

// The penalty left now, at most max_penalty(), which a reload may have lowered.
std::int64_t penalty(const Source& source, const Limits& limits, std::int64_t steady_ms) {
  return std::clamp<std::int64_t>(source.penalty_until - steady_ms, 0, max_penalty(limits));
}

// True with the probability left / half.
bool drawn(std::int64_t left, std::int64_t half, crypto::Rng& draw) {
  ByteArray<8> random;
  draw.fill(random);
  return load_u64be(random.data()) % static_cast<std::uint64_t>(half) < static_cast<std::uint64_t>(left);
}

}  // namespace

Source* Admission::find(const Address& address) {
  const auto at = sources_.find(address.source());
  return at == sources_.end() ? nullptr : &at->second;
}

Source& Admission::remember(const Address& address) {
  const auto [at, fresh] = sources_.try_emplace(address.source(), address.source(), log_rate_);
  if (fresh) rest(at->second);
  return at->second;
}

// Puts a source without connections into idle_; forgets the oldest one beyond max_idle.
void Admission::rest(Source& source) {
  idle_.push_front(&source);
  source.idle = idle_.begin();
  if (idle_.size() <= max_idle) return;
  const Address oldest = idle_.back()->address;
  idle_.pop_back();
  sources_.erase(oldest);
}

Result<Admission::Admitted, Refused> Admission::admit(ConnId conn, const Address& from, const Limits& limits,
                                                      std::int64_t steady_ms) {
  if (connections_ >= limits.connections) return fail(Refused::connections);
  Source& source = remember(from);
  source.exempt = exempt(from, limits);
  if (source.connections >= limits.connections_per_address) return fail(Refused::address_connections);
  if (!source.exempt && penalty(source, limits, steady_ms) > penalty_threshold_ms)
    return fail(Refused::penalty);
  std::optional<ConnId> evicted;
  const auto make_room = [&](const NotLoggedIn& waiting, std::size_t here, std::size_t max) {
    if (here >= max) evicted = waiting.first_to_evict();
    return here < max || evicted;
  };
  const auto own_max = source.exempt ? limits.unauthenticated : limits.unauthenticated_per_address;
  if (!make_room(not_logged_in_, unauthenticated_, limits.unauthenticated) ||
      !make_room(source.not_logged_in, source.unauthenticated, own_max))
    return fail(Refused::unauthenticated);
  if (source.connections++ == 0) idle_.erase(source.idle);
  ++source.unauthenticated;
  ++connections_;
  ++unauthenticated_;
  AdmissionSlot slot{&source, false, true, {}, {}};
  slot.in_source = source.not_logged_in.silent.insert(source.not_logged_in.silent.end(), conn);
  slot.in_all = not_logged_in_.silent.insert(not_logged_in_.silent.end(), conn);
  return Admitted{slot, evicted};
}

void Admission::begin_handshake(AdmissionSlot& slot) {
  if (!std::exchange(slot.silent, false)) return;
  const auto move = [](NotLoggedIn& waiting, std::list<ConnId>::iterator at) {
    waiting.handshaking.splice(waiting.handshaking.end(), waiting.silent, at);
  };
  move(slot.source->not_logged_in, slot.in_source);
  move(not_logged_in_, slot.in_all);
}

void Admission::authenticated(AdmissionSlot& slot) {
  if (std::exchange(slot.authenticated, true)) return;
  const auto take_out = [&](NotLoggedIn& waiting, std::list<ConnId>::iterator at) {
    (slot.silent ? waiting.silent : waiting.handshaking).erase(at);
  };
  take_out(slot.source->not_logged_in, slot.in_source);
  take_out(not_logged_in_, slot.in_all);
  assert(slot.source->unauthenticated > 0 && unauthenticated_ > 0);
  --slot.source->unauthenticated;
  --unauthenticated_;
}

void Admission::release(AdmissionSlot& slot) {
  authenticated(slot);
  Source& source = *std::exchange(slot.source, nullptr);
  assert(source.connections > 0 && connections_ > 0);
  --connections_;
  if (--source.connections == 0) rest(source);
}

std::optional<Refused> Admission::may_handshake(AdmissionSlot& slot, bool costly, const Limits& limits,
                                                std::int64_t steady_ms, crypto::Rng& draw) {
  begin_handshake(slot);
  Source& source = *slot.source;
  if (!source.exempt && !source.handshakes.take(limits.handshakes_per_address, steady_ms))
    return Refused::address_handshakes;
  if (costly && !source.exempt &&
      !source.costly_handshakes.take(limits.rsa_handshakes_per_address, steady_ms))
    return Refused::address_handshakes;
  const auto left = handshakes_.left(limits.handshakes, steady_ms);
  const auto half = std::max<std::int64_t>(1, limits.handshakes.burst / 2);
  if (left <= 0 || (left < half && !drawn(left, half, draw))) return Refused::handshakes;
  handshakes_.spend(limits.handshakes, steady_ms);
  return std::nullopt;
}

bool Admission::may_register(const AdmissionSlot& slot, const Limits& limits, std::int64_t steady_ms) {
  return slot.source->exempt || slot.source->registrations.take(limits.registrations, steady_ms);
}

bool Admission::may_log_in(const AdmissionSlot& slot, const proto::Id& id, const Limits& limits,
                           std::int64_t steady_ms) {
  if (slot.source->exempt) return true;
  if (logins_.size() > 2 * logins_kept_ + 1'000) {
    for (auto at = logins_.begin(); at != logins_.end();)
      at = at->second.full(limits.logins, steady_ms) ? logins_.erase(at) : std::next(at);
    logins_kept_ = logins_.size();
  }
  return logins_[id].take(limits.logins, steady_ms);
}

void Admission::penalise(Source& source, std::int64_t ms, const Limits& limits, std::int64_t steady_ms) {
  if (source.exempt) return;
  source.penalty_until = steady_ms + std::min(penalty(source, limits, steady_ms) + ms, max_penalty(limits));
}

}  // namespace sims::server
