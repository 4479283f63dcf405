// Announces presence changes to every session online, a few in each turn: messages must not wait
// for thousands of lists. Pure: it says whose turn it is, the relay sends. One round announces the
// changes of 200 ms.
#pragma once

#include <string>
#include <vector>

#include "server/relay/deadlines.h"
#include "server/relay/presence.h"

namespace sims::server {

class PresenceBroadcast {
 public:
  void join(Session& s);  // it is online, and gets rounds until part()
  void part(Session& s);
  // A round begins then, unless one is scheduled or running already.
  void schedule(std::int64_t steady_ms);
  void stop();  // ends the round; no other one begins

  std::int64_t scheduled() const { return scheduled_; }  // steady ms; `never`: no round is scheduled
  bool running() const { return running_; }
  void begin(const Presence& presence, std::int64_t steady_ms);
  // The next session of the round, or nullptr: all have had their turn.
  Session* next();
  bool complete() const { return next_ == everyone_.size(); }
  // Of a complete round: forgets its changes, and schedules the next one if there are newer
  // changes.
  void finish(Presence& presence, std::int64_t steady_ms);

  // The round announces the changes [from, to). events(): all of them, for sessions that know none.
  std::uint64_t from() const { return from_; }
  std::uint64_t to() const { return to_; }
  const std::vector<std::string>& events() const { return events_; }

 private:
  void place(Session* s, std::size_t at);

  std::vector<Session*> everyone_;  // online, each at its presence.place
  std::int64_t scheduled_ = never;
  bool stopped_ = false;
  // The round.
  bool running_ = false;
  std::size_t next_ = 0;  // place of the next session; those before it have had their turn
  std::uint64_t from_ = 0, to_ = 0;
  std::vector<std::string> events_;
  std::int64_t began_ = 0;  // steady ms
};

}  // namespace sims::server
