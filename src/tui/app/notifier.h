// When to tell the user of what came while nobody looked, and in which words. Pure: fed with what happens,
// asked for what to say; at most one notification in two seconds, and one summary after a reconnect. The
// second half turns a notification into the bytes for a terminal, where nothing remote can become an escape
// sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "tui/state/options.h"

namespace sims::tui {

struct Notification {
  std::string title, body;  // of any bytes: encode() makes them safe
  bool operator==(const Notification&) const = default;
};

class Notifier {
 public:
  static constexpr std::int64_t pause_ms = 2'000;     // between two notifications
  static constexpr std::int64_t gather_ms = 3'000;    // after a reconnect, and
  static constexpr std::int64_t settle_ms = 1'000;    // after each message of that time, but
  static constexpr std::int64_t longest_ms = 10'000;  // no longer in all

  // Off by Options::notify; the text is told with Options::notify_text.
  void set_options(const Options& options);
  // The terminal has focus: all on the screen counts as seen. Terminals that never tell are taken to show
  // their user the window in front, and nothing else.
  void focus(bool in);
  void in_front(const std::string& peer);  // the window; empty: the status window
  void away(bool on);                      // nothing rings: coming back lists it
  void forget();                           // all that waits to be told

  void message(const std::string& peer, std::string_view text, bool request, Now now);
  void link(bool online, Now now);

  std::optional<Notification> next(Now now);
  // In so many ms next() may have something; -1: not before something happens.
  int wait_ms(Now now) const;

 private:
  struct Pending {
    std::string peer;
    std::size_t messages = 0;
    bool request = false;
  };
  bool seen(const std::string& peer) const;
  void forget_seen();
  std::string summary() const;

  NotifyBy by_ = NotifyBy::bell;
  bool with_text_ = false;
  std::optional<bool> focused_;  // nullopt: the terminal never told
  std::string front_;
  bool away_ = false;
  bool online_ = false;
  std::vector<Pending> pending_;  // in the order in which they wrote first
  std::string text_;              // of the only message
  std::int64_t not_before_ms_ = 0;
  std::int64_t gather_until_ms_ = 0;  // the latest
};

// What stands between the program and the terminal and has to be told to pass the bytes on.
enum class Passthrough { none, tmux, screen };

// A line for inside an escape sequence: safe_text() in one line, without ';', cut at a cluster with "..." to
// at most `max` bytes. `ascii`: anything else is '?'.
std::string osc_text(std::string_view text, std::size_t max, bool ascii = false);

// The bytes to write; empty for NotifyBy::off.
std::string encode(const Notification& notification, NotifyBy by, Passthrough through, bool ascii = false);

}  // namespace sims::tui
