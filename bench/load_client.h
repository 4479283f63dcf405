// Clients of the load generator: the project's protocol library over plain sockets in one epoll
// loop. Not libuv, so that the generator controls when it sends and how much it writes at once. A
// Loop belongs to one thread and outlives its Clients.
#pragma once

#include <netinet/in.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/channel/transport.h"

namespace sims::bench {

std::int64_t now_ns();                                    // CLOCK_MONOTONIC
std::int64_t wall_ns();                                   // CLOCK_REALTIME, as the kernel's stamps
[[noreturn]] void die(const std::string& why);            // for errors: a failed benchmark has no figure
sockaddr_in parse_address(const std::string& host_port);  // numeric IPv4

// Uses the same key for every handshake: the server does not notice, and the generator has half the
// work. Never for a client that keeps secrets.
class OneKey final : public crypto::EphemeralSource {
 public:
  crypto::Rng& rng() override { return crypto::system_rng(); }
  crypto::P384Key p384() override { return key_.clone(); }
  std::optional<crypto::RsaKey> rsa() override { return std::nullopt; }  // an initiator needs none

 private:
  crypto::P384Key key_ = crypto::P384Key::generate(crypto::system_rng());
};

class Client;

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  // Waits for events at most until then, handles them, and writes the output: one write a client.
  void pass(std::int64_t until_ns);
  // The address that its clients connect from, from now on; its port is not used.
  void call_from(sockaddr_in address) {
    address.sin_port = 0;
    from_ = address;
  }

 private:
  friend class Client;
  void owe(Client& client);
  void flush();
  int epoll_;
  std::optional<sockaddr_in> from_;
  proto::Scratch scratch_;
  Now now_{};
  std::vector<Client*> dirty_;
  std::deque<std::pair<std::int64_t, Client*>> owing_;  // acks: steady ms when they are due
};

class Client {
 public:
  struct Handlers {
    std::function<void(Client&)> connected;
    std::function<void(Client&, std::string_view plaintext)> message;  // not acks, lists, pings and prekeys
    std::function<void(Client&)> ended;                                // by the server; none: die()
    std::function<void(Client&)> leaving;                              // its output is written now
    // Any failure before finish(); `ended` is not called then. None: die(). The client is finished,
    // but must live until the pass ends.
    std::function<void(Client&, std::string_view why)> lost = {};
    std::function<void(Client&, std::string_view plaintext)> error = {};  // from the server; none: see take()
    std::function<void(Client&, std::uint64_t seq)> acked =
        {};  // the server has taken over all up to this one
  };
  // All arguments are kept by reference and outlive the client.
  Client(Loop& loop, const Handlers& handlers, const crypto::SigningKey& identity, std::string name,
         const crypto::Suite& suite, crypto::EphemeralSource& ephemerals);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void connect(const sockaddr_in& to);
  void send(std::string_view plaintext);  // goes out at the end of the pass
  void finish();                          // sends `disconnect` after the output, then closes the socket
  // From now on the server's frames are counted and not opened: for idle clients.
  void stop_reading() { counting_ = true; }
  // From now on each read is acked at its end, and not after a while.
  void ack_at_once() { acks_at_once_ = true; }
  std::uint64_t sent() const { return transport_.sent(); }  // messages; the seq of the next one
  // From now on nothing is read from the socket: a reader that stopped.
  void stall();
  bool connected() const { return transport_.connected(); }
  // wall_ns() when the kernel had received the last of the bytes being handled: time after that,
  // such as the wait for this program, is not the server's.
  std::int64_t arrived_ns() const { return arrived_ns_; }
  const proto::Id& id() const { return id_; }
  const std::string& name() const { return name_; }

 private:
  friend class Loop;
  void ready(std::uint32_t events);
  void read(ByteView bytes);
  void take(std::string_view plaintext);
  void flush_ack();
  void mark();
  void flush();
  void want_room(bool on);
  void end();
  void fail(const std::string& why);

  Loop& loop_;
  const Handlers& handlers_;
  proto::Id id_;
  std::string name_;
  proto::Transport transport_;
  std::string out_;
  int fd_ = -1;
  std::int64_t arrived_ns_ = 0;
  bool connecting_ = false, counting_ = false, finishing_ = false, dirty_ = false, wants_room_ = false,
       owes_ = false, stalled_ = false, acks_at_once_ = false;
};

}  // namespace sims::bench
