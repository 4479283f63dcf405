// Outbox: chooses the next text to send, and moves texts from queued to sent to delivered.
#include "client/conversation/outbox.h"
#include "proto/wire/content.h"

#include <algorithm>

namespace sims::client {

void Outbox::add(std::uint64_t serial, std::uint64_t row, const Id& to, proto::TextContent content) {
  Entry entry;
  entry.serial = serial;
  entry.row = row;
  entry.to = to;
  entry.content = std::move(content);
  add(std::move(entry));
}

void Outbox::add(Entry entry) {
  entries_.push_back(std::move(entry));
}

bool Outbox::ready(const Id& to) const {
  return in_flight_ < window && in_flight_bytes_ < window_bytes && waiting(to);
}

Outbox::Entry* Outbox::next(const Id& to) {
  if (in_flight_ >= window || in_flight_bytes_ >= window_bytes) return nullptr;
  auto at = std::find_if(entries_.begin(), entries_.end(),
                         [&](const Entry& e) { return !e.in_flight && e.to == to; });
  return at == entries_.end() ? nullptr : &*at;
}

void Outbox::sent(Entry& entry, std::uint64_t m, std::uint64_t seq, std::int64_t now_ms) {
  entry.in_flight = entry.left = true;
  entry.m = m;
  entry.seq = seq;
  entry.sent_ms = now_ms;
  ++in_flight_;
  in_flight_bytes_ += entry.content.body.size();
}

std::vector<const Outbox::Entry*> Outbox::server_took(std::uint64_t seq) {
  std::vector<const Entry*> changed;
  for (Entry& entry : entries_) {
    if (!entry.in_flight || entry.seq > seq || entry.delivery == Delivery::sent) continue;
    entry.delivery = Delivery::sent;
    changed.push_back(&entry);
  }
  return changed;
}

std::optional<Outbox::Entry> Outbox::remove(const std::deque<Entry>::iterator& at) {
  if (at == entries_.end()) return std::nullopt;
  if (at->in_flight) {
    --in_flight_;
    in_flight_bytes_ -= at->content.body.size();
  }
  Entry entry = std::move(*at);
  entries_.erase(at);
  return entry;
}

std::optional<Outbox::Entry> Outbox::delivered(std::uint64_t m) {
  auto entry = remove(std::find_if(entries_.begin(), entries_.end(),
                                   [m](const Entry& e) { return e.in_flight && e.m == m; }));
  if (entry) entry->delivery = Delivery::delivered;
  return entry;
}

std::optional<Outbox::Entry> Outbox::take(std::uint64_t seq) {
  return remove(std::find_if(entries_.begin(), entries_.end(),
                             [seq](const Entry& e) { return e.in_flight && e.seq == seq; }));
}

std::optional<Outbox::Entry> Outbox::take(const std::string& uid) {
  return remove(
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.content.uid == uid; }));
}

const Outbox::Entry* Outbox::find(const std::string& uid) const {
  const auto at =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.content.uid == uid; });
  return at == entries_.end() ? nullptr : &*at;
}

std::vector<const Outbox::Entry*> Outbox::requeue() {
  std::vector<const Entry*> changed;
  for (Entry& entry : entries_) {
    entry.in_flight = false;
    if (entry.delivery == Delivery::queued) continue;
    entry.delivery = Delivery::queued;
    changed.push_back(&entry);
  }
  in_flight_ = in_flight_bytes_ = 0;
  return changed;
}

bool Outbox::waiting(const Id& to) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& e) { return !e.in_flight && e.to == to; });
}

std::size_t Outbox::held(const Id& to) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.to != to; }));
}

// None of them is in flight: their session ended with that key.
std::vector<Outbox::Entry> Outbox::take_held(const Id& to) {
  std::vector<Entry> held;
  std::deque<Entry> others;
  for (Entry& entry : entries_)
    if (entry.to == to)
      others.push_back(std::move(entry));
    else
      held.push_back(std::move(entry));
  entries_ = std::move(others);
  return held;
}

bool Outbox::carries(std::uint64_t seq) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [seq](const Entry& e) { return e.in_flight && e.seq == seq; });
}

std::optional<std::int64_t> Outbox::oldest_in_flight() const {
  for (const Entry& entry : entries_)
    if (entry.in_flight) return entry.sent_ms;
  return std::nullopt;
}

}  // namespace sims::client
