// The client's core: intents and events in, effects out. What comes from the server goes this way:
//
// 1. link_read() -> Connection (frames, handshake, SECURE) -> message()   2. decoded: hop() or forwarded()
// 3. list -> Roster -> roster_changed()   4. forwarded: src -> name -> Conversation, which may park in step
// 3's favour
//
// Every public function ends in finish(): one write, one `changed`.
#include "client/core.h"

#include "client/core_state.h"

namespace sims::client {

Core::Core(CoreOptions options, Memory& trust, crypto::EphemeralSource& ephemerals, Effects& effects)
    : state_(std::make_unique<State>(std::move(options), trust, ephemerals, effects)) {}
Core::~Core() = default;

const Model& Core::model() const {
  return state_->shown;
}

// --- intents -------------------------------------------------------------------------------------

void Core::connect(const std::string& host_port, Now now) {
  const bool elsewhere = state_->shown.server != host_port;
  state_->connection.connect(host_port, now);
  state_->show_known(host_port, elsewhere);
  state_->finish();
}

void Core::disconnect(Now now) {
  state_->connection.disconnect(now);
  state_->finish();
}

void Core::answer(bool accept, Now now) {
  state_->connection.answer(accept, now);
  state_->finish();
}

Result<void> Core::accept_changed_server(std::string_view fingerprint, Now now) {
  auto done = state_->connection.accept_changed(fingerprint, now);
  state_->finish();
  return done;
}

Result<std::uint64_t> Core::send_text(const std::string& peer, std::string_view text, bool action, Now now) {
  if (auto known = state_->find(peer); !known) return fail(known.error());
  auto serial = state_->conversation(peer).send_text(text, action, now);
  state_->finish();
  return serial;
}

void Core::looked_at(const std::string& peer) {
  auto at = state_->shown.peers.find(peer);
  if (at == state_->shown.peers.end() || (at->second.unread == 0 && !at->second.attention)) return;
  at->second.unread = 0;
  at->second.attention = false;
  state_->finish();
}

Result<std::string> Core::safety_number(const std::string& peer) const {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  if ((*known)->id.empty()) return fail("the key of " + peer + " is not known");
  return proto::safety_number(state_->shown.self, (*known)->id);
}

Result<void> Core::verify(const std::string& peer, std::string_view number, Now now) {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  const Peer& p = **known;
  if (p.trust == Trust::changed) return fail("the key of " + peer + " changed: decide about that first");
  if (p.id.empty()) return fail("the key of " + peer + " is not known");
  if (!proto::safety_number_matches(number, state_->shown.self, p.id))
    return fail("the safety numbers differ: either a digit is wrong or somebody is between you and " + peer);
  return state_->pin(peer, {p.id, true, p.known() ? p.first_seen_unix_ms : now.unix_ms});
}

Result<void> Core::unverify(const std::string& peer) {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  const PinnedPeer* pin = state_->pinned.find(peer);
  if (!pin || !pin->verified) return fail(peer + " is not verified");
  return state_->pin(peer, {pin->id, false, pin->first_seen_unix_ms});
}

Result<void> Core::accept_changed(const std::string& peer, std::string_view fingerprint, Now now) {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  if ((*known)->trust != Trust::changed || !(*known)->changed_to)
    return fail("the key of " + peer + " did not change");
  const Id id = *(*known)->changed_to;
  if (!fingerprint_matches(fingerprint, id))
    return fail("this is not the fingerprint of the new key of " + peer);
  auto stored = state_->pin(peer, {id, false, now.unix_ms});
  if (!stored) return stored;
  state_->window_lines.notice(*known, "The new key of " + peer + " is accepted, not verified.", now);
  state_->conversation(peer).peer_came(false, now);
  state_->finish();
  return {};
}

void Core::end_session(const std::string& peer, std::string_view reason, Now now) {
  if (auto* talk = state_->talking(peer)) talk->end(reason, now);
  state_->finish();
}

void Core::clear(const std::string& peer) {
  if (peer.empty())
    state_->window_lines.clear(nullptr);
  else if (auto known = state_->find(peer))
    state_->window_lines.clear(*known);
  state_->finish();
}

void Core::notice(const std::string& peer, std::string text, Now now) {
  auto known = state_->find(peer);
  state_->window_lines.notice(known ? *known : nullptr, std::move(text), now);
  state_->finish();
}

// --- events --------------------------------------------------------------------------------------

void Core::link_opened(Now now) {
  state_->connection.opened(now);
  state_->finish();
}

void Core::link_read(ByteView bytes, Now now) {
  state_->connection.read(bytes, now);
  state_->finish();
}

void Core::link_closed(const std::string& reason, Now now) {
  state_->connection.closed(reason, now);
  state_->finish();
}

void Core::work_done(std::unique_ptr<Work> work, Now now) {
  state_->work_done(*work, now);
  state_->finish();
}

void Core::tick(Now now) {
  state_->tick(now);
  state_->finish();
}

std::int64_t Core::next_tick() const {
  return state_->next_tick();
}

}  // namespace sims::client
