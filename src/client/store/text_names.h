// The uids of received texts, and the ends of the chains that `after` makes (sims-protocol(7)
// section 6). Both outlive their rows, even when the history is erased. A text is shown once
// because its uid is found here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/model/memory.h"
#include "client/store/pin_table.h"

namespace sims::client {

class TextNames {
 public:
  TextNames(StoreFile& file, Vault& vault, PinTable& pins) : file_(file), vault_(vault), pins_(pins) {}

  // --- while unlocked; see Memory
  bool seen(const PeerKey& peer, const Id& author, const std::string& uid);
  std::optional<LastText> last_from(const PeerKey& peer, const Id& author);
  std::optional<LastText> last_to(const PeerKey& peer, const Id& id);
  Result<bool> look_up(const PeerKey& peer, const Id& author, const std::string& uid);

  // Returns why an answer of the first three was wrong (the disk could not be read), once; empty: all were
  // right. The transaction then fails, since it would build on a wrong answer.
  std::string take_misread() { return std::exchange(misread_, {}); }

  // --- in a transaction
  // added, or shown after waiting
  Result<void> note_received(const PeerKey& peer, const HistoryEntry& entry);
  Result<void> note_left(const PeerKey& peer, const HistoryEntry& entry);  // a session or letter took it
  Result<void> move(const Id& from, const Id& to);  // a server's new id; call after its pins were moved

  void forget_cache() { server_ids_.clear(); }  // the disk may have changed

 private:
  using TagOf = Tag (*)(const Sealer&, const Id&, const Id&);
  Result<void> put_last(const Tag& tag, const LastText& last);
  Result<std::optional<LastText>> last_of(TagOf tag_of, const Id& server, const Id& id);
  Result<std::optional<LastText>> read_last(const Tag& tag);
  Result<bool> has(const Tag& tag);
  template <class T>
  T or_misread(Result<T> read);  // an error: notes why, and returns that there is none
  // The ids of this server: the current one, then earlier ones, under which names and chains may be
  // stored. Valid until the cache changes.
  Result<const std::vector<Id>*> ids_of(const Id& server);
  Result<std::vector<Id>> read_ids(const Id& server);

  StoreFile& file_;
  Vault& vault_;
  PinTable& pins_;
  std::map<Id, std::vector<Id>> server_ids_;  // ids_of(), cached: each text asks
  std::string misread_;                       // the first cause
  std::int64_t forgot_on_ = 0;                // the day on which old names were last deleted
};

}  // namespace sims::client
