#include "client/window.h"

#include <algorithm>

namespace sims::client {
namespace {

constexpr std::size_t max_bytes = 4 << 20;  // of the texts in one window

std::deque<Line>::iterator place_of(std::deque<Line>& lines, std::uint64_t serial) {
  auto at = std::lower_bound(lines.begin(), lines.end(), serial,
                             [](const Line& line, std::uint64_t wanted) { return line.serial < wanted; });
  return at != lines.end() && at->serial == serial ? at : lines.end();
}

}  // namespace

Line& Windows::add(Peer* peer, Line line) {
  auto& lines = peer ? peer->lines : model_.status;
  auto& bytes = kept(peer).bytes;
  line.serial = ++last_serial_;
  bytes += line.text.size();
  while (!lines.empty() && (lines.size() >= max_lines_ || bytes > max_bytes)) {
    if (peer && lines.front().row != 0) peer->older = true;
    bytes -= lines.front().text.size();
    lines.pop_front();
  }
  return lines.emplace_back(std::move(line));
}

Line* Windows::prepend(Peer& peer, Line line) {
  auto& bytes = kept(&peer).bytes;
  if (room(peer) == 0 || bytes + line.text.size() > max_bytes) return nullptr;
  line.serial = --oldest_serial_;
  bytes += line.text.size();
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

void Windows::alert(Peer* peer, std::string text, Now now) {
  alert(kept(peer).alerts, peer, std::move(text), now);
}

void Windows::key_alert(Peer& peer, std::string text, Now now) {
  alert(kept(&peer).key_alerts, &peer, std::move(text), now);
}

void Windows::alert(Budget& budget, Peer* peer, std::string text, Now now) {
  if (!budget.bucket.take(now.steady_ms)) {
    ++budget.held_back;
    return;
  }
  if (budget.held_back > 0) text += " (and " + std::to_string(budget.held_back) + " alerts before it)";
  budget.held_back = 0;
  own_words(peer, Line::Kind::alert, std::move(text), now);
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
  kept(&peer).bytes -= at->text.size();
  peer.lines.erase(at);
}

void Windows::reword(Peer& peer, std::uint64_t serial, std::string text) {
  Line* line = find(peer, serial);
  if (!line) return;
  auto& bytes = kept(&peer).bytes;
  bytes = bytes - line->text.size() + text.size();
  line->text = std::move(text);
}

void Windows::clear(Peer* peer) {
  (peer ? peer->lines : model_.status).clear();
  kept(peer).bytes = 0;
}

void Windows::erase_said(Peer& peer) {
  std::erase_if(peer.lines, [](const Line& line) {
    const bool said = line.kind == Line::Kind::text || line.kind == Line::Kind::action;
    const bool waits = line.mine && (line.delivery == Delivery::queued || line.delivery == Delivery::sent);
    return said && !waits;
  });
  auto& bytes = kept(&peer).bytes;
  bytes = 0;
  for (const Line& line : peer.lines)
    bytes += line.text.size();
}

void Windows::forget_peers() {
  kept_.erase(kept_.upper_bound(std::string()), kept_.end());
}

}  // namespace sims::client
