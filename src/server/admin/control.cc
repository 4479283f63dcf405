// ControlSession: cuts requests out of the bytes, runs one at a time, and queues the answers.
#include "server/admin/control.h"

#include <cassert>

#include "proto/wire/json.h"
#include "server/admin/requests.h"

namespace sims::server {

struct ControlSession::State : std::enable_shared_from_this<State> {
  Operations& operations;
  std::function<std::uint64_t()> unix_s;
  std::function<void()> on_output;
  std::string input, output;
  proto::JsonTape tape;
  bool busy = false, output_blocked = false, finished = false;
  bool inside = false;  // in one of the session's own functions

  State(Operations& o, std::function<std::uint64_t()> u, std::function<void()> f)
      : operations(o), unix_s(std::move(u)), on_output(std::move(f)) {}

  void end(std::string_view why) {
    output += control_error(why);
    finished = true;
    input.clear();
  }
  void answer_requests();
  void answer(std::string line);
  void answered(std::string lines);
};

void ControlSession::State::answer_requests() {
  inside = true;
  while (!finished && !busy && !output_blocked && output.size() < output_enough) {
    const auto size = input.find('\n');
    if (size == input.npos) break;
    if (size > max_request) {
      end("a request has at most 4096 bytes");
      break;
    }
    std::string line = input.substr(0, size);
    input.erase(0, size + 1);
    answer(std::move(line));
  }
  if (!finished && input.size() > max_request)
    end(busy || output_blocked || input.find('\n') != input.npos ? "too many requests at once"
                                                                 : "a request has at most 4096 bytes");
  inside = false;
}

void ControlSession::State::answer(std::string line) {
  const auto request = tape.parse(line);
  if (!request) return end("not a request: " + request.error().detail);
  busy = true;
  run_request(operations, *request, unix_s(), [weak = weak_from_this()](std::string lines) {
    if (const auto state = weak.lock()) state->answered(std::move(lines));
  });
}

void ControlSession::State::answered(std::string lines) {
  assert(busy);
  busy = false;
  output += lines;
  if (inside) return;
  const auto keep = shared_from_this();  // on_output may end the session
  answer_requests();
  if (const auto call = on_output) call();  // a copy: it may die
}

ControlSession::ControlSession(Operations& operations, std::function<std::uint64_t()> unix_s,
                               std::function<void()> on_output)
    : state_(std::make_shared<State>(operations, std::move(unix_s), std::move(on_output))) {}

ControlSession::~ControlSession() {
  state_->on_output = nullptr;
}

void ControlSession::received(ByteView bytes) {
  if (state_->finished) return;
  state_->input += text_of(bytes);
  state_->answer_requests();
}

void ControlSession::set_output_blocked(bool blocked) {
  state_->output_blocked = blocked;
  state_->answer_requests();
}

std::string ControlSession::take_output() {
  return std::exchange(state_->output, {});
}

bool ControlSession::busy() const {
  return state_->busy;
}

bool ControlSession::finished() const {
  return state_->finished;
}

}  // namespace sims::server
