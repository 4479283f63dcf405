// The commands of sims that need no server: what is done on the store alone.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

// HOST:PORT: the one that was given, else used last, else localhost.
Result<std::string> server_of(const Options& options, const Store& store);
// Who is remembered under the name at the server; nullopt: nobody. When no server was said, neither now nor
// in sims-tui, at whatever server there is only one such peer.
Result<std::optional<KnownPeer>> remembered(const Options& options, Store& store,
                                            const std::string& host_port);

// Of a peer that is remembered.
Exit fingerprint(const Store& store, const KnownPeer& known);
Exit verify(const Options& options, Store& store, KnownPeer known);
Exit decide(const Options& options, Store& store, KnownPeer known);  // accept, decline, block

// The names of the peers that are remembered at any server, sorted, each once, for the completions of shells:
// asks nothing and makes nothing. A store that needs a passphrase or key file, or none: no names.
Exit peers(const std::string& folder);
Exit forget(const Options& options, Store& store, const std::string& host_port);
// What was typed for an earlier key of the peer.
Exit discard(const Options& options, Store& store, const std::string& host_port);
Exit requests(const Options& options, Store& store, const std::string& host_port);
Exit history(const Options& options, Store& store, const std::string& host_port);
Exit export_history(const Options& options, Store& store, const std::string& host_port);
// As history and export print them: oldest first.
Result<void> print_entries(const Options& options, const std::deque<HistoryEntry>& entries);
Exit erase(const Options& options, Store& store, const std::string& host_port);

}  // namespace sims::client::cli
