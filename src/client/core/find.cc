// Finds: sends questions, matches answers and errors to them, and words the results.
#include "client/core/find.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

// The limit of open questions and of kept answers. The server accepts as many questions a minute.
constexpr std::size_t max_finds = 30;
constexpr std::int64_t again_ms = 5'000;  // after the rate limit was reached

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

std::string request_for(const std::string& name_or_id) {
  proto::FindRequest request;
  request.id = Id::shaped(name_or_id);
  if (!request.id) request.name = name_or_id;
  return proto::encode(request);
}

}  // namespace

Result<void> Finds::ask(const std::string& name_or_id, std::optional<std::string> window, Now now) {
  if (!context_.online()) return fail("not connected");
  if (!Id::shaped(name_or_id) && !proto::valid_name(name_or_id))
    return fail("this is neither a name nor an id");
  const auto answers_this = [&](const auto& one) {
    return one.second.name_or_id == name_or_id && !one.second.answered &&
           (!window || one.second.window == window);
  };
  if (std::any_of(asked_.begin(), asked_.end(), answers_this)) return {};
  if (asked_.size() >= max_finds) return fail("too many questions wait for their answer");
  auto& found = context_.model.found;
  if (found.size() >= max_finds) found.clear();
  found[name_or_id] = {};
  asked_[context_.core.send(request_for(name_or_id), now)] = {name_or_id, std::move(window), {}};
  return {};
}

void Finds::look_up(const std::string& name_or_id, Answered answered, Now now) {
  waiting_.push_back({name_or_id, std::nullopt, std::move(answered)});
  ask_next(now);
}

void Finds::ask_next(Now now) {
  while (!waiting_.empty() && context_.online() && now.steady_ms >= again_ms_ && asked_.size() < max_finds) {
    if (!own_.take(now.steady_ms)) {
      again_ms_ = now.steady_ms + again_ms;
      return;
    }
    Asked next = std::move(waiting_.front());
    waiting_.pop_front();
    const std::string name_or_id = next.name_or_id;
    asked_[context_.core.send(request_for(name_or_id), now)] = std::move(next);
  }
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
  // A server that cannot say it now has not said that nobody is there.
  const bool later = error.code == proto::ErrorCode::busy || error.code == proto::ErrorCode::internal;
  answer(std::string(at->second.name_or_id), given, now, later);
  return true;
}

void Finds::answer(const std::string& name_or_id, const FindAnswer& answer, Now now, bool later) {
  const bool refused = later || answer.outcome == FindAnswer::Outcome::too_often;
  std::vector<Asked> answered;
  const auto is_answered = [&](const Asked& one) {
    if (one.name_or_id != name_or_id) return false;
    answered.push_back(one);
    return true;
  };
  std::erase_if(asked_, [&](const auto& one) { return is_answered(one.second); });
  if (!refused) std::erase_if(waiting_, is_answered);
  if (refused) again_ms_ = now.steady_ms + again_ms;
  for (Asked& one : answered) {
    if (!one.answered)
      say(one, answer, now);
    else if (refused)
      waiting_.push_front(std::move(one));
    else
      one.answered(answer, now);
  }
  ask_next(now);
}

void Finds::say(const Asked& asked, const FindAnswer& answer, Now now) {
  Model& model = context_.model;
  model.found[asked.name_or_id] = answer;
  if (!asked.window) return;
  const auto peer = model.peers.find(*asked.window);
  context_.windows.notice(peer == model.peers.end() ? nullptr : &peer->second,
                          words_for(asked.name_or_id, answer), now);
}

void Finds::clear() {
  for (auto& [seq, one] : asked_)
    if (one.answered) waiting_.push_back(std::move(one));
  asked_.clear();
  context_.model.found.clear();
}

void Finds::forget() {
  clear();
  waiting_.clear();
}

void Finds::tick(Now now) {
  ask_next(now);
}

std::int64_t Finds::next_tick() const {
  if (waiting_.empty() || !context_.online() || asked_.size() >= max_finds) return INT64_MAX;
  return again_ms_;
}

}  // namespace sims::client
