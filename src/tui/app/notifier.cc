// Notifier: collects events, decides when to notify, and encodes the notification for each terminal.
#include "tui/app/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "base/text.h"

namespace sims::tui {
namespace {

constexpr std::size_t max_pending = 200;  // people; messages of further ones count for the last of them
constexpr std::size_t max_text = 1'024;   // stored bytes; less is shown
constexpr std::size_t title_bytes = 64, body_bytes = 200;
constexpr std::string_view dots = "...";
// GNU screen drops longer device control strings (its MAXSTR is 256 in old versions).
constexpr std::size_t screen_piece = 200;

std::string count(std::size_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string only_ascii(std::string_view safe) {
  std::string out;
  for (std::size_t at = 0; at < safe.size();) {
    const auto [c, size] = decode_utf8(safe, at);
    if (c < 0x80)
      out += static_cast<char>(c);
    else if (char_width(c) > 0)
      out += '?';
    at += size;
  }
  return out;
}

std::string for_tmux(std::string_view bytes) {
  std::string out = "\x1bPtmux;";
  for (char c : bytes) {
    if (c == '\x1b') out += c;
    out += c;
  }
  return out + "\x1b\\";
}

// Our sequences end with BEL: an ESC \ inside would end screen's string early.
std::string for_screen(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    std::size_t size = std::min(bytes.size(), screen_piece);
    while (size < bytes.size() && (bytes[size] & 0xc0) == 0x80)  // between characters
      --size;
    out.append("\x1bP").append(bytes.substr(0, size)).append("\x1b\\");
    bytes.remove_prefix(size);
  }
  return out;
}

std::string passed(const std::string& osc, Passthrough through) {
  switch (through) {
    case Passthrough::tmux:
      return for_tmux(osc);
    case Passthrough::screen:
      return for_screen(osc);
    case Passthrough::none:
      break;
  }
  return osc;
}

}  // namespace

void Notifier::set_options(const Options& options) {
  by_ = options.notify;
  with_text_ = options.notify_text;
  if (by_ == NotifyBy::off) pending_.clear();
  wipe(text_);  // a pending notification must not show a text that the new options hide
}

bool Notifier::seen(const std::string& peer) const {
  return focused_.value_or(peer == front_);
}

void Notifier::forget_seen() {
  std::erase_if(pending_, [this](const Pending& p) { return seen(p.peer); });
  if (pending_.empty()) wipe(text_);
}

void Notifier::focus(bool in) {
  focused_ = in;
  forget_seen();
}

void Notifier::in_front(const std::string& peer) {
  front_ = peer;
  forget_seen();
}

void Notifier::away(bool on) {
  if (std::exchange(away_, on) != on) forget();
}

void Notifier::forget() {
  pending_.clear();
  wipe(text_);
}

void Notifier::message(const std::string& peer, std::string_view text, bool request, Now now) {
  if (by_ == NotifyBy::off || away_ || seen(peer)) return;
  if (now.steady_ms < not_before_ms_)
    not_before_ms_ = std::max(not_before_ms_, std::min(now.steady_ms + settle_ms, gather_until_ms_));
  auto it = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) { return p.peer == peer; });
  if (it == pending_.end() && pending_.size() < max_pending)
    it = pending_.insert(pending_.end(), {peer, 0, request});
  else if (it == pending_.end())
    it = std::prev(pending_.end());
  ++it->messages;
  it->request = it->request && request;  // the user accepted the request meanwhile
  if (with_text_) text_ = text.substr(0, max_text);
}

void Notifier::link(bool online, Now now) {
  if (online && !online_) {
    gather_until_ms_ = now.steady_ms + longest_ms;
    not_before_ms_ = std::max(not_before_ms_, now.steady_ms + gather_ms);
  }
  online_ = online;
}

// "12 messages from bob and 2 others, 1 request"
std::string Notifier::summary() const {
  std::size_t messages = 0, people = 0, requests = 0;
  std::string_view first;
  for (const Pending& p : pending_) {
    if (p.request) {
      ++requests;
      continue;
    }
    if (people++ == 0) first = p.peer;
    messages += p.messages;
  }
  if (people == 0 && requests == 1) return pending_.front().peer + " asks to talk to you";
  if (people == 0) return fmt::format("{} people ask to talk to you", requests);
  std::string out = fmt::format("{} from {}", count(messages, "message"), first);
  if (people > 1) out += " and " + count(people - 1, "other");
  if (requests > 0) out += ", " + count(requests, "request");
  return out;
}

std::optional<Notification> Notifier::next(Now now) {
  if (pending_.empty() || now.steady_ms < not_before_ms_) return std::nullopt;
  Notification out{"SIMS", summary()};
  const Pending& first = pending_.front();
  const bool single = pending_.size() == 1 && first.messages == 1 && !first.request;
  // The program's name comes first: a name like "4" alone would be a command to some terminals.
  if (single && !text_.empty()) out = {"SIMS: " + first.peer, text_};
  pending_.clear();
  wipe(text_);
  not_before_ms_ = now.steady_ms + pause_ms;
  return out;
}

int Notifier::wait_ms(Now now) const {
  if (pending_.empty()) return -1;
  return static_cast<int>(now.ms_until(not_before_ms_));
}

std::string osc_text(std::string_view text, std::size_t max, bool ascii) {
  // Bounds the cost for long texts.
  std::string safe = safe_text(text.substr(0, max * 8), Lines::fold);
  if (ascii) safe = only_ascii(safe);
  std::replace(safe.begin(), safe.end(), ';', ',');
  if (safe.size() <= max) return safe;
  safe.resize(grapheme_start(safe, max - dots.size()));
  return safe.append(dots);
}

std::string encode(const Notification& notification, NotifyBy by, Passthrough through, bool ascii) {
  const std::string title = osc_text(notification.title, title_bytes, ascii);
  const std::string body = osc_text(notification.body, body_bytes, ascii);
  switch (by) {
    case NotifyBy::off:
      return "";
    case NotifyBy::bell:
      return "\a";  // tmux and screen pass it on by themselves
    case NotifyBy::osc9:
      return passed("\x1b]9;" + title + ": " + body + "\a", through);
    case NotifyBy::osc777:
      return passed("\x1b]777;notify;" + title + ";" + body + "\a", through);
    case NotifyBy::osc99:
      return passed("\x1b]99;i=sims:d=0:p=title;" + title + "\a", through) +
             passed("\x1b]99;i=sims:d=1:p=body;" + body + "\a", through);
  }
  return "";
}

}  // namespace sims::tui
