// How sims opens a locked store, and changes how it is opened. Blocks, so call it before there is a
// loop.
#pragma once

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

// Opens it with the given key file, or the passphrase that a person types; else an error in words.
Result<void> unlock(const Options& options, Store& store);
// Runs the command `passphrase` on an unlocked store (--status: on any). Prints the result on
// standard error.
Exit change_passphrase(const Options& options, Store& store);

}  // namespace sims::client::cli
