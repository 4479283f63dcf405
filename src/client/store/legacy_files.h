// The older layout of a client's folder, from before store.db: the private text files `identity`,
// `known_servers`, `known_peers` and `settings`.
#pragma once

#include <optional>
#include <string>

#include "client/store/pin_table.h"

namespace sims::client {

struct OldFiles {
  std::optional<crypto::SigningKey> identity;  // none: no such folder
  StorePins pins;
};

// Reads the files; a missing one counts as empty. A file that others may read, or with an invalid
// line, is an error in words with file and line.
Result<OldFiles> read_old_files(const std::string& folder);
bool any_old_files(const std::string& folder);
// Removes the files once all of it is in the store. An identity other than the store's (`id`) is an
// error in words, so that no key is lost. The caller must hold the folder's lock.
Result<void> remove_old_files(const std::string& folder, const Id& id);

}  // namespace sims::client
