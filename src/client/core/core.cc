// The client core: intents and events in, effects out. Bytes from the server take this way:
//
// 1. link_read() -> Connection (frames, handshake, SECURE) -> message()
// 2. decoded: from_server() or from_peer()
// 3. list -> Roster -> roster_changed()
// 4. forwarded: src -> name -> Conversation; a call of an unlisted id waits for the list
//
// Each public function that can change something is one Turn: one write, one `changed` at its end.
#include "client/core/core.h"

#include <cassert>

#include <algorithm>

#include "client/core/core_state.h"

namespace sims::client {

ClientCore::ClientCore(CoreOptions options, Memory& memory, crypto::EphemeralSource& ephemerals,
                       Effects& effects)
    : state_(std::make_unique<State>(std::move(options), memory, ephemerals, effects)) {}
ClientCore::~ClientCore() = default;

const Model& ClientCore::model() const {
  return state_->model;
}

// --- intents -------------------------------------------------------------------------------------

void ClientCore::connect(const std::string& host_port, Now now) {
  Turn turn(*state_, now);
  const bool elsewhere = turn->model.server != host_port;
  turn->connection.connect(host_port, now);
  turn->show_remembered(host_port, elsewhere, now);
}

void ClientCore::invite(std::string_view code) {
  state_->connection.invite(code);
}

void ClientCore::show_remembered(const std::string& host_port, Now now) {
  Turn turn(*state_, now);
  assert(turn->model.link == LinkState::offline);
  turn->show_remembered(host_port, true, now);
}

void ClientCore::disconnect(Now now) {
  Turn turn(*state_, now);
  turn->connection.disconnect(now);
}

void ClientCore::answer(bool accept, Now now) {
  Turn turn(*state_, now);
  turn->connection.answer(accept, now);
}

void ClientCore::ask_later(Now now) {
  Turn turn(*state_, now);
  turn->connection.ask_later(now);
}

Result<void> ClientCore::accept_changed_server(std::string_view fingerprint, Now now) {
  Turn turn(*state_, now);
  auto done = turn->connection.accept_changed(fingerprint, now);
  return done;
}

Result<std::uint64_t> ClientCore::send_text(const std::string& peer, std::string_view text, bool action,
                                            Now now, const std::string& uid) {
  TRY(state_->find(peer));
  Turn turn(*state_, now);
  TRY(turn->outbox_is_read(now));
  auto serial = turn->conversations.get(peer).send_text(text, action, now, uid);
  turn->end_turn(now);
  return serial;
}

Result<void> ClientCore::find(const std::string& asked, std::optional<std::string> window, Now now) {
  Turn turn(*state_, now);
  auto done = turn->finds.ask(asked, std::move(window), now);
  return done;
}

Result<void> ClientCore::meet(const std::string& name, Now now) {
  Turn turn(*state_, now);
  using Outcome = FindAnswer::Outcome;
  const auto at = turn->model.found.find(name);
  const FindAnswer answer = at == turn->model.found.end() ? FindAnswer() : at->second;
  if ((answer.outcome != Outcome::offline && answer.outcome != Outcome::registered) || answer.name != name)
    return fail("the server has not said that " + name + " is registered");
  if (turn->meet(name, answer.id, now) == nullptr) return fail("the server shows another user as " + name);
  return {};
}

Result<void> ClientCore::give_up(const std::string& peer, const std::string& uid, Now now) {
  Turn turn(*state_, now);
  TRY(turn->outbox_is_read(now));
  auto* conversation = turn->conversations.find(peer);
  if (conversation == nullptr || !conversation->give_up(uid, now))
    return fail("no such message waits for " + peer);
  auto done = turn->commit(now);
  return done;
}

void ClientCore::mark_read(const std::string& peer, Now now) {
  auto known = state_->find(peer);
  if (!known) return;
  Turn turn(*state_, now);
  Peer& p = **known;
  const bool changed = turn->history.mark_read(p, now);
  if (changed && !p.known()) turn->look_alike(p);
  if (auto* conversation = turn->conversations.find(peer)) {
    auto last = std::find_if(p.lines.rbegin(), p.lines.rend(),
                             [](const Line& line) { return !line.mine && !line.uid.empty(); });
    if (last != p.lines.rend()) conversation->say_read(last->uid, now);
  }
  if (!changed) turn.nothing_changed();
}

void ClientCore::typing(const std::string& peer, bool on, Now now) {
  Turn turn(*state_, now);
  if (auto* conversation = turn->conversations.find(peer)) conversation->say_typing(on, now);
  turn.nothing_changed();
}

void ClientCore::set_receipt_settings(ReceiptSettings receipt_settings) {
  state_->context.receipt_settings = receipt_settings;
}

void ClientCore::set_keep_history(bool keep) {
  state_->history.set_keep(keep);
}

void ClientCore::check_link(Now now) {
  Turn turn(*state_, now);
  const LinkState before = turn->model.link;
  turn->connection.check_link(now);
  if (turn->model.link == before) turn.nothing_changed();
}

// --- windows -------------------------------------------------------------------------------------

bool ClientCore::load_older(const std::string& peer, std::size_t most) {
  auto known = state_->find(peer);
  if (!known) return false;
  Turn turn(*state_);
  const auto read = turn->history.load_older(**known, most, turn->clock);
  if (!read.changed) turn.nothing_changed();
  return read.lines;
}

Result<void> ClientCore::erase_history(const std::string& peer) {
  TRY_LET(known, state_->find(peer));
  Turn turn(*state_);
  (void)turn->commit(turn->clock);  // so that delivered texts are erased, too
  auto erased = turn->write_down(turn->clock, [&] { return turn->history.erase(peer); });
  if (erased) turn->history.erased(*known);
  return erased;
}

void ClientCore::clear(const std::string& peer) {
  Turn turn(*state_);
  if (peer.empty())
    turn->windows.clear(nullptr);
  else if (auto known = turn->find(peer))
    turn->history.clear(**known);
}

void ClientCore::notice(const std::string& peer, std::string text, Now now) {
  Turn turn(*state_, now);
  auto known = turn->find(peer);
  turn->windows.notice(known ? *known : nullptr, std::move(text), now);
}

// --- events --------------------------------------------------------------------------------------

void ClientCore::link_opened(Now now) {
  Turn turn(*state_, now);
  turn->connection.opened(now);
}

void ClientCore::link_read(ByteView bytes, Now now) {
  Turn turn(*state_, now);
  turn->connection.read(bytes, now);
  turn->end_turn(now);
}

void ClientCore::link_closed(const std::string& reason, Now now) {
  Turn turn(*state_, now);
  turn->connection.closed(reason, now);
}

void ClientCore::work_done(std::unique_ptr<Work> work, Now now) {
  Turn turn(*state_, now);
  if (auto* server = dynamic_cast<ServerWork*>(work.get()))
    turn->connection.work_done(*server, now);
  else if (!turn->inbox.work_done(*work, now))
    turn->jobs.work_done(*work, now);
  turn->end_turn(now);
}

void ClientCore::tick(Now now) {
  Turn turn(*state_, now);
  turn->tick(now);
  turn->end_turn(now);
}

std::int64_t ClientCore::next_tick() const {
  return state_->next_tick();
}

ClientCore::Load ClientCore::load() const {
  return {state_->conversations.size(), state_->conversations.examined()};
}

// --- what must last ------------------------------------------------------------------------------

bool ClientCore::holds_writes() const {
  return state_->history.holds();
}

std::int64_t ClientCore::commit_at() const {
  return state_->history.commit_at();
}

Result<void> ClientCore::commit(Now now) {
  Turn turn(*state_, now);
  auto done = turn->commit(now);
  if (done) turn.nothing_changed();
  return done;
}

}  // namespace sims::client
