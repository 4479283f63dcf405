// Finds: sends questions, matches answers and errors to them, and words the results.
#include "client/core/find.h"

#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

// The limit of open questions and of kept answers. The server accepts as many questions a minute.
constexpr std::size_t max_finds = 30;

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
      return "Too many questions about names: try again in a minute.";
    case Outcome::asked:
    case Outcome::unsupported:
      break;
  }
  return asked + " is not online. (This server does not say who is registered.)";
}

}  // namespace

Result<void> Finds::ask(const std::string& name_or_id, std::optional<std::string> window, Now now) {
  if (!context_.online()) return fail("not connected");
  proto::FindRequest request;
  request.id = Id::shaped(name_or_id);
  if (!request.id && !proto::valid_name(name_or_id)) return fail("this is neither a name nor an id");
  if (!request.id) request.name = name_or_id;
  if (asked_.size() >= max_finds) return fail("too many questions wait for their answer");
  auto& found = context_.model.found;
  if (found.size() >= max_finds) found.clear();
  found[name_or_id] = {};
  asked_[context_.core.send(proto::encode(request), now)] = {name_or_id, std::move(window)};
  return {};
}

// One answer may settle two questions: by the name and by the id.
void Finds::receive(const proto::Found& found, Now now) {
  using Outcome = FindAnswer::Outcome;
  FindAnswer given;
  given.outcome = !found.online ? Outcome::registered : *found.online ? Outcome::online : Outcome::offline;
  given.name = found.name;
  given.id = found.id;
  answer(found.name, given, now);
  answer(found.id.str(), given, now);
}

bool Finds::receive(const proto::Error& error, Now now) {
  const auto at = error.id ? asked_.find(*error.id) : asked_.end();
  if (at == asked_.end()) return false;
  using Outcome = FindAnswer::Outcome;
  FindAnswer given;
  given.outcome = error.code == proto::ErrorCode::unknown_peer   ? Outcome::unknown
                  : error.code == proto::ErrorCode::rate_limited ? Outcome::too_often
                                                                 : Outcome::unsupported;
  answer(std::string(at->second.name_or_id), given, now);
  return true;
}

void Finds::answer(const std::string& name_or_id, const FindAnswer& answer, Now now) {
  std::vector<Asked> answered;
  std::erase_if(asked_, [&](auto& one) {
    if (one.second.name_or_id != name_or_id) return false;
    answered.push_back(std::move(one.second));
    return true;
  });
  if (answered.empty()) return;
  Model& model = context_.model;
  model.found[name_or_id] = answer;
  for (const Asked& one : answered) {
    if (!one.window) continue;
    const auto peer = model.peers.find(*one.window);
    context_.windows.notice(peer == model.peers.end() ? nullptr : &peer->second,
                            words_for(name_or_id, answer), now);
  }
}

void Finds::clear() {
  asked_.clear();
  context_.model.found.clear();
}

}  // namespace sims::client
