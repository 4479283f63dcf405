// The client core: `find`, who is registered at the server under a name or an id (sims-protocol(7) section
// 4).
#include <algorithm>

#include "client/core/core_state.h"

namespace sims::client {
namespace {

constexpr std::size_t max_finds =
    30;  // that wait, and that are remembered: the server takes as many a minute

std::string words_for(const std::string& asked, const FindAnswer& answer) {
  using Outcome = FindAnswer::Outcome;
  const std::string who = answer.name + ", key " + answer.id.str() + ", ";
  switch (answer.outcome) {
    case Outcome::online:
      return who + "is online.";
    case Outcome::offline:
      return who + "is registered at this server and offline.";
    case Outcome::registered:
      return who + "is registered at this server.";
    case Outcome::unknown:
      return "There is no user " + asked + " at this server.";
    case Outcome::too_often:
      return "The server answers no more questions about names for now: try again in a minute.";
    case Outcome::asked:
    case Outcome::unsupported:
      break;
  }
  return asked + " is not online. (This server does not say who is registered.)";
}

}  // namespace

Result<void> ClientCore::State::ask_who(const std::string& asked, std::optional<std::string> window,
                                        Now now) {
  if (!Context::online()) return fail("not connected");
  proto::FindRequest request;
  request.id = Id::shaped(asked);
  if (!request.id && !proto::valid_name(asked)) return fail("this is neither a name nor an id");
  if (!request.id) request.name = asked;
  if (finds_.size() >= max_finds) return fail("too many questions wait for their answer");
  if (shown.found.size() >= max_finds) shown.found.clear();
  shown.found[asked] = {};
  finds_[send(proto::encode(request), now)] = {asked, std::move(window)};
  return {};
}

// An answer names what it found. Questions are few, so all that it answers are looked through.
void ClientCore::State::receive_found(const proto::Found& found, Now now) {
  using Outcome = FindAnswer::Outcome;
  FindAnswer answer;
  answer.outcome = !found.online ? Outcome::registered : *found.online ? Outcome::online : Outcome::offline;
  answer.name = found.name;
  answer.id = found.id;
  answer_finds(found.name, answer, now);
  answer_finds(found.id.str(), answer, now);
}

// True: the error is the answer to a question.
bool ClientCore::State::find_failed(const proto::Error& error, Now now) {
  const auto at = error.id ? finds_.find(*error.id) : finds_.end();
  if (at == finds_.end()) return false;
  using Outcome = FindAnswer::Outcome;
  FindAnswer answer;
  answer.outcome = error.code == proto::ErrorCode::unknown_peer   ? Outcome::unknown
                   : error.code == proto::ErrorCode::rate_limited ? Outcome::too_often
                                                                  : Outcome::unsupported;
  connection.acked(*error.id, now);  // read, whatever it says
  answer_finds(std::string(at->second.what), answer, now);
  return true;
}

void ClientCore::State::answer_finds(const std::string& asked, const FindAnswer& answer, Now now) {
  std::vector<Asked> answered;
  std::erase_if(finds_, [&](auto& one) {
    if (one.second.what != asked) return false;
    answered.push_back(std::move(one.second));
    return true;
  });
  if (answered.empty()) return;
  shown.found[asked] = answer;
  for (const Asked& one : answered) {
    if (!one.window) continue;
    const auto peer = shown.peers.find(*one.window);
    window_lines.notice(peer == shown.peers.end() ? nullptr : &peer->second, words_for(asked, answer), now);
  }
}

}  // namespace sims::client
