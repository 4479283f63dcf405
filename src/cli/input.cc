// Input: the thread that reads standard input, and the hand-over of a piece to the loop.
#include "cli/input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace sims::client::cli {

namespace {
constexpr std::size_t max_piece = 64 * 1024;
}

struct Input::State {
  explicit State(std::function<void(std::string)> f) : on_piece(std::move(f)) {}
  ~State() { ::close(wake); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Runs on a worker thread. Empty: the end of the input, or the input object died.
  void read() {
    piece.resize(max_piece);
    ssize_t size = -1;
    pollfd ends[] = {{STDIN_FILENO, POLLIN, 0}, {wake, POLLIN, 0}};
    do {
      if (::poll(ends, 2, -1) < 0 && errno != EINTR) break;
      if ((ends[1].revents & POLLIN) != 0) break;
      if (ends[0].revents != 0) size = ::read(STDIN_FILENO, piece.data(), piece.size());
    } while (size < 0 && (errno == EINTR || errno == EAGAIN));
    piece.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  }

  std::function<void(std::string)> on_piece;  // empty: the input object died
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  std::string piece;
  bool reading = false;
};

Input::Input(net::Loop& loop, std::function<void(std::string)> on_piece)
    : loop_(loop), state_(std::make_shared<State>(std::move(on_piece))) {}

Input::~Input() {
  state_->on_piece = nullptr;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(state_->wake, &one, sizeof one));
}

void Input::next() {
  if (std::exchange(state_->reading, true)) return;
  loop_.work([state = state_] { state->read(); },
             [state = state_] {
               state->reading = false;
               if (const auto call = state->on_piece) call(std::move(state->piece));  // a copy: it may die
             });
}

}  // namespace sims::client::cli
