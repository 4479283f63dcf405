// The core's intents about people: whose key is whose, who may talk to the user.
#include "client/core/core_state.h"

namespace sims::client {

Result<std::string> ClientCore::safety_number(const std::string& peer) const {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  if ((*known)->id.empty()) return fail("the key of " + peer + " is not known");
  return proto::safety_number(state_->shown.self, (*known)->id);
}

Result<void> ClientCore::verify(const std::string& peer, std::string_view number, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  const Peer& p = **known;
  if (p.trust == Trust::changed) return fail("the key of " + peer + " changed: decide about that first");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  if (!proto::safety_number_matches(number, state_->shown.self, p.id))
    return fail("the safety numbers differ: either a digit is wrong or somebody is between you and " + peer);
  if (!p.known() && p.standing != Standing::blocked)
    if (auto accepted = accept(peer, now); !accepted) return accepted;
  PinnedPeer pin = state_->pin_of(p, now);
  pin.verified = true;
  return state_->pin(peer, pin, now);
}

Result<void> ClientCore::unverify(const std::string& peer) {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  PinnedPeer pin = state_->pin_of(**known, state_->clock);
  if (!pin.verified) return fail(peer + " is not verified");
  pin.verified = false;
  return state_->pin(peer, pin, state_->clock);
}

Result<void> ClientCore::accept_changed(const std::string& peer, std::string_view fingerprint, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  if ((*known)->trust != Trust::changed || !(*known)->changed_to)
    return fail("the key of " + peer + " did not change");
  const Id id = *(*known)->changed_to;
  if (!proto::fingerprint_matches(fingerprint, id))
    return fail("this is not the fingerprint of the new key of " + peer);
  PinnedPeer pin = state_->pin_of(**known, now);
  if (pin.standing == Standing::stranger) pin.standing = Standing::contact;
  pin.id = id;
  pin.verified = false;
  pin.first_seen_unix_ms = now.unix_ms;
  auto stored = state_->pin(peer, pin, now);
  if (!stored) return stored;
  state_->window_lines.notice(*known, "The new key of " + peer + " is accepted, not verified.", now);
  state_->conversation(peer).offer_held(now);
  state_->conversation(peer).peer_came(false, now);
  state_->finish();
  return {};
}

Result<std::size_t> ClientCore::resend_held(const std::string& peer, Now now) {
  state_->clock = now;
  if (auto known = state_->find(peer); !known) return fail(known.error());
  auto done = state_->conversation(peer).resend_held(now);
  state_->finish();
  return done;
}

Result<std::size_t> ClientCore::discard_held(const std::string& peer, Now now) {
  state_->clock = now;
  if (auto known = state_->find(peer); !known) return fail(known.error());
  auto done = state_->conversation(peer).discard_held(now);
  if (auto lasts = state_->commit(now); done && !lasts) done = fail(lasts.error());
  state_->finish();
  return done;
}

Result<void> ClientCore::accept(const std::string& peer, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  Peer& p = **known;
  if (p.trust == Trust::changed) return fail("the key of " + peer + " changed: decide about that first");
  if (p.known()) return fail(peer + " is a contact already");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  const bool was_blocked = p.standing == Standing::blocked;
  auto done = state_->conversation(peer).accept(now);
  if (done && was_blocked) state_->past.show_unread(p);
  state_->finish();
  return done;
}

Result<void> ClientCore::decline(const std::string& peer, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  if ((*known)->standing != Standing::request) return fail("there is no request of " + peer);
  if (auto* talk = state_->talking(peer)) talk->show_all_waiting(now);
  auto done = state_->write_down(now, [&]() -> Result<void> {
    if (auto forgotten = state_->pinned.forget(peer); !forgotten) return forgotten;
    return state_->past.erase(peer);
  });
  if (done) state_->shut(**known, true);
  state_->finish();
  return done;
}

Result<void> ClientCore::forget(const std::string& peer, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  auto done = state_->write_down(now, [&] { return state_->pinned.forget(peer); });
  if (done) state_->shut(**known, false);
  state_->finish();
  return done;
}

std::size_t ClientCore::unsent(const std::string& peer) const {
  const auto* talk = state_->talking(peer);
  return talk == nullptr ? 0 : talk->unsent();
}

Result<void> ClientCore::block(const std::string& peer, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  const Peer& p = **known;
  if (p.standing == Standing::blocked) return fail(peer + " is blocked already");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  const bool request = p.standing == Standing::request;
  if (auto* talk = state_->talking(peer)) talk->show_all_waiting(now);
  PinnedPeer pin = state_->pin_of(p, now);
  pin.standing = Standing::blocked;
  auto done = state_->write_down(now, [&]() -> Result<void> {
    if (auto pinned = state_->pinned.pin(peer, pin); !pinned) return pinned;
    return request ? state_->past.erase(peer) : Result<void>();
  });
  if (done) state_->shut(**known, request);
  state_->finish();
  return done;
}

void ClientCore::end_session(const std::string& peer, std::string_view reason, Now now) {
  state_->clock = now;
  if (auto* talk = state_->talking(peer)) talk->end(reason, now);
  state_->finish();
}

}  // namespace sims::client
