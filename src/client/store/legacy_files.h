// The older layout of a client's folder, before store.db: `identity`, `known_servers`, `known_peers` and
// `settings`, private text files.
#pragma once

#include <optional>
#include <string>

#include "client/store/pin_table.h"

namespace sims::client {

struct OldFiles {
  std::optional<crypto::SigningKey> identity;  // none: no such folder
  StorePins pins;
};

// What is missing is empty. A file that others may read, or with a line that cannot be, is an error in words
// with file and line.
Result<OldFiles> read_old_files(const std::string& folder);
bool any_old_files(const std::string& folder);
// Once all of it is in the store. An identity that is not the store's (`id`) is an error in words: nobody's
// key is thrown away. Only for who holds the folder's lock.
Result<void> remove_old_files(const std::string& folder, const Id& id);

}  // namespace sims::client
