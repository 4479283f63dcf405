// Accepts simsctl's connections, checks the user of each, and closes idle ones.
#include "server/daemon/control_socket.h"

#include <unistd.h>

#include <algorithm>

#include "net/unix_socket.h"
#include "server/admin/requests.h"

namespace sims::server {

namespace {

constexpr std::int64_t idle_ms = 60'000, look_ms = 10'000, last_word_ms = 1'000;
constexpr std::size_t max_refused = 8;  // connections beyond `most` that get a refusal at the same time

}  // namespace

struct ControlSocket::Connection {
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<ControlSession> session;  // null: it was refused, or has got its last answer
  std::int64_t active_ms = 0;               // steady; when bytes were last received or sent
  std::size_t queued = 0;                   // bytes, at that time
  bool ended = false;                       // the other side has closed its direction
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(net::Loop& loop, const std::string& path,
                                                           Operations& operations) {
  const auto fd = net::listen_at_path(path);
  if (!fd) return fail("control socket: " + fd.error());
  std::unique_ptr<ControlSocket> self(new ControlSocket(loop, path, operations));
  auto listener =
      net::Listener::adopt(loop, *fd, [s = self.get()](auto stream) { s->accept(std::move(stream)); });
  if (!listener) {
    ::close(*fd);
    return fail("control socket: " + listener.error());
  }
  self->listener_ = std::move(*listener);
  return self;
}

ControlSocket::ControlSocket(net::Loop& loop, std::string path, Operations& operations)
    : loop_(loop),
      path_(std::move(path)),
      operations_(operations),
      idle_(loop, [this] { look_for_idle(); }) {}

ControlSocket::~ControlSocket() {
  ::unlink(path_.c_str());
}

std::string ControlSocket::refusal(const net::Stream& stream) const {
  const auto user = stream.peer_user();
  if (!user || (*user != 0 && *user != ::geteuid()))
    return "only root and the server's own user may use the control socket";
  const auto served = std::count_if(connections_.begin(), connections_.end(),
                                    [](const auto& c) { return c.second->session != nullptr; });
  if (static_cast<std::size_t>(served) >= max_connections)
    return "too many control connections at once; try again";
  return {};
}

void ControlSocket::accept(std::unique_ptr<net::Stream> stream) {
  if (connections_.size() >= max_connections + max_refused) return;
  const auto why = refusal(*stream);
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
  on.on_drain = [this, number, &c] {
    if (c.session) c.session->set_output_blocked(false);
    pump(number);
  };
  c.stream->set_callbacks(std::move(on));
  if (!why.empty()) {
    c.stream->write(control_error(why));
    return c.stream->finish(last_word_ms);
  }
  c.session = std::make_unique<ControlSession>(
      operations_, [this] { return loop_.now().unix_s(); }, [this, number] { pump(number); });
  c.stream->start();
}

// Writes the session's output, and may end the connection.
void ControlSocket::pump(std::uint64_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end() || !at->second->session) return;
  auto& c = *at->second;
  for (auto out = c.session->take_output(); !out.empty(); out = c.session->take_output()) {
    c.stream->write(out);
    c.active_ms = loop_.now().steady_ms;
    c.session->set_output_blocked(c.stream->queued() > 0);
  }
  c.queued = c.stream->queued();
  if (c.ended && c.queued == 0 && !c.session->busy()) {
    connections_.erase(at);
  } else if (c.session->finished()) {
    c.session.reset();
    c.stream->finish(last_word_ms);
  }
}

// A client that has sent its request and closed only its direction still gets the answer.
void ControlSocket::ended(std::uint64_t number, bool orderly) {
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  if (!orderly || !at->second->session) {
    connections_.erase(at);
    return;
  }
  at->second->ended = true;
  pump(number);
}

void ControlSocket::look_for_idle() {
  const auto now = loop_.now().steady_ms;
  for (auto at = connections_.begin(); at != connections_.end();) {
    auto& c = *at->second;
    const auto queued = c.stream->queued();
    if ((c.session && c.session->busy()) || queued != c.queued) c.active_ms = now;
    c.queued = queued;
    at = now - c.active_ms >= idle_ms ? connections_.erase(at) : std::next(at);
  }
  if (connections_.empty()) idle_.stop();
}

}  // namespace sims::server
