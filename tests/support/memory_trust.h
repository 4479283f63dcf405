// What a user has on disk, kept in memory. For tests of the client.
#pragma once

#include "client/core.h"

namespace sims::test {

class MemoryTrust final : public client::TrustStore {
 public:
  std::optional<client::PinnedServer> server(const std::string& host_port) override {
    auto at = servers.find(host_port);
    if (at == servers.end()) return std::nullopt;
    return at->second;
  }
  Result<void> pin_server(const std::string& host_port, const client::PinnedServer& server) override {
    if (broken) return fail("disk full");
    servers.insert_or_assign(host_port, server);
    return {};
  }
  std::map<std::string, client::PinnedPeer> peers(const proto::Id& server) override { return pinned[server]; }
  Result<void> pin_peer(const proto::Id& server, const std::string& name,
                        const client::PinnedPeer& peer) override {
    if (broken) return fail("disk full");
    pinned[server].insert_or_assign(name, peer);
    return {};
  }

  bool broken = false;  // every write fails
  std::map<std::string, client::PinnedServer> servers;
  std::map<proto::Id, std::map<std::string, client::PinnedPeer>> pinned;
};

}  // namespace sims::test
