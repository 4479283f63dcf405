// EvilServer: accepts and logs in clients, and writes messages of the test to them.
#include "term/evil_server.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "base/clock.h"
#include "proto/wire/encode.h"

namespace sims::test {
namespace {

void watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

EvilServer::EvilServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("no listener");
  port_ = ::ntohs(at.sin_port);
  poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  watch(poll_, listener_);
}

EvilServer::~EvilServer() {
  hang_up();
  ::close(listener_);
  ::close(poll_);
}

proto::Id EvilServer::some_id() {
  return proto::Id::of(crypto::SigningKey::generate(crypto::system_rng()).public_key());
}

void EvilServer::hang_up() {
  if (connection_ >= 0) ::close(connection_);
  connection_ = -1;
  transport_.reset();
}

void EvilServer::serve() {
  accept();
  read();
}

void EvilServer::accept() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  hang_up();
  connection_ = fd;
  watch(poll_, fd);
  ++logins_;
  proto::HandshakeOptions options;
  options.role = proto::Role::responder;
  options.identity = &identity_;
  options.name = "evil";
  options.suites = crypto::default_suites();
  transport_ = std::make_unique<proto::Transport>(std::move(options), crypto::fresh_ephemerals());
}

void EvilServer::read() {
  std::array<std::uint8_t, 65'536> room;
  using Kind = proto::Transport::Event::Kind;
  while (connection_ >= 0) {
    const ssize_t n = ::recv(connection_, room.data(), room.size(), 0);
    if (n < 0) return;
    if (n == 0) return hang_up();
    if (!refusal.empty()) {
      write(refusal + "\n");
      return hang_up();
    }
    ByteView input(room.data(), static_cast<std::size_t>(n));
    std::string out;
    std::vector<std::string> messages;
    for (;;) {
      auto event = transport_->poll(input, scratch_, read_clocks(), out);
      if (event.kind == Kind::need_input || event.kind == Kind::failed) break;
      if (event.kind == Kind::message) messages.emplace_back(event.message);
      if (event.kind != Kind::work) continue;
      event.work->run();
      transport_->complete(std::move(event.work), read_clocks(), out);
    }
    write(out);
    for (const auto& message : messages)
      answer(message);
  }
}

void EvilServer::answer(std::string_view message) {
  if (message.find("\"type\":\"list\"") == std::string_view::npos) return;
  proto::List list;
  list.data = listed;
  give(proto::encode(list));
}

void EvilServer::give(const std::string& message) {
  if (!connected()) return;
  std::string out;
  transport_->send(message, read_clocks(), out);
  write(out);
}

void EvilServer::write(const std::string& bytes) {
  if (connection_ >= 0 && !bytes.empty())
    static_cast<void>(::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace sims::test
