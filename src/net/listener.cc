// Polls the listening socket and accepts itself, instead of uv_listen(). Without free descriptors
// (EMFILE), uv_listen would drop the callers or spin. This code leaves them in the kernel's backlog
// until a stream of this loop closes its descriptor; it notices other freed descriptors after a
// pause.
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/listener.h"
#include "net/stream_box.h"

namespace sims::net {

namespace {

constexpr int backlog = 511;
constexpr int accepts_per_turn = 64;     // so that a flood of callers leaves time for other events
constexpr std::uint64_t pause_ms = 100;  // after EMFILE and its like

Result<int> open_listening(const addrinfo& at) {
  int fd = socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(std::string(std::strerror(errno)));
  int on = 1;
  bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
            (at.ai_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
            bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, backlog) == 0;
  if (ok) return fd;
  std::string why = std::strerror(errno);
  ::close(fd);
  return fail(why);
}

}  // namespace

struct Listener::Box {
  uv_poll_t poll;
  uv_timer_t pause;
  int open_handles = 2;
  int fd = -1;
  std::uint64_t pauses = 0;
  std::function<void(std::unique_ptr<Stream>)> on_accept;

  static Result<Box*> make(Loop& loop, int fd, std::function<void(std::unique_ptr<Stream>)> on_accept);
  bool closing() const { return uv_is_closing(reinterpret_cast<const uv_handle_t*>(&poll)) != 0; }
  void wait();
  void accept_all() noexcept;
  void starve();
  void forget_starved();
  bool take(int accepted);
  void release();
};

Result<Listener::Box*> Listener::Box::make(Loop& loop, int fd,
                                           std::function<void(std::unique_ptr<Stream>)> on_accept) {
  auto* box = new Box{{}, {}, 2, fd, 0, std::move(on_accept)};
  int status = uv_poll_init(loop.uv(), &box->poll, fd);
  if (status != 0) {  // the poll handle was not initialised: nothing to close
    delete box;
    return fail(words(status));
  }
  uv_timer_init(loop.uv(), &box->pause);
  box->poll.data = box->pause.data = box;
  box->wait();
  return box;
}

void Listener::Box::wait() {
  uv_poll_start(&poll, UV_READABLE,
                [](uv_poll_t* p, int, int) noexcept { static_cast<Box*>(p->data)->accept_all(); });
}

void Listener::Box::accept_all() noexcept {
  for (int i = 0; i < accepts_per_turn && !closing(); ++i) {
    int accepted = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      if (!take(accepted)) ::close(accepted);
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == ECONNABORTED || errno == EPROTO || errno == EINTR) continue;  // only that caller failed
    return starve();
  }
}

// Pauses when there are no descriptors or no memory: the socket would be readable again at once.
void Listener::Box::starve() {
  const auto resume = [](uv_timer_t* t) noexcept {
    auto* box = static_cast<Box*>(t->data);
    box->forget_starved();
    box->wait();
  };
  ++pauses;
  uv_poll_stop(&poll);
  uv_timer_start(&pause, resume, pause_ms, 0);
  Loop::State::of(&poll).starved.push_back({&pause, resume});
}

void Listener::Box::forget_starved() {
  std::erase_if(Loop::State::of(&poll).starved, [&](const auto& s) { return s.pause == &pause; });
}

// Makes a stream of it. False: that failed, and the caller closes the descriptor.
bool Listener::Box::take(int accepted) {
  Stream::Box* box = Stream::Box::make(Loop::State::of(&poll));
  if (uv_tcp_open(&box->tcp, accepted) != 0) {
    box->release();
    return false;
  }
  if (!box->connected()) {
    box->release();  // it has disconnected already
    return true;
  }
  on_accept(std::unique_ptr<Stream>(new Stream(box)));
  return true;
}

void Listener::Box::release() {
  forget_starved();
  auto closed = [](uv_handle_t* h) {
    auto* box = static_cast<Box*>(h->data);
    if (--box->open_handles == 0) delete box;
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&pause), closed);
  ::close(fd);  // uv_close() has taken it off the poll set
  fd = -1;
}

Result<int> Listener::open(const Endpoint& at) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST;  // gives one address, and never asks a resolver
  addrinfo* found = nullptr;
  const auto port = std::to_string(at.port);
  const auto why = "cannot listen on " + at.str() + ": ";
  if (const int status = getaddrinfo(at.host.c_str(), port.c_str(), &hints, &found); status != 0)
    return fail(why + gai_strerror(status));
  auto fd = open_listening(*found);
  freeaddrinfo(found);
  if (!fd) return fail(why + fd.error());
  return fd;
}

Result<std::unique_ptr<Listener>> Listener::listen(Loop& loop, const Endpoint& at,
                                                   std::function<void(std::unique_ptr<Stream>)> on_accept) {
  auto fd = open(at);
  TRY(fd);
  auto listener = adopt(loop, *fd, std::move(on_accept));
  if (!listener) ::close(*fd);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::adopt(Loop& loop, int fd,
                                                  std::function<void(std::unique_ptr<Stream>)> on_accept) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) {
    return fail("not a listening socket");
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto box = Box::make(loop, fd, std::move(on_accept));
  TRY(box);
  return std::unique_ptr<Listener>(new Listener(*box));
}

Listener::Listener(Box* box) : box_(box) {}

Listener::~Listener() {
  box_->release();
}

std::uint64_t Listener::pauses() const {
  return box_->pauses;
}

Endpoint Listener::bound() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(box_->fd, plain, &size) != 0) return {};
  return {numeric_address(plain), port_of(plain)};
}

}  // namespace sims::net
