// 1. run() connects  2. look() sees the link come up, or decides about a server's key, or why it did not
// 3. look_online() does the command as soon as the model allows it  4. finish() says goodbye and ends the
// loop
#include "cli/online_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "base/program.h"
#include "base/text.h"
#include "cli/output.h"

namespace sims::client::cli {

namespace {

constexpr std::int64_t leave_limit_ms = 2'000;
constexpr std::size_t kept_lines = 200;  // what is printed needs no keeping

CoreOptions core_options(const Options& options, const Store& keys, std::string name) {
  CoreOptions core;
  core.identity = &keys.identity();
  core.name = std::move(name);
  core.suites = options.suites;
  core.accept_new = options.accept_new;
  core.accept_strangers = options.accept_new;
  core.max_lines = kept_lines;
  core.keep_history = options.keep_history;
  core.restored = keys.restored();
  return core;
}

std::string_view trimmed(std::string_view text) {
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && space(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace

Session::Session(const Options& options, Store& keys, std::string server, std::string name)
    : options_(options),
      keys_(keys),
      server_(std::move(server)),
      deadline_(loop_, [this] { late(); }),
      int_(loop_, SIGINT, [this] { interrupted(); }),
      term_(loop_, SIGTERM, [this] { interrupted(); }),
      hup_(loop_, SIGHUP, [this] { interrupted(); }),
      link_(loop_, core_options(options, keys, std::move(name)), keys, crypto::fresh_ephemerals(),
            {[this] { look(); }, [this](const std::string& peer, const Line& line) { received(peer, line); },
             [this](const std::string&, const Line& line) { delivery_changed(line); }}) {}

Exit Session::run() {
  if (options_.timeout_ms) deadline_.start(*options_.timeout_ms);
  link_.core().invite(options_.invite);
  link_.core().connect(server_, link_.now());
  loop_.run();
  give_up();
  return exit_.value_or(Exit::failure);
}

void Session::look() {
  report_own_words();
  if (exit_) return;
  const Model& m = link_.model();
  bool was = std::exchange(is_online_, m.link == LinkState::online);
  switch (m.link) {
    case LinkState::offline:
      return finish(answered_ ? Exit::failure : Exit::refused, fmt::format("{}: {}", server_, m.problem));
    case LinkState::waiting: {
      std::string why = fmt::format("{}: {}", server_, m.problem);
      if (m.refusal == proto::ErrorCode::busy || m.refusal == proto::ErrorCode::rate_limited)
        return;  // until the deadline
      // A refusal in clear may be forged: what is to run for long says it and goes on trying.
      const bool refused = m.refusal && proto::refuses_login(*m.refusal);
      const bool listens = options_.command == Command::listen;
      const bool stays = was_online_ ? listens || options_.command == Command::send : listens && refused;
      if (!stays) return finish(refused ? Exit::refused : Exit::no_connection, why);
      if (was || (refused && std::exchange(told_why_, why) != why)) tell(why + "; connecting again");
      return;
    }
    case LinkState::asking:
      if (m.question) decide_about_server(*m.question);
      return;
    case LinkState::online:
      answered_ = false;
      was_online_ = true;
      if (!was && options_.command == Command::listen) {
        tell(fmt::format("listening as {} at {}", m.self_name, server_));
      }
      return look_online();
    case LinkState::connecting:
    case LinkState::handshaking:
      return;
  }
}

void Session::look_online() {
  switch (options_.command) {
    case Command::list:
      return list();
    case Command::find:
      return find();
    case Command::send:
      return send();
    case Command::resend:
      return resend();
    case Command::fingerprint:
      return fingerprint();
    case Command::verify:
      return verify();
    case Command::accept:
    case Command::decline:
    case Command::block:
      return decide();
    default:
      return;
  }
}

// --- commands ------------------------------------------------------------------------------------

void Session::list() {
  const Model& m = link_.model();
  if (!m.list_complete) return;
  std::string out;
  for (const auto& [name, peer] : m.peers) {
    if (peer.online) out += options_.json ? list_json(peer) : list_line(peer);
  }
  if (print(out)) finish(Exit::ok);
}

void Session::find() {
  const FindAnswer* answer = ask_about_target();
  if (answer == nullptr) return;
  using Outcome = FindAnswer::Outcome;
  if (answer->outcome != Outcome::online && answer->outcome != Outcome::offline &&
      answer->outcome != Outcome::registered)
    return target_is_missing(*answer);
  const auto& peers = link_.model().peers;
  const auto known = peers.find(answer->name);
  const bool changed = known != peers.end() && known->second.id != answer->id;
  const std::string_view trust = known == peers.end() ? "new"
                                 : changed            ? "changed"
                                                      : trust_word(known->second);
  if (!print(options_.json ? found_json(*answer, trust) : found_line(*answer, trust))) return;
  if (!changed) return finish(Exit::ok);
  finish(Exit::peer_key,
         fmt::format("THE KEY OF {} CHANGED. Remembered: {}", answer->name, known->second.id.text()));
}

const FindAnswer* Session::ask_about_target() {
  const auto& found = link_.model().found;
  const auto answer = found.find(options_.target);
  if (answer != found.end())
    return answer->second.outcome == FindAnswer::Outcome::asked ? nullptr : &answer->second;
  const auto asked = link_.core().find(options_.target, std::nullopt, link_.now());
  if (!asked) finish(Exit::failure, asked.error());
  return nullptr;
}

void Session::target_is_missing(const FindAnswer& answer) {
  using Outcome = FindAnswer::Outcome;
  const std::string& who = options_.target;
  if (answer.outcome == Outcome::online) return;  // the list will show it in a moment
  if (answer.outcome == Outcome::unknown)
    return finish(Exit::no_peer, fmt::format("there is no user {} at {}", who, server_));
  if (answer.outcome == Outcome::too_often)
    return finish(Exit::failure, server_ + ": too many questions about names, try again in a minute");
  if (options_.command == Command::find)
    return finish(Exit::failure, server_ + " does not say who is registered there");
  const bool registered = answer.outcome == Outcome::offline;
  finish(Exit::no_peer, registered ? fmt::format("{} is a user of {}, but offline", who, server_)
                                   : fmt::format("{} is not online at {}", who, server_));
}

const Peer* Session::target() const {
  const auto& peers = link_.model().peers;
  auto found = peers.find(options_.target);
  return found != peers.end() && found->second.online ? &found->second : nullptr;
}

const Peer* Session::await_target() {
  const Peer* peer = target();
  if (peer == nullptr) {
    if (options_.target == link_.model().self_name) {
      finish(Exit::no_peer, options_.target + " is ourselves");
    } else if (link_.model().list_complete) {
      if (const auto* answer = ask_about_target()) target_is_missing(*answer);
    }
    return nullptr;
  }
  if (peer->trust == Trust::changed) {
    finish(
        Exit::peer_key,
        fmt::format(
            "THE KEY OF {0} CHANGED. Remembered since {1}: {2}, which {4}; the server shows now: {3}. "
            "Somebody "
            "may be in between. If you know the reason, `sims forget {0}` makes the next contact a first one",
            peer->name, utc_time(peer->first_seen_unix_ms), peer->id.text(),
            peer->changed_to ? peer->changed_to->text() : "?",
            peer->was_verified ? "you had verified" : "was never verified"));
    return nullptr;
  }
  return peer;
}

void Session::send() {
  if (prompt_) return;
  if (serial_) return end_if_refused();
  const Peer* peer = await_target();
  if (peer == nullptr) return;
  if (!peer->known() && !options_.accept_new && accepted_peer_ != peer->id) return decide_about_peer(*peer);
  auto serial = link_.core().send_text(peer->name, *options_.text, false, link_.now());
  if (!serial) return finish(Exit::failure, serial.error());
  serial_ = *serial;
  const auto line = std::find_if(peer->lines.rbegin(), peer->lines.rend(),
                                 [&](const Line& one) { return one.serial == serial_; });
  if (line != peer->lines.rend()) unproved_row_ = line->row;
}

// Waiting for the deadline would change nothing.
void Session::end_if_refused() {
  const auto& peers = link_.model().peers;
  const auto peer = peers.find(options_.target);
  if (peer == peers.end() || peer->second.call_refused.empty()) return;
  finish(Exit::failure, "not delivered: " + peer->second.call_refused);
}

// Ends when nothing waits for the peer any more.
void Session::resend() {
  if (!resent_.empty()) return;
  const Peer* peer = await_target();
  if (peer == nullptr) return;
  const Id id = peer->id;
  const auto count = link_.core().resend_held(peer->name, link_.now());
  if (!count) return finish(Exit::failure, count.error());
  const auto rows = keys_.outbox(link_.model().server_id);
  if (!rows) return finish(Exit::failure, rows.error());
  for (const HistoryEntry& row : rows->at(options_.target))
    if (row.peer_id == id) resent_.insert(row.row);
}

void Session::delivery_changed(const Line& line) {
  if (resent_.contains(line.row)) {
    if (line.delivery == Delivery::failed) return finish(Exit::failure, "not delivered: " + line.why);
    if (line.delivery == Delivery::delivered) resent_.erase(line.row);
    if (resent_.empty()) finish(Exit::ok);
    return;
  }
  if (line.serial != serial_) return;
  if (line.delivery == Delivery::delivered) unproved_row_ = 0;
  if (line.delivery == Delivery::sent) unproved_left_ = true;
  if (exit_) return;
  if (line.delivery == Delivery::delivered) return finish(Exit::ok);
  if (line.delivery == Delivery::failed) finish(Exit::failure, "not delivered: " + line.why);
}

// Whoever was told that it failed must not find it sent later, by another program on this store.
void Session::give_up() {
  if (unproved_row_ == 0) return;
  auto done = keys_.set_delivery(unproved_row_, Delivery::failed, "given up by sims send", unproved_left_);
  if (done) done = keys_.save();
  tell(done ? "the message is given up: it is not sent again" : done.error());
}

void Session::fingerprint() {
  const Peer* peer = await_target();
  if (peer == nullptr) return;
  if (print(fingerprint_text(peer->name, keys_.id(), peer->id, trust_word(*peer)))) finish(Exit::ok);
}

void Session::verify() {
  const Peer* peer = await_target();
  if (peer == nullptr) return;
  if (!proto::safety_number_matches(options_.number, keys_.id(), peer->id)) {
    return finish(Exit::peer_key, "the safety numbers differ: " + options_.target + " is not verified");
  }
  auto verified = link_.core().verify(options_.target, options_.number, link_.now());
  if (!verified) return finish(Exit::failure, verified.error());
  finish(Exit::ok);
}

void Session::decide() {
  const Peer* peer = await_target();
  if (peer == nullptr) return;
  auto& core = link_.core();
  const std::string name = peer->name;
  if (options_.command == Command::decline) {
    const auto done = core.decline(name, link_.now());
    return done ? finish(Exit::ok) : finish(Exit::no_peer, done.error());
  }
  const auto done =
      options_.command == Command::accept ? core.accept(name, link_.now()) : core.block(name, link_.now());
  return done ? finish(Exit::ok) : finish(Exit::failure, done.error());
}

// Also after the end was begun: what comes here is in the store, and will be acknowledged to its sender.
void Session::received(const std::string& name, const Line& line) {
  if (options_.command != Command::listen) return;
  const auto& peers = link_.model().peers;
  auto peer = peers.find(name);
  if (peer == peers.end()) return;
  ++count_;
  if (!print(options_.json ? message_json(peer->second, line) : message_line(peer->second, line)))
    return tell("what was not printed is in the store, unread: sims history " + name);
  if (exit_) return;
  link_.core().looked_at(name, link_.now());
  if (options_.count > 0 && count_ >= options_.count) finish(Exit::ok);
}

// --- keys that are not known ---------------------------------------------------------------------

void Session::decide_about_server(const Question& question) {
  if (prompt_) return;
  if (question.kind == Question::Kind::server_changed) {
    return finish(
        Exit::server_key,
        fmt::format(
            "THE KEY OF THE SERVER {0} CHANGED. Remembered since {1}: {2}; it shows now: {3}. Somebody may "
            "be "
            "in between. If you know the reason, `sims forget {0}` makes the next contact a first one",
            question.server, utc_time(question.pinned_since_unix_ms),
            question.pinned ? question.pinned->text() : "?", question.shown.text()));
  }
  bool asked =
      ask(fmt::format("The authenticity of the server {} can't be established.\nIts fingerprint is {}\n"
                      "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
                      question.server, question.shown.text()),
          question.shown, [this](bool accept) {
            if (!accept) return finish(Exit::server_key, "the server's key was not accepted");
            answered_ = true;
            link_.core().answer(true, link_.now());
          });
  if (asked) return;
  finish(Exit::server_key, fmt::format("the key of the server {} is not known: {}; --accept-new takes it",
                                       question.server, question.shown.text()));
}

void Session::decide_about_peer(const Peer& peer) {
  Id id = peer.id;
  bool asked = ask(fmt::format("The authenticity of {0} can't be established: this is the first contact.\n"
                               "The fingerprint is {1}\nThe safety number is {2}\n"
                               "Are you sure you want to send to {0} (yes/no/[fingerprint])? ",
                               peer.name, id.text(), proto::safety_number(keys_.id(), id)),
                   id, [this, id](bool accept) {
                     if (!accept) return finish(Exit::peer_key, "the peer's key was not accepted");
                     accepted_peer_ = id;
                     look();
                   });
  if (asked) return;
  finish(Exit::peer_key,
         fmt::format("the key of {} is not known: {}; --accept-new takes it", peer.name, id.text()));
}

bool Session::ask(const std::string& words, const Id& id, std::function<void(bool)> decided) {
  prompt_ = Prompt::open(loop_, [this, id, decided = std::move(decided)](const std::string& line) {
    std::string_view answer = trimmed(line);
    bool accept = answer == "yes" || answer == id.text();
    if (!accept && answer != "no") return prompt_->say("Please type 'yes', 'no' or the fingerprint: ");
    prompt_.reset();
    decided(accept);
  });
  if (prompt_) prompt_->say(words);
  return prompt_ != nullptr;
}

// --- the end -------------------------------------------------------------------------------------

// On standard error: what a screen would show between the texts. The status window's notices are left out:
// the commands say themselves how the connection fares.
void Session::report_own_words() {
  const Model& m = link_.model();
  report_own_words(m.status, false);
  for (const auto& [name, peer] : m.peers)
    report_own_words(peer.lines, true);
  last_told_ = newest_told_;
}

void Session::report_own_words(const std::deque<Line>& lines, bool notices) {
  auto fresh = lines.end();
  while (fresh != lines.begin() && std::prev(fresh)->serial > last_told_)
    --fresh;
  for (; fresh != lines.end(); ++fresh) {
    newest_told_ = std::max(newest_told_, fresh->serial);
    if (fresh->kind == Line::Kind::alert || (notices && fresh->kind == Line::Kind::notice)) tell(fresh->text);
  }
}

bool Session::print(const std::string& text) {
  const auto printed = sims::print(text);
  if (printed) return true;
  // What nobody could read is not acknowledged, though it is in the store: no orderly end. Its sender sends
  // it again, which shows it nowhere twice.
  exit_ = Exit::failure;
  tell(printed.error());
  link_.drop();
  loop_.stop();
  return false;
}

void Session::interrupted() {
  if (exit_) return loop_.stop();  // twice: at once
  finish(options_.command == Command::listen && options_.count == 0 ? Exit::ok : Exit::failure,
         "interrupted");
}

void Session::late() {
  if (prompt_) return deadline_.start(*options_.timeout_ms);  // a person may take their time
  if (options_.command == Command::listen) {
    if (was_online_) return options_.count == 0 ? finish(Exit::ok) : finish(Exit::timed_out, "timed out");
  }
  if (!is_online_) {
    const std::string& problem = link_.model().problem;
    return finish(Exit::no_connection,
                  fmt::format("{}: timed out: {}", server_, problem.empty() ? "no answer" : problem));
  }
  finish(Exit::timed_out,
         options_.command == Command::send ? "timed out: the delivery was not proved" : "timed out");
}

void Session::finish(Exit exit, const std::string& why) {
  if (exit_) return;
  exit_ = exit;
  if (exit != Exit::ok) tell(why);
  prompt_.reset();
  deadline_.stop();
  link_.leave(leave_limit_ms, [this] { loop_.stop(); });
}

}  // namespace sims::client::cli
