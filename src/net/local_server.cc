// LocalServer: the connections of a Unix socket, from accept to close.
#include "net/local_server.h"

#include <unistd.h>

#include <algorithm>

namespace sims::net {

namespace {

constexpr std::int64_t minute_ms = 60'000, look_ms = 10'000, last_word_ms = 1'000;
constexpr std::size_t max_refused = 8;  // connections at once that are told why

}  // namespace

std::int64_t LocalSession::idle_limit_ms() const {
  return minute_ms;
}

struct LocalServer::Connection {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<LocalSession> session;  // null: refused, or it has given its last output
  std::int64_t active_ms = 0;             // steady; when bytes were last received or sent
  std::size_t queued = 0;                 // bytes, at that time
  bool ended = false;                     // the other side has closed its direction
};

Result<std::unique_ptr<LocalServer>> LocalServer::serve(Loop& loop, std::string path, int fd,
                                                        LocalService& service) {
  std::unique_ptr<LocalServer> self(new LocalServer(loop, std::move(path), service));
  auto listener = Listener::adopt(loop, fd, [s = self.get()](auto stream) { s->accept(std::move(stream)); });
  if (!listener) {
    ::close(fd);
    ::unlink(self->path_.c_str());
    return fail(listener.error());
  }
  self->listener_ = std::move(*listener);
  return self;
}

LocalServer::LocalServer(Loop& loop, std::string path, LocalService& service)
    : loop_(loop), path_(std::move(path)), service_(service), idle_(loop, [this] { look_for_idle(); }) {}

LocalServer::~LocalServer() {
  close_door();
}

void LocalServer::close_door() {
  if (std::exchange(listener_, nullptr)) ::unlink(path_.c_str());
}

bool LocalServer::busy() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one.second->session && one.second->session->busy(); });
}

std::string LocalServer::refusal(const Stream& stream) const {
  if (!service_.serves(stream.peer_user())) return service_.refuse_user();
  const auto served = std::count_if(connections_.begin(), connections_.end(),
                                    [](const auto& one) { return one.second->session != nullptr; });
  return static_cast<std::size_t>(served) < service_.limits().sessions ? std::string()
                                                                       : service_.refuse_another();
}

void LocalServer::accept(std::unique_ptr<Stream> stream) {
  if (connections_.size() >= service_.limits().sessions + max_refused) return;
  const auto why = refusal(*stream);
  const auto number = ++last_;
  auto& c = *(connections_[number] = std::make_unique<Connection>());
  c.stream = std::move(stream);
  c.active_ms = loop_.now().steady_ms;
  if (connections_.size() == 1) idle_.start(look_ms, look_ms);
  Stream::Callbacks on;
  on.on_end = [this, number](const std::string& reason) { ended(number, reason.empty()); };
  on.on_read = [this, number, &c](ByteView bytes) {
    c.active_ms = loop_.now().steady_ms;
    if (c.session) c.session->received(bytes);
    pump(number);
  };
  on.on_drain = [this, number, &c] {
    if (c.session) c.session->set_output_blocked(false);
    pump(number);
  };
  c.stream->set_callbacks(std::move(on));
  if (!why.empty()) {
    c.stream->write(why);
    return c.stream->finish(last_word_ms);
  }
  c.session = service_.start_session([this, number] { pump(number); });
  c.stream->start();
}

// Writes the session's output, and may end the connection.
void LocalServer::pump(std::uint64_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end() || !at->second->session) return;
  auto& c = *at->second;
  for (auto out = c.session->take_output(); !out.empty(); out = c.session->take_output()) {
    c.stream->write(out);
    c.active_ms = loop_.now().steady_ms;
    c.session->set_output_blocked(c.stream->queued() > 0);
  }
  c.queued = c.stream->queued();
  const bool deaf = c.queued > service_.limits().unread;
  const bool done = c.ended && c.queued == 0 && !c.session->busy();
  if (deaf || (done && !c.session->finished())) {
    connections_.erase(at);
  } else if (c.session->finished()) {
    c.session.reset();
    c.stream->finish(last_word_ms);
  }
}

// A program that has sent its request and closed only its direction still gets the answer. One that was killed leaves
// nobody who waits for it.
void LocalServer::ended(std::uint64_t number, bool orderly) {
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  if (!orderly || !at->second->session) {
    connections_.erase(at);
    return;
  }
  at->second->ended = true;
  pump(number);
}

void LocalServer::look_for_idle() {
  const auto now = loop_.now().steady_ms;
  std::erase_if(connections_, [&](auto& one) {
    auto& c = *one.second;
    const auto queued = c.stream->queued();
    if ((c.session && !c.session->idle()) || queued != c.queued) c.active_ms = now;
    c.queued = queued;
    return now - c.active_ms >= (c.session ? c.session->idle_limit_ms() : minute_ms);
  });
  if (connections_.empty()) idle_.stop();
}

}  // namespace sims::net
