// The client's persistent state, as the core sees it: pinned keys (the trust on first use of
// sims-protocol(7) section 7), the history, unsent texts, and all of letters (MailMemory). Implemented by
// client/store (one sealed SQLite file) and by tests (in memory).
//
// Writes of one turn are gathered and last only after commit() succeeded. The edge calls it before
// it sends anything, so that no text goes out and no ack proves a message that is not on disk. A
// failed write is an error that the core shows; nothing counts as pinned, queued or received that
// was not stored. After a failed write commit() fails too, also if the write could not begin: later
// texts must not be stored without an earlier one. A commit() that fails has undone everything since
// the last one that succeeded; in_doubt() is the exception.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/model/mail_memory.h"
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
  std::uint64_t read_row = 0;             // the newest history row that the user has read
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
  // Received: its author. Mine: the key that it was typed for. Empty: written by an older version.
  Id peer_id;
  std::string uid;
  std::string body;
  std::int64_t at_unix_ms = 0;              // mine: when it was typed, sent to the peer as `sent`
  Delivery delivery = Delivery::delivered;  // mine: those not settled are the outbox
  std::string why;                          // the reason of a failed one, or why a queued one waits
  // Received:
  std::int64_t sent_unix_ms = 0;     // the author's time; 0: stored by an older version
  std::optional<std::string> after;  // the uid of the author's text before it
  bool waits = false;                // stored and acked; its line waits for that text
  bool incomplete = false;           // its line was shown although that text had not come
  bool disordered = false;           // by the author's time it comes before one shown earlier
};

// The last text of one author, or to one peer, in a conversation: the one that `after` refers to.
struct LastText {
  std::uint64_t row = 0;  // to a peer: its row at that time
  std::string uid;
  std::int64_t sent_unix_ms = 0;  // from an author: the newest plausible `sent` that was shown
  bool proved = false;            // to a peer: one text, this or another, was proved delivered
};

// One hit of a search.
struct SearchHit {
  PeerKey peer;
  HistoryEntry entry;
};

class Memory : public MailMemory {
 public:
  // --- keys
  virtual std::optional<PinnedServer> server(const std::string& host_port) = 0;
  virtual Result<void> pin_server(const std::string& host_port, const PinnedServer& server) = 0;
  // Moves the data of a server to its new id, which the user accepted: pins, history, unsent texts
  // and all of letters. Returns false, and moves nothing, if the old id is also another HOST:PORT's or if data
  // exists under the new id: users of two servers must not mix.
  virtual Result<bool> replace_server(const std::string& host_port, const PinnedServer& server) = 0;
  virtual std::map<std::string, PinnedPeer> peers(const Id& server) = 0;  // by name
  virtual Result<void> pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) = 0;
  // Removes the pin alone; erase_history() removes the history.
  virtual Result<void> forget_peer(const Id& server, const std::string& name) = 0;

  // --- history and outbox
  virtual Result<std::uint64_t> add(const PeerKey& peer, const HistoryEntry& entry) = 0;  // its row
  // Does nothing if the row was erased. `left`: a session took it, so the peer may have it.
  virtual Result<void> set_delivery(std::uint64_t row, Delivery delivery, const std::string& why,
                                    bool left) = 0;
  // Makes the entry the newest of its conversation, with the content of `entry`; returns its new
  // row.
  virtual Result<std::uint64_t> put_last(const PeerKey& peer, const HistoryEntry& entry) = 0;
  // True if a text of this author with this uid was added in the last 90 days, even if its row is
  // gone. If that cannot be read, the next write fails.
  virtual bool seen(const PeerKey& peer, const Id& author, const std::string& uid) = 0;
  // The same for a reader: a failure is an error here, and no write fails because of it.
  virtual Result<bool> look_up(const PeerKey& peer, const Id& author, const std::string& uid) = 0;
  // The text that was added last, even if its row is gone; nullopt: none was ever added.
  virtual std::optional<LastText> last_from(const PeerKey& peer, const Id& author) = 0;
  // The newest row that left for this key and is settled, even if it is gone.
  virtual std::optional<LastText> last_to(const PeerKey& peer, const Id& id) = 0;
  // At most `most` rows before `row` (0: the newest), oldest first. No rows whose line waits.
  virtual Result<std::vector<HistoryEntry>> before(const PeerKey& peer, std::uint64_t row,
                                                   std::size_t most) = 0;
  // The number of rows received from this peer after `row`.
  virtual std::size_t unread(const PeerKey& peer, std::uint64_t row) = 0;
  // Texts to this server's peers that are neither delivered nor failed, oldest first, by peer name.
  virtual Result<std::map<std::string, std::vector<HistoryEntry>>> outbox(const Id& server) = 0;
  // Received rows of this server's peers whose line waits, oldest first, by peer name.
  virtual Result<std::map<std::string, std::vector<HistoryEntry>>> waiting(const Id& server) = 0;
  // Erases all rows except unsent ones and those whose line waits.
  virtual Result<void> erase_history(const PeerKey& peer) = 0;

  virtual Result<void> commit() = 0;  // idempotent, cheap when nothing was written
  // True if a crash may bring back writes of a commit that failed: they may be on the disk, and it let
  // nothing be written over them. Ends with the next commit that writes.
  virtual bool in_doubt() const = 0;
};

}  // namespace sims::client
