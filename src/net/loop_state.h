// The inside of a Loop, and the closing of handles. Private to src/net.
#pragma once

#include <uv.h>

#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "net/loop.h"
#include "net/workers.h"

namespace sims::net {

struct Loop::State {
  uv_loop_t loop;
  uv_prepare_t before_poll;  // runs at_turn_end's functions from timers
  uv_check_t after_poll;     // and those from I/O
  uv_idle_t not_idle;        // active while some of them are left for the next turn
  uv_poll_t wake;            // of wake_fd, an eventfd that post() writes to
  int wake_fd = -1;
  bool stopping = false;
  std::uint64_t turn = 1;
  std::vector<std::function<void()>> turn_end, turn_end_now;  // waiting, and running
  std::mutex posted_mutex;
  std::vector<std::function<void()>> posted;
  std::size_t jobs = 0;                      // given to workers, whose `done` has not run yet
  std::optional<Workers> workers, in_order;  // in_order: one thread
  // Listeners that wait for a descriptor. They resume as soon as a stream closes its own.
  struct Starved {
    uv_timer_t* pause;
    uv_timer_cb resume;
  };
  std::vector<Starved> starved;
  std::optional<Now> now;  // read at the first use in each phase of a turn
  // One for all streams: a read callback is done with it before the next read.
  std::array<char, 65'536> read_buffer;

  static State& of(const void* handle) {
    return *static_cast<State*>(static_cast<const uv_handle_t*>(handle)->loop->data);
  }
  void run_turn_end() noexcept;
  void run_posted() noexcept;
  void post(std::function<void()> f);
  void work(Workers& by, std::function<void()> job, std::function<void()> done);
  void descriptor_free();
};

// Closes a handle that is the member `handle` of a heap box; libuv's close callback deletes the
// box. The owner forgets the box; callbacks that are still running may use it until they return to
// libuv.
template <class Box>
void abandon(Box* box) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&box->handle);
  handle->data = box;
  if (!uv_is_closing(handle)) uv_close(handle, [](uv_handle_t* h) { delete static_cast<Box*>(h->data); });
}

inline std::string words(int uv_error) {
  return uv_strerror(uv_error);
}

}  // namespace sims::net
