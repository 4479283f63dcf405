// The lines of the model's windows: limited in number and bytes, numbered, with rate-limited
// alerts. Owned by the core; the lines are in the Model.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/clock.h"
#include "client/model/model.h"
#include "client/model/rate.h"

namespace sims::client {

// The notice before a text whose predecessor is missing.
Line missing_notice(const std::string& uid, std::int64_t at_unix_ms);

class Windows {
 public:
  Windows(Model& model, std::size_t max_lines) : model_(model), max_lines_(max_lines) {}

  // A null peer is the status window.
  Line& add(Peer* peer, Line line);  // gives it its serial; valid until the next line is added
  // In front of the others; nullptr: the window is full.
  Line* prepend(Peer& peer, Line line);
  std::size_t room(const Peer& peer) const;  // lines
  Line& notice(Peer* peer, std::string text, Now now);
  // A notice that another side can cause again and again: 10 a minute and window, notices and
  // alerts together; one line counts the rest. nullptr: it was only counted.
  Line* caused(Peer& peer, Line::Kind kind, std::string text, Now now);
  void alert(Peer* peer, std::string text, Now now);  // likewise
  // Likewise, about the peer's key, with a limit of its own: other notices can't crowd it out.
  void key_alert(Peer& peer, std::string text, Now now);
  // Likewise, for failures on this machine, with a limit of its own.
  void fault(Peer* peer, std::string text, Now now);
  // Likewise: the text before the next line is missing. No second notice about the same text.
  void missing(Peer& peer, const std::string& uid, Now now);
  // An alert without a limit, for events that happen once.
  Line& alarm(Peer* peer, std::string text, Now now);

  // nullptr: no longer in the window. Only reword() may change its text.
  static Line* find(Peer& peer, std::uint64_t serial);
  static Line* find_row(Peer& peer, std::uint64_t row);  // looks at each
  void reword(Peer& peer, std::uint64_t serial, std::string text) { reword(&peer, serial, std::move(text)); }
  void erase(Peer& peer, std::uint64_t serial);
  void says_missing(Peer& peer, Line& notice, const std::string& uid);
  // Removes the notice that the text of this uid is missing.
  void came(Peer& peer, const std::string& uid);
  void clear(Peer* peer);
  // Removes texts, except unsent ones; our own words stay.
  void erase_said(Peer& peer);
  void forget(const std::string& name) { states_.erase(name); }  // the peer left the model
  void forget_peers();                                           // all of them did

  // Ends counting: lines that counted for a minute are final.
  void tick(std::int64_t steady_ms);
  std::int64_t next_tick() const { return counts_.empty() ? INT64_MAX : counts_.front().until_ms; }

 private:
  static constexpr std::int64_t minute_ms = 60'000;
  struct Budget {
    Ration minute{10, minute_ms};
    std::uint64_t held_back = 0;   // the number in the line
    std::uint64_t counting = 0;    // the line that counts; 0: none yet
    std::int64_t counting_ms = 0;  // since then, for a minute
  };
  struct WindowState {
    Budget caused, about_key, faults;
    std::size_t bytes = 0;  // of the lines' texts
    bool missing = false;   // some line is about a missing text
  };
  struct Counting {
    std::int64_t until_ms;  // steady
    std::string peer;       // empty: the status window
    std::uint64_t serial;
  };

  WindowState& state_of(const Peer* peer) { return states_[peer ? peer->name : std::string()]; }
  Line& own_words(Peer* peer, Line::Kind kind, std::string text, Now now);
  Line* caused(Budget& budget, Peer* peer, Line::Kind kind, std::string text, Now now);
  void reword(Peer* peer, std::uint64_t serial, std::string text);
  std::uint64_t begin_count(Peer* peer, const std::string& text, Now now);

  Model& model_;
  std::size_t max_lines_;
  // Serials of new lines count up from here; those of lines read back from the history count down.
  static constexpr std::uint64_t first_serial = 1'000'000'000'000;
  std::uint64_t last_serial_ = first_serial, oldest_serial_ = first_serial + 1;
  std::deque<Counting> counts_;                // by the time at which they end
  std::map<std::string, WindowState> states_;  // by peer name; empty: the status window
};

}  // namespace sims::client
