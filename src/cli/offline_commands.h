// The commands of sims that need no server: they work on the store alone.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "cli/options.h"
#include "client/store/store.h"

namespace sims::client::cli {

// HOST:PORT: the given one, else the last one used, else localhost.
Result<std::string> server_of(const Options& options, const Store& store);
// The peer remembered under the name at the server; nullopt: none. If no server was given, here or
// in sims-tui, the only remembered peer of this name at any server.
Result<std::optional<KnownPeer>> remembered(const Options& options, Store& store,
                                            const std::string& host_port);

// For a remembered peer.
Exit fingerprint(const Store& store, const KnownPeer& known);
Exit verify(const Options& options, Store& store, KnownPeer known);
Exit decide(const Options& options, Store& store, KnownPeer known);  // accept, decline, block

// Prints the names of all remembered peers, sorted, each once, for shell completion. Asks nothing
// and makes nothing. If the store needs a passphrase or key file, or is missing: no names.
Exit peers(const std::string& folder);
Exit forget(const Options& options, Store& store, const std::string& host_port);
// Drops texts typed for an earlier key of the peer.
Exit discard(const Options& options, Store& store, const std::string& host_port);
Exit requests(const Options& options, Store& store, const std::string& host_port);
// The texts that wait: of this server, or of all if it is not remembered.
Exit mail(const Options& options, Store& store, const std::string& host_port);
Exit history(const Options& options, Store& store, const std::string& host_port);
Exit export_history(const Options& options, Store& store, const std::string& host_port);
// The texts as history and export print them: oldest first.
Result<void> print_entries(const Options& options, const std::deque<HistoryEntry>& entries);
Exit erase(const Options& options, Store& store, const std::string& host_port);

}  // namespace sims::client::cli
