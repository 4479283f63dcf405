// The texts to one peer that are not yet proved delivered, in the order they were typed. Pure. A text keeps
// its uid through every session, so the peer shows it once however often it is sent (sims-protocol(7)
// section 6).
//
//   queued ----- sent() --------------------------------------> in flight
//   in flight ----- server_took() ----------------------------> in flight, marked sent
//   in flight ----- delivered() ------------------------------> gone
//   in flight ----- requeue(): session or connection ended ---> queued
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "client/model/model.h"
#include "proto/identity.h"
#include "proto/wire/content.h"

namespace sims::client {

class Outbox {
 public:
  struct Entry {
    std::uint64_t serial = 0;  // of its Line; 0: of an earlier run, see row
    std::uint64_t row = 0;     // in the history
    Id to;                     // the key that it was typed for; it goes to no other
    proto::TextContent content;
    Delivery delivery = Delivery::queued;
    bool in_flight = false;
    bool left = false;         // a session took it, now or before; `after` no longer changes
    std::uint64_t m = 0;       // in flight: its id in the end-to-end session
    std::uint64_t seq = 0;     // in flight: the connection's message that carries it
    std::int64_t sent_ms = 0;  // in flight: steady
  };
  static constexpr std::size_t max_entries = 1'000;
  // The limit of texts in flight. It is far below the acks that a session remembers and the queue
  // that a server keeps for one client.
  static constexpr std::size_t window = 50;
  static constexpr std::size_t window_bytes = 64 * 1024;

  bool full() const { return entries_.size() >= max_entries; }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  void add(std::uint64_t serial, std::uint64_t row, const Id& to, proto::TextContent content);

  void add(Entry entry);  // one that was taken out

  // The next to send to this key; nullptr: nothing waits or too much is in flight.
  Entry* next(const Id& to);
  void sent(Entry& entry, std::uint64_t m, std::uint64_t seq, std::int64_t now_ms);
  // The entries whose delivery mark changed, or that left. Pointers hold until the next call.
  std::vector<const Entry*> server_took(std::uint64_t seq);  // cumulative
  std::optional<Entry> delivered(std::uint64_t m);
  std::vector<const Entry*> requeue();
  std::optional<Entry> take(std::uint64_t seq);       // the one in flight as this message
  std::optional<Entry> take(const std::string& uid);  // also one that was not sent yet
  const Entry* find(const std::string& uid) const;    // nullptr: none; holds until the next call
  // Texts that were typed for other keys, oldest first: their number, and taken out.
  std::size_t held(const Id& to) const;
  std::vector<Entry> take_held(const Id& to);

  bool ready(const Id& to) const;                        // next() has one
  bool waiting(const Id& to) const;                      // something is queued for this key
  bool carries(std::uint64_t seq) const;                 // a text in flight went out as this message
  std::optional<std::int64_t> oldest_in_flight() const;  // its sent_ms

 private:
  std::optional<Entry> remove(const std::deque<Entry>::iterator& at);

  std::deque<Entry> entries_;
  std::size_t in_flight_ = 0, in_flight_bytes_ = 0;
};

}  // namespace sims::client
