// OnlineSession: one run of a command that needs the server.
//
// 1. run() connects, and its command sends its request
// 2. look() handles the link: online, a question about the server's key, or an error
// 3. the service answers this command and others
// 4. finish() says goodbye and ends the loop
#include "cli/online_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "base/text.h"
#include "cli/output.h"
#include "os/program.h"
#include "os/version.h"

namespace sims::client::cli {

namespace {

constexpr std::int64_t leave_limit_ms = 2'000;
// How long to serve other commands' open requests when this one is done: else each would need a
// login of its own.
constexpr std::int64_t linger_ms = 2'000, linger_step_ms = 20;
constexpr std::size_t kept_lines = 200;  // printed lines need not be kept

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

Greeting greeting(const Options& options) {
  Greeting self;
  self.program = options.command == Command::pipe     ? "sims pipe"
                 : options.command == Command::listen ? "sims listen"
                                                      : "sims";
  self.version = version();
  self.protocol = holder_protocol;
  self.pid = static_cast<std::uint64_t>(::getpid());
  return self;
}

}  // namespace

Session::Session(const Options& options, Store& keys, Talk& talk, std::string server, std::string name)
    : options_(options),
      keys_(keys),
      talk_(talk),
      server_(std::move(server)),
      deadline_(loop_, [this] { late(); }),
      linger_(loop_, [this] { leave(); }),
      store_watch_(loop_, keys,
                   [this](const StoreCheck& check) {
                     damaged_ = !check.problem().empty();
                     if (damaged_) tell(check.problem());
                   }),
      int_(loop_, SIGINT, [this] { interrupted(); }),
      term_(loop_, SIGTERM, [this] { interrupted(); }),
      hup_(loop_, SIGHUP, [this] { interrupted(); }),
      asker_(loop_),
      link_(loop_, core_options(options, keys, std::move(name)), keys, crypto::fresh_ephemerals(),
            {[this] { look(); }, [this](const std::string& peer, const Line& line) { received(peer, line); },
             [this](const std::string& peer, const Line& line) { service_.delivery_changed(peer, line); }}),
      service_(*this, greeting(options)),
      own_(
          service_, [this] { hear(); }, true) {}

Exit Session::run(const std::vector<std::string>& paths, bool again) {
  auto socket = HolderSocket::open(loop_, paths, service_);
  if (socket)
    socket_ = std::move(*socket);
  else
    tell("other commands cannot run through this one: " + socket.error());
  if (options_.command != Command::pipe) start_deadline();
  if (runs_long()) store_watch_.begin_later();  // StoreCheckup has checked at the start
  link_.core().invite(options_.invite);
  link_.core().connect(server_, link_.now());
  if (options_.command != Command::listen) talk_.begin(*this, again);
  loop_.run();
  const auto exit = exit_.value_or(Exit::failure);
  return exit == Exit::ok && damaged_ ? Exit::failure : exit;
}

void Session::look() {
  report_own_words();
  service_.changed();
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
      // A refusal in clear may be forged: a command that runs for long reports it and retries.
      const bool refused = m.refusal && proto::refuses_login(*m.refusal);
      const bool stays =
          was_online_ ? runs_long() || options_.command == Command::send : runs_long() && refused;
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
      told_why_.clear();  // report the next error again
      if (!was && options_.command == Command::listen) {
        tell(fmt::format("listening as {} at {}", m.self_name, server_));
      }
      return;
    case LinkState::connecting:
    case LinkState::handshaking:
      return;
  }
}

// --- this program's command ----------------------------------------------------------------------

void Session::say(std::string line) {
  own_.received(bytes_of(line));
  hear();
}

void Session::hear() {
  const std::string lines = own_.take_output();
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at);
    talk_.answer(lines.substr(at, end - at));
    at = end + 1;
  }
}

// Also after the end began: received texts are in the store, and will be acknowledged to their
// senders.
void Session::received(const std::string& name, const Line& line) {
  service_.received(name, line);
  if (options_.command == Command::pipe && !exit_) link_.core().mark_read(name, link_.now());
  if (options_.command != Command::listen) return;
  const auto& peers = link_.model().peers;
  auto peer = peers.find(name);
  if (peer == peers.end()) return;
  ++count_;
  if (!print(options_.json ? message_json(peer->second, line) : message_line(peer->second, line)))
    return tell("messages that were not printed are in the store, unread: sims history " + name);
  if (exit_) return;
  link_.core().mark_read(name, link_.now());
  if (options_.count > 0 && count_ >= options_.count) finish(Exit::ok);
}

// --- unknown keys ---------------------------------------------------------------------

void Session::decide_about_server(const Question& question) {
  if (asker_.asking()) return;
  if (question.kind == Question::Kind::server_changed) {
    const std::string why = fmt::format(
        "THE KEY OF THE SERVER {0} CHANGED. Remembered since {1}: {2}; it shows now: {3}. Somebody may be in "
        "between. If you know the reason, `sims forget {0}` makes the next contact a first one",
        question.server, utc_time(question.pinned_since_unix_ms),
        question.pinned ? question.pinned->text() : "?", question.shown.text());
    // Else an attacker on the path could end a command that runs for long, with one false answer.
    if (!was_online_ || !runs_long()) return finish(Exit::server_key, why);
    if (std::exchange(told_why_, why) != why) tell(why + "; connecting again");
    return link_.core().ask_later(link_.now());
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

bool Session::ask(const std::string& words, const Id& id, std::function<void(bool)> decided) {
  return asker_.ask(words, id, std::move(decided));
}

Result<bool> Session::forget_server(const std::string& host_port) {
  if (!keys_.server(host_port)) return false;
  auto done = keys_.forget_server(host_port);
  if (done) done = keys_.save();
  return done ? Result<bool>(true) : fail(done.error());
}

// --- the end -------------------------------------------------------------------------------------

// Prints on standard error the remarks that a screen would show between the texts. It leaves out
// the status window's notices: the commands report the connection themselves.
void Session::report_own_words() {
  const Model& m = link_.model();
  report_counts(false);
  if (m.newest_serial == last_told_) return;  // runs each turn, with thousands of peers
  report_own_words("", m.status, false);
  for (const auto& [name, peer] : m.peers)
    report_own_words(name, peer.lines, true);
  last_told_ = m.newest_serial;
}

// A line that counts is printed once its number is final, or at the end.
void Session::report_counts(bool all) {
  const Model& m = link_.model();
  std::erase_if(counting_, [&](const auto& one) {
    const auto peer = m.peers.find(one.first);
    if (!one.first.empty() && peer == m.peers.end()) return true;
    const auto& lines = one.first.empty() ? m.status : peer->second.lines;
    const auto line =
        std::find_if(lines.rbegin(), lines.rend(), [&](const Line& l) { return l.serial <= one.second; });
    if (line == lines.rend() || line->serial != one.second) return true;
    if (line->counting && !all) return false;
    tell(line->text);
    return true;
  });
}

void Session::report_own_words(const std::string& peer, const std::deque<Line>& lines, bool notices) {
  auto fresh = lines.end();
  while (fresh != lines.begin() && std::prev(fresh)->serial > last_told_)
    --fresh;
  for (; fresh != lines.end(); ++fresh) {
    if (fresh->counting) {
      counting_.emplace_back(peer, fresh->serial);
      continue;
    }
    if (fresh->kind == Line::Kind::alert || (notices && fresh->kind == Line::Kind::notice)) tell(fresh->text);
  }
}

bool Session::print(const std::string& text) {
  const auto printed = sims::print(text);
  if (printed) return true;
  // An unprinted message must not be acknowledged, though it is in the store: so no orderly end.
  // Its sender sends it again, and no program shows it twice.
  exit_ = Exit::failure;
  tell(printed.error());
  link_.drop();
  loop_.stop();
  return false;
}

void Session::interrupted() {
  if (exit_) return loop_.stop();  // the second signal: stop at once
  socket_.reset();
  finish(options_.command == Command::listen && options_.count == 0 ? Exit::ok : Exit::failure,
         "interrupted");
}

void Session::start_deadline() {
  if (options_.timeout_ms) deadline_.start(*options_.timeout_ms);
}

void Session::late() {
  if (asker_.asking()) return start_deadline();  // a person may take time
  if (options_.command == Command::listen) {
    if (was_online_) return options_.count == 0 ? finish(Exit::ok) : finish(Exit::timed_out, "timed out");
  }
  if (!is_online_) {
    const std::string& problem = link_.model().problem;
    return finish(Exit::no_connection,
                  fmt::format("{}: timed out: {}", server_, problem.empty() ? "no answer" : problem));
  }
  finish(Exit::timed_out, options_.command == Command::send || options_.command == Command::pipe
                              ? "timed out: the delivery was not proved"
                              : "timed out");
}

void Session::finish(Exit exit, const std::string& why) {
  if (exit_) return;
  exit_ = exit;
  report_counts(true);
  if (exit != Exit::ok) tell(why);
  asker_.stop();
  deadline_.stop();
  if (exit != Exit::ok) talk_.give_up();
  if (socket_) socket_->close_door();
  linger_until_ms_ = loop_.now().steady_ms + linger_ms;
  leave();
}

void Session::leave() {
  const bool waits = socket_ && socket_->busy() && link_.model().link == LinkState::online &&
                     loop_.now().steady_ms < linger_until_ms_;
  if (waits) return linger_.start(linger_step_ms);
  socket_.reset();
  link_.leave(leave_limit_ms, [this] { loop_.stop(); });
}

}  // namespace sims::client::cli
