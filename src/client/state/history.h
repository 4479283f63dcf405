// The history between the Memory and the windows: stores texts, reads them back, and takes back
// lines whose commit failed. Pure; owned by the core.
//
// Two kinds of writes wait for commit(). Received texts and pins must last before anything is sent
// (holds()); while messages pour in, one commit takes those of 20 ms. Writes that may be lost last
// within a second: a delivery mark (the text would go again and be shown once), and how far the
// user has read.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/model/memory.h"
#include "client/state/pins.h"
#include "client/state/windows.h"
#include "proto/identity.h"
#include "proto/wire/content.h"

namespace sims::client {

// True if the text before this one is still missing, as far as uids are remembered.
bool lacks_predecessor(Memory& memory, const PeerKey& peer, const HistoryEntry& entry, std::int64_t unix_ms);

class History {
 public:
  static constexpr std::size_t page = 100;  // lines read by the first look at a window

  // Without `keep` a row goes away once it is delivered or read, and older ones with it.
  History(Memory& memory, Model& model, Windows& windows, Pins& pins, bool keep)
      : memory_(memory), model_(model), windows_(windows), pins_(pins), keep_(keep) {}

  void set_keep(bool keep) { keep_ = keep; }
  void use(const Id& server);            // whose peers the windows show
  void forget(const std::string& name);  // the peer left the model

  // --- received and sent texts
  bool seen(const Peer& peer, const Id& author, const std::string& uid) {
    return memory_.seen(key(peer.name), author, uid);
  }
  std::optional<LastText> last_from(const Peer& peer) { return memory_.last_from(key(peer.name), peer.id); }
  // True if a text ever came from this peer, or one of ours was proved delivered, however many came after it.
  bool proved(const Peer& peer);
  std::optional<LastText> last_to(const Peer& peer) { return memory_.last_to(key(peer.name), peer.id); }
  std::size_t received(const std::string& name) { return memory_.unread(key(name), 0); }  // kept texts
  // Stores and shows a text; valid until the next line is added.
  Result<const Line*> receive(Peer& peer, const proto::TextContent& text, Now now);
  // Stores a text whose line waits.
  Result<HistoryEntry> keep_waiting(const Peer& peer, const proto::TextContent& text, Now now);
  // Shows a waiting text as the newest line. `incomplete`: the text before it is missing.
  Result<const Line*> show_waiting(Peer& peer, HistoryEntry entry, bool incomplete, Now now);
  Result<std::uint64_t> typed(const Peer& peer, const proto::TextContent& text);  // its row
  // Stores a text again as if typed now, for the peer's current key; returns its new row.
  Result<std::uint64_t> typed_again(const Peer& peer, const proto::TextContent& text, std::uint64_t row);
  Line& show_typed(Peer& peer, const proto::TextContent& text, std::uint64_t row);
  // `left`: a session took it.
  void delivered(const std::string& name, std::uint64_t row, Delivery delivery, const std::string& why,
                 bool left, Now now);
  // --- letters of our texts. Within a turn that called wrote(), or in write_down():
  Result<void> put_delivery(const MailDelivery& mail) { return memory_.put_delivery(server_, mail); }
  Result<void> erase_delivery(const MailDelivery& mail) {
    return memory_.erase_delivery(server_, mail.row, mail.to);
  }
  // What became of a letter, and the mark of its text: may be lost, see above. Then the letter goes again.
  void put_delivery_later(const std::string& name, const MailDelivery& mail, Delivery delivery,
                          const std::string& why, Now now);
  void forget_delivery(const MailDelivery& mail, Now now);
  // As delivered(), of a text of which a letter was written.
  void settled(const std::string& name, const MailDelivery& mail, Delivery delivery, const std::string& why,
               bool left, Now now);
  Result<void> erase(const std::string& name) { return memory_.erase_history(key(name)); }
  void wrote(Now now);        // a pin
  void wrote_later(Now now);  // something that may be lost
  // Ties our own words to the writes they report: the words are removed if the next commit fails.
  void depends_on_commit(const Peer& peer, const Line& line);

  // --- commits
  bool holds() const { return holds_; }  // nothing may be sent before commit()
  bool in_doubt() const { return memory_.in_doubt(); }
  std::int64_t commit_at() const;  // steady ms; INT64_MAX: nothing waits
  // On error, lines shown since the last commit are taken back, and pins must be read again.
  Result<void> commit(Now now);
  struct Arrived {
    std::string name;
    Line line;  // a copy: its window may have dropped it
  };
  std::vector<Arrived> take_arrived() { return std::exchange(arrived_, {}); }  // committed texts

  // --- windows
  void show_unread(Peer& peer);  // as of the last run
  // The first call reads the newest page. Ends unread and attention. False: nothing changed.
  bool mark_read(Peer& peer, Now now);
  struct Older {
    bool lines = false;    // false: there is nothing older, or no room for it
    bool changed = false;  // the peer, or its lines
  };
  Older load_older(Peer& peer, std::size_t most, Now now);  // reads lines in front of the peer's
  void load_down_to(Peer& peer, std::uint64_t row, Now now);
  // Hides the current lines until the next start.
  void clear(Peer& peer);
  void erased(Peer& peer);  // after erase() lasts

 private:
  struct Place {
    bool opened = false;
    std::uint64_t floor = 0;  // this row and those before it are not shown
  };
  struct Mark {
    std::string name;  // empty: at the server before this one
    std::uint64_t row;
    Delivery delivery;
    std::string why;
    bool left;
  };
  bool prepend(Peer& peer, const HistoryEntry& entry, Now now);
  const Line& show(Peer& peer, const HistoryEntry& entry);
  PeerKey key(const std::string& name) const { return {server_, name}; }
  void write_later();
  void take_back();

  Memory& memory_;
  Model& model_;
  Windows& windows_;
  Pins& pins_;
  bool keep_;
  Id server_;
  std::map<std::string, Place> places_;  // by name

  bool holds_ = false;
  std::vector<Arrived> fresh_;    // lines since the last commit
  std::vector<Arrived> arrived_;  // texts among those that were committed
  // Writes for the next commit; kept if it fails.
  std::optional<std::int64_t> later_since_ms_;
  std::vector<Mark> marks_;
  std::map<std::string, std::uint64_t> reads_;
  std::set<std::string> passing_;  // names whose rows may go; only without `keep`
  std::int64_t next_commit_ms_ = 0;
};

}  // namespace sims::client
