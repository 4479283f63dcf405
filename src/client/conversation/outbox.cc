// Outbox: chooses the next text to send or to write a letter of, and moves texts between their states.
#include "client/conversation/outbox.h"
#include "proto/wire/content.h"

#include <algorithm>

namespace sims::client {
namespace {

// Its letter is to be posted again. One that a session took meanwhile waits for its ack.
bool to_post(const Outbox::Entry& entry, const Id& to) {
  return entry.to == to && entry.letter_out() && !entry.post_seq && !entry.in_flight;
}

bool to_write(const Outbox::Entry& entry, const Id& to) {
  return entry.to == to && !entry.in_flight && !entry.letter_out() && !entry.at_relay();
}

bool by_letter(const Outbox::Entry& entry) {
  return entry.post_seq || entry.at_relay();
}

}  // namespace

Outbox::Entry& Outbox::add(std::uint64_t serial, std::uint64_t row, const Id& to,
                           proto::TextContent content) {
  Entry& entry = entries_.emplace_back();
  entry.serial = serial;
  entry.row = row;
  entry.to = to;
  entry.content = std::move(content);
  return entry;
}

void Outbox::add(Entry entry) {
  entries_.push_back(std::move(entry));
}

template <class Is>
Outbox::Entry* Outbox::first(Is is) {
  const auto at = std::find_if(entries_.begin(), entries_.end(), is);
  return at == entries_.end() ? nullptr : &*at;
}

// --- by session ----------------------------------------------------------------------------------

bool Outbox::ready(const Id& to, bool mailed_too) const {
  return in_flight_ < window && in_flight_bytes_ < window_bytes && waiting(to, mailed_too);
}

Outbox::Entry* Outbox::next(const Id& to, bool mailed_too) {
  if (in_flight_ >= window || in_flight_bytes_ >= window_bytes) return nullptr;
  return const_cast<Entry*>(first_for_session(to, mailed_too));
}

// A letter whose fate is not known holds back the texts behind it, so that none passes it.
const Outbox::Entry* Outbox::first_for_session(const Id& to, bool mailed_too) const {
  for (const Entry& entry : entries_) {
    if (entry.in_flight || entry.to != to) continue;
    if (mailed_too || !by_letter(entry)) return &entry;
    if (entry.post_seq) return nullptr;
  }
  return nullptr;
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
    if (!entry.in_flight || entry.seq > seq || entry.delivery != Delivery::queued) continue;
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
  unpost(*at);
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

std::vector<const Outbox::Entry*> Outbox::requeue() {
  std::vector<const Entry*> changed;
  for (Entry& entry : entries_) {
    entry.in_flight = false;
    if (entry.delivery != Delivery::sent) continue;
    entry.delivery = Delivery::queued;
    changed.push_back(&entry);
  }
  in_flight_ = in_flight_bytes_ = 0;
  return changed;
}

bool Outbox::waiting(const Id& to, bool mailed_too) const {
  return first_for_session(to, mailed_too) != nullptr;
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

// --- by letter -----------------------------------------------------------------------------------

bool Outbox::may_post(bool one_at_a_time) const {
  return posted_ < (one_at_a_time ? 1 : window) && posted_bytes_ < window_bytes;
}

Outbox::Entry* Outbox::next_letter(const Id& to) {
  return first([&](const Entry& e) { return to_write(e, to); });
}

Outbox::Entry* Outbox::next_to_post(const Id& to) {
  return first([&](const Entry& e) { return to_post(e, to); });
}

void Outbox::posted(Entry& entry, std::uint64_t seq) {
  entry.left = true;
  entry.post_seq = seq;
  ++posted_;
  posted_bytes_ += entry.content.body.size();
}

void Outbox::unpost(Entry& entry) {
  if (!entry.post_seq) return;
  entry.post_seq.reset();
  --posted_;
  posted_bytes_ -= entry.content.body.size();
}

std::vector<Outbox::Entry*> Outbox::posted_up_to(std::uint64_t seq) {
  std::vector<Entry*> all;
  if (posted_ == 0) return all;
  for (Entry& entry : entries_)
    if (entry.post_seq && *entry.post_seq <= seq) all.push_back(&entry);
  return all;
}

Outbox::Entry* Outbox::posted_as(std::uint64_t seq) {
  return first([seq](const Entry& e) { return e.post_seq == seq; });
}

void Outbox::link_lost() {
  for (Entry& entry : entries_)
    unpost(entry);
}

Outbox::Entry* Outbox::find_letter(const Id& to, const crypto::Digest& token) {
  return first([&](const Entry& e) {
    return e.to == to && e.mail &&
           std::any_of(e.mail->letters.begin(), e.mail->letters.end(),
                       [&](const SentLetter& letter) { return letter.token == token; });
  });
}

std::vector<Outbox::Entry*> Outbox::at_relay(const Id& to) {
  std::vector<Entry*> all;
  for (Entry& entry : entries_)
    if (entry.to == to && entry.at_relay()) all.push_back(&entry);
  return all;
}

bool Outbox::any_by_letter(const Id& to) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& e) { return e.to == to && by_letter(e); });
}

std::size_t Outbox::only_here() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.at_relay(); }));
}

std::size_t Outbox::letters(const Id& to) const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.to == to && (e.letter_out() || e.at_relay());
  }));
}

bool Outbox::any_to_post(const Id& to) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return to_post(e, to); });
}

bool Outbox::any_to_write(const Id& to) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return to_write(e, to); });
}

std::vector<Outbox::Entry*> Outbox::all() {
  std::vector<Entry*> all;
  for (Entry& entry : entries_)
    all.push_back(&entry);
  return all;
}

// --- either way ----------------------------------------------------------------------------------

std::optional<Outbox::Entry> Outbox::take(const std::string& uid) {
  return remove(
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.content.uid == uid; }));
}

std::optional<Outbox::Entry> Outbox::take_row(std::uint64_t row) {
  return remove(
      std::find_if(entries_.begin(), entries_.end(), [row](const Entry& e) { return e.row == row; }));
}

const Outbox::Entry* Outbox::find(const std::string& uid) const {
  const auto at =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.content.uid == uid; });
  return at == entries_.end() ? nullptr : &*at;
}

std::size_t Outbox::held(const Id& to) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.to != to; }));
}

// None of them is in flight or posted: their session and letters ended with that key.
std::vector<Outbox::Entry> Outbox::take_held(const Id& to) {
  std::vector<Entry> held;
  std::deque<Entry> others;
  for (Entry& entry : entries_)
    if (entry.to == to) {
      others.push_back(std::move(entry));
    } else {
      unpost(entry);
      held.push_back(std::move(entry));
    }
  entries_ = std::move(others);
  return held;
}

}  // namespace sims::client
