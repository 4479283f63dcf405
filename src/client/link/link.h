// client::ClientCore on the event loop: carries out its effects over net (one connection, one
// timer, worker threads) and feeds it events. Belongs to the loop's thread; may die inside any of
// its callbacks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/core/core.h"
#include "net/loop.h"

namespace sims::client {

class Link {
 public:
  // All are called at the end of the loop's turn, never from inside a ClientCore function, so they
  // may call the core. The order in a turn: commit, `received` and `delivery_changed`, then the
  // core's output (acks) goes out, then `changed`. So the owner reports no text that may yet be
  // taken back.
  struct Callbacks {
    std::function<void()> changed;  // at most once a turn, and never while a commit is pending
    // The text is committed; its ack goes out after this. An owner that cannot pass the text on may
    // call drop(): it stays in the history, unread, and its sender sends it again.
    std::function<void(const std::string& peer, const Line& line)> received;
    std::function<void(const std::string& peer, const Line& line)> delivery_changed;
  };

  // `memory`, `ephemerals` and the objects that `options` points to outlive the link and the work it
  // started (until the loop ends).
  Link(net::Loop& loop, CoreOptions options, Memory& memory, crypto::EphemeralSource& ephemerals,
       Callbacks callbacks);
  ~Link();  // closes the connection at once
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Runs intents. Their output is sent, and their new deadlines are set, at the end of this turn.
  ClientCore& core();
  const Model& model() const;
  Now now() const { return loop_.now(); }

  // Ends in order: sends disconnect and the queued output within `limit_ms`, waits for running work
  // (it uses the identity), then calls `done`. The link does nothing after that.
  void leave(std::int64_t limit_ms, std::function<void()> done);
  // Commits now, so that all texts in the model last; a failure takes them out of the model. For an
  // owner who draws the model at other times than `changed`.
  void commit();
  // Closes the connection at once: no output goes out, not even acks of texts that the owner got
  // this turn.
  void drop();

 private:
  struct State;
  net::Loop& loop_;
  std::shared_ptr<State>
      state_;  // shared with work on its way back to the loop, which checks that the link lives
};

}  // namespace sims::client
