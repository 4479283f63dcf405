// How sims opens a store that is locked, and changes what opens it. Blocks: before there is a loop.
#pragma once

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

// With the key file that was given, or the passphrase that a person types; an error in words else.
Result<void> unlock(const Options& options, Store& store);
// The command passphrase, of an unlocked store (but --status, of any). What it did goes to standard error.
Exit change_passphrase(const Options& options, Store& store);

}  // namespace sims::client::cli
