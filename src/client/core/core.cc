// The client's core: intents and events in, effects out. What comes from the server goes this way:
//
// 1. link_read() -> Connection (frames, handshake, SECURE) -> message()   2. decoded: hop() or forwarded()
// 3. list -> Roster -> roster_changed()   4. forwarded: src -> name -> Conversation, which may park in step
// 3's favour
//
// Every public function ends in finish(): one write, one `changed`.
#include "client/core/core.h"

#include <cassert>

#include <algorithm>

#include "client/core/core_state.h"

namespace sims::client {

ClientCore::ClientCore(CoreOptions options, Memory& trust, crypto::EphemeralSource& ephemerals,
                       Effects& effects)
    : state_(std::make_unique<State>(std::move(options), trust, ephemerals, effects)) {}
ClientCore::~ClientCore() = default;

const Model& ClientCore::model() const {
  return state_->shown;
}

// --- intents -------------------------------------------------------------------------------------

void ClientCore::connect(const std::string& host_port, Now now) {
  state_->clock = now;
  const bool elsewhere = state_->shown.server != host_port;
  state_->connection.connect(host_port, now);
  state_->show_known(host_port, elsewhere, now);
  state_->finish();
}

void ClientCore::invite(std::string_view code) {
  state_->connection.invite(code);
}

void ClientCore::recall(const std::string& host_port, Now now) {
  assert(state_->shown.link == LinkState::offline);
  state_->clock = now;
  state_->show_known(host_port, true, now);
  state_->finish();
}

void ClientCore::disconnect(Now now) {
  state_->clock = now;
  state_->connection.disconnect(now);
  state_->finish();
}

void ClientCore::answer(bool accept, Now now) {
  state_->clock = now;
  state_->connection.answer(accept, now);
  state_->finish();
}

void ClientCore::ask_later(Now now) {
  state_->clock = now;
  state_->connection.ask_later(now);
  state_->finish();
}

Result<void> ClientCore::accept_changed_server(std::string_view fingerprint, Now now) {
  state_->clock = now;
  auto done = state_->connection.accept_changed(fingerprint, now);
  state_->finish();
  return done;
}

Result<std::uint64_t> ClientCore::send_text(const std::string& peer, std::string_view text, bool action,
                                            Now now, const std::string& uid) {
  state_->clock = now;
  if (auto known = state_->find(peer); !known) return fail(known.error());
  if (auto read = state_->outbox_is_read(now); !read) return fail(read.error());
  auto serial = state_->conversation(peer).send_text(text, action, now, uid);
  state_->finish();
  return serial;
}

Result<void> ClientCore::find(const std::string& asked, std::optional<std::string> window, Now now) {
  state_->clock = now;
  auto done = state_->ask_who(asked, std::move(window), now);
  state_->finish();
  return done;
}

Result<void> ClientCore::give_up(const std::string& peer, const std::string& uid, Now now) {
  state_->clock = now;
  auto* talk = state_->talking(peer);
  if (talk == nullptr || !talk->give_up(uid, now)) return fail("no such message waits for " + peer);
  auto done = state_->commit(now);
  state_->finish();
  return done;
}

void ClientCore::looked_at(const std::string& peer, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  if (!known) return;
  Peer& p = **known;
  const bool changed = state_->past.looked_at(p, now);
  if (changed && !p.known()) state_->look_alike(p);
  if (auto* talk = state_->talking(peer)) {
    auto last = std::find_if(p.lines.rbegin(), p.lines.rend(),
                             [](const Line& line) { return !line.mine && !line.uid.empty(); });
    if (last != p.lines.rend()) talk->say_read(last->uid, now);
  }
  if (changed) state_->finish();
}

void ClientCore::typing(const std::string& peer, bool on, Now now) {
  state_->clock = now;
  if (auto* talk = state_->talking(peer)) talk->say_typing(on, now);
  state_->connection.flush();
}

void ClientCore::set_receipt_settings(ReceiptSettings receipt_settings) {
  state_->receipt_settings = receipt_settings;
}

void ClientCore::set_keep_history(bool keep) {
  state_->past.set_keep(keep);
}

void ClientCore::poke(Now now) {
  state_->clock = now;
  const LinkState before = state_->shown.link;
  state_->connection.poke(now);
  if (state_->shown.link == before) return state_->connection.flush();
  state_->finish();
}

// --- windows -------------------------------------------------------------------------------------

bool ClientCore::load_older(const std::string& peer, std::size_t most) {
  auto known = state_->find(peer);
  if (!known) return false;
  const bool any = state_->past.load_older(**known, most, state_->clock);
  state_->finish();
  return any;
}

Result<void> ClientCore::erase_history(const std::string& peer) {
  auto known = state_->find(peer);
  if (!known) return fail(known.error());
  (void)state_->commit(state_->clock);  // what is delivered by now goes, too
  auto erased = state_->write_down(state_->clock, [&] { return state_->past.erase(peer); });
  if (erased) state_->past.erased(**known);
  state_->finish();
  return erased;
}

void ClientCore::clear(const std::string& peer) {
  if (peer.empty())
    state_->window_lines.clear(nullptr);
  else if (auto known = state_->find(peer))
    state_->past.clear(**known);
  state_->finish();
}

void ClientCore::notice(const std::string& peer, std::string text, Now now) {
  state_->clock = now;
  auto known = state_->find(peer);
  state_->window_lines.notice(known ? *known : nullptr, std::move(text), now);
  state_->finish();
}

// --- events --------------------------------------------------------------------------------------

void ClientCore::link_opened(Now now) {
  state_->clock = now;
  state_->connection.opened(now);
  state_->finish();
}

void ClientCore::link_read(ByteView bytes, Now now) {
  state_->clock = now;
  state_->connection.read(bytes, now);
  state_->finish();
}

void ClientCore::link_closed(const std::string& reason, Now now) {
  state_->clock = now;
  state_->connection.closed(reason, now);
  state_->finish();
}

void ClientCore::work_done(std::unique_ptr<Work> work, Now now) {
  state_->clock = now;
  state_->work_done(*work, now);
  state_->finish();
}

void ClientCore::tick(Now now) {
  state_->clock = now;
  state_->tick(now);
  state_->finish();
}

std::int64_t ClientCore::next_tick() const {
  return state_->next_tick();
}

ClientCore::Load ClientCore::load() const {
  return state_->load();
}

// --- what must last ------------------------------------------------------------------------------

bool ClientCore::holds_writes() const {
  return state_->past.holds();
}

std::int64_t ClientCore::commit_at() const {
  return state_->past.commit_at();
}

Result<void> ClientCore::commit(Now now) {
  state_->clock = now;
  auto done = state_->commit(now);
  if (!done) state_->finish();
  return done;
}

}  // namespace sims::client
