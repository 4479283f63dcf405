// What a client remembers beyond its life, as the core sees it: whose keys are pinned (the trust on first use
// of sims-protocol(7) section 7), what was said, what is still to be sent. Implemented by client/store (one
// sealed SQLite file) and by tests (in memory).
//
// Writes of one turn are gathered and last only after commit() said so: the edge calls it before it sends
// anything, so that no text goes out and no ack proves a message that is not on disk. A failed write is an
// error that the core shows; nothing is treated as pinned, queued or received that was not stored. After a
// write that failed commit() fails too; a commit() that fails has undone everything since the last one that
// did not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/model.h"

namespace sims::client {

struct PinnedServer {
  Id id;
  std::int64_t first_seen_unix_ms = 0;
};

struct PinnedPeer {
  Id id;
  bool verified = false;
  std::int64_t first_seen_unix_ms = 0;
  Standing standing = Standing::contact;  // contact, request or blocked: a stranger is not pinned
  std::uint64_t read_row = 0;             // the newest row of the history that the user looked at
};

// One conversation: a name at a server. It stays the same when the user accepts another key for the name.
struct PeerKey {
  Id server;
  std::string name;
  auto operator<=>(const PeerKey&) const = default;
};

// One text or action of a conversation, said or received.
struct HistoryEntry {
  std::uint64_t row = 0;  // grows; given by Memory::add()
  bool action = false;
  bool mine = false;
  std::string uid;
  std::string body;
  std::int64_t at_unix_ms = 0;              // mine: when it was typed, what the peer is told as `sent`
  Delivery delivery = Delivery::delivered;  // mine: queued and sent ones are the outbox
  std::string why;                          // of a failed one
};

// What a search found.
struct SearchHit {
  PeerKey peer;
  HistoryEntry entry;
};

class Memory {
 public:
  virtual ~Memory() = default;

  // --- keys
  virtual std::optional<PinnedServer> server(const std::string& host_port) = 0;
  virtual Result<void> pin_server(const std::string& host_port, const PinnedServer& server) = 0;
  // The server there has proved another id, which the user took for its own. What is kept under the old one
  // (pins, history, what is still to be sent) comes along, unless that is another HOST:PORT's as well, or
  // something is kept under the new one already: two servers' users do not mix. False: all of it stays
  // behind.
  virtual Result<bool> replace_server(const std::string& host_port, const PinnedServer& server) = 0;
  virtual std::map<std::string, PinnedPeer> peers(const Id& server) = 0;  // by name
  virtual Result<void> pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) = 0;
  // The pin alone; what was said with them is erase_history()'s.
  virtual Result<void> forget_peer(const Id& server, const std::string& name) = 0;

  // --- history and outbox
  virtual Result<std::uint64_t> add(const PeerKey& peer, const HistoryEntry& entry) = 0;  // its row
  // Nothing, when the row was erased.
  virtual Result<void> set_delivery(std::uint64_t row, Delivery delivery, const std::string& why) = 0;
  // A text of this peer with this uid was added before, whether its row is still there or not.
  virtual bool seen(const PeerKey& peer, const std::string& uid) = 0;
  // At most `most` rows before `row` (0: the newest), oldest first.
  virtual Result<std::vector<HistoryEntry>> before(const PeerKey& peer, std::uint64_t row,
                                                   std::size_t most) = 0;
  // Rows received from this peer after `row`.
  virtual std::size_t unread(const PeerKey& peer, std::uint64_t row) = 0;
  // What was typed to this server's peers and is neither delivered nor failed, oldest first, by peer name.
  virtual Result<std::map<std::string, std::vector<HistoryEntry>>> outbox(const Id& server) = 0;
  // All rows but those that are still to be sent.
  virtual Result<void> erase_history(const PeerKey& peer) = 0;

  virtual Result<void> commit() = 0;  // idempotent, cheap when nothing was written
};

}  // namespace sims::client
