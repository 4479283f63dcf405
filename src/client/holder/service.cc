// HolderService and HolderSession: 1. the service's events, 2. a session's input, 3. answers, 4.
// events for a watcher.
#include "client/holder/service.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "client/holder/attempt.h"
#include "client/model/sent_time.h"
#include "client/model/words.h"

namespace sims::client {

// --- 1. the service ------------------------------------------------------------------------------

// A callback may end its session, and others with it.
template <class F>
void HolderService::each(F f) {
  for (auto* session : std::vector<HolderSession*>(sessions_.begin(), sessions_.end())) {
    if (!sessions_.contains(session)) continue;
    f(*session);
    if (!sessions_.contains(session) || session->output_.empty()) continue;
    if (const auto call = session->on_output_) call();  // a copy: the session may die
  }
}

void HolderService::changed() {
  each([](HolderSession& session) { session.changed(); });
}

void HolderService::received(const std::string& peer, const Line& line) {
  ClientCore* core = host_.core();
  if (core == nullptr) return;
  const auto at = core->model().peers.find(peer);
  if (at == core->model().peers.end()) return;
  each([&](HolderSession& session) { session.message(at->second, line); });
}

void HolderService::delivery_changed(const std::string& peer, const Line& line) {
  each([&](HolderSession& session) { session.delivery_changed(peer, line); });
}

// --- 2. a session --------------------------------------------------------------------------------

HolderSession::HolderSession(HolderService& service, std::function<void()> on_output, bool greeted)
    : service_(service), on_output_(std::move(on_output)), greeted_(greeted), own_(greeted) {
  service_.sessions_.insert(this);
}

HolderSession::~HolderSession() {
  service_.sessions_.erase(this);
}

std::string HolderSession::take_output() {
  return std::exchange(output_, {});
}

void HolderSession::received(ByteView bytes) {
  if (over_) return;
  input_ += text_of(bytes);
  for (std::size_t end = 0; !over_ && (end = input_.find('\n')) <= max_holder_line;) {
    std::string text = input_.substr(0, end);
    input_.erase(0, end + 1);
    line(std::move(text));
  }
  if (!over_ && input_.size() > max_holder_line) end(Trouble::bad_request, "the line is too long");
}

void HolderSession::end(Trouble trouble, std::string_view words) {
  output_ += holder_error_line(std::nullopt, trouble, words);
  over_ = true;
  input_.clear();
}

// Input that is no JSON or no greeting comes from another kind of program, and ends the session. A
// bad request is answered: `sims pipe` passes its caller's lines on.
void HolderSession::line(std::string text) {
  const auto parsed = tape_.parse(text);
  if (!parsed) return end(Trouble::bad_request, "not understood: " + parsed.error().detail);
  if (!greeted_) return greet(*parsed);
  const auto id = parsed->get_number("id");
  auto request = parse_holder_request(*parsed);
  if (request) return answer(std::move(*request));
  output_ += holder_error_line(id, Trouble::bad_request, request.error());
}

void HolderSession::greet(const proto::JsonValue& line) {
  const auto asking = parse_greeting(line);
  if (!asking) return end(Trouble::version, "not a greeting: another version of sims?");
  if (const auto why = version_trouble(service_.self_, *asking); !why.empty())
    return end(Trouble::version, why);
  server_ = asking->server;
  name_ = asking->name;
  greeted_ = true;
  output_ += greeting_line(service_.self_);
}

// --- 3. answers ----------------------------------------------------------------------------------

void HolderSession::answer(HolderRequest request) {
  key_told_ = false;
  Pending pending;
  pending.request = std::move(request);
  if (HolderAttempt(*this, pending).run()) return;
  if (pending_.size() < max_pending) return pending_.push_back(std::move(pending));
  HolderAttempt(*this, pending).error(Trouble::busy, "too many requests at once");
}

void HolderSession::changed() {
  for (auto at = pending_.begin(); at != pending_.end();) {
    ClientCore* core = service_.host_.core();
    if (at->taken && core != nullptr &&
        (HolderAttempt(*this, *at).call_refused() || HolderAttempt(*this, *at).waits_elsewhere())) {
      at = pending_.erase(at);
      continue;
    }
    const bool waits = at->taken && service_.host_.locked().empty();
    at = waits || !HolderAttempt(*this, *at).run() ? std::next(at) : pending_.erase(at);
  }
  if (ClientCore* core = service_.host_.core(); core != nullptr && watching_) show_presence(core->model());
}

void HolderSession::delivery_changed(const std::string& peer, const Line& text) {
  ClientCore* core = service_.host_.core();
  const bool settled = is_settled(text.delivery);
  for (auto at = pending_.begin(); core != nullptr && settled && at != pending_.end();) {
    const auto& request = at->request;
    if (at->taken && at->left.contains(text.uid) && request.to == peer) {
      HolderAttempt(*this, *at).resent(text);
      at = at->left.empty() ? pending_.erase(at) : std::next(at);
      continue;
    }
    if (!at->taken || request.uid != text.uid || request.to != peer) {
      ++at;
      continue;
    }
    if (text.delivery == Delivery::delivered)
      HolderAttempt(*this, *at).arrived(Delivery::delivered);
    else
      HolderAttempt(*this, *at).error(Trouble::failure, "not delivered: " + text.why);
    at = pending_.erase(at);
  }
  if (!watching_) return;
  proto::JsonWriter json(output_);
  json.begin_object().field("event", "delivery").field("to", peer).field("uid", text.uid);
  json.field("delivery", delivery_word(text.delivery));
  if (!text.why.empty()) json.field("why", text.why);
  if (text.again_unix_ms > 0) json.field("again", static_cast<std::uint64_t>(text.again_unix_ms));
  json.end_object();
  output_ += '\n';
}

// --- 4. events -----------------------------------------------------------------------------------

void HolderSession::message(const Peer& peer, const Line& text) {
  if (!watching_) return;
  proto::JsonWriter json(output_);
  json.begin_object().field("event", "message").field("from", peer.name).field("key", peer.id.text());
  json.key("verified").boolean(peer.trust == Trust::verified);
  json.field("kind", text.kind == Line::Kind::action ? "action" : "text").field("body", text.text);
  json.field("at", static_cast<std::uint64_t>(std::max<std::int64_t>(text.at_unix_ms, 0)));
  json.field("uid", text.uid);
  if (text.sent_unix_ms > 0) json.field("sent", static_cast<std::uint64_t>(text.sent_unix_ms));
  if (const auto note = sent_note(text); note != SentNote::none)
    json.field("sent_is", note == SentNote::sent ? "earlier" : "unlikely");
  if (!text.missing.empty()) json.key("incomplete").boolean(true);
  json.key("request").boolean(peer.standing == Standing::request);
  json.end_object();
  output_ += '\n';
}

namespace {

std::string link_event(const Model& model) {
  std::string line;
  proto::JsonWriter json(line);
  json.begin_object().field("event", "link").field("state", link_word(model.link));
  json.field("server", model.server).field("name", model.self_name);
  if (!model.problem.empty()) json.field("why", model.problem);
  json.end_object();
  return line + "\n";
}

void presence_event(std::string& out, const std::string& name, bool online, const Peer* peer) {
  proto::JsonWriter json(out);
  json.begin_object().field("event", "presence").field("name", name).key("online").boolean(online);
  if (peer != nullptr) {
    json.field("key", (peer->changed_to ? *peer->changed_to : peer->id).text());
    json.field("trust", trust_word(*peer));
  }
  json.end_object();
  out += '\n';
}

}  // namespace

// Sends the differences from the last events to this watcher.
void HolderSession::show_presence(const Model& model) {
  auto link = link_event(model);
  const bool as_before = link == link_shown_;
  if (!as_before) output_ += link_shown_ = std::move(link);
  // Each turn calls this, so it must not walk over all peers. Another ClientCore counts from the
  // start again, and causes an event about the link.
  if (std::exchange(people_shown_, model.people) == model.people && as_before) return;
  examined_ += model.peers.size();
  for (const auto& [name, peer] : model.peers) {
    if (!peer.online) continue;
    const auto trust = trust_word(peer);
    auto [at, fresh] = shown_.try_emplace(name, trust);
    if (!fresh && at->second == trust) continue;
    at->second = trust;
    presence_event(output_, name, true, &peer);
  }
  std::erase_if(shown_, [&](const auto& one) {
    const auto at = model.peers.find(one.first);
    if (at != model.peers.end() && at->second.online) return false;
    presence_event(output_, one.first, false, at == model.peers.end() ? nullptr : &at->second);
    return true;
  });
}

}  // namespace sims::client
