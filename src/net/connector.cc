// Connects by name with Happy Eyeballs (RFC 8305):
//   1. look up the name on a worker thread: both families in one answer, in the system's order (RFC
//     6724)
//   2. alternate the families, at most max_addresses
//   3. begin an attempt every 250 ms, and at once when one has failed; earlier attempts continue
//   4. the first that answers wins and the others are closed; if all fail, report the reason of each
#include <algorithm>
#include <cstring>
#include <utility>

#include "net/connector.h"
#include "net/stream_box.h"

namespace sims::net {

namespace {

constexpr std::int64_t connect_limit_ms = 10'000;  // for all addresses together
constexpr std::int64_t attempt_delay_ms = 250;     // RFC 8305, section 5
constexpr std::size_t max_addresses = 8;

const sockaddr* plain(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool same(const sockaddr_storage& a, const sockaddr_storage& b) {
  return numeric_address(plain(a)) == numeric_address(plain(b)) && a.ss_family == b.ss_family;
}

// Each address once, in the order of the attempts: the first one's family, then alternating
// (section 4).
std::vector<sockaddr_storage> order(const addrinfo* found) {
  std::vector<sockaddr_storage> first, other, ordered;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    sockaddr_storage one{};
    std::memcpy(&one, a->ai_addr, a->ai_addrlen);
    auto& family = a->ai_family == found->ai_family ? first : other;
    const bool known = std::any_of(family.begin(), family.end(), [&](const auto& b) { return same(one, b); });
    if (!known && family.size() < max_addresses) family.push_back(one);
  }
  for (std::size_t i = 0; ordered.size() < max_addresses && i < std::max(first.size(), other.size()); ++i)
    for (const auto* family : {&first, &other})
      if (i < family->size() && ordered.size() < max_addresses) ordered.push_back((*family)[i]);
  return ordered;
}

}  // namespace

// The state of a connector; the connector and every request that libuv still has keep it alive.
struct Connector::Box : std::enable_shared_from_this<Connector::Box> {
  struct Lookup {
    uv_getaddrinfo_t request;
    std::shared_ptr<Box> box;
  };
  struct Attempt {
    uv_connect_t request;
    std::shared_ptr<Box> box;
    Stream::Box* stream;  // nullptr: given up
    std::size_t at;       // in `addresses`
  };

  Loop::State* loop;
  Endpoint to;
  std::function<void(Result<std::unique_ptr<Stream>>)> on_done;
  std::unique_ptr<Timer> limit, delay;
  std::vector<sockaddr_storage> addresses;
  std::size_t next = 0;
  std::vector<std::string> reasons;  // one per address; empty unless it has failed
  std::vector<Attempt*> under_way;
  std::string lookup_failure;
  uv_getaddrinfo_t* lookup = nullptr;
  std::shared_ptr<Box> self;  // while its Connector lives

  void look_up();
  void resolved(int status, addrinfo* found) noexcept;
  void begin_next() noexcept;
  bool begin(std::size_t at);
  void attempted(const Attempt& attempt, int status) noexcept;
  void note(std::size_t at, const std::string& why);
  void time_is_up() noexcept;
  void fail_all() noexcept;
  void give_up_attempts();
  void release();
  void done(Result<std::unique_ptr<Stream>> result) noexcept;  // calls out
};

// --- the look-up -------------------------------------------------------------------------------------

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
  // Only for a host that getaddrinfo rejects. Reported from the loop, as every other failure.
  lookup_failure = words(status) + " (" + to.str() + ")";
  limit->start(0);
}

void Connector::Box::resolved(int status, addrinfo* found) noexcept {
  if (self && status == 0) addresses = order(found);
  uv_freeaddrinfo(found);
  if (!self) return;
  if (status == UV_EAI_NONAME || status == UV_EAI_NODATA) return done(fail("no such host: " + to.host));
  if (status != 0) return done(fail("cannot look up " + to.host + ": " + words(status)));
  reasons.resize(addresses.size());
  limit->start(connect_limit_ms);
  begin_next();
}

// --- the attempts ------------------------------------------------------------------------------------

void Connector::Box::begin_next() noexcept {
  while (next < addresses.size()) {
    if (!begin(next++)) continue;
    if (next < addresses.size()) delay->start(attempt_delay_ms);
    return;
  }
  if (under_way.empty()) fail_all();
}

bool Connector::Box::begin(std::size_t at) {
  auto* a = new Attempt{{}, shared_from_this(), Stream::Box::make(*loop), at};
  a->request.data = a;
  const int status = uv_tcp_connect(&a->request, &a->stream->tcp, plain(addresses[at]),
                                    [](uv_connect_t* r, int result) noexcept {
                                      std::unique_ptr<Attempt> ended(static_cast<Attempt*>(r->data));
                                      // An attempt that was given up comes back as cancelled.
                                      if (ended->stream != nullptr) ended->box->attempted(*ended, result);
                                    });
  if (status == 0) {
    under_way.push_back(a);
    return true;
  }
  a->stream->release();
  delete a;
  note(at, words(status));
  return false;
}

void Connector::Box::attempted(const Attempt& attempt, int status) noexcept {
  std::erase(under_way, &attempt);
  if (status == 0 && !attempt.stream->connected()) status = UV_ENOTCONN;
  if (status == 0) return done(std::unique_ptr<Stream>(new Stream(attempt.stream)));
  attempt.stream->release();
  note(attempt.at, words(status));
  delay->stop();
  begin_next();
}

void Connector::Box::note(std::size_t at, const std::string& why) {
  const auto* address = plain(addresses[at]);
  reasons[at] = why + " (" + Endpoint{numeric_address(address), port_of(address)}.str() + ")";
}

void Connector::Box::time_is_up() noexcept {
  for (const auto* attempt : under_way)
    note(attempt->at, "timed out");
  fail_all();
}

void Connector::Box::fail_all() noexcept {
  std::string all = lookup_failure;
  for (const auto& why : reasons)
    if (!why.empty()) all += (all.empty() ? "" : "; ") + why;
  done(fail(all.empty() ? "no address for " + to.host : all));
}

// --- the end -----------------------------------------------------------------------------------------

void Connector::Box::give_up_attempts() {
  for (auto* attempt : std::exchange(under_way, {}))
    std::exchange(attempt->stream, nullptr)->release();
}

void Connector::Box::release() {
  if (lookup != nullptr) uv_cancel(reinterpret_cast<uv_req_t*>(lookup));
  give_up_attempts();
  limit.reset();
  delay.reset();
  self.reset();  // may be the last one
}

void Connector::Box::done(Result<std::unique_ptr<Stream>> result) noexcept {
  limit->stop();
  delay->stop();
  give_up_attempts();
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
  box->limit = std::make_unique<Timer>(loop, [box = box_] { box->time_is_up(); });
  box->delay = std::make_unique<Timer>(loop, [box = box_] { box->begin_next(); });
  box_->look_up();
}

Connector::~Connector() {
  box_->release();
}

}  // namespace sims::net
