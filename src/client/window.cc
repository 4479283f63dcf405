#include "client/window.h"

#include <algorithm>

namespace sims::client {
namespace {

std::deque<Line>::iterator place_of(std::deque<Line>& lines, std::uint64_t serial) {
  auto at = std::lower_bound(lines.begin(), lines.end(), serial,
                             [](const Line& line, std::uint64_t wanted) { return line.serial < wanted; });
  return at != lines.end() && at->serial == serial ? at : lines.end();
}

}  // namespace

Line& Windows::add(Peer* peer, Line line) {
  auto& lines = peer ? peer->lines : model_.status;
  line.serial = ++last_serial_;
  while (!lines.empty() && lines.size() >= max_lines_)
    lines.pop_front();
  return lines.emplace_back(std::move(line));
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

void Windows::alarm(Peer* peer, std::string text, Now now) {
  own_words(peer, Line::Kind::alert, std::move(text), now);
}

void Windows::alert(Peer* peer, std::string text, Now now) {
  Budget& budget = budgets_[peer ? peer->name : std::string()];
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

void Windows::erase(Peer& peer, std::uint64_t serial) {
  auto at = place_of(peer.lines, serial);
  if (at != peer.lines.end()) peer.lines.erase(at);
}

}  // namespace sims::client
