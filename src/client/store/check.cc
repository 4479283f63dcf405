#include "client/store/check.h"

#include <fmt/format.h>

#include "os/sqlite.h"

namespace sims::client {

void StoreCheck::run() {
  auto db = sqlite::Database::open_read_only(path_);
  if (!db) return;
  const auto found = db->check();
  if (!found) return;
  whole_ = found->empty();
  if (whole_) return;
  damage_ = fmt::format(
      "DAMAGED: {0}: {1}. Some of what was said, or is still to be sent, may not show. End all programs that "
      "use it and "
      "keep a copy; then restore it from a backup, or rebuild its indexes: sqlite3 {0} REINDEX",
      path_, *found);
}

}  // namespace sims::client
