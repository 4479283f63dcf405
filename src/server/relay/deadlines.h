// When each session is looked at next: one deadline a session, for its handshake and later for its
// ping. Pure.
#pragma once

#include <limits>
#include <map>
#include <vector>

#include "server/relay/session.h"

namespace sims::server {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

class Deadlines {
 public:
  // Replaces the session's deadline. The session clears it before it dies.
  void set(Session& s, std::int64_t steady_ms);
  void clear(Session& s);
  std::int64_t next() const { return at_.empty() ? never : at_.begin()->first; }  // steady ms
  // A session whose deadline has come, or nullptr. It stays here until set() or clear().
  Session* due(std::int64_t steady_ms) const;

 private:
  std::map<std::int64_t, std::vector<Session*>> at_;
};

}  // namespace sims::server
