// Pinned servers, pinned peers and the settings: read once, then kept in memory and in step with
// the disk. One sealed row holds the generation and a tag over all of them, so that none can be
// removed or replaced alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "client/store/store.h"
#include "client/store/vault.h"

namespace sims::client {

struct StorePins {
  std::map<std::string, PinnedServer> servers;  // by their canonical spelling: see server_key()
  std::map<std::pair<Id, std::string>, PinnedPeer> peers;
  Settings settings;
};

// The canonical spelling under which a server is stored; empty if the text is no HOST[:PORT].
std::string server_key(const std::string& text);

class PinTable {
 public:
  PinTable(StoreFile& file, Vault& vault) : file_(file), vault_(vault) {}

  const StorePins& pins() const { return pins_; }  // as on disk, or as the next commit makes it
  std::map<std::string, PinnedPeer> peers(const Id& server) const;
  Result<void> load();  // on error (damage, an older copy) nothing changes

  // --- in a transaction
  Result<void> put_server(const std::string& host_port, const PinnedServer& server);
  Result<void> drop_server(const std::string& host_port);
  Result<void> put_peer(const Id& server, const std::string& name, const PinnedPeer& peer);
  Result<void> drop_peer(const Id& server, const std::string& name);
  Result<void> put_settings(const Settings& settings);
  Result<void> put_sum();  // after each change of the pins or the generation

  bool changed() const { return committed_.has_value(); }  // since the last commit
  void committed() { committed_.reset(); }
  void undo();
  void clear();  // at lock()

 private:
  Result<void> check_sum(const StorePins& read);
  StorePins& changing();

  StoreFile& file_;
  Vault& vault_;
  StorePins pins_;
  std::optional<StorePins> committed_;  // the pins as of the last commit, if they changed since
};

}  // namespace sims::client
