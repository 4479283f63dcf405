// HolderAttempt: the steps that requests share.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "client/holder/attempt.h"
#include "client/holder/request_table.h"
#include "client/model/words.h"

namespace sims::client {

HolderAttempt::HolderAttempt(HolderSession& session, HolderSession::Pending& pending)
    : session_(session),
      pending_(pending),
      request_(pending.request),
      self_(session.service_.self_),
      host_(session.service_.host_),
      core_(host_.core()),
      output_(session.output_) {}

bool HolderAttempt::run() {
  if (const auto locked = host_.locked(); !locked.empty())
    return error(Trouble::locked, pending_.taken ? locked + "; the message stays queued" : locked);
  const HolderRequestRow& row = holder_request_row(request_.what);
  if (row.needs == HolderRequestRow::Needs::store) return (this->*row.answer)();
  if (core_ == nullptr)
    return error(Trouble::no_connection,
                 fmt::format("{} (process {}), which uses this store, has no connection yet: connect there, "
                             "or quit it",
                             self_.program, self_.pid));
  if (const auto step = wanted(); step != Step::on) return step == Step::answered;
  return (this->*row.answer)();
}

bool HolderAttempt::ok(std::string_view next) {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("ok").boolean(true);
  if (!next.empty()) json.field("next", next);
  json.end_object();
  output_ += '\n';
  return true;
}

bool HolderAttempt::error(Trouble trouble, std::string_view words) {
  output_ += holder_error_line(request_.id, trouble, words);
  return true;
}

bool HolderAttempt::outcome(const Result<void>& done) {
  return done ? ok() : error(Trouble::failure, done.error());
}

const Peer* HolderAttempt::find(const std::string& name) const {
  const auto at = model().peers.find(name);
  return at == model().peers.end() ? nullptr : &at->second;
}

const Line* HolderAttempt::own_line() const {
  const Peer* peer = find(request_.to);
  if (peer == nullptr) return nullptr;
  const auto at = std::find_if(peer->lines.rbegin(), peer->lines.rend(),
                               [&](const Line& line) { return line.mine && line.uid == request_.uid; });
  return at == peer->lines.rend() ? nullptr : &*at;
}

// Another server's peers are other people, even under the same names.
HolderAttempt::Step HolderAttempt::wanted() {
  if (model().server.empty()) return Step::on;
  if ((session_.server_.empty() || session_.server_ == model().server) &&
      (session_.name_.empty() || session_.name_ == model().self_name))
    return Step::on;
  error(Trouble::failure,
        fmt::format("{} (process {}), which uses this store, is at {} as {}: quit it, or ask for the same "
                    "server and name",
                    self_.program, self_.pid, model().server, model().self_name));
  return Step::answered;
}

HolderAttempt::Step HolderAttempt::online() {
  const auto why = [&] {
    return (model().server.empty() ? self_.program : model().server) + ": " +
           (model().problem.empty() ? "not connected" : model().problem);
  };
  switch (model().link) {
    case LinkState::online:
      return Step::on;
    case LinkState::connecting:
    case LinkState::handshaking:
      return Step::waits;
    case LinkState::asking:
      if (session_.own_) return Step::waits;
      error(Trouble::server_key, self_.program + " asks about the server's key: answer that first");
      return Step::answered;
    case LinkState::offline:
      if (session_.own_) return Step::waits;  // the own command shows the reason itself
      error(model().refusal ? Trouble::refused : Trouble::no_connection, why());
      return Step::answered;
    case LinkState::waiting:
      if (session_.own_ || model().refusal == proto::ErrorCode::busy ||
          model().refusal == proto::ErrorCode::rate_limited)
        return Step::waits;
      error(model().refusal && proto::refuses_login(*model().refusal) ? Trouble::refused
                                                                      : Trouble::no_connection,
            why());
      return Step::answered;
  }
  return Step::waits;
}

// Waits for a peer who is online and whose key did not change.
HolderAttempt::Step HolderAttempt::target() {
  if (const auto step = online(); step != Step::on) return step;
  const Peer* peer = find(request_.to);
  if (peer == nullptr || !peer->online) {
    if (request_.to != model().self_name) {
      if (!model().list_complete) return Step::waits;
      const auto step = ask_server();
      return step == Step::on ? missing() : step;
    }
    error(Trouble::no_peer, request_.to + " is ourselves");
    return Step::answered;
  }
  return same_key(*peer);
}

HolderAttempt::Step HolderAttempt::same_key(const Peer& peer) {
  if (peer.trust != Trust::changed) return Step::on;
  error(Trouble::peer_key,
        fmt::format(
            "THE KEY OF {0} CHANGED. Remembered since {1}: {2}, which {4}; the server shows now: {3}. "
            "Somebody may be in between. If you know the reason, `sims forget {0}` makes the next contact a "
            "first one",
            peer.name, utc_time(peer.first_seen_unix_ms), peer.id.text(),
            peer.changed_to ? peer.changed_to->text() : "?",
            peer.was_verified ? "you had verified" : "was never verified"));
  return Step::answered;
}

// Waits for a peer to whom texts can be sent: one who is online, or whose letters the server keeps.
HolderAttempt::Step HolderAttempt::receiver() {
  if (const auto step = online(); step != Step::on) return step;
  const Peer* peer = find(request_.to);
  const bool away = (peer == nullptr || !peer->online) && request_.to != model().self_name;
  if (away && model().list_complete && !model().mail_known) return Step::waits;
  if (!away || !model().list_complete || !model().mail) return target();
  if (peer != nullptr && peer->known()) return same_key(*peer);
  return request_.what == HolderRequest::Do::send ? met() : target();
}

// The first contact with somebody offline. Nobody is entered whose key was not accepted.
HolderAttempt::Step HolderAttempt::met() {
  if (const auto step = ask_server(); step != Step::on) return step;
  using Outcome = FindAnswer::Outcome;
  const FindAnswer answer = model().found.at(request_.to);
  const bool away = answer.outcome == Outcome::offline || answer.outcome == Outcome::registered;
  if (!away || answer.name != request_.to) return missing();
  if (!accepts(answer.id)) return ask_for_key(answer.name, answer.id), Step::answered;
  if (const auto met = core_->meet(request_.to, host_.now()); !met)
    return error(Trouble::no_peer, met.error()), Step::answered;
  return same_key(*find(request_.to));
}

// Asks again for each request: an earlier answer of the server may be old. Step::on: Model::found
// has the answer.
HolderAttempt::Step HolderAttempt::ask_server() {
  if (!std::exchange(pending_.asked, true)) {
    const auto asked = core_->find(request_.to, std::nullopt, host_.now());
    if (!asked) return error(Trouble::failure, asked.error()), Step::answered;
  }
  const auto answer = model().found.find(request_.to);
  const bool waits = answer == model().found.end() || answer->second.outcome == FindAnswer::Outcome::asked;
  return waits ? Step::waits : Step::on;
}

// Answers with the server's word on a peer that the list does not show.
HolderAttempt::Step HolderAttempt::missing() {
  using Outcome = FindAnswer::Outcome;
  const auto outcome = model().found.at(request_.to).outcome;
  const std::string& who = request_.to;
  if (outcome == Outcome::online) return Step::waits;  // the list will show the peer in a moment
  if (outcome == Outcome::unknown)
    error(Trouble::no_peer, fmt::format("there is no user {} at {}", who, model().server));
  else if (outcome == Outcome::too_often && request_.what == HolderRequest::Do::find)
    error(Trouble::failure, model().server + ": too many questions about names, try again in a minute");
  else if (request_.what == HolderRequest::Do::find)
    error(Trouble::failure, model().server + " does not say who is registered there");
  else if (outcome == Outcome::offline)
    error(Trouble::no_peer, fmt::format("{} is a user of {}, but offline", who, model().server));
  else
    error(Trouble::no_peer, fmt::format("{} is not online at {}", who, model().server));
  return Step::answered;
}

}  // namespace sims::client
