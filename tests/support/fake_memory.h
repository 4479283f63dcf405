// What a user has on disk, kept in memory. For tests of the client.
#pragma once

#include <algorithm>
#include <set>

#include "client/memory.h"

namespace sims::test {

class FakeMemory final : public client::Memory {
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
  Result<void> forget_peer(const proto::Id& server, const std::string& name) override {
    if (broken) return fail("disk full");
    if (pinned[server].erase(name) == 0) return fail("no such peer is remembered: " + name);
    return {};
  }

  Result<std::uint64_t> add(const client::PeerKey& peer, const client::HistoryEntry& entry) override {
    if (broken) return fail("disk full");
    rows.push_back({peer, entry});
    rows.back().entry.row = ++last_row;
    if (!entry.mine) uids.insert({peer, entry.uid});
    return last_row;
  }
  Result<void> set_delivery(std::uint64_t row, client::Delivery delivery, const std::string& why) override {
    if (broken) return fail("disk full");
    for (auto& one : rows) {
      if (one.entry.row != row) continue;
      one.entry.delivery = delivery;
      one.entry.why = why;
      return {};
    }
    return fail("no such row");
  }
  bool seen(const client::PeerKey& peer, const std::string& uid) override { return uids.contains({peer, uid}); }
  Result<std::vector<client::HistoryEntry>> before(const client::PeerKey& peer, std::uint64_t row,
                                                   std::size_t most) override {
    std::vector<client::HistoryEntry> out;
    for (auto at = rows.rbegin(); at != rows.rend() && out.size() < most; ++at)
      if (at->peer == peer && (row == 0 || at->entry.row < row)) out.push_back(at->entry);
    std::reverse(out.begin(), out.end());
    return out;
  }
  std::size_t unread(const client::PeerKey& peer, std::uint64_t row) override {
    return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const Row& one) {
      return one.peer == peer && !one.entry.mine && one.entry.row > row;
    }));
  }
  Result<std::map<std::string, std::vector<client::HistoryEntry>>> outbox(const proto::Id& server) override {
    std::map<std::string, std::vector<client::HistoryEntry>> out;
    for (const auto& one : rows)
      if (one.peer.server == server && pending(one.entry)) out[one.peer.name].push_back(one.entry);
    return out;
  }
  Result<void> erase_history(const client::PeerKey& peer) override {
    if (broken) return fail("disk full");
    std::erase_if(rows, [&](const Row& one) { return one.peer == peer && !pending(one.entry); });
    return {};
  }
  Result<void> commit() override {
    if (broken) return fail("disk full");
    ++commits;
    return {};
  }

  bool broken = false;  // every write fails
  int commits = 0;
  std::map<std::string, client::PinnedServer> servers;
  std::map<proto::Id, std::map<std::string, client::PinnedPeer>> pinned;
  struct Row {
    client::PeerKey peer;
    client::HistoryEntry entry;
  };
  std::vector<Row> rows;
  std::set<std::pair<client::PeerKey, std::string>> uids;
  std::uint64_t last_row = 0;

 private:
  static bool pending(const client::HistoryEntry& entry) {
    return entry.mine &&
           (entry.delivery == client::Delivery::queued || entry.delivery == client::Delivery::sent);
  }
};

}  // namespace sims::test
