// 1. look the name up on a worker thread  2. try its addresses in their order, each for its share of the time
// left
// 3. the first that answers wins; if none does, say why for each.
#include <algorithm>
#include <cstring>
#include <utility>

#include "net/stream_box.h"

namespace sims::net {

namespace {
constexpr std::int64_t connect_limit_ms = 10'000;  // for all addresses together
constexpr std::size_t max_addresses = 8;
constexpr std::size_t max_reasons = 3;
}  // namespace

// Kept alive by the connector and by every request that libuv still has.
struct Connector::Box : std::enable_shared_from_this<Connector::Box> {
  Loop::State* loop;
  Endpoint to;
  std::function<void(Result<std::unique_ptr<Stream>>)> on_done;
  std::unique_ptr<Timer> limit;
  std::vector<sockaddr_storage> addresses;
  std::size_t next = 0;
  std::int64_t ends_at_ms = 0;
  std::string reasons;
  uv_getaddrinfo_t* lookup = nullptr;
  Stream::Box* trying = nullptr;
  std::shared_ptr<Box> self;  // while its Connector lives

  struct Lookup {
    uv_getaddrinfo_t request;
    std::shared_ptr<Box> box;
  };
  struct Attempt {
    uv_connect_t request;
    std::shared_ptr<Box> box;
    Stream::Box* stream;
  };

  void look_up();
  void resolved(int status, addrinfo* found) noexcept;
  void try_next() noexcept;
  bool attempt(const sockaddr* address);
  void attempted(int status);
  void note(const std::string& why);
  void release();
  void done(Result<std::unique_ptr<Stream>> result) noexcept;  // calls out
};

void Connector::Box::look_up() {
  auto* l = new Lookup{{}, shared_from_this()};
  l->request.data = l;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  std::string port = std::to_string(to.port);
  int status = uv_getaddrinfo(
      &loop->loop, &l->request,
      [](uv_getaddrinfo_t* r, int result, addrinfo* found) noexcept {
        std::unique_ptr<Lookup> ended(static_cast<Lookup*>(r->data));
        ended->box->lookup = nullptr;
        ended->box->resolved(result, found);
      },
      to.host.c_str(), port.c_str(), &hints);
  if (status == 0) {
    lookup = &l->request;
    return;
  }
  delete l;
  // Only for a host that getaddrinfo would not take; told from the loop, as every other failure.
  reasons = words(status) + " (" + to.str() + ")";
  limit->start(0);
}

void Connector::Box::resolved(int status, addrinfo* found) noexcept {
  if (self && status == 0) {
    for (const addrinfo* a = found; a != nullptr && addresses.size() < max_addresses; a = a->ai_next) {
      sockaddr_storage one{};
      std::memcpy(&one, a->ai_addr, a->ai_addrlen);
      addresses.push_back(one);
    }
  }
  uv_freeaddrinfo(found);
  if (!self) return;
  if (status == UV_EAI_NONAME || status == UV_EAI_NODATA) return done(fail("no such host: " + to.host));
  if (status != 0) return done(fail("cannot look up " + to.host + ": " + words(status)));
  ends_at_ms = read_clocks().steady_ms + connect_limit_ms;
  try_next();
}

void Connector::Box::try_next() noexcept {
  while (next < addresses.size()) {
    std::int64_t left = ends_at_ms - read_clocks().steady_ms;
    std::int64_t share = left / static_cast<std::int64_t>(addresses.size() - next);
    const auto* address = reinterpret_cast<const sockaddr*>(&addresses[next++]);
    if (!attempt(address)) continue;
    limit->start(std::max<std::int64_t>(share, 1));
    return;
  }
  done(fail(reasons.empty() ? "no address for " + to.host : reasons));
}

bool Connector::Box::attempt(const sockaddr* address) {
  trying = Stream::Box::make(*loop);
  auto* a = new Attempt{{}, shared_from_this(), trying};
  a->request.data = a;
  int status = uv_tcp_connect(&a->request, &trying->tcp, address, [](uv_connect_t* r, int result) noexcept {
    std::unique_ptr<Attempt> ended(static_cast<Attempt*>(r->data));
    // An attempt that was given up comes back as cancelled.
    if (ended->box->trying == ended->stream) ended->box->attempted(result);
  });
  if (status == 0) return true;
  delete a;
  note(words(status));
  return false;
}

void Connector::Box::attempted(int status) {
  limit->stop();
  if (status == 0 && !trying->connected()) status = UV_ENOTCONN;
  if (status == 0) {
    auto* box = std::exchange(trying, nullptr);
    return done(std::unique_ptr<Stream>(new Stream(box)));
  }
  note(words(status));
  try_next();
}

// The attempt at addresses[next - 1] is over; says why.
void Connector::Box::note(const std::string& why) {
  std::exchange(trying, nullptr)->release();
  if (next > max_reasons) return;
  const auto* address = reinterpret_cast<const sockaddr*>(&addresses[next - 1]);
  if (!reasons.empty()) reasons += "; ";
  reasons += why + " (" + Endpoint{numeric_address(address), port_of(address)}.str() + ")";
}

void Connector::Box::release() {
  if (lookup != nullptr) uv_cancel(reinterpret_cast<uv_req_t*>(lookup));
  if (trying != nullptr) std::exchange(trying, nullptr)->release();
  limit.reset();
  self.reset();  // may be the last one
}

void Connector::Box::done(Result<std::unique_ptr<Stream>> result) noexcept {
  limit->stop();
  auto keep = shared_from_this();  // the owner may die inside
  on_done(std::move(result));
}

Connector::Connector(Loop& loop, Endpoint to, std::function<void(Result<std::unique_ptr<Stream>>)> on_done) {
  auto box = std::make_shared<Box>();
  box_ = box.get();
  box->self = box;
  box->loop = static_cast<Loop::State*>(loop.uv()->data);
  box->to = std::move(to);
  box->on_done = std::move(on_done);
  box->limit = std::make_unique<Timer>(loop, [box = box_] {
    if (box->trying == nullptr) return box->done(fail(box->reasons));
    box->note("timed out");
    box->try_next();
  });
  box_->look_up();
}

Connector::~Connector() {
  box_->release();
}

}  // namespace sims::net
