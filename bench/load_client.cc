// Loop and Client: sockets in epoll, the login, and messages through the protocol library.
#include "load_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::bench {

namespace {

constexpr int events_a_pass = 16;  // few, so that the generator and the server overlap

proto::HandshakeOptions options_of(const crypto::SigningKey& identity, const std::string& name,
                                   const crypto::Suite& suite) {
  proto::HandshakeOptions options;
  options.identity = &identity;
  options.name = name;
  options.suites = {&suite};
  options.accept_unknown = true;
  return options;
}

// recv() that also returns when the last byte arrived.
ssize_t receive(int fd, MutableBytes room, std::int64_t& arrived_ns) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec part{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(fd, &message, 0);
  const cmsghdr* header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_TIMESTAMPNS) {
    timespec t{};
    std::memcpy(&t, CMSG_DATA(header), sizeof t);
    arrived_ns = t.tv_sec * 1'000'000'000 + t.tv_nsec;
  } else {
    arrived_ns = wall_ns();
  }
  return size;
}

bool is(std::string_view plaintext, std::string_view type) {
  constexpr std::string_view before = R"({"type":")";
  return plaintext.starts_with(before) && plaintext.substr(before.size()).starts_with(type);
}

// The number that ends an ack.
std::uint64_t ack_of(std::string_view plaintext) {
  return std::strtoull(std::string(plaintext.substr(plaintext.rfind(':') + 1)).c_str(), nullptr, 10);
}

}  // namespace

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

std::int64_t wall_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

void die(const std::string& why) {
  std::fprintf(stderr, "simsbench: %s\n", why.c_str());
  std::exit(1);
}

sockaddr_in parse_address(const std::string& host_port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  const auto colon = host_port.rfind(':');
  const auto host = host_port.substr(0, colon);
  const long port = colon == host_port.npos ? 7'467 : std::strtol(host_port.c_str() + colon + 1, nullptr, 10);
  if (inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1 || port < 1 || port > 65'535)
    die("the server is a numeric IPv4 address and a port, as 127.0.0.1:7467");
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  return out;
}

// --- the loop ------------------------------------------------------------------------------------

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
Loop::~Loop() {
  ::close(epoll_);
}

void Loop::pass(std::int64_t until_ns) {
  now_ = read_clocks();
  flush();  // output sent between two passes does not wait for events
  std::int64_t wait_ns = until_ns - now_ns();
  if (!owing_.empty()) wait_ns = std::min(wait_ns, (owing_.front().first - now_.steady_ms) * 1'000'000);
  timespec wait{};
  if (wait_ns > 0) wait = {wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  epoll_event events[events_a_pass];
  const int count = epoll_pwait2(epoll_, events, events_a_pass, &wait, nullptr);
  now_ = read_clocks();
  for (int i = 0; i < count; ++i)
    static_cast<Client*>(events[i].data.ptr)->ready(events[i].events);
  while (!owing_.empty() && owing_.front().first <= now_.steady_ms) {
    owing_.front().second->flush_ack();
    owing_.pop_front();
  }
  flush();
}

void Loop::flush() {
  for (Client* client : dirty_)
    client->flush();
  dirty_.clear();
}

void Loop::owe(Client& client) {
  if (client.owes_) return;
  client.owes_ = true;
  owing_.emplace_back(now_.steady_ms + proto::ack_delay_ms, &client);
}

// --- a client ------------------------------------------------------------------------------------

Client::Client(Loop& loop, const Handlers& handlers, const crypto::SigningKey& identity, std::string name,
               const crypto::Suite& suite, crypto::EphemeralSource& ephemerals)
    : loop_(loop),
      handlers_(handlers),
      id_(proto::Id::of(identity.public_key())),
      name_(std::move(name)),
      transport_(options_of(identity, name_, suite), ephemerals) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
  std::erase(loop_.dirty_, this);
  std::erase_if(loop_.owing_, [this](const auto& owed) { return owed.second == this; });
}

void Client::connect(const sockaddr_in& to) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) die(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  const auto& from = loop_.from_;
  if (from && ::bind(fd_, reinterpret_cast<const sockaddr*>(&*from), sizeof *from) != 0)
    die(std::string("bind: ") + std::strerror(errno));
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    return fail(std::string("connect: ") + std::strerror(errno));
  connecting_ = wants_room_ = true;
  epoll_event event{EPOLLIN | EPOLLOUT, {this}};
  epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, fd_, &event);
  transport_.start(out_);
}

void Client::send(std::string_view plaintext) {
  transport_.send(plaintext, loop_.now_, out_);
  mark();
}

void Client::finish() {
  send(encode(proto::Disconnect{name_, transport_.sent()}));
  finishing_ = true;
}

void Client::ready(std::uint32_t events) {
  if (fd_ < 0) return;
  if (connecting_) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::string("connect: ") + std::strerror(error));
    connecting_ = false;
  }
  if ((events & EPOLLOUT) != 0) mark();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  static thread_local std::uint8_t buffer[65'536];
  const ssize_t size = receive(fd_, buffer, arrived_ns_);
  if (size > 0) return read(ByteView(buffer, static_cast<std::size_t>(size)));
  if (size < 0 && errno == EAGAIN) return;
  if (!finishing_ && !handlers_.ended) return fail("the server ended the connection");
  end();
}

void Client::read(ByteView bytes) {
  using Kind = proto::Transport::Event::Kind;
  if (counting_ && transport_.connected()) return;
  const bool was_connected = transport_.connected();
  for (;;) {
    auto event = transport_.poll(bytes, loop_.scratch_, loop_.now_, out_);
    if (event.kind == Kind::need_input) break;
    if (event.kind == Kind::work) {
      event.work->run();
      event = transport_.complete(std::move(event.work), loop_.now_, out_);
    }
    if (event.kind == Kind::failed) return fail(event.failure.detail);
    if (event.kind == Kind::message) take(event.message);
  }
  if (acks_at_once_ && transport_.connected()) transport_.flush_ack(loop_.now_, out_);
  mark();
  if (!was_connected && transport_.connected()) handlers_.connected(*this);
}

void Client::take(std::string_view plaintext) {
  if (is(plaintext, "ack\",\"name")) {
    if (handlers_.acked) handlers_.acked(*this, ack_of(plaintext));
    return;
  }
  transport_.owe_ack();
  loop_.owe(*this);
  if (is(plaintext, "error") && handlers_.error) return handlers_.error(*this, plaintext);
  if (is(plaintext, "error") && handlers_.lost) return;  // it ends the connection, or is harmless
  if (is(plaintext, "error")) die(name_ + ": " + std::string(plaintext));
  if (is(plaintext, "list") || is(plaintext, "ping") || is(plaintext, "prekeys\"")) return;
  handlers_.message(*this, plaintext);
}

void Client::flush_ack() {
  owes_ = false;
  if (fd_ < 0 || !transport_.connected()) return;
  transport_.flush_ack(loop_.now_, out_);
  mark();
}

void Client::mark() {
  if (dirty_ || connecting_ || out_.empty()) return;
  dirty_ = true;
  loop_.dirty_.push_back(this);
}

void Client::flush() {
  dirty_ = false;
  if (fd_ < 0) return;
  if (handlers_.leaving) handlers_.leaving(*this);
  const ssize_t size = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (size == static_cast<ssize_t>(out_.size())) {
    out_.clear();
    want_room(false);
    if (finishing_) shutdown(fd_, SHUT_WR);
    return;
  }
  if (size < 0 && errno != EAGAIN) return handlers_.lost ? fail("the connection broke") : end();
  if (size > 0) out_.erase(0, static_cast<std::size_t>(size));
  want_room(true);
}

void Client::stall() {
  stalled_ = true;
  wants_room_ = !wants_room_;
  want_room(!wants_room_);
}

void Client::want_room(bool on) {
  if (wants_room_ == on) return;
  wants_room_ = on;
  epoll_event event{(stalled_ ? 0U : EPOLLIN) | (on ? EPOLLOUT : 0U), {this}};
  epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd_, &event);
}

void Client::end() {
  ::close(fd_);
  fd_ = -1;
  if (handlers_.ended) handlers_.ended(*this);
}

void Client::fail(const std::string& why) {
  if (!handlers_.lost) die(name_ + ": " + why);
  ::close(fd_);
  fd_ = -1;
  handlers_.lost(*this, why);
}

}  // namespace sims::bench
