// The core's intents about people: their keys, and who may write to the user.
#include "client/core/core_state.h"

namespace sims::client {

Result<std::string> ClientCore::safety_number(const std::string& peer) const {
  TRY_LET(known, state_->find(peer));
  if (known->id.empty()) return fail("the key of " + peer + " is not known");
  return proto::safety_number(state_->model.self, known->id);
}

Result<void> ClientCore::verify(const std::string& peer, std::string_view number, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  const Peer& p = *known;
  if (p.trust == Trust::changed) return fail("the key of " + peer + " changed: decide about that first");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  if (!proto::safety_number_matches(number, turn->model.self, p.id))
    return fail("the safety numbers differ: either a digit is wrong or somebody is between you and " + peer);
  if (!p.known() && p.standing != Standing::blocked) TRY(accept(peer, now));
  PinnedPeer pin = turn->pin_of(p, now);
  pin.verified = true;
  return turn->pin(peer, pin, now);
}

Result<void> ClientCore::unverify(const std::string& peer) {
  TRY_LET(known, state_->find(peer));
  PinnedPeer pin = state_->pin_of(*known, state_->clock);
  if (!pin.verified) return fail(peer + " is not verified");
  pin.verified = false;
  return state_->pin(peer, pin, state_->clock);
}

Result<void> ClientCore::accept_changed(const std::string& peer, std::string_view fingerprint, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  if (known->trust != Trust::changed || !known->changed_to)
    return fail("the key of " + peer + " did not change");
  const Id id = *known->changed_to;
  if (!proto::fingerprint_matches(fingerprint, id))
    return fail("this is not the fingerprint of the new key of " + peer);
  PinnedPeer pin = turn->pin_of(*known, now);
  if (pin.standing == Standing::stranger) pin.standing = Standing::contact;
  pin.id = id;
  pin.verified = false;
  pin.first_seen_unix_ms = now.unix_ms;
  TRY(turn->pin(peer, pin, now));
  turn->windows.notice(known, "The new key of " + peer + " is accepted, not verified.", now);
  turn->conversations.get(peer).offer_held(now);
  turn->conversations.get(peer).peer_came(false, now);
  return {};
}

Result<std::size_t> ClientCore::resend_held(const std::string& peer, Now now) {
  TRY(state_->find(peer));
  Turn turn(*state_, now);
  TRY(turn->outbox_is_read(now));
  return turn->conversations.get(peer).resend_held(now);
}

Result<std::size_t> ClientCore::discard_held(const std::string& peer, Now now) {
  TRY(state_->find(peer));
  Turn turn(*state_, now);
  TRY(turn->outbox_is_read(now));
  auto done = turn->conversations.get(peer).discard_held(now);
  if (auto lasts = turn->commit(now); done && !lasts) done = fail(lasts.error());
  return done;
}

Result<void> ClientCore::accept(const std::string& peer, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  Peer& p = *known;
  if (p.trust == Trust::changed) return fail("the key of " + peer + " changed: decide about that first");
  if (p.known()) return fail(peer + " is a contact already");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  const bool was_blocked = p.standing == Standing::blocked;
  auto done = turn->conversations.get(peer).accept(now);
  if (done && was_blocked) turn->history.show_unread(p);
  turn->end_turn(now);
  return done;
}

Result<void> ClientCore::decline(const std::string& peer, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  if (known->standing != Standing::request) return fail("there is no request of " + peer);
  if (auto* conversation = turn->conversations.find(peer)) conversation->show_all_waiting(now);
  auto done = turn->write_down(now, [&]() -> Result<void> {
    TRY(turn->pins.forget(peer));
    TRY(turn->inbox.drop(known->id));
    return turn->history.erase(peer);
  });
  if (done) turn->dismiss(*known, true);
  return done;
}

Result<void> ClientCore::forget(const std::string& peer, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  auto done = turn->write_down(now, [&] { return turn->pins.forget(peer); });
  if (done) turn->dismiss(*known, false);
  return done;
}

std::size_t ClientCore::unsent(const std::string& peer) const {
  const auto* conversation = state_->conversations.find(peer);
  return conversation == nullptr ? 0 : conversation->unsent();
}

Result<void> ClientCore::block(const std::string& peer, Now now) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_, now);
  const Peer& p = *known;
  if (p.standing == Standing::blocked) return fail(peer + " is blocked already");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  const bool request = p.standing == Standing::request;
  if (auto* conversation = turn->conversations.find(peer)) conversation->show_all_waiting(now);
  PinnedPeer pin = turn->pin_of(p, now);
  pin.standing = Standing::blocked;
  auto done = turn->write_down(now, [&]() -> Result<void> {
    TRY(turn->pins.pin(peer, pin));
    TRY(turn->inbox.drop(pin.id));
    return request ? turn->history.erase(peer) : Result<void>();
  });
  if (done) turn->dismiss(*known, request);
  return done;
}

void ClientCore::end_session(const std::string& peer, std::string_view reason, Now now) {
  Turn turn(*state_, now);
  if (auto* conversation = turn->conversations.find(peer)) conversation->end(reason, now);
}

}  // namespace sims::client
