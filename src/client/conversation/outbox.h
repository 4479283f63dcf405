// The texts to one peer that are not yet proved delivered, in the order they were typed. Pure. A text keeps
// its uid through every session and letter, so the peer shows it once however often it is sent (sims-protocol(7)
// sections 6 and 8).
//
//   queued ----- sent() --------------------------------------> in flight
//   in flight ----- server_took() ----------------------------> in flight, marked sent
//   in flight ----- delivered() ------------------------------> gone
//   in flight ----- requeue(): session or connection ended ---> queued, or at the relay
//   queued ----- write_letter() ------------------------------> a letter is out
//   a letter is out ----- sent(): it is not posted now -------> a letter is out, and in flight
//   a letter is out ----- server_took(): it is on disk there -> at the relay, marked mailed
//   a letter is out ----- back(): the relay refused it -------> queued
//   a letter is out ----- unpost(): the relay is too busy ----> a letter is out; a session may take it
//   at the relay ----- receive_receipt() ---------------------> gone
//   at the relay ----- back(): to be sent again --------------> queued
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "client/model/mail_memory.h"
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
    bool left = false;         // a session or letter took it, now or before; `after` no longer changes
    std::uint64_t m = 0;       // in flight: its id in the end-to-end session
    std::uint64_t seq = 0;     // in flight: the connection's message that carries it
    std::int64_t sent_ms = 0;  // in flight: steady
    // A letter of it was written: as in the Memory. Its `message` is not empty while the letter is out.
    std::optional<MailDelivery> mail;
    std::optional<std::uint64_t> post_seq;  // out: this connection's message that carries it
    std::uint64_t session = 0;              // LetterSession's, of the newest letter; 0: of an earlier run
    std::string why;                 // queued: why it waits, in words; empty: it goes as soon as it can
    std::int64_t again_unix_ms = 0;  // queued: when it is tried next; 0: no time is set

    bool letter_out() const { return mail && !mail->message.empty(); }
    bool at_relay() const { return mail && mail->message.empty() && mail->mailed_unix_ms != 0; }
  };
  static constexpr std::size_t max_entries = 1'000;
  // The limit of texts in flight. It is far below the acks that a session remembers and the queue
  // that a server keeps for one client. Letters have as much.
  static constexpr std::size_t window = 50;
  static constexpr std::size_t window_bytes = 64 * 1024;

  bool full() const { return entries_.size() >= max_entries; }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t only_here() const;  // how many the relay does not keep
  Entry& add(std::uint64_t serial, std::uint64_t row, const Id& to, proto::TextContent content);
  void add(Entry entry);  // one that was taken out

  // --- by session. `mailed_too`: also those whose letter is posted or waits at the relay.
  // The next to send to this key; nullptr: nothing waits or too much is in flight.
  Entry* next(const Id& to, bool mailed_too = false);
  void sent(Entry& entry, std::uint64_t m, std::uint64_t seq, std::int64_t now_ms);
  // The entries whose delivery mark changed to sent. Pointers hold until the next call.
  std::vector<const Entry*> server_took(std::uint64_t seq);  // cumulative
  std::optional<Entry> delivered(std::uint64_t m);
  std::vector<const Entry*> requeue();           // the entries whose delivery mark changed
  std::optional<Entry> take(std::uint64_t seq);  // the one in flight as this message

  // --- by letter
  Entry* next_letter(const Id& to);   // the next to write; nullptr: none
  Entry* next_to_post(const Id& to);  // its letter is out, and not posted in this connection; nullptr: none
  void posted(Entry& entry, std::uint64_t seq);
  bool may_post(bool one_at_a_time) const;              // the window has room
  std::vector<Entry*> posted_up_to(std::uint64_t seq);  // posted, as messages up to this one
  Entry* posted_as(std::uint64_t seq);                  // nullptr: none
  void unpost(Entry& entry);                            // its letter has a fate, or is to be posted again
  void link_lost();                                     // nothing is posted any more
  Entry* find_letter(const Id& to,
                     const crypto::Digest& token);  // one of whose letters this was; nullptr: none
  std::vector<Entry*> at_relay(const Id& to);       // oldest first
  bool any_by_letter(const Id& to) const;           // a letter is posted or at the relay
  bool any_to_post(const Id& to) const;
  bool any_to_write(const Id& to) const;
  std::size_t letters(const Id& to) const;  // out, or at the relay
  std::vector<Entry*> all();

  std::optional<Entry> take(const std::string& uid);  // also one that was not sent yet
  std::optional<Entry> take_row(std::uint64_t row);
  const Entry* find(const std::string& uid) const;  // nullptr: none; holds until the next call
  // Texts that were typed for other keys, oldest first: their number, and taken out.
  std::size_t held(const Id& to) const;
  std::vector<Entry> take_held(const Id& to);

  bool ready(const Id& to, bool mailed_too = false) const;    // next() has one
  bool waiting(const Id& to, bool mailed_too = false) const;  // something is to be sent to this key
  bool carries(std::uint64_t seq) const;                      // a text in flight went out as this message
  bool any_posted() const { return posted_ > 0; }
  std::optional<std::int64_t> oldest_in_flight() const;  // its sent_ms

 private:
  const Entry* first_for_session(const Id& to, bool mailed_too) const;
  std::optional<Entry> remove(const std::deque<Entry>::iterator& at);
  template <class Is>
  Entry* first(Is is);

  std::deque<Entry> entries_;
  std::size_t in_flight_ = 0, in_flight_bytes_ = 0;
  std::size_t posted_ = 0, posted_bytes_ = 0;
};

}  // namespace sims::client
