// Notifications: when to notify the user of messages that he has not seen, and the text. Pure: the caller
// reports events and asks for the next notification. There is at most one in two seconds, and one summary
// after a reconnect. The second half encodes a notification for the terminal, so that no remote text can
// become an escape sequence.
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
  std::string title, body;  // any bytes; encode() makes them safe
  bool operator==(const Notification&) const = default;
};

class Notifier {
 public:
  static constexpr std::int64_t pause_ms = 2'000;     // between two notifications, at least
  static constexpr std::int64_t gather_ms = 3'000;    // from a reconnect to its summary, ...
  static constexpr std::int64_t settle_ms = 1'000;    // ... which each message in that time delays, ...
  static constexpr std::int64_t longest_ms = 10'000;  // ... but never beyond this

  // Options::notify can turn notifications off; Options::notify_text adds the message.
  void set_options(const Options& options);
  // The terminal has focus: the user sees all messages. Without focus he sees none. If the terminal never
  // reports its focus, he sees those of the window in front.
  void focus(bool in);
  void in_front(const std::string& peer);  // the window's peer; empty: the status window
  void away(bool on);                      // no notifications; the user gets a list when he is back
  void forget();                           // drops pending notifications

  void message(const std::string& peer, std::string_view text, bool request, Now now);
  void link(bool online, Now now);

  std::optional<Notification> next(Now now);
  // The time in ms after which next() may return one; -1: not before another event.
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
  std::optional<bool> focused_;  // nullopt: the terminal never reported it
  std::string front_;
  bool away_ = false;
  bool online_ = false;
  std::vector<Pending> pending_;  // in the order of their first messages
  std::string text_;              // of the newest message
  std::int64_t not_before_ms_ = 0;
  std::int64_t gather_until_ms_ = 0;  // the latest time of a summary
};

// The multiplexer between program and terminal, which must be asked to pass the bytes on.
enum class Passthrough { none, tmux, screen };

// The text for the inside of an escape sequence: safe_text() in one line, without ';', at most `max` bytes. A
// longer text is cut between clusters and ends in "...". `ascii`: '?' replaces all other characters.
std::string osc_text(std::string_view text, std::size_t max, bool ascii = false);

// The bytes to write; empty for NotifyBy::off.
std::string encode(const Notification& notification, NotifyBy by, Passthrough through, bool ascii = false);

}  // namespace sims::tui
