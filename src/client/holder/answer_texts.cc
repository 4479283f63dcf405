// HolderAttempt: the answers about texts.
#include <fmt/format.h>

#include <utility>

#include "client/holder/attempt.h"

namespace sims::client {

namespace {

constexpr std::size_t older_page = 200, max_pages = 5;  // of the history, to find a text that is sent again

}  // namespace

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

}  // namespace sims::client
