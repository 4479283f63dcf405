// Accepts connections for metrics on loopback, and closes each after its answer or deadline.
#include "server/daemon/metrics_socket.h"

#include "base/endpoint.h"
#include "base/text.h"
#include "server/admin/metrics_http.h"
#include "server/policy/ip_address.h"

namespace sims::server {

namespace {

constexpr std::int64_t deadline_ms = 5'000;

bool is_loopback(const std::string& host) {
  static const auto four = AddressRange::parse("127.0.0.0/8"), six = AddressRange::parse("::1");
  const auto address = Address::parse(host);
  return address && (four->contains(*address) || six->contains(*address));
}

}  // namespace

Result<Endpoint> parse_metrics_address(std::string_view text) {
  auto at = Endpoint::parse(text, default_metrics_port);
  if (!at) return fail("has a bad address \"" + escape_for_log(text) + "\": " + at.error());
  if (!is_loopback(at->host)) return fail("must be a loopback address, such as 127.0.0.1:9467 or [::1]:9467");
  return at;
}

struct MetricsSocket::Connection {
  Connection(net::Loop& loop, std::unique_ptr<net::Stream> s, std::function<void()> on_deadline)
      : stream(std::move(s)), deadline(loop, std::move(on_deadline)) {}
  std::unique_ptr<net::Stream> stream;
  MetricsHttp http;
  net::Timer deadline;
};

MetricsSocket::MetricsSocket(net::Loop& loop, Text text) : loop_(loop), text_(std::move(text)) {}
MetricsSocket::~MetricsSocket() = default;

Result<std::unique_ptr<MetricsSocket>> MetricsSocket::listen(net::Loop& loop, const Endpoint& at, Text text) {
  std::unique_ptr<MetricsSocket> self(new MetricsSocket(loop, std::move(text)));
  auto listener =
      net::Listener::listen(loop, at, [s = self.get()](auto stream) { s->accept(std::move(stream)); });
  if (!listener) return fail("metrics: " + listener.error());
  self->listener_ = std::move(*listener);
  return self;
}

Result<std::unique_ptr<MetricsSocket>> MetricsSocket::adopt(net::Loop& loop, int fd, Text text) {
  std::unique_ptr<MetricsSocket> self(new MetricsSocket(loop, std::move(text)));
  auto listener =
      net::Listener::adopt(loop, fd, [s = self.get()](auto stream) { s->accept(std::move(stream)); });
  if (!listener) return fail("metrics: " + listener.error());
  self->listener_ = std::move(*listener);
  if (!is_loopback(self->listener_->bound().host))
    return fail("metrics: the socket from systemd is not bound to a loopback address");
  return self;
}

void MetricsSocket::accept(std::unique_ptr<net::Stream> stream) {
  if (connections_.size() >= max_connections) return;
  const auto number = ++last_;
  const auto end = [this, number] { connections_.erase(number); };
  auto c = std::make_unique<Connection>(loop_, std::move(stream), end);
  net::Stream::Callbacks on;
  on.on_end = [end](const std::string&) { end(); };
  on.on_read = [this, raw = c.get()](ByteView bytes) {
    const auto answer = raw->http.received(bytes, text_);
    if (!answer) return;
    raw->stream->write(*answer);
    raw->stream->finish(deadline_ms);
  };
  c->stream->set_callbacks(std::move(on));
  c->deadline.start(deadline_ms);
  c->stream->start();
  connections_[number] = std::move(c);
}

}  // namespace sims::server
