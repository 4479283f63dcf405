// HolderAttempt: the answers about texts.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "client/holder/attempt.h"
#include "client/model/words.h"

namespace sims::client {

namespace {

constexpr std::size_t older_page = 200, max_pages = 5;  // of the history, to find a text that is sent again

}  // namespace

bool HolderAttempt::send() {
  if (request_.again)
    if (const auto step = send_again(); step != Step::on) return step == Step::answered;
  if (const auto step = receiver(); step != Step::on) return step == Step::answered;
  const Peer& peer = *find(request_.to);
  if (!peer.known() && !accepts(peer.id)) return ask_for_key(peer.name, peer.id);
  pending_.last_line = peer.lines.empty() ? 0 : peer.lines.back().serial;
  const auto sent = core_->send_text(request_.to, request_.body, request_.action, host_.now(), request_.uid);
  if (!sent) return error(Trouble::failure, sent.error());
  pending_.taken = true;
  pending_.taken_unix_ms = host_.now().unix_ms;
  pending_.request.body.clear();
  return waits_elsewhere();
}

// The last holder may have queued or settled this text. Reads the history once for each request: it
// changes the model, and each change leads to another attempt.
HolderAttempt::Step HolderAttempt::send_again() {
  const Line* line = own_line();
  if (find(request_.to) != nullptr && !std::exchange(pending_.searched, true)) {
    for (std::size_t page = 0; line == nullptr && page < max_pages; ++page) {
      if (!core_->load_older(request_.to, older_page)) break;
      line = own_line();
    }
  }
  if (line == nullptr) return Step::on;
  if (line->delivery == Delivery::delivered) return ok(), Step::answered;
  if (line->delivery == Delivery::failed)
    return error(Trouble::failure, "not delivered: " + line->why), Step::answered;
  pending_.taken = true;
  pending_.taken_unix_ms = host_.now().unix_ms;
  pending_.last_line = UINT64_MAX;
  return waits_elsewhere() ? Step::answered : Step::waits;
}

bool HolderAttempt::ask_for_key(const std::string& name, const Id& key) {
  session_.key_told_ = true;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id);
  json.field("error", fmt::format("the key of {} is not known: {}; --accept-new takes it", name, key.text()));
  json.field("code", trouble_word(Trouble::peer_unknown)).field("name", name);
  json.field("key", key.text()).end_object();
  output_ += '\n';
  return true;
}

// The program's own command prints remarks itself.
bool HolderAttempt::arrived(Delivery delivery) {
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("ok").boolean(true);
  if (!request_.uid.empty()) json.field("uid", request_.uid);
  json.field("delivery", delivery_word(delivery)).key("remarks").begin_array();
  if (const Peer* peer = find(request_.to); peer != nullptr && !session_.own_)
    for (const auto& line : peer->lines)
      if (line.serial > pending_.last_line &&
          (line.kind == Line::Kind::notice || line.kind == Line::Kind::alert))
        json.value(line.text);
  json.end_array().end_object();
  output_ += '\n';
  return true;
}

// Looks where a text waits that is not delivered: at the relay, or here because nothing takes it.
bool HolderAttempt::waits_elsewhere() {
  if (request_.what == HolderRequest::Do::resend) return all_kept();
  const Line* text = own_line();
  if (text == nullptr) return false;
  if (text->delivery == Delivery::mailed) return kept();
  return text->delivery == Delivery::queued && stuck(*text);
}

bool HolderAttempt::kept() {
  if (request_.wait_for != "delivered") return arrived(Delivery::mailed);
  if (std::exchange(pending_.shown, "mailed") == "mailed") return false;
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("row").begin_object();
  json.field("delivery", delivery_word(Delivery::mailed)).end_object().end_object();
  output_ += '\n';
  return false;
}

// A text whose next try is too late is given up.
bool HolderAttempt::stuck(const Line& text) {
  const Peer* peer = find(request_.to);
  if (text.why.empty() || peer == nullptr || peer->online) return false;
  const std::string why = text.why;
  const std::int64_t again = text.again_unix_ms;
  const auto within_ms = static_cast<std::int64_t>(request_.within_s) * 1'000;
  if (again == 0 || again > pending_.taken_unix_ms + within_ms) {
    const auto given_up = core_->give_up(request_.to, request_.uid, host_.now());
    return error(Trouble::no_peer,
                 given_up ? "not delivered: " + why + "; the message is given up, try again later"
                          : "not delivered: " + given_up.error());
  }
  std::string shown = why + std::to_string(again);
  if (pending_.shown == shown) return false;
  pending_.shown = std::move(shown);
  proto::JsonWriter json(output_);
  json.begin_object().field("id", request_.id).key("row").begin_object();
  json.field("delivery", delivery_word(Delivery::queued)).field("why", why);
  json.field("again", static_cast<std::uint64_t>(again)).end_object().end_object();
  output_ += '\n';
  return false;
}

// Of `resend`: each text that waits is at the relay, or nothing takes one.
bool HolderAttempt::all_kept() {
  const Peer* peer = find(request_.to);
  if (peer == nullptr) return false;
  for (const Line& line : peer->lines) {
    if (!pending_.left.contains(line.uid)) continue;
    if (line.delivery == Delivery::mailed) {
      pending_.left.erase(line.uid);
      pending_.shown = "mailed";
    } else if (line.delivery == Delivery::queued && !line.why.empty() && !peer->online) {
      return error(Trouble::no_peer, "not delivered yet: " + line.why + "; the messages stay queued");
    }
  }
  return pending_.left.empty() && arrived(Delivery::mailed);
}

// Answers when no text waits here for the peer any more.
bool HolderAttempt::resend() {
  if (const auto step = receiver(); step != Step::on) return step == Step::answered;
  const auto count = core_->resend_held(request_.to, host_.now());
  if (!count) return error(Trouble::failure, count.error());
  for (const Line& line : find(request_.to)->lines)
    if (line.mine && !line.uid.empty() && !is_settled(line.delivery)) pending_.left.insert(line.uid);
  pending_.taken = !pending_.left.empty();
  return pending_.taken ? all_kept() : ok();
}

void HolderAttempt::resent(const Line& text) {
  if (text.delivery == Delivery::failed) {
    error(Trouble::failure, "not delivered: " + text.why);
    return pending_.left.clear();
  }
  pending_.left.erase(text.uid);
  if (pending_.left.empty()) arrived(pending_.shown == "mailed" ? Delivery::mailed : Delivery::delivered);
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
  if (line != nullptr && line->delivery == Delivery::mailed)
    return error(Trouble::failure, "the relay keeps it for " + request_.to + ": it is not given up");
  return outcome(core_->give_up(request_.to, request_.uid, host_.now()));
}

}  // namespace sims::client
