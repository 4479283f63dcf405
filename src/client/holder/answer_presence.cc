// HolderAttempt: the answers about the users that are online, and the connection.
#include <fmt/format.h>

#include "client/holder/attempt.h"
#include "client/model/words.h"

namespace sims::client {

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
