// A stream over libuv: reading, queued writes, and an orderly close.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "net/stream_box.h"
#include "net/unix_socket.h"

namespace sims::net {

namespace {

constexpr std::int64_t last_word_ms = 2'000;  // how long to wait for the other side to close after us

// Owns its bytes until libuv has written them.
struct WriteRequest {
  uv_write_t request;
  Stream::Box* box;
  std::string bytes;
};

template <class Handle>
uv_handle_t* as_handle(Handle* h) {
  return reinterpret_cast<uv_handle_t*>(h);
}
template <class Handle>
uv_stream_t* as_stream(Handle* h) {
  return reinterpret_cast<uv_stream_t*>(h);
}

}  // namespace

std::string numeric_address(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    uv_ip4_name(reinterpret_cast<const sockaddr_in*>(address), text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
      uv_inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, text, sizeof text);
    } else {
      uv_ip6_name(six, text, sizeof text);
    }
  }
  return text;
}

std::uint16_t port_of(const sockaddr* address) {
  return ntohs(address->sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(address)->sin6_port
                                              : reinterpret_cast<const sockaddr_in*>(address)->sin_port);
}

Stream::Box* Stream::Box::make(Loop::State& loop) {
  auto* box = new Box{};
  uv_tcp_init(&loop.loop, &box->tcp);  // opens no socket yet: cannot fail
  uv_timer_init(&loop.loop, &box->limit);
  box->tcp.data = box->limit.data = box;
  return box;
}

bool Stream::Box::connected() {
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getpeername(&tcp, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  peer = numeric_address(reinterpret_cast<const sockaddr*>(&address));
  uv_tcp_nodelay(&tcp, 1);
  return true;
}

void Stream::Box::close_handles() {
  if (uv_is_closing(as_handle(&tcp))) return;
  auto closed = [](uv_handle_t* h) { static_cast<Box*>(h->data)->drop_holder(); };
  uv_close(as_handle(&tcp), closed);  // closes its descriptor at once
  uv_close(as_handle(&limit), closed);
  Loop::State::of(&tcp).descriptor_free();
}

void Stream::Box::drop_holder() {
  if (--holders == 0) delete this;
}

void Stream::Box::close() {
  end_reported = true;
  close_handles();
}

void Stream::Box::release() {
  close();
  drop_holder();
}

void Stream::Box::end(const std::string& reason) noexcept {
  read_ended = true;
  reading = false;
  if (!uv_is_closing(as_handle(&tcp))) uv_read_stop(as_stream(&tcp));
  if (finishing) close_handles();
  if (!std::exchange(end_reported, true) && callbacks.on_end) callbacks.on_end(reason);
}

void Stream::Box::start_limit(std::int64_t ms) {
  uv_update_time(limit.loop);
  uv_timer_start(
      &limit,
      [](uv_timer_t* t) noexcept {
        auto* box = static_cast<Box*>(t->data);
        box->end(box->broken.empty() ? "timed out" : box->broken);
      },
      static_cast<std::uint64_t>(ms < 0 ? 0 : ms), 0);
}

void Stream::Box::end_soon(int status) {
  broken = words(status);
  start_limit(0);
}

void Stream::Box::read(ssize_t size, const uv_buf_t* buffer) noexcept {
  if (size == 0 || size == UV_ENOBUFS) return;  // EAGAIN, or enough for this turn: not the end
  if (size > 0) {
    if (!finishing && callbacks.on_read) {
      callbacks.on_read(
          {reinterpret_cast<const std::uint8_t*>(buffer->base), static_cast<std::size_t>(size)});
    }
    return;
  }
  if (size != UV_EOF) return end(words(static_cast<int>(size)));
  if (finishing && !shut) {  // half closed by the other side: send the queued bytes first
    read_ended = true;
    reading = false;
    uv_read_stop(as_stream(&tcp));
    return;
  }
  end("");
}

void Stream::Box::queue(std::string bytes) {
  std::size_t size = bytes.size();
  auto* w = new WriteRequest{{}, this, std::move(bytes)};
  w->request.data = w;
  uv_buf_t buffer = uv_buf_init(w->bytes.data(), static_cast<unsigned>(size));
  int status = uv_write(&w->request, as_stream(&tcp), &buffer, 1, [](uv_write_t* r, int result) noexcept {
    std::unique_ptr<WriteRequest> done(static_cast<WriteRequest*>(r->data));
    done->box->wrote(done->bytes.size(), result);
  });
  if (status == 0) {
    queued += size;
    return;
  }
  delete w;  // libuv did not take it
  end_soon(status);
}

void Stream::Box::wrote(std::size_t size, int status) noexcept {
  queued -= size;
  if (uv_is_closing(as_handle(&tcp))) return;
  if (status != 0) return end(words(status));
  if (queued == 0 && !finishing && callbacks.on_drain) callbacks.on_drain();
}

// libuv shuts down after all queued bytes were written. Closing then, with input unread, would make
// the kernel send a reset, which can destroy bytes that the other side has not read yet. So wait
// for the other side to close too, for a moment and within the limit.
void Stream::Box::shut_down() {
  auto* r = new uv_shutdown_t{};
  r->data = this;
  int status = uv_shutdown(r, as_stream(&tcp), [](uv_shutdown_t* request, int result) noexcept {
    std::unique_ptr<uv_shutdown_t> done(request);
    auto* box = static_cast<Box*>(done->data);
    if (uv_is_closing(as_handle(&box->tcp))) return;
    box->shut = true;
    if (result != 0) return box->end(words(result));
    if (box->read_ended) return box->end("");
    box->start_limit(std::min(last_word_ms, static_cast<std::int64_t>(uv_timer_get_due_in(&box->limit))));
  });
  if (status == 0) return;
  delete r;  // not connected any more
  end_soon(status);
}

Result<std::unique_ptr<Stream>> Stream::adopt(Loop& loop, int fd) {
  Box* box = Box::make(*static_cast<Loop::State*>(loop.uv()->data));
  int status = uv_tcp_open(&box->tcp, fd);
  if (status == 0) {
    box->connected();
    return std::unique_ptr<Stream>(new Stream(box));
  }
  box->release();
  return fail(words(status));
}

Stream::Stream(Box* box) : box_(box) {}

Stream::~Stream() {
  box_->release();
}

void Stream::set_callbacks(Callbacks callbacks) {
  box_->callbacks = std::move(callbacks);
}

void Stream::start() {
  if (box_->reading || box_->read_ended || uv_is_closing(as_handle(&box_->tcp))) return;
  box_->reading = true;
  int status = uv_read_start(
      as_stream(&box_->tcp),
      [](uv_handle_t* h, std::size_t, uv_buf_t* buffer) noexcept {
        auto& loop = Loop::State::of(h);
        auto* box = static_cast<Box*>(h->data);
        // libuv would read on, up to 32 times, while there is input.
        const bool enough = std::exchange(box->read_turn, loop.turn) == loop.turn;
        *buffer = uv_buf_init(loop.read_buffer.data(), enough ? 0 : static_cast<unsigned>(box->read_size));
      },
      [](uv_stream_t* s, ssize_t size, const uv_buf_t* buffer) noexcept {
        static_cast<Box*>(s->data)->read(size, buffer);
      });
  if (status != 0) box_->end_soon(status);
}

void Stream::set_read_size(std::size_t bytes) {
  box_->read_size = std::min(bytes, Loop::State::of(&box_->tcp).read_buffer.size());
}

void Stream::write(std::string_view bytes) {
  if (bytes.empty() || box_->finishing || uv_is_closing(as_handle(&box_->tcp))) return;
  if (box_->queued == 0) {
    uv_buf_t buffer = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
    int written = uv_try_write(as_stream(&box_->tcp), &buffer, 1);
    if (written == static_cast<int>(bytes.size())) return;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    // An error other than EAGAIN comes back through the queued write, outside of this call.
  }
  box_->queue(std::string(bytes));
}

std::size_t Stream::queued() const {
  return box_->queued;
}

void Stream::finish(std::int64_t limit_ms) {
  if (box_->finishing || uv_is_closing(as_handle(&box_->tcp))) return;
  start();
  box_->finishing = true;
  box_->start_limit(limit_ms);
  box_->shut_down();
}

void Stream::close() {
  box_->close();
}

const std::string& Stream::peer_address() const {
  return box_->peer;
}

std::optional<std::uint32_t> Stream::peer_user() const {
  uv_os_fd_t fd = -1;
  if (uv_fileno(as_handle(&box_->tcp), &fd) != 0) return std::nullopt;
  return user_of_peer(fd);
}

}  // namespace sims::net
