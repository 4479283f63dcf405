// client::ClientCore on the event loop: carries out its effects over net (one connection, one timer, worker
// threads) and feeds it. Belongs to the loop's thread; may die inside any of its callbacks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/core/core.h"
#include "net/loop.h"

namespace sims::client {

class Link {
 public:
  // All called at the end of the loop's turn, never from inside a ClientCore function: they may call the core. In a
  // turn the order is: commit, `received` and `delivery_changed`, what the core wrote (acks) goes out,
  // `changed`. So the owner tells nobody of what may yet be taken back.
  struct Callbacks {
    std::function<void()> changed;  // at most once a turn, and not while something waits for its commit
    // It is committed; its ack goes out after this. An owner who cannot pass the message on may call drop():
    // then it stays in the history, unread, and its sender sends it again.
    std::function<void(const std::string& peer, const Line& line)> received;
    std::function<void(const std::string& peer, const Line& line)> delivery_changed;
  };

  // `trust` and `ephemerals` and what `options` points to outlive the link (and the work it started: until
  // the loop ends).
  Link(net::Loop& loop, CoreOptions options, Memory& trust, crypto::EphemeralSource& ephemerals,
       Callbacks callbacks);
  ~Link();  // closes the connection at once
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // For intents. What they write is sent, and their new deadlines are noticed, at the end of this turn.
  ClientCore& core();
  const Model& model() const;
  Now now() const { return loop_.now(); }

  // An orderly end: says disconnect, sends what is queued within `limit_ms`, waits for work that is out (it
  // uses the identity), and then calls `done`. The link does nothing else any more.
  void leave(std::int64_t limit_ms, std::function<void()> done);
  // Commits now what waits for it, so that what the model shows lasts; a failure takes it out of the model.
  // For an owner who draws the model at a moment of their own.
  void commit();
  // Ends the connection at once: nothing more goes out, also no ack of what the owner was given this turn.
  void drop();

 private:
  struct State;
  net::Loop& loop_;
  std::shared_ptr<State>
      state_;  // shared with what is on its way back to the loop, which looks whether it still lives
};

}  // namespace sims::client
