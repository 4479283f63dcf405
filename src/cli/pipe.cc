// Pipe: passes the caller's requests to the holder, and its answers back with the caller's ids.
#include "cli/pipe.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/output.h"
#include "client/model/words.h"
#include "crypto/rng.h"
#include "proto/wire/content.h"
#include "proto/wire/json.h"

namespace sims::client::cli {

namespace {

constexpr std::size_t max_echo = 64;

// The caller's id as JSON; nullopt: it has an invalid type or length.
std::optional<std::string> echo_of(const proto::JsonValue& line) {
  const auto id = line.get("id");
  if (!id) return "";
  std::string out;
  if (const auto number = id->number()) return std::to_string(*number);
  const auto text = id->string();
  if (!text || text->size() > max_echo) return std::nullopt;
  proto::JsonWriter(out).value(*text);
  return out;
}

}  // namespace

void Pipe::begin(TalkEdge& edge, bool again) {
  edge_ = &edge;
  HolderRequest watch;
  watch.what = HolderRequest::Do::watch;
  edge_->say(holder_request_line(watch));
  auto open = open_;  // answers may come at once
  for (auto& [id, one] : open) {
    one.request.again = again;
    if (edge_ != nullptr) edge_->say(holder_request_line(one.request));
  }
  if (edge_ == nullptr) return;
  input_ = std::make_unique<Input>(edge_->loop(), [this](const std::string& piece) { take(piece); });
  go_on();
}

void Pipe::leave() {
  input_.reset();
  edge_ = nullptr;
}

// --- input of the caller ----------------------------------------------------------------------

void Pipe::take(const std::string& piece) {
  if (piece.empty()) {
    ended_ = true;
    if (!text_.empty()) text_ += '\n';
  }
  text_ += piece;
  go_on();
}

// Handles lines as long as there is room for their answers.
void Pipe::go_on() {
  if (std::exchange(going_, true)) return;  // called by an answer that came at once
  while (edge_ != nullptr && !giving_up_ && open_.size() < max_open) {
    const auto end = text_.find('\n');
    if (end == text_.npos) break;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    if (std::exchange(skipping_, false)) continue;
    take_line(std::move(line));
  }
  going_ = false;
  if (edge_ == nullptr || giving_up_) return;
  if (text_.find('\n') == text_.npos && text_.size() > max_line) {
    if (!std::exchange(skipping_, true) && !complain("", Trouble::bad_request, "the line is too long"))
      return;
    text_.clear();
  }
  if (!ended_) {
    if (open_.size() < max_open) input_->next();
  } else if (open_.empty() && text_.empty()) {
    edge_->finish(Exit::ok);
  } else {
    edge_->start_deadline();  // restarts with each answer
  }
}

void Pipe::take_line(std::string line) {
  if (line.find_first_not_of(" \t\r") == line.npos) return;
  if (line.size() > max_line) {
    complain("", Trouble::bad_request, "the line is too long");
    return;
  }
  const auto parsed = tape_.parse(line);
  if (!parsed) {
    complain("", Trouble::bad_request, "not understood: " + parsed.error().detail);
    return;
  }
  const auto echo = echo_of(*parsed);
  if (!echo) {
    complain("", Trouble::bad_request, "\"id\" is neither a number nor a text of at most 64 bytes");
    return;
  }
  auto request = parse_holder_request(*parsed, proto::make_uid(crypto::system_rng()));
  if (!request) {
    complain(*echo, Trouble::bad_request, request.error());
    return;
  }
  ask(*echo, std::move(*request));
}

void Pipe::ask(std::string echo, HolderRequest request) {
  request.id = ++last_;
  request.accept_new = request.accept_new || options_.accept_new;
  request.again = false;
  const std::string line = holder_request_line(request);
  open_.emplace(last_, Open{std::move(echo), std::move(request)});
  edge_->say(line);
}

// --- output to the caller -------------------------------------------------------------------------------

// Answers begin with {"id":N; the caller's id replaces N.
void Pipe::answer(std::string line) {
  std::string parse = line;
  const auto parsed = tape_.parse(parse);
  if (!parsed || edge_ == nullptr) return;
  if (parsed->get("event")) {
    print(line);
    return;
  }
  const auto id = parsed->get_number("id");
  if (!id) return edge_->finish(Exit::failure, std::string(parsed->get_string("error").value_or("")));
  const auto at = open_.find(*id);
  if (at == open_.end()) return;
  const auto begin = fmt::format("{{\"id\":{},", *id);
  const auto rest = line.starts_with(begin) ? line.substr(begin.size()) : line.substr(1);
  const bool given_up = giving_up_ && parsed->get("error");
  const std::string echo = at->second.echo;
  if (const auto row = parsed->get("row"); !row)
    open_.erase(at);
  else if (row->get_string("delivery") == delivery_word(Delivery::mailed))
    at->second.mailed = true;
  const bool printed = given_up ? complain(echo, Trouble::timed_out, "timed out: the delivery was not proved")
                                : print("{" + (echo.empty() ? "" : "\"id\":" + echo + ",") + rest);
  if (printed) go_on();
}

bool Pipe::print(const std::string& line) {
  return edge_->print(ascii_json(line) + "\n");
}

bool Pipe::complain(const std::string& echo, Trouble trouble, std::string_view words) {
  auto line = holder_error_line(std::nullopt, trouble, words);
  line.pop_back();
  return print("{" + (echo.empty() ? "" : "\"id\":" + echo + ",") + line.substr(1));
}

// Each unsettled text fails, which answers its request, unless the relay keeps it.
void Pipe::give_up() {
  if (edge_ == nullptr) return;
  giving_up_ = true;
  input_.reset();
  const auto open = open_;
  for (const auto& [id, one] : open) {
    if (one.mailed)
      complain(one.echo, Trouble::timed_out, "timed out: the relay keeps it for " + one.request.to);
    if (one.mailed || one.request.what != HolderRequest::Do::send) {
      open_.erase(id);
      continue;
    }
    HolderRequest request;
    request.id = ++last_;
    request.what = HolderRequest::Do::give_up;
    request.to = one.request.to;
    request.uid = one.request.uid;
    edge_->say(holder_request_line(request));
  }
}

}  // namespace sims::client::cli
