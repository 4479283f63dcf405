// IncomingMail: the letters that wait, whose turn it is, and the names of their senders. What is done with one
// letter is in opening.cc.
#include "client/mail/incoming_mail.h"

#include <algorithm>

#include "proto/wire/decode.h"

namespace sims::client {
namespace {

constexpr std::int64_t read_again_ms = 10'000;
constexpr int most_a_turn = 50;
constexpr std::size_t max_names = 1'000;

// The Memory keeps what decode_from_server() took once.
std::optional<proto::ClientMail> decoded(std::string text) {
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto message = proto::decode_from_server(*root);
  if (!message) return std::nullopt;
  auto* letter = std::get_if<proto::ClientMail>(&*message);
  return letter ? std::optional(std::move(*letter)) : std::nullopt;
}

}  // namespace

void IncomingMail::use(const Id& server, Now now) {
  server_ = server;
  senders_.clear();
  names_.clear();
  unanswered_.clear();
  answered_.clear();
  job_ = 0;
  read_again_ms_ = go_on_ms_ = INT64_MAX;
  if (!server.empty()) read(now);
}

// Not at once: the Memory may fail for long, and nothing must be tried in a loop.
void IncomingMail::read_again(Now now) {
  if (server_.empty()) return;
  job_ = 0;
  unanswered_.insert(unanswered_.begin(), answered_.begin(), answered_.end());
  answered_.clear();
  read_again_ms_ = now.steady_ms + read_again_ms;
}

bool IncomingMail::read(Now now) {
  job_ = 0;  // its letter is opened again
  auto stored = memory_.arrived(server_);
  if (!stored) {
    broken(stored.error(), now);
    return false;
  }
  read_again_ms_ = INT64_MAX;
  const auto were = std::exchange(senders_, {});
  for (ArrivedLetter& one : *stored) {
    auto letter = decoded(std::move(one.message));
    if (!letter) continue;
    Sender& sender = senders_[one.sender];
    sender.letters.push_back({one.row, std::move(*letter)});
    const auto was = were.find(one.sender);
    sender.asked = was != were.end() && was->second.asked;
  }
  go_on_ms_ = now.steady_ms;
  return true;
}

IncomingMail::Fate IncomingMail::broken(const std::string& why, Now now) {
  if (read_again_ms_ == INT64_MAX)
    context_.windows.fault(nullptr, "Letters could not be read or stored: " + why + "; retrying", now);
  read_again_ms_ = now.steady_ms + read_again_ms;
  return Fate::broken;
}

void IncomingMail::receive(const proto::ClientMail& letter, std::string_view raw, Now now) {
  if (letter.dst != context_.model.self || letter.src == context_.model.self)
    return context_.windows.alert(nullptr, "A letter was dropped: it was not for us, or it was our own.",
                                  now);
  const auto unstored = [&](const std::string& why) {
    broken(why, now);
    host_.abandon("a letter could not be stored: " + why, now);
  };
  if (read_again_ms_ != INT64_MAX && !read(now)) return unstored("earlier ones could not be read");
  const auto waits = senders_.find(letter.src);
  Fate fate = waits == senders_.end() ? look_at(letter, 0, now) : Fate::needs_work;
  if (fate == Fate::settled) return;
  if (fate == Fate::broken) return host_.abandon("a letter could not be stored", now);
  const Peer* peer = peer_of(letter.src, now);
  auto room = may_keep(peer, letter);
  if (!room) return unstored(room.error());
  if (!*room) return;
  context_.history.wrote(now);
  ArrivedLetter arrived;
  arrived.sender = letter.src;
  arrived.stranger = !peer || !peer->known();
  arrived.message = std::string(raw);
  arrived.at_unix_ms = now.unix_ms;
  auto row = memory_.add_arrived(server_, arrived);
  if (!row) return unstored(row.error());
  senders_[letter.src].letters.push_back({*row, letter});
  go_on(now);
}

// --- whose turn it is ----------------------------------------------------------------------------

Peer* IncomingMail::peer_of(const Id& sender, Now now) {
  auto& peers = context_.model.peers;
  if (const auto* name = host_.name_of(sender)) return &peers.at(*name);
  const auto met = names_.find(sender);
  return met == names_.end() ? nullptr : host_.meet(met->second, sender, now);
}

// The oldest letter of a contact, else of anybody. nullptr: none can go on now.
IncomingMail::Sender* IncomingMail::next_sender() {
  Sender* best = nullptr;
  bool best_known = false;
  for (auto& [id, sender] : senders_) {
    const auto* name = host_.name_of(id);
    if (!name && sender.asked && !names_.contains(id)) continue;
    const bool known = name && context_.model.peers.at(*name).known();
    if (best && (best_known && !known)) continue;
    if (best && best_known == known && best->letters.front().row < sender.letters.front().row) continue;
    best = &sender;
    best_known = known;
  }
  return best;
}

void IncomingMail::go_on(Now now) {
  go_on_ms_ = INT64_MAX;
  for (int done = 0; job_ == 0 && read_again_ms_ == INT64_MAX; ++done) {
    Sender* sender = next_sender();
    if (!sender) return;
    if (done >= most_a_turn) {
      go_on_ms_ = now.steady_ms;
      return;
    }
    const Waiting& first = sender->letters.front();
    const Id src = first.letter.src;
    switch (look_at(first.letter, first.row, now)) {
      case Fate::settled:
        settled(src);
        break;
      case Fate::needs_name:
        sender->asked = true;
        names_.erase(src);
        ask_name(src, now);
        break;
      case Fate::needs_work:
      case Fate::broken:
        return;
    }
  }
}

// The sender may be gone: blocked, or its letters were read again.
void IncomingMail::settled(const Id& sender) {
  const auto at = senders_.find(sender);
  if (at == senders_.end()) return;
  at->second.letters.pop_front();
  if (!at->second.letters.empty()) return;
  senders_.erase(at);
  const auto met = names_.find(sender);
  if (met != names_.end() && context_.model.peers.contains(met->second)) host_.drop_if_unused(met->second);
}

void IncomingMail::drop(const Id& sender) {
  senders_.erase(sender);
  std::erase_if(unanswered_, [&](const Unanswered& one) { return one.sender == sender; });
  if (job_of_ == sender) job_ = 0;
  go_on_ms_ = INT64_MIN;
}

void IncomingMail::tick(Now now) {
  if (now.steady_ms >= read_again_ms_ && !read(now)) return;
  if (now.steady_ms >= go_on_ms_) go_on(now);
  if (read_again_ms_ == INT64_MAX) (void)answer_unopened(now);
}

// --- names ---------------------------------------------------------------------------------------

void IncomingMail::ask_name(const Id& sender, Now now) {
  host_.look_up(
      sender, [this, sender](const FindAnswer& answer, Now then) { named(sender, answer, then); }, now);
}

void IncomingMail::named(const Id& sender, const FindAnswer& answer, Now now) {
  const auto waiting = senders_.find(sender);
  if (waiting == senders_.end()) return;
  // A server that does not say who this is has not said that nobody is: the letters wait for our next start.
  if (answer.outcome == FindAnswer::Outcome::unsupported) return;
  waiting->second.asked = false;  // if what follows fails, the server is asked again
  const bool registered = answer.id == sender && !answer.name.empty();
  const Peer* peer = registered ? host_.meet(answer.name, sender, now) : nullptr;
  if (peer == nullptr) {
    drop_all(sender, now);
  } else if (peer->id != sender) {
    context_.windows.alert(&context_.model.peers.at(answer.name),
                           "A letter under another key of " + answer.name + " was refused.", now);
    drop_all(sender, now);
  } else {
    if (names_.size() >= max_names) names_.clear();  // those that are needed are asked for again
    names_.insert_or_assign(sender, answer.name);
  }
  go_on(now);
}

// Nobody has this id here, so nothing of it can be shown.
void IncomingMail::drop_all(const Id& sender, Now now) {
  context_.history.wrote(now);
  for (const Waiting& one : senders_.at(sender).letters)
    if (auto dropped = memory_.drop_arrived(one.row); !dropped) {
      broken(dropped.error(), now);
      return;
    }
  drop(sender);
}

}  // namespace sims::client
