// What was said, between the Memory and the windows: writes down what comes and goes, reads back what was,
// and takes back what did not last. Pure; owned by the core.
//
// Two kinds of writes wait for commit(). What was received, and pins, must last before anything is sent
// (holds()): while messages pour in, one commit takes what came within 20 ms. What costs nothing to lose (a
// delivery mark: the text would go again and be shown once; how far the user read) lasts within a second.
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
#include "proto/wire/message.h"

namespace sims::client {

// Whether the text before this one has not come to this day, as far as names are remembered.
bool lacks_predecessor(Memory& memory, const PeerKey& peer, const HistoryEntry& entry, std::int64_t unix_ms);

class History {
 public:
  static constexpr std::size_t page = 100;  // lines that the first look at a window reads

  // `keep`: else a row goes away once it is delivered or looked at, and what is older with it.
  History(Memory& memory, Model& model, Windows& windows, Pins& pins, bool keep)
      : memory_(memory), model_(model), windows_(windows), pins_(pins), keep_(keep) {}

  void set_keep(bool keep) { keep_ = keep; }
  void use(const Id& server);            // whose peers the windows show
  void forget(const std::string& name);  // the peer left the model

  // --- what comes and goes
  bool seen(const Peer& peer, const Id& author, const std::string& uid) {
    return memory_.seen(key(peer.name), author, uid);
  }
  std::optional<LastText> last_from(const Peer& peer) { return memory_.last_from(key(peer.name), peer.id); }
  std::optional<LastText> last_to(const Peer& peer) { return memory_.last_to(key(peer.name), peer.id); }
  std::size_t received(const std::string& name) { return memory_.unread(key(name), 0); }  // kept texts
  // Stored and shown; valid until the next line is added.
  Result<const Line*> receive(Peer& peer, const proto::TextContent& text, Now now);
  // Stored; its line waits.
  Result<HistoryEntry> keep_waiting(const Peer& peer, const proto::TextContent& text, Now now);
  // At last, as the newest line. `incomplete`: the text before it has not come.
  Result<const Line*> show_waiting(Peer& peer, HistoryEntry entry, bool incomplete, Now now);
  Result<std::uint64_t> typed(const Peer& peer, const proto::TextContent& text);  // its row
  // As if it were typed now, for the peer's key of today; its new row.
  Result<std::uint64_t> typed_again(const Peer& peer, const proto::TextContent& text, std::uint64_t row);
  Line& show_typed(Peer& peer, const proto::TextContent& text, std::uint64_t row);
  // `left`: a session took it.
  void delivered(const std::string& name, std::uint64_t row, Delivery delivery, const std::string& why,
                 bool left, Now now);
  Result<void> erase(const std::string& name) { return memory_.erase_history(key(name)); }
  void wrote(Now now);  // a pin
  // Own words about something that was written: they go with it when the next commit fails.
  void depends_on_commit(const Peer& peer, const Line& line);

  // --- what lasts
  bool holds() const { return holds_; }  // nothing may be sent before commit()
  std::int64_t commit_at() const;        // steady ms; INT64_MAX: nothing waits
  // An error: what was shown since the last one is taken back, and pins are to be read again.
  Result<void> commit(Now now);
  struct Arrived {
    std::string name;
    Line line;  // a copy: its window may have dropped it
  };
  std::vector<Arrived> take_arrived() { return std::exchange(arrived_, {}); }  // texts that last by now

  // --- windows
  void show_unread(Peer& peer);  // as of the last time
  // The first time reads the newest page. Unread and attention end. false: nothing changed.
  bool looked_at(Peer& peer, Now now);
  // In front of the peer's lines; false: there is nothing older, or no room for it.
  bool load_older(Peer& peer, std::size_t most, Now now);
  void load_down_to(Peer& peer, std::uint64_t row, Now now);
  // What is shown now comes back with the next start only.
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
  void wait(Now now);
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
  // To be written by the next commit, kept when it fails.
  std::optional<std::int64_t> later_since_ms_;
  std::vector<Mark> marks_;
  std::map<std::string, std::uint64_t> reads_;
  std::set<std::string> passing_;  // names whose rows may go; only without `keep`
  std::int64_t next_commit_ms_ = 0;
};

}  // namespace sims::client
