// A server for programs of this machine, on a Unix socket: it accepts their connections, checks the user of each, moves
// the bytes of its session, and closes those that are idle or don't read. What is said is the sessions' own
// (client/holder/service, server/admin/control).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "net/listener.h"
#include "net/stream.h"

namespace sims::net {

// One connection's conversation: bytes in, bytes out.
class LocalSession {
 public:
  virtual ~LocalSession() = default;
  virtual void received(ByteView bytes) = 0;
  virtual std::string take_output() = 0;  // empty: nothing for now
  // True: what it gave before still waits to be written. Called after each output, and when that is written.
  virtual void set_output_blocked(bool) {}
  virtual bool busy() const = 0;               // an answer comes later, so the connection stays
  virtual bool idle() const = 0;               // waits for the other side alone
  virtual bool finished() const = 0;           // the connection ends after the output that was taken
  virtual std::int64_t idle_limit_ms() const;  // a minute
};

// What a LocalServer serves. Outlives it.
class LocalService {
 public:
  struct Limits {
    std::size_t sessions;  // at once
    std::size_t
        unread;  // bytes of output that the other side doesn't read; with more the connection is closed
  };
  virtual ~LocalService() = default;
  virtual Limits limits() const = 0;
  virtual bool serves(std::optional<std::uint32_t> user) const = 0;  // nullopt: the kernel doesn't say
  virtual std::string refuse_user() const = 0;     // the answer to a user that is not served
  virtual std::string refuse_another() const = 0;  // the answer when limits().sessions are served
  // on_output: to be called when there is output that no received() made. It may end the session.
  virtual std::unique_ptr<LocalSession> start_session(std::function<void()> on_output) = 0;
};

class LocalServer {
 public:
  // Owns `fd`, a listening socket at `path`, also when it fails. The caller holds the lock that keeps other programs from
  // serving there. The loop outlives it.
  static Result<std::unique_ptr<LocalServer>> serve(Loop& loop, std::string path, int fd,
                                                    LocalService& service);
  ~LocalServer();  // removes the socket
  // Refuses new connections. Those that are served stay.
  void close_door();
  bool busy() const;  // some session is

 private:
  struct Connection;
  LocalServer(Loop& loop, std::string path, LocalService& service);
  void accept(std::unique_ptr<Stream> stream);
  std::string refusal(const Stream& stream) const;
  void pump(std::uint64_t number);
  void ended(std::uint64_t number, bool orderly);
  void look_for_idle();

  Loop& loop_;
  const std::string path_;
  LocalService& service_;
  std::unique_ptr<Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_ = 0;
  Timer idle_;
};

}  // namespace sims::net
