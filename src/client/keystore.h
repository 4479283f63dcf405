// What a client remembers, as private files (0600) in one folder (0700), each written atomically:
//   identity       the Ed25519 seed, made at first use
//   known_servers  HOST:PORT ID FIRST_SEEN_UNIX_MS
//   known_peers    SERVER_ID NAME PEER_ID unverified|verified FIRST_SEEN_UNIX_MS
//   settings       what the connect dialog offers next time: `server`, `name` and `suite`, as TOML
//   lock           held by the one program that may connect and write
//
// A server is looked up by any spelling of its HOST[:PORT] and remembered by one (net::Endpoint).
// A file that others may read, or with a line that cannot be, is refused (words with file and line) and never
// overwritten. Belongs to one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "client/core.h"
#include "crypto/sign.h"

namespace sims::client {

struct Settings {
  std::string server, name, suite;  // empty: not remembered
};

struct KnownPeer {
  Id server;
  std::string name;
  PinnedPeer pinned;
};

class Keystore final : public Memory {
 public:
  // Makes the folder and the identity if they are missing and reads everything.
  static Result<std::unique_ptr<Keystore>> open(const std::string& folder);

  const crypto::SigningKey& identity() const { return identity_; }
  Id id() const { return Id::of(identity_.public_key()); }
  bool made_identity() const { return made_identity_; }  // by this open()

  // Before connecting and before any change below: one program at a time. Reads the files again, so that
  // nothing that another program wrote in between is lost. Idempotent; held until this object dies.
  Result<void> lock();

  std::optional<PinnedServer> server(const std::string& host_port) override;
  Result<void> pin_server(const std::string& host_port, const PinnedServer& server) override;
  std::map<std::string, PinnedPeer> peers(const Id& server) override;
  Result<void> pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) override;
  Result<void> forget_peer(const Id& server, const std::string& name) override;
  // Nothing of what is said is kept beyond this run.
  Result<std::uint64_t> add(const PeerKey& peer, const HistoryEntry& entry) override {
    if (!entry.mine) uids_.insert({peer, entry.uid});
    return ++rows_;
  }
  Result<void> set_delivery(std::uint64_t, Delivery, const std::string&) override { return {}; }
  bool seen(const PeerKey& peer, const std::string& uid) override { return uids_.contains({peer, uid}); }
  Result<std::vector<HistoryEntry>> before(const PeerKey&, std::uint64_t, std::size_t) override {
    return std::vector<HistoryEntry>();
  }
  std::size_t unread(const PeerKey&, std::uint64_t) override { return 0; }
  Result<std::map<std::string, std::vector<HistoryEntry>>> outbox(const Id&) override {
    return std::map<std::string, std::vector<HistoryEntry>>();
  }
  Result<void> erase_history(const PeerKey&) override { return {}; }
  Result<void> commit() override { return {}; }

  Result<void> forget_server(const std::string& host_port);  // the pin only: its peers are kept
  std::vector<KnownPeer> all_peers() const;

  const Settings& settings() const { return settings_; }
  Result<void> save_settings(const Settings& settings);

 private:
  using Peers = std::map<std::pair<Id, std::string>, PinnedPeer>;
  Keystore(std::string folder, crypto::SigningKey identity)
      : folder_(std::move(folder)), identity_(std::move(identity)) {}
  std::string path(const char* file) const { return folder_ + "/" + file; }
  Result<void> read_all();
  Result<void> store_servers(std::map<std::string, PinnedServer> servers);
  Result<void> store_peers(Peers peers);

  std::string folder_;
  crypto::SigningKey identity_;
  bool made_identity_ = false;
  std::uint64_t rows_ = 0;
  std::set<std::pair<PeerKey, std::string>> uids_;
  std::optional<FileLock> lock_;
  std::map<std::string, PinnedServer> servers_;
  Peers peers_;
  Settings settings_;
};

}  // namespace sims::client
