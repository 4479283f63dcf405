// clients HOST:PORT COUNT: logs in COUNT clients one after the other (ECDHE), prints what a login took from
// the TCP connection on, then stays connected and idle until its standard input ends. See bench/idle.sh.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/process.h"
#include "net/stream.h"
#include "proto/transport.h"

namespace {

using namespace sims;
using proto::Transport;

struct Client {
  crypto::SigningKey key = crypto::SigningKey::generate(crypto::system_rng());
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<Transport> transport;
};

class Bench {
 public:
  Bench(net::Endpoint to, std::size_t count) : to_(std::move(to)), count_(count) {}

  int run() {
    next();
    net::Readable end(loop_, 0, [this] { loop_.stop(); });
    loop_.run();
    for (auto& client : clients_)
      client->stream.reset();
    return clients_.size() == count_ ? 0 : 1;
  }

 private:
  void next() {
    clients_.push_back(std::make_unique<Client>());
    began_ = std::chrono::steady_clock::now();
    connector_ =
        std::make_unique<net::Connector>(loop_, to_, [this](Result<std::unique_ptr<net::Stream>> stream) {
          if (!stream) return give_up(stream.error());
          opened(std::move(*stream));
        });
  }

  void opened(std::unique_ptr<net::Stream> stream) {
    Client& client = *clients_.back();
    proto::HandshakeOptions options;
    options.identity = &client.key;
    options.name =
        "bench" + std::to_string(clients_.size()) + "-" + std::to_string(began_.time_since_epoch().count());
    options.suites = {&crypto::all_suites()[0]};
    options.accept_unknown = true;
    client.transport = std::make_unique<Transport>(options, crypto::fresh_ephemerals());
    client.stream = std::move(stream);
    net::Stream::Callbacks callbacks;
    callbacks.on_read = [this, &client](ByteView bytes) { read(client, bytes); };
    callbacks.on_end = [this](const std::string& reason) { give_up(reason); };
    client.stream->set_callbacks(std::move(callbacks));
    client.stream->start();
    std::string out;
    client.transport->start(out);
    client.stream->write(std::move(out));
  }

  void read(Client& client, ByteView input) {
    const bool was_connected = client.transport->connected();
    std::string out;
    for (;;) {
      auto event = client.transport->poll(input, scratch_, loop_.now(), out);
      if (event.kind == Transport::Event::Kind::need_input) break;
      if (event.kind == Transport::Event::Kind::failed) return give_up(event.failure.detail);
      if (event.kind != Transport::Event::Kind::work) continue;
      event.work->run();
      client.transport->complete(std::move(event.work), loop_.now(), out);
    }
    if (!out.empty()) client.stream->write(std::move(out));
    if (!was_connected && client.transport->connected()) logged_in();
  }

  void logged_in() {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began_;
    times_.push_back(took.count());
    // Not from inside this stream's callback.
    if (clients_.size() < count_) return loop_.post([this] { next(); });
    std::sort(times_.begin(), times_.end());
    std::printf("%zu logins, ms: median %.1f, 99%% %.1f, worst %.1f\n", count_, times_[times_.size() / 2],
                times_[times_.size() * 99 / 100], times_.back());
    std::fflush(stdout);
  }

  void give_up(const std::string& why) {
    std::fprintf(stderr, "clients: %s\n", why.c_str());
    std::exit(1);
  }

  net::Loop loop_;
  net::Endpoint to_;
  std::size_t count_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<net::Connector> connector_;
  std::chrono::steady_clock::time_point began_;
  std::vector<double> times_;
  proto::Scratch scratch_;
};

}  // namespace

int main(int argc, char** argv) {
  sims::harden_process();
  const auto to = argc == 3 ? sims::net::Endpoint::parse(argv[1], 0) : sims::Result<sims::net::Endpoint>{};
  if (argc != 3 || !to) {
    std::fprintf(stderr, "usage: clients HOST:PORT COUNT\n");
    return 2;
  }
  return Bench(*to, std::strtoul(argv[2], nullptr, 10)).run();
}
