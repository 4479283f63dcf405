// HolderAttempt: the steps that requests share, and the answers over a connection.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "client/holder/attempt.h"
#include "client/holder/request_table.h"
#include "client/model/words.h"

namespace sims::client {

namespace {

constexpr std::size_t older_page = 200, max_pages = 5;  // of the history, to find a text that is sent again

}  // namespace

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
  if (peer->trust != Trust::changed) return Step::on;
  error(Trouble::peer_key,
        fmt::format(
            "THE KEY OF {0} CHANGED. Remembered since {1}: {2}, which {4}; the server shows now: {3}. "
            "Somebody may be in between. If you know the reason, `sims forget {0}` makes the next contact a "
            "first one",
            peer->name, utc_time(peer->first_seen_unix_ms), peer->id.text(),
            peer->changed_to ? peer->changed_to->text() : "?",
            peer->was_verified ? "you had verified" : "was never verified"));
  return Step::answered;
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

bool HolderAttempt::find_out() {
  if (const auto step = online(); step != Step::on) return step == Step::answered;
  if (const auto step = ask_server(); step != Step::on) return step == Step::answered;
  using Outcome = FindAnswer::Outcome;
  const FindAnswer& answer = model().found.at(request_.to);
  const bool registered = answer.outcome == Outcome::registered;
  const bool online = answer.outcome == Outcome::online;
  if (!registered && !online && answer.outcome != Outcome::offline) return missing() == Step::answered;
  const Peer* known = find(answer.name);
  const bool changed = known != nullptr && known->id != answer.id;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("row").begin_object();
  json.field("name", answer.name).field("key", answer.id.text());
  json.field("trust", known == nullptr ? "new" : changed ? "changed" : trust_word(*known));
  json.field("status", registered ? "registered" : online ? "online" : "offline");
  json.end_object().end_object();
  output_ += '\n';
  if (!changed) return ok();
  return error(Trouble::peer_key,
               fmt::format("THE KEY OF {} CHANGED. Remembered: {}", answer.name, known->id.text()));
}

bool HolderAttempt::list() {
  if (const auto step = online(); step != Step::on) return step == Step::answered;
  if (!model().list_complete) return false;
  std::size_t rows = 0;
  std::string last;
  for (auto at = model().peers.upper_bound(request_.after); at != model().peers.end(); ++at) {
    const auto& [name, peer] = *at;
    if (!peer.online) continue;
    if (rows++ == holder_list_page) break;
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("row").begin_object();
    json.field("name", name).field("key", (peer.changed_to ? *peer.changed_to : peer.id).text());
    json.field("since", peer.since).field("trust", trust_word(peer)).end_object().end_object();
    output_ += '\n';
    last = name;
  }
  return ok(rows > holder_list_page ? last : std::string{});
}

// --- texts ---------------------------------------------------------------------------------------

bool HolderAttempt::send() {
  if (request_.again)
    if (const auto step = send_again(); step != Step::on) return step == Step::answered;
  if (const auto step = target(); step != Step::on) return step == Step::answered;
  const Peer& peer = *find(request_.to);
  if (!peer.known() && !request_.accept_new && request_.accept != peer.id.text()) return ask_for_key(peer);
  pending_.last_line = peer.lines.empty() ? 0 : peer.lines.back().serial;
  const auto sent = core_->send_text(request_.to, request_.body, request_.action, host_.now(), request_.uid);
  if (!sent) return error(Trouble::failure, sent.error());
  pending_.taken = true;
  pending_.request.body.clear();
  return false;
}

// The last holder may have queued or settled this text.
HolderAttempt::Step HolderAttempt::send_again() {
  const Line* line = own_line();
  for (std::size_t page = 0; line == nullptr && page < max_pages; ++page) {
    if (!core_->load_older(request_.to, older_page)) break;
    line = own_line();
  }
  if (line == nullptr) return Step::on;
  if (line->delivery == Delivery::delivered) return ok(), Step::answered;
  if (line->delivery == Delivery::failed)
    return error(Trouble::failure, "not delivered: " + line->why), Step::answered;
  pending_.taken = true;
  pending_.last_line = UINT64_MAX;
  return Step::waits;
}

bool HolderAttempt::ask_for_key(const Peer& peer) {
  session_.key_told_ = true;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id);
  json.field("error",
             fmt::format("the key of {} is not known: {}; --accept-new takes it", peer.name, peer.id.text()));
  json.field("code", trouble_word(Trouble::peer_unknown)).field("name", peer.name);
  json.field("key", peer.id.text()).end_object();
  output_ += '\n';
  return true;
}

// The program's own command prints remarks itself.
bool HolderAttempt::delivered() {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("ok").boolean(true);
  json.field("uid", request_.uid).key("remarks").begin_array();
  if (const Peer* peer = find(request_.to); peer != nullptr && !session_.own_)
    for (const auto& line : peer->lines)
      if (line.serial > pending_.last_line &&
          (line.kind == Line::Kind::notice || line.kind == Line::Kind::alert))
        json.value(line.text);
  json.end_array().end_object();
  output_ += '\n';
  return true;
}

// Answers when no text waits for the peer any more.
bool HolderAttempt::resend() {
  if (const auto step = target(); step != Step::on) return step == Step::answered;
  const auto count = core_->resend_held(request_.to, host_.now());
  if (!count) return error(Trouble::failure, count.error());
  for (const Line& line : find(request_.to)->lines)
    if (line.mine && !line.uid.empty() &&
        (line.delivery == Delivery::queued || line.delivery == Delivery::sent))
      pending_.left.insert(line.uid);
  pending_.taken = !pending_.left.empty();
  return pending_.left.empty() && ok();
}

void HolderAttempt::resent(const Line& text) {
  if (text.delivery == Delivery::failed) {
    error(Trouble::failure, "not delivered: " + text.why);
    return pending_.left.clear();
  }
  pending_.left.erase(text.uid);
  if (pending_.left.empty()) ok();
}

// The deadline would change nothing, so fail at once.
bool HolderAttempt::call_refused() {
  const Peer* peer = find(request_.to);
  if (request_.what != HolderRequest::Do::send || peer == nullptr || peer->call_refused.empty()) return false;
  const std::string why = peer->call_refused;
  const auto given_up = core_->give_up(request_.to, request_.uid, host_.now());
  return error(Trouble::failure, "not delivered: " + (given_up ? why : given_up.error()));
}

bool HolderAttempt::give_up() {
  const auto dropped = std::erase_if(session_.pending_, [&](const HolderSession::Pending& one) {
    return !one.taken && one.request.what == HolderRequest::Do::send && one.request.uid == request_.uid;
  });
  if (dropped > 0) return ok();
  const Line* line = own_line();
  if (line != nullptr && line->delivery == Delivery::failed) return ok();
  return outcome(core_->give_up(request_.to, request_.uid, host_.now()));
}

// --- people --------------------------------------------------------------------------------------

bool HolderAttempt::fingerprint() {
  const Peer* peer = find(request_.to);
  if (peer == nullptr || peer->standing == Standing::stranger || peer->id.empty()) {
    if (const auto step = target(); step != Step::on) return step == Step::answered;
    peer = find(request_.to);
  }
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("row").begin_object();
  json.field("name", peer->name).field("key", peer->id.text());
  json.field("safety_number", proto::safety_number(model().self, peer->id));
  json.field("trust", trust_word(*peer)).end_object().end_object();
  output_ += '\n';
  return ok();
}

// Of a peer that the store does not remember, the server is asked.
HolderAttempt::Step HolderAttempt::remembered() {
  const Peer* peer = find(request_.to);
  return peer == nullptr || peer->standing == Standing::stranger ? target() : Step::on;
}

bool HolderAttempt::verify() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  const Peer& peer = *find(request_.to);
  if (!proto::safety_number_matches(request_.number, model().self, peer.id))
    return error(Trouble::peer_key, "the safety numbers differ: " + peer.name + " is not verified");
  return outcome(core_->verify(request_.to, request_.number, host_.now()));
}

bool HolderAttempt::accept() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  return find(request_.to)->known() ? ok() : outcome(core_->accept(request_.to, host_.now()));
}

bool HolderAttempt::decline() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  if (find(request_.to)->standing != Standing::request)
    return error(Trouble::no_peer, "there is no request of " + request_.to);
  return outcome(core_->decline(request_.to, host_.now()));
}

bool HolderAttempt::block() {
  if (const auto step = remembered(); step != Step::on) return step == Step::answered;
  const bool blocked = find(request_.to)->standing == Standing::blocked;
  return blocked ? ok() : outcome(core_->block(request_.to, host_.now()));
}

bool HolderAttempt::erase() {
  if (find(request_.to) == nullptr) return error(Trouble::no_peer, "nothing is known of " + request_.to);
  return outcome(core_->erase_history(request_.to));
}

bool HolderAttempt::discard() {
  const Peer* peer = find(request_.to);
  if (peer == nullptr || peer->held == 0)
    return error(Trouble::no_peer, "nothing is held for " + request_.to);
  const auto count = core_->discard_held(request_.to, host_.now());
  return count ? ok() : error(Trouble::failure, count.error());
}

// HOST:PORT can only be a server; a bare word is a remembered peer, else a server.
bool HolderAttempt::forget() {
  const Peer* peer = find(request_.to);
  if (peer != nullptr && peer->standing != Standing::stranger) {
    const auto unsent = core_->unsent(request_.to);
    const auto done = core_->forget(request_.to, host_.now());
    if (!done || unsent == 0) return outcome(done);
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request_.id).key("ok").boolean(true);
    json.key("remarks").begin_array().value(held_hint(request_.to, unsent)).end_array().end_object();
    output_ += '\n';
    return true;
  }
  const auto forgotten = host_.forget_server(request_.to);
  if (!forgotten) return error(Trouble::failure, forgotten.error());
  if (*forgotten) return ok();
  return error(Trouble::no_peer, "neither a server nor a peer is remembered as " + request_.to);
}

// Answers at once: a command that timed out asks for the reason.
bool HolderAttempt::tell_link() {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("ok").boolean(true);
  json.field("state", link_word(model().link))
      .field("server", model().server)
      .field("name", model().self_name);
  if (!model().problem.empty()) json.field("why", model().problem);
  json.end_object();
  output_ += '\n';
  return true;
}

bool HolderAttempt::watch() {
  session_.watching_ = true;
  session_.link_shown_.clear();
  session_.shown_.clear();
  ok();
  session_.show_presence(model());
  return true;
}

}  // namespace sims::client
