// RemoteSession: greets the holder, runs a command through it, and ends at a timeout or signal.
#include "cli/remote_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "cli/exchange.h"
#include "cli/output.h"
#include "client/model/words.h"
#include "os/program.h"

namespace sims::client::cli {

namespace {

// The id of the request for the link's state at a timeout. Answers to the talk have other ids.
constexpr std::uint64_t why_id = (std::uint64_t{1} << 53) - 1;
constexpr std::int64_t greeting_limit_ms = 10'000, leave_limit_ms = 2'000;
constexpr std::size_t max_answer = 1 << 20;  // bytes of one line

}  // namespace

RemoteSession::RemoteSession(const Options& options, Talk& talk, Greeting greeting)
    : options_(options),
      talk_(talk),
      greeting_(std::move(greeting)),
      deadline_(loop_, [this] { late(); }),
      int_(loop_, SIGINT, [this] { interrupted(); }),
      term_(loop_, SIGTERM, [this] { interrupted(); }),
      hup_(loop_, SIGHUP, [this] { interrupted(); }),
      asker_(loop_) {}

std::optional<Exit> RemoteSession::run(int fd, bool again) {
  again_ = again;
  auto stream = net::Stream::adopt(loop_, fd);
  if (!stream) {
    ::close(fd);
    problem_ = stream.error();
    return std::nullopt;
  }
  stream_ = std::move(*stream);
  net::Stream::Callbacks on;
  on.on_read = [this](ByteView bytes) { read(bytes); };
  on.on_end = [this](const std::string& reason) {
    gone(reason.empty() ? "the program that holds this store exited" : reason);
  };
  stream_->set_callbacks(std::move(on));
  stream_->start();
  stream_->write(greeting_line(greeting_));
  deadline_.start(greeting_limit_ms);
  loop_.run();
  talk_.leave();
  return exit_;
}

void RemoteSession::read(ByteView bytes) {
  input_ += text_of(bytes);
  for (std::size_t end = 0; !gone_ && (end = input_.find('\n')) != input_.npos;) {
    std::string text = input_.substr(0, end);
    input_.erase(0, end + 1);
    line(std::move(text));
  }
  if (input_.size() > max_answer) finish(Exit::failure, "an answer is too long");
}

void RemoteSession::line(std::string text) {
  if (!greeted_) return greet(std::move(text));
  if (asks_why_ && !exit_) time_is_up(text);
  talk_.answer(std::move(text));
  if (exit_ && !talk_.waits()) loop_.stop();
}

void RemoteSession::greet(std::string text) {
  proto::JsonTape tape;
  const auto parsed = tape.parse(text);
  if (!parsed) return finish(Exit::failure, "the program that holds this store is not sims");
  if (const auto error = parsed->get_string("error")) {
    const auto trouble = trouble_of(parsed->get_string("code").value_or(""));
    if (trouble == Trouble::busy) return gone(std::string(*error));
    return finish(exit_of(trouble), std::string(*error));
  }
  const auto holder = parse_greeting(*parsed);
  if (!holder) return finish(Exit::failure, "the program that holds this store is another version of sims");
  if (const auto why = version_trouble(*holder, greeting_); !why.empty()) return finish(Exit::failure, why);
  greeted_ = true;
  deadline_.stop();
  if (options_.command != Command::pipe) start_deadline();
  if (options_.command == Command::listen)
    tell("listening through " + holder->program + " (process " + std::to_string(holder->pid) + ")");
  talk_.begin(*this, again_);
}

// The text of a broken-off command may be queued or not. The next holder gets the same uid, so it
// is sent once.
void RemoteSession::gone(const std::string& why) {
  if (exit_ && talk_.waits()) tell("no answer: the message may still be sent");
  gone_ = true;
  problem_ = why;
  loop_.stop();
}

void RemoteSession::say(std::string line) {
  if (stream_) stream_->write(line);
}

bool RemoteSession::print(const std::string& text) {
  const auto printed = sims::print(text);
  if (!printed) finish(Exit::failure, printed.error());
  return printed.has_value();
}

bool RemoteSession::ask(const std::string& words, const proto::Id& id, std::function<void(bool)> decided) {
  return asker_.ask(words, id, std::move(decided));
}

void RemoteSession::start_deadline() {
  if (options_.timeout_ms) deadline_.start(*options_.timeout_ms);
}

void RemoteSession::interrupted() {
  if (exit_) return loop_.stop();  // the second signal: stop at once
  finish(options_.command == Command::listen && options_.count == 0 ? Exit::ok : Exit::failure,
         "interrupted");
}

void RemoteSession::late() {
  if (exit_ || !greeted_) return gone("no answer from the program that holds this store");
  if (asker_.asking()) return start_deadline();  // a person may take time
  if (asks_why_) return finish(Exit::timed_out, late_words());
  asks_why_ = true;
  HolderRequest link;
  link.id = why_id;
  link.what = HolderRequest::Do::link;
  say(holder_request_line(link));
  deadline_.start(leave_limit_ms);
}

std::string RemoteSession::late_words() const {
  const bool sends = options_.command == Command::send || options_.command == Command::pipe;
  return sends ? "timed out: the delivery was not proved" : "timed out";
}

// The exit status is that of the command alone, according to the state of the holder's connection.
void RemoteSession::time_is_up(const std::string& line) {
  std::string copy = line;
  proto::JsonTape tape;
  const auto answer = tape.parse(copy);
  if (!answer || answer->get_number("id") != why_id) return;
  const auto text = [&](std::string_view key) { return std::string(answer->get_string(key).value_or("")); };
  const bool listens = options_.command == Command::listen;
  const bool was_online = listens && talk_.was_online();
  if (const auto state = text("state");
      !state.empty() && state != link_word(LinkState::online) && !was_online) {
    const std::string why = text("why");
    return finish(Exit::no_connection,
                  fmt::format("{}: timed out: {}", text("server"), why.empty() ? "no answer" : why));
  }
  if (listens && options_.count == 0) return finish(Exit::ok);
  finish(Exit::timed_out, late_words());
}

void RemoteSession::finish(Exit exit, const std::string& why) {
  if (exit_) return;
  exit_ = exit;
  if (exit != Exit::ok) tell(why);
  asker_.stop();
  deadline_.stop();
  if (exit != Exit::ok) talk_.give_up();
  if (!talk_.waits()) return loop_.stop();
  deadline_.start(leave_limit_ms);
}

}  // namespace sims::client::cli
