// The lines of the model's windows: bounded in number and bytes, numbered, alerts rate-limited. Owned by the
// core; the lines are in the Model.
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
  // In front of the others; nullptr: the window is full.
  Line* prepend(Peer& peer, Line line);
  std::size_t room(const Peer& peer) const;  // lines
  Line& notice(Peer* peer, std::string text, Now now);
  // Something that another side can cause again and again: a few at once, then one in 10 s a window; what was
  // held back is counted in the next.
  void alert(Peer* peer, std::string text, Now now);
  // Likewise, about the peer's key: other alerts can't crowd it out.
  void key_alert(Peer& peer, std::string text, Now now);
  // An alert that must be seen: for what happens once.
  Line& alarm(Peer* peer, std::string text, Now now);

  // nullptr: dropped since. Its text is changed by reword() alone.
  static Line* find(Peer& peer, std::uint64_t serial);
  static Line* find_row(Peer& peer, std::uint64_t row);  // looks at each
  void reword(Peer& peer, std::uint64_t serial, std::string text);
  void erase(Peer& peer, std::uint64_t serial);
  void clear(Peer* peer);
  // What was said, but for what is still to be sent; our own words stay.
  void erase_said(Peer& peer);
  void forget(const std::string& name) { kept_.erase(name); }  // the peer left the model
  void forget_peers();                                         // all of them did

 private:
  struct Budget {
    TokenBucket bucket{5, 10'000};
    std::uint64_t held_back = 0;
  };
  struct Kept {
    Budget alerts, key_alerts;
    std::size_t bytes = 0;  // of the lines' texts
  };
  Kept& kept(const Peer* peer) { return kept_[peer ? peer->name : std::string()]; }
  Line& own_words(Peer* peer, Line::Kind kind, std::string text, Now now);
  void alert(Budget& budget, Peer* peer, std::string text, Now now);

  Model& model_;
  std::size_t max_lines_;
  // New lines count up from here, those read back from the history count down.
  static constexpr std::uint64_t first_serial = 1'000'000'000'000;
  std::uint64_t last_serial_ = first_serial, oldest_serial_ = first_serial + 1;
  std::map<std::string, Kept> kept_;  // by peer name; empty: the status window
};

}  // namespace sims::client
