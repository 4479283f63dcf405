// The tables `conversation` and `history`: texts, row by row, sealed. Error texts leave out the
// file's name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/store/history_row.h"
#include "client/store/text_names.h"

namespace sims::client {

class HistoryTable {
 public:
  using Pending = std::map<std::string, std::vector<HistoryEntry>>;  // by peer name
  struct Conversation {
    std::uint64_t number;
    PeerKey peer;
  };

  HistoryTable(StoreFile& file, Vault& vault, PinTable& pins, TextNames& names)
      : file_(file), vault_(vault), pins_(pins), names_(names) {}

  // --- reading, while unlocked; see Memory
  // Calls `take` for rows of one conversation until it returns false. The parameters of `sql` are
  // the conversation's number, `row` and `max`.
  Result<void> each(const PeerKey& peer, const char* sql, std::uint64_t row, std::uint64_t max,
                    const std::function<bool(HistoryEntry)>& take);
  std::size_t unread(const PeerKey& peer, std::uint64_t row);
  Result<std::vector<Conversation>> conversations();
  Result<bool> has_conversation(const Id& server);
  Result<Pending> outbox(const Id& server);
  Result<Pending> waiting(const Id& server);
  struct Found {  // empty if the row is gone
    std::uint64_t conversation = 0;
    std::optional<PeerKey> peer;
    std::optional<HistoryEntry> entry;
  };
  Result<Found> find(std::uint64_t row);

  // --- in a transaction
  Result<void> add(const PeerKey& peer, const HistoryEntry& entry);  // as last_row()
  Result<void> remove(std::uint64_t row);
  Result<void> replace(const Found& found, bool left);
  Result<void> erase(const PeerKey& peer);  // except pending rows
  Result<void> move(const Id& from, const Id& to);
  Result<void> adopt_outbox();  // call first in the first transaction

  // The row added last. No number is used twice, not even after a failed commit.
  std::uint64_t last_row() const { return last_row_; }

 private:
  Result<std::uint64_t> number_of(const PeerKey& peer);  // 0: no conversation yet
  Result<std::uint64_t> make_conversation(const PeerKey& peer, const Tag& tag);
  Result<Pending> pending_of(const char* sql, const Id& server);
  template <class F>
  Result<void> each_pending(const char* sql, F take, bool all = true);
  Id pinned_id(const PeerKey& peer) const;

  StoreFile& file_;
  Vault& vault_;
  PinTable& pins_;
  TextNames& names_;
  std::uint64_t last_row_ = 0;
};

}  // namespace sims::client
