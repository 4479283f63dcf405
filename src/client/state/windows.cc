// Windows: adds lines within the limits, counts notices that were held back, and finds lines by number.
#include "client/state/windows.h"

#include <algorithm>
#include <vector>

namespace sims::client {
namespace {

constexpr std::size_t max_bytes = 4 << 20;  // of the texts in one window

std::deque<Line>::iterator place_of(std::deque<Line>& lines, std::uint64_t serial) {
  auto at = std::lower_bound(lines.begin(), lines.end(), serial,
                             [](const Line& line, std::uint64_t wanted) { return line.serial < wanted; });
  return at != lines.end() && at->serial == serial ? at : lines.end();
}

}  // namespace

Line missing_notice(const std::string& uid, std::int64_t at_unix_ms) {
  Line line;
  line.kind = Line::Kind::notice;
  line.at_unix_ms = at_unix_ms;
  line.text = "something before this has not come";
  line.missing = uid;
  return line;
}

Line& Windows::add(Peer* peer, Line line) {
  auto& lines = peer ? peer->lines : model_.status;
  auto& bytes = state_of(peer).bytes;
  line.serial = model_.newest_serial = ++last_serial_;
  bytes += line.text.size();
  if (!line.missing.empty()) state_of(peer).missing = true;
  while (!lines.empty() && (lines.size() >= max_lines_ || bytes > max_bytes)) {
    if (peer && lines.front().row != 0) peer->older = true;
    bytes -= lines.front().text.size();
    lines.pop_front();
  }
  return lines.emplace_back(std::move(line));
}

Line* Windows::prepend(Peer& peer, Line line) {
  auto& bytes = state_of(&peer).bytes;
  if (room(peer) == 0 || bytes + line.text.size() > max_bytes) return nullptr;
  line.serial = --oldest_serial_;
  bytes += line.text.size();
  if (!line.missing.empty()) state_of(&peer).missing = true;
  return &peer.lines.emplace_front(std::move(line));
}

std::size_t Windows::room(const Peer& peer) const {
  return max_lines_ - std::min(max_lines_, peer.lines.size());
}

Line& Windows::own_words(Peer* peer, Line::Kind kind, std::string text, Now now) {
  Line line;
  line.kind = kind;
  line.at_unix_ms = now.unix_ms;
  line.text = std::move(text);
  return add(peer, std::move(line));
}

Line& Windows::notice(Peer* peer, std::string text, Now now) {
  return own_words(peer, Line::Kind::notice, std::move(text), now);
}

Line& Windows::alarm(Peer* peer, std::string text, Now now) {
  return own_words(peer, Line::Kind::alert, std::move(text), now);
}

Line* Windows::caused(Peer& peer, Line::Kind kind, std::string text, Now now) {
  return caused(state_of(&peer).caused, &peer, kind, std::move(text), now);
}

void Windows::alert(Peer* peer, std::string text, Now now) {
  caused(state_of(peer).caused, peer, Line::Kind::alert, std::move(text), now);
}

void Windows::key_alert(Peer& peer, std::string text, Now now) {
  caused(state_of(&peer).about_key, &peer, Line::Kind::alert, std::move(text), now);
}

void Windows::fault(Peer* peer, std::string text, Now now) {
  caused(state_of(peer).faults, peer, Line::Kind::alert, std::move(text), now);
}

void Windows::missing(Peer& peer, const std::string& uid, Now now) {
  const auto says = [&](const Line& line) { return line.kind == Line::Kind::notice && line.missing == uid; };
  if (std::any_of(peer.lines.begin(), peer.lines.end(), says)) return;
  Line notice = missing_notice(uid, now.unix_ms);
  if (Line* line = caused(peer, notice.kind, std::move(notice.text), now)) says_missing(peer, *line, uid);
}

void Windows::says_missing(Peer& peer, Line& notice, const std::string& uid) {
  notice.missing = uid;
  state_of(&peer).missing = true;
}

Line* Windows::caused(Budget& budget, Peer* peer, Line::Kind kind, std::string text, Now now) {
  if (budget.minute.take(now.steady_ms)) return &own_words(peer, kind, std::move(text), now);
  if (budget.counting != 0 && now.steady_ms - budget.counting_ms >= minute_ms) budget.counting = 0;
  if (budget.counting == 0) budget.held_back = 0;
  const std::string words = "More notices" + (peer ? " about " + peer->name : std::string()) +
                            " were held back in this minute: " + std::to_string(++budget.held_back);
  if (budget.counting != 0) {
    reword(peer, budget.counting, words);
  } else {
    budget.counting = begin_count(peer, words, now);
    budget.counting_ms = now.steady_ms;
  }
  return nullptr;
}

std::uint64_t Windows::begin_count(Peer* peer, const std::string& text, Now now) {
  Line& line = own_words(peer, Line::Kind::alert, text, now);
  line.counting = true;
  counts_.push_back({now.steady_ms + minute_ms, peer ? peer->name : std::string(), line.serial});
  return line.serial;
}

void Windows::tick(std::int64_t steady_ms) {
  for (; next_tick() <= steady_ms; counts_.pop_front()) {
    const Counting& over = counts_.front();
    const auto peer = model_.peers.find(over.peer);
    if (!over.peer.empty() && peer == model_.peers.end()) continue;
    auto& lines = over.peer.empty() ? model_.status : peer->second.lines;
    if (const auto line = place_of(lines, over.serial); line != lines.end()) line->counting = false;
  }
}

Line* Windows::find(Peer& peer, std::uint64_t serial) {
  auto at = place_of(peer.lines, serial);
  return at == peer.lines.end() ? nullptr : &*at;
}

Line* Windows::find_row(Peer& peer, std::uint64_t row) {
  auto at =
      std::find_if(peer.lines.rbegin(), peer.lines.rend(), [row](const Line& l) { return l.row == row; });
  return at == peer.lines.rend() ? nullptr : &*at;
}

void Windows::erase(Peer& peer, std::uint64_t serial) {
  auto at = place_of(peer.lines, serial);
  if (at == peer.lines.end()) return;
  state_of(&peer).bytes -= at->text.size();
  peer.lines.erase(at);
}

void Windows::came(Peer& peer, const std::string& uid) {
  if (!state_of(&peer).missing) return;
  std::vector<std::uint64_t> notices;
  for (Line& line : peer.lines) {
    if (line.missing != uid) continue;
    if (line.kind == Line::Kind::notice)
      notices.push_back(line.serial);
    else
      line.missing.clear();
  }
  for (const auto serial : notices)
    erase(peer, serial);
}

void Windows::reword(Peer* peer, std::uint64_t serial, std::string text) {
  auto& lines = peer ? peer->lines : model_.status;
  const auto line = place_of(lines, serial);
  if (line == lines.end()) return;
  auto& bytes = state_of(peer).bytes;
  bytes = bytes - line->text.size() + text.size();
  line->text = std::move(text);
}

void Windows::clear(Peer* peer) {
  (peer ? peer->lines : model_.status).clear();
  state_of(peer).bytes = 0;
}

void Windows::erase_said(Peer& peer) {
  std::erase_if(peer.lines, [](const Line& line) {
    const bool said = line.kind == Line::Kind::text || line.kind == Line::Kind::action;
    const bool waits = line.mine && !is_settled(line.delivery);
    return said && !waits;
  });
  auto& bytes = state_of(&peer).bytes;
  bytes = 0;
  for (const Line& line : peer.lines)
    bytes += line.text.size();
}

void Windows::forget_peers() {
  states_.erase(states_.upper_bound(std::string()), states_.end());
}

}  // namespace sims::client
