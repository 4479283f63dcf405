// The lines of the model's windows: bounded, numbered, alerts rate-limited. Owned by the core; the lines are
// in the Model.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "client/core.h"
#include "client/rate.h"

namespace sims::client {

class Windows {
 public:
  Windows(Model& model, std::size_t max_lines) : model_(model), max_lines_(max_lines) {}

  // A null peer is the status window.
  Line& add(Peer* peer, Line line);  // gives it its serial; valid until the next line is added
  Line& notice(Peer* peer, std::string text, Now now);
  // Something that another side can cause again and again: a few at once, then one in 10 s a window; what was
  // held back is counted in the next.
  void alert(Peer* peer, std::string text, Now now);
  // An alert that must be seen: for what happens once.
  void alarm(Peer* peer, std::string text, Now now);

  // nullptr: dropped since.
  static Line* find(Peer& peer, std::uint64_t serial);
  static void erase(Peer& peer, std::uint64_t serial);
  void forget(const std::string& name) { budgets_.erase(name); }

 private:
  struct Budget {
    TokenBucket bucket{5, 10'000};
    std::uint64_t held_back = 0;
  };
  Line& own_words(Peer* peer, Line::Kind kind, std::string text, Now now);

  Model& model_;
  std::size_t max_lines_;
  std::uint64_t last_serial_ = 0;
  std::map<std::string, Budget> budgets_;  // by peer name; empty: the status window
};

}  // namespace sims::client
