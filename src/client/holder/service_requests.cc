// HolderSession: the answer to each request. An attempt answers, or leaves the request for the next
// change.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "client/holder/service.h"
#include "client/model/words.h"

namespace sims::client {

namespace {

constexpr std::size_t older_page = 200, max_pages = 5;  // of the history, to find a text that is sent again

const Peer* find(const Model& model, const std::string& name) {
  const auto at = model.peers.find(name);
  return at == model.peers.end() ? nullptr : &at->second;
}

const Line* own_line(const Model& model, const std::string& name, const std::string& uid) {
  const Peer* peer = find(model, name);
  if (peer == nullptr) return nullptr;
  const auto at = std::find_if(peer->lines.rbegin(), peer->lines.rend(),
                               [&](const Line& line) { return line.mine && line.uid == uid; });
  return at == peer->lines.rend() ? nullptr : &*at;
}

}  // namespace

bool HolderSession::attempt(Pending& pending) {
  const auto& request = pending.request;
  if (const auto locked = service_.host_.locked(); !locked.empty())
    return error(request, Trouble::locked, pending.taken ? locked + "; the message stays queued" : locked);
  if (request.what == HolderRequest::Do::history || request.what == HolderRequest::Do::requests)
    return read(request);
  ClientCore* core = service_.host_.core();
  if (core == nullptr)
    return error(request, Trouble::no_connection,
                 fmt::format("{} (process {}), which uses this store, has no connection yet: connect there, "
                             "or quit it",
                             service_.self_.program, service_.self_.pid));
  const Model& model = core->model();
  if (const auto step = wanted(request, model); step != Step::on) return step == Step::answered;
  switch (request.what) {
    case HolderRequest::Do::list:
      return list(request, model);
    case HolderRequest::Do::send:
      return send(pending, *core);
    case HolderRequest::Do::give_up:
      return give_up(request, *core);
    case HolderRequest::Do::fingerprint:
      return fingerprint(pending, *core);
    case HolderRequest::Do::find:
      return find_out(pending, *core);
    case HolderRequest::Do::resend:
      return resend(pending, *core);
    case HolderRequest::Do::forget:
      return forget(request, *core);
    case HolderRequest::Do::watch:
      return watch(request);
    case HolderRequest::Do::link:
      return tell_link(request, model);
    default:
      return about_peer(pending, *core);
  }
}

// Another server's peers are other people, even under the same names.
HolderSession::Step HolderSession::wanted(const HolderRequest& request, const Model& model) {
  if (model.server.empty()) return Step::on;
  if ((server_.empty() || server_ == model.server) && (name_.empty() || name_ == model.self_name))
    return Step::on;
  error(request, Trouble::failure,
        fmt::format("{} (process {}), which uses this store, is at {} as {}: quit it, or ask for the same "
                    "server and name",
                    service_.self_.program, service_.self_.pid, model.server, model.self_name));
  return Step::answered;
}

HolderSession::Step HolderSession::online(const HolderRequest& request, const Model& model) {
  const auto why = [&] {
    return (model.server.empty() ? service_.self_.program : model.server) + ": " +
           (model.problem.empty() ? "not connected" : model.problem);
  };
  switch (model.link) {
    case LinkState::online:
      return Step::on;
    case LinkState::connecting:
    case LinkState::handshaking:
      return Step::waits;
    case LinkState::asking:
      if (own_) return Step::waits;
      error(request, Trouble::server_key,
            service_.self_.program + " asks about the server's key: answer that first");
      return Step::answered;
    case LinkState::offline:
      if (own_) return Step::waits;  // the own command shows the reason itself
      error(request, model.refusal ? Trouble::refused : Trouble::no_connection, why());
      return Step::answered;
    case LinkState::waiting:
      if (own_ || model.refusal == proto::ErrorCode::busy || model.refusal == proto::ErrorCode::rate_limited)
        return Step::waits;
      error(request,
            model.refusal && proto::refuses_login(*model.refusal) ? Trouble::refused : Trouble::no_connection,
            why());
      return Step::answered;
  }
  return Step::waits;
}

// Waits for a peer who is online and whose key did not change.
HolderSession::Step HolderSession::target(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Model& model = core.model();
  if (const auto step = online(request, model); step != Step::on) return step;
  const Peer* peer = find(model, request.to);
  if (peer == nullptr || !peer->online) {
    if (request.to != model.self_name) {
      if (!model.list_complete) return Step::waits;
      const auto step = ask_server(pending, core);
      return step == Step::on ? missing(request, model) : step;
    }
    error(request, Trouble::no_peer, request.to + " is ourselves");
    return Step::answered;
  }
  if (peer->trust != Trust::changed) return Step::on;
  error(request, Trouble::peer_key,
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
HolderSession::Step HolderSession::ask_server(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  if (!std::exchange(pending.asked, true)) {
    const auto asked = core.find(request.to, std::nullopt, service_.host_.now());
    if (!asked) return error(request, Trouble::failure, asked.error()), Step::answered;
  }
  const auto answer = core.model().found.find(request.to);
  const bool waits =
      answer == core.model().found.end() || answer->second.outcome == FindAnswer::Outcome::asked;
  return waits ? Step::waits : Step::on;
}

// Answers with the server's word on a peer that the list does not show.
HolderSession::Step HolderSession::missing(const HolderRequest& request, const Model& model) {
  using Outcome = FindAnswer::Outcome;
  const auto outcome = model.found.at(request.to).outcome;
  const std::string& who = request.to;
  if (outcome == Outcome::online) return Step::waits;  // the list will show the peer in a moment
  if (outcome == Outcome::unknown)
    error(request, Trouble::no_peer, fmt::format("there is no user {} at {}", who, model.server));
  else if (outcome == Outcome::too_often && request.what == HolderRequest::Do::find)
    error(request, Trouble::failure,
          model.server + ": too many questions about names, try again in a minute");
  else if (request.what == HolderRequest::Do::find)
    error(request, Trouble::failure, model.server + " does not say who is registered there");
  else if (outcome == Outcome::offline)
    error(request, Trouble::no_peer, fmt::format("{} is a user of {}, but offline", who, model.server));
  else
    error(request, Trouble::no_peer, fmt::format("{} is not online at {}", who, model.server));
  return Step::answered;
}

bool HolderSession::find_out(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Model& model = core.model();
  if (const auto step = online(request, model); step != Step::on) return step == Step::answered;
  if (const auto step = ask_server(pending, core); step != Step::on) return step == Step::answered;
  using Outcome = FindAnswer::Outcome;
  const FindAnswer& answer = model.found.at(request.to);
  const bool registered = answer.outcome == Outcome::registered;
  const bool online = answer.outcome == Outcome::online;
  if (!registered && !online && answer.outcome != Outcome::offline)
    return missing(request, model) == Step::answered;
  const Peer* known = find(model, answer.name);
  const bool changed = known != nullptr && known->id != answer.id;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request.id).key("row").begin_object();
  json.field("name", answer.name).field("key", answer.id.text());
  json.field("trust", known == nullptr ? "new" : changed ? "changed" : trust_word(*known));
  json.field("status", registered ? "registered" : online ? "online" : "offline");
  json.end_object().end_object();
  output_ += '\n';
  if (!changed) return ok(request);
  return error(request, Trouble::peer_key,
               fmt::format("THE KEY OF {} CHANGED. Remembered: {}", answer.name, known->id.text()));
}

bool HolderSession::list(const HolderRequest& request, const Model& model) {
  if (const auto step = online(request, model); step != Step::on) return step == Step::answered;
  if (!model.list_complete) return false;
  std::size_t rows = 0;
  std::string last;
  for (auto at = model.peers.upper_bound(request.after); at != model.peers.end(); ++at) {
    const auto& [name, peer] = *at;
    if (!peer.online) continue;
    if (rows++ == holder_list_page) break;
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request.id).key("row").begin_object();
    json.field("name", name).field("key", (peer.changed_to ? *peer.changed_to : peer.id).text());
    json.field("since", peer.since).field("trust", trust_word(peer)).end_object().end_object();
    output_ += '\n';
    last = name;
  }
  return ok(request, rows > holder_list_page ? last : std::string{});
}

// --- texts ---------------------------------------------------------------------------------------

bool HolderSession::send(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  if (request.again)
    if (const auto step = send_again(pending, core); step != Step::on) return step == Step::answered;
  if (const auto step = target(pending, core); step != Step::on) return step == Step::answered;
  const Model& model = core.model();
  const Peer& peer = *find(model, request.to);
  if (!peer.known() && !request.accept_new && request.accept != peer.id.text())
    return ask_for_key(request, peer);
  pending.last_line = peer.lines.empty() ? 0 : peer.lines.back().serial;
  const auto sent =
      core.send_text(request.to, request.body, request.action, service_.host_.now(), request.uid);
  if (!sent) return error(request, Trouble::failure, sent.error());
  pending.taken = true;
  pending.request.body.clear();
  return false;
}

// The last holder may have queued or settled this text.
HolderSession::Step HolderSession::send_again(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Line* line = own_line(core.model(), request.to, request.uid);
  for (std::size_t page = 0; line == nullptr && page < max_pages; ++page) {
    if (!core.load_older(request.to, older_page)) break;
    line = own_line(core.model(), request.to, request.uid);
  }
  if (line == nullptr) return Step::on;
  if (line->delivery == Delivery::delivered) return ok(request), Step::answered;
  if (line->delivery == Delivery::failed)
    return error(request, Trouble::failure, "not delivered: " + line->why), Step::answered;
  pending.taken = true;
  pending.last_line = UINT64_MAX;
  return Step::waits;
}

bool HolderSession::ask_for_key(const HolderRequest& request, const Peer& peer) {
  key_told_ = true;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request.id);
  json.field("error",
             fmt::format("the key of {} is not known: {}; --accept-new takes it", peer.name, peer.id.text()));
  json.field("code", trouble_word(Trouble::peer_unknown)).field("name", peer.name);
  json.field("key", peer.id.text()).end_object();
  output_ += '\n';
  return true;
}

// The program's own command prints remarks itself.
bool HolderSession::delivered(const Pending& pending, const Model& model) {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", pending.request.id).key("ok").boolean(true);
  json.field("uid", pending.request.uid).key("remarks").begin_array();
  if (const Peer* peer = find(model, pending.request.to); peer != nullptr && !own_)
    for (const auto& line : peer->lines)
      if (line.serial > pending.last_line &&
          (line.kind == Line::Kind::notice || line.kind == Line::Kind::alert))
        json.value(line.text);
  json.end_array().end_object();
  output_ += '\n';
  return true;
}

// Answers when no text waits for the peer any more.
bool HolderSession::resend(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  if (const auto step = target(pending, core); step != Step::on) return step == Step::answered;
  const auto count = core.resend_held(request.to, service_.host_.now());
  if (!count) return error(request, Trouble::failure, count.error());
  for (const Line& line : find(core.model(), request.to)->lines)
    if (line.mine && !line.uid.empty() &&
        (line.delivery == Delivery::queued || line.delivery == Delivery::sent))
      pending.left.insert(line.uid);
  pending.taken = !pending.left.empty();
  return pending.left.empty() && ok(request);
}

void HolderSession::resent(Pending& pending, const Line& text) {
  if (text.delivery == Delivery::failed) {
    error(pending.request, Trouble::failure, "not delivered: " + text.why);
    return pending.left.clear();
  }
  pending.left.erase(text.uid);
  if (pending.left.empty()) ok(pending.request);
}

// The deadline would change nothing, so fail at once.
bool HolderSession::call_refused(const Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Peer* peer = find(core.model(), request.to);
  if (request.what != HolderRequest::Do::send || peer == nullptr || peer->call_refused.empty()) return false;
  const std::string why = peer->call_refused;
  const auto given_up = core.give_up(request.to, request.uid, service_.host_.now());
  return error(request, Trouble::failure, "not delivered: " + (given_up ? why : given_up.error()));
}

bool HolderSession::give_up(const HolderRequest& request, ClientCore& core) {
  const auto dropped = std::erase_if(pending_, [&](const Pending& one) {
    return !one.taken && one.request.what == HolderRequest::Do::send && one.request.uid == request.uid;
  });
  if (dropped > 0) return ok(request);
  const Line* line = own_line(core.model(), request.to, request.uid);
  if (line != nullptr && line->delivery == Delivery::failed) return ok(request);
  return outcome(request, core.give_up(request.to, request.uid, service_.host_.now()));
}

// --- people --------------------------------------------------------------------------------------

bool HolderSession::fingerprint(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Model& model = core.model();
  const Peer* peer = find(model, request.to);
  if (peer == nullptr || peer->standing == Standing::stranger || peer->id.empty()) {
    if (const auto step = target(pending, core); step != Step::on) return step == Step::answered;
    peer = find(model, request.to);
  }
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request.id).key("row").begin_object();
  json.field("name", peer->name).field("key", peer->id.text());
  json.field("safety_number", proto::safety_number(model.self, peer->id));
  json.field("trust", trust_word(*peer)).end_object().end_object();
  output_ += '\n';
  return ok(request);
}

bool HolderSession::about_peer(Pending& pending, ClientCore& core) {
  const HolderRequest& request = pending.request;
  const Model& model = core.model();
  const Peer* peer = find(model, request.to);
  if (request.what == HolderRequest::Do::erase) {
    if (peer == nullptr) return error(request, Trouble::no_peer, "nothing is known of " + request.to);
    return outcome(request, core.erase_history(request.to));
  }
  if (request.what == HolderRequest::Do::discard) {
    if (peer == nullptr || peer->held == 0)
      return error(request, Trouble::no_peer, "nothing is held for " + request.to);
    const auto count = core.discard_held(request.to, service_.host_.now());
    return count ? ok(request) : error(request, Trouble::failure, count.error());
  }
  if (peer == nullptr || peer->standing == Standing::stranger)
    if (const auto step = target(pending, core); step != Step::on) return step == Step::answered;
  return decide(request, *find(model, request.to), core);
}

bool HolderSession::decide(const HolderRequest& request, const Peer& peer, ClientCore& core) {
  const Now now = service_.host_.now();
  const std::string name = peer.name;
  switch (request.what) {
    case HolderRequest::Do::verify:
      if (!proto::safety_number_matches(request.number, core.model().self, peer.id))
        return error(request, Trouble::peer_key, "the safety numbers differ: " + name + " is not verified");
      return outcome(request, core.verify(name, request.number, now));
    case HolderRequest::Do::accept:
      return peer.known() ? ok(request) : outcome(request, core.accept(name, now));
    case HolderRequest::Do::decline:
      if (peer.standing != Standing::request)
        return error(request, Trouble::no_peer, "there is no request of " + name);
      return outcome(request, core.decline(name, now));
    default:
      return peer.standing == Standing::blocked ? ok(request) : outcome(request, core.block(name, now));
  }
}

// HOST:PORT can only be a server; a bare word is a remembered peer, else a server.
bool HolderSession::forget(const HolderRequest& request, ClientCore& core) {
  const Peer* peer = find(core.model(), request.to);
  if (peer != nullptr && peer->standing != Standing::stranger) {
    const auto unsent = core.unsent(request.to);
    const auto done = core.forget(request.to, service_.host_.now());
    if (!done || unsent == 0) return outcome(request, done);
    proto::JsonWriter json(output_);
    json.begin_object().field("id", request.id).key("ok").boolean(true);
    json.key("remarks").begin_array().value(held_hint(request.to, unsent)).end_array().end_object();
    output_ += '\n';
    return true;
  }
  const auto forgotten = service_.host_.forget_server(request.to);
  if (!forgotten) return error(request, Trouble::failure, forgotten.error());
  if (*forgotten) return ok(request);
  return error(request, Trouble::no_peer, "neither a server nor a peer is remembered as " + request.to);
}

// Answers at once: a command that timed out asks for the reason.
bool HolderSession::tell_link(const HolderRequest& request, const Model& model) {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request.id).key("ok").boolean(true);
  json.field("state", link_word(model.link)).field("server", model.server).field("name", model.self_name);
  if (!model.problem.empty()) json.field("why", model.problem);
  json.end_object();
  output_ += '\n';
  return true;
}

bool HolderSession::watch(const HolderRequest& request) {
  watching_ = true;
  link_shown_.clear();
  shown_.clear();
  ok(request);
  show_presence(service_.host_.core()->model());
  return true;
}

}  // namespace sims::client
