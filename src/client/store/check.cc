// Runs SQLite's integrity check on a connection of its own, and words the result.
#include "client/store/check.h"

#include <fmt/format.h>

#include "os/sqlite.h"

namespace sims::client {

namespace {

std::string words_for_unread(const std::string& path, const std::string& why) {
  return fmt::format(
      "{}: could not be read to check it: {}. Look at the disk and the system's log, and keep a copy of the "
      "file; "
      "the check is tried again at the next start, or in a day",
      path, why);
}

}  // namespace

void StoreCheck::run() {
  auto db = sqlite::Database::open_read_only(path_);
  const auto found = db ? db->check() : fail(db.error());
  whole_ = found && found->empty();
  damaged_ = found && !found->empty();
  if (!found) problem_ = words_for_unread(path_, found.error());
  if (!damaged_) return;
  problem_ = fmt::format(
      "DAMAGED: {0}: {1}. Some of what was said, or is still to be sent, may not show. End all programs that "
      "use it and "
      "keep a copy. Then restore it from a backup, or rebuild its indexes: sqlite3 {0} REINDEX",
      path_, *found);
}

}  // namespace sims::client
