// The client without a screen and without I/O: intents and network events in, effects out, the Model in
// between. One Core per identity. Pure: the edges (client/link, a simulated network, a test) give it bytes,
// time and finished work, and carry out its effects. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/memory.h"
#include "client/model.h"
#include "crypto/suite.h"
#include "proto/limits.h"

namespace sims::client {

// CPU work for another thread: run() touches nothing but itself. Give it back with Core::work_done().
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
};

// What the core wants done. Called from inside the core's own functions: implementations must not call back
// into it synchronously.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual void open_link(const std::string& host_port) = 0;  // then link_opened() or link_closed()
  virtual void write(std::string bytes) = 0;
  // flush: after what was written went out. No link_closed() follows.
  virtual void close_link(bool flush) = 0;
  virtual void start_work(std::unique_ptr<Work> work) = 0;
  virtual void changed() = 0;  // the model changed: redraw at the end of the turn
  // For scripts and notifications; `line` is also in the model.
  virtual void received(const Peer& peer, const Line& line) = 0;
  virtual void delivery_changed(const Peer& peer, const Line& line) = 0;
};

struct CoreOptions {
  const crypto::SigningKey* identity = nullptr;  // not owned
  std::string name;
  crypto::SuiteList suites = crypto::default_suites();
  bool accept_new = false;        // pin a first-seen server without asking
  bool reconnect = true;          // after a loss, with jittered back-off (1 to 15 s)
  std::size_t max_lines = 5'000;  // kept per window
};

class Core {
 public:
  Core(CoreOptions options, Memory& trust, crypto::EphemeralSource& ephemerals, Effects& effects);
  ~Core();
  const Model& model() const;

  // --- intents -----------------------------------------------------------------------------------
  void connect(const std::string& host_port, Now now);
  void disconnect(Now now);           // orderly; also cancels connecting and answers no to a question
  void answer(bool accept, Now now);  // the model's question; accept pins the shown server id
  // The only way past a changed server key: `fingerprint` must be the new id, typed or pasted. Pins it and
  // reconnects.
  Result<void> accept_changed_server(std::string_view fingerprint, Now now);
  // Puts the line into the peer's window as queued and sends it as soon as it can be (calls the peer first
  // when there is no session). An error (in words) when it cannot be taken at all: unknown name, too long,
  // changed key. Returns the line's serial.
  Result<std::uint64_t> send_text(const std::string& peer, std::string_view text, bool action, Now now);
  void looked_at(const std::string& peer);  // the window is in front: clears unread and attention
  // Compares with what the user typed or pasted; marks the peer verified when equal.
  Result<void> verify(const std::string& peer, std::string_view number, Now now);
  Result<void> unverify(const std::string& peer);
  // Ends trust == changed: `fingerprint` must be the new id, typed or pasted. The new key is pinned,
  // unverified.
  Result<void> accept_changed(const std::string& peer, std::string_view fingerprint, Now now);
  void end_session(const std::string& peer, std::string_view reason, Now now);
  Result<std::string> safety_number(const std::string& peer) const;
  void clear(const std::string& peer);  // drops the lines shown (empty name: the status window's)
  // Our own words into a window (empty name: status).
  void notice(const std::string& peer, std::string text, Now now);

  // --- events ------------------------------------------------------------------------------------
  void link_opened(Now now);
  void link_read(ByteView bytes, Now now);  // one read of the socket
  void link_closed(const std::string& reason, Now now);
  void work_done(std::unique_ptr<Work> work, Now now);
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms; INT64_MAX: nothing waits for time

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::client
