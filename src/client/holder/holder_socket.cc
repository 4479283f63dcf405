// HolderSocket: accepts commands of the same user, moves bytes of their sessions, and closes idle ones.
#include "client/holder/holder_socket.h"

#include <unistd.h>

#include <algorithm>

#include "client/holder/holder_path.h"

namespace sims::client {

namespace {

constexpr std::int64_t refused_ms = 60'000, look_ms = 10'000, last_word_ms = 1'000;
constexpr std::size_t max_refused = 8;  // connections at once that are told why

}  // namespace

struct HolderSocket::Connection {
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<HolderSession> session;  // null: refused, or ended
  std::int64_t active_ms = 0;              // when data last came or went
  bool ended = false;                      // the client closed its side
};

Result<std::unique_ptr<HolderSocket>> HolderSocket::open(net::Loop& loop,
                                                         const std::vector<std::string>& paths,
                                                         HolderService& service) {
  TRY_LET(at, listen_as_holder(paths));
  std::unique_ptr<HolderSocket> self(new HolderSocket(loop, at.path, service));
  auto listener =
      net::Listener::adopt(loop, at.fd, [s = self.get()](auto stream) { s->accept(std::move(stream)); });
  if (!listener) {
    ::close(at.fd);
    return fail(listener.error());
  }
  self->listener_ = std::move(*listener);
  return self;
}

HolderSocket::HolderSocket(net::Loop& loop, std::string path, HolderService& service)
    : loop_(loop), path_(std::move(path)), service_(service), idle_(loop, [this] { look_for_idle(); }) {}

HolderSocket::~HolderSocket() {
  close_door();
}

void HolderSocket::close_door() {
  if (std::exchange(listener_, nullptr)) ::unlink(path_.c_str());
}

bool HolderSocket::busy() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one.second->session && one.second->session->busy(); });
}

bool HolderSocket::refuse(net::Stream& stream) const {
  const auto say = [&](Trouble trouble, std::string_view words) {
    stream.write(holder_error_line(std::nullopt, trouble, words));
    stream.finish(last_word_ms);
    return true;
  };
  if (stream.peer_user() != ::geteuid()) return say(Trouble::failure, "this store is another user's");
  const auto served = std::count_if(connections_.begin(), connections_.end(),
                                    [](const auto& one) { return one.second->session != nullptr; });
  return static_cast<std::size_t>(served) >= max_connections &&
         say(Trouble::busy, "too many commands at once");
}

void HolderSocket::accept(std::unique_ptr<net::Stream> stream) {
  if (connections_.size() >= max_connections + max_refused) return;
  const auto number = ++last_;
  auto& c = *(connections_[number] = std::make_unique<Connection>());
  c.stream = std::move(stream);
  c.active_ms = loop_.now().steady_ms;
  if (connections_.size() == 1) idle_.start(look_ms, look_ms);
  net::Stream::Callbacks on;
  on.on_end = [this, number](const std::string& reason) { ended(number, reason.empty()); };
  on.on_read = [this, number, &c](ByteView bytes) {
    c.active_ms = loop_.now().steady_ms;
    if (c.session) c.session->received(bytes);
    pump(number);
  };
  c.stream->set_callbacks(std::move(on));
  if (refuse(*c.stream)) return;
  c.session = std::make_unique<HolderSession>(service_, [this, number] { pump(number); });
  c.stream->start();
}

// Writes the session's output, and may end the connection.
void HolderSocket::pump(std::uint64_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end() || !at->second->session) return;
  auto& c = *at->second;
  if (const auto out = c.session->take_output(); !out.empty()) {
    c.stream->write(out);
    c.active_ms = loop_.now().steady_ms;
  }
  const bool deaf = c.stream->queued() > max_queued;
  const bool done = c.ended && !c.session->busy() && c.stream->queued() == 0;
  if (deaf || (done && !c.session->over())) {
    connections_.erase(at);
  } else if (c.session->over()) {
    c.session.reset();
    c.stream->finish(last_word_ms);
  }
}

// The client was killed: its texts stay queued, and nobody waits for the delivery.
void HolderSocket::ended(std::uint64_t number, bool orderly) {
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  if (!orderly || !at->second->session) {
    connections_.erase(at);
    return;
  }
  at->second->ended = true;
  pump(number);
}

void HolderSocket::look_for_idle() {
  const auto now = loop_.now().steady_ms;
  std::erase_if(connections_, [&](auto& one) {
    auto& c = *one.second;
    if (c.session && (c.session->busy() || c.session->watching())) c.active_ms = now;
    return now - c.active_ms >= (c.session ? c.session->idle_limit_ms() : refused_ms);
  });
  if (connections_.empty()) idle_.stop();
}

}  // namespace sims::client
