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
#include "client/model/model.h"

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
  // Received: its author. Mine: the key that it was typed for. Empty: an older version did not say.
  Id peer_id;
  std::string uid;
  std::string body;
  std::int64_t at_unix_ms = 0;              // mine: when it was typed, what the peer is told as `sent`
  Delivery delivery = Delivery::delivered;  // mine: queued and sent ones are the outbox
  std::string why;                          // of a failed one
  // Received:
  std::int64_t sent_unix_ms = 0;     // what the author says; 0: an older version did not keep it
  std::optional<std::string> after;  // the uid of the author's text before it
  bool waits = false;                // stored and acked; its line waits for that text
  bool incomplete = false;           // its line was shown although that text had not come
  bool disordered = false;           // the author says to have sent it before one that was shown before it
};

// The text of one author, or to one peer, that was last in a conversation: what `after` refers to.
struct LastText {
  std::uint64_t row = 0;  // to a peer: its row then
  std::string uid;
  std::int64_t sent_unix_ms = 0;  // from an author: the newest `sent` that was shown and is likely
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
  // Nothing, when the row was erased. `left`: a session took it, so that it may have come to the peer.
  virtual Result<void> set_delivery(std::uint64_t row, Delivery delivery, const std::string& why,
                                    bool left) = 0;
  // The entry's row becomes the newest of its conversation, and what `entry` says; its new row.
  virtual Result<std::uint64_t> put_last(const PeerKey& peer, const HistoryEntry& entry) = 0;
  // A text of this author with this uid was added in the last 90 days, whether its row is still there or not.
  virtual bool seen(const PeerKey& peer, const Id& author, const std::string& uid) = 0;
  // The one that was added last, also when its row is gone; nullopt: none ever was.
  virtual std::optional<LastText> last_from(const PeerKey& peer, const Id& author) = 0;
  // The newest row that left for this key and is settled, also when it is gone.
  virtual std::optional<LastText> last_to(const PeerKey& peer, const Id& id) = 0;
  // At most `most` rows before `row` (0: the newest), oldest first. No row whose line waits.
  virtual Result<std::vector<HistoryEntry>> before(const PeerKey& peer, std::uint64_t row,
                                                   std::size_t most) = 0;
  // Rows received from this peer after `row`.
  virtual std::size_t unread(const PeerKey& peer, std::uint64_t row) = 0;
  // What was typed to this server's peers and is neither delivered nor failed, oldest first, by peer name.
  virtual Result<std::map<std::string, std::vector<HistoryEntry>>> outbox(const Id& server) = 0;
  // Received rows of this server's peers whose line waits, oldest first, by peer name.
  virtual Result<std::map<std::string, std::vector<HistoryEntry>>> waiting(const Id& server) = 0;
  // All rows but those that are still to be sent, and those whose line waits.
  virtual Result<void> erase_history(const PeerKey& peer) = 0;

  virtual Result<void> commit() = 0;  // idempotent, cheap when nothing was written
};

}  // namespace sims::client
