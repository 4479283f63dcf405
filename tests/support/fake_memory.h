// A client::Memory without a disk, for tests of the client. It keeps Memory's contract about
// commit(): a test can lose uncommitted writes, and can die at any call.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "client/model/memory.h"
#include "client/model/sent_time.h"
#include "support/fake_mail.h"

namespace sims::test {

class FakeMemory final : public FakeMailMemory {
 public:
  std::optional<client::PinnedServer> server(const std::string& host_port) override {
    auto at = servers.find(host_port);
    if (at == servers.end()) return std::nullopt;
    return at->second;
  }
  Result<void> pin_server(const std::string& host_port, const client::PinnedServer& server) override {
    return write([&] { put(servers, host_port, server); });
  }
  Result<bool> replace_server(const std::string& host_port, const client::PinnedServer& server) override {
    const proto::Id old = servers.at(host_port).id;
    const auto elsewhere = [&](const proto::Id& id) {
      return std::any_of(servers.begin(), servers.end(),
                         [&](const auto& one) { return one.first != host_port && one.second.id == id; });
    };
    const auto kept = [&](const proto::Id& id) {
      return !pinned[id].empty() || mail.any(id) ||
             std::any_of(rows.begin(), rows.end(), [&](const Row& one) { return one.peer.server == id; });
    };
    const bool mixed = elsewhere(old) || elsewhere(server.id) || kept(server.id);
    const bool along = !mixed || !kept(old);
    auto written = write([&] {
      undo_.push_back([this, was = backup_of()] { put_back(was); });
      servers.insert_or_assign(host_port, server);
      if (mixed) return;
      pinned[server.id] = std::exchange(pinned[old], {});
      for (Row& one : rows) {
        if (one.peer.server != old) continue;
        one.peer.server = server.id;
      }
      for (const auto& [at, author, uid] : std::set(uids))
        if (at == old) uids.insert({server.id, author, uid});
      for (auto* chains : {&last_from_, &last_to_})
        for (const auto& [key, last] : std::map(*chains))
          if (key.first == old) chains->insert_or_assign({server.id, key.second}, last);
      mail.move(old, server.id);
    });
    if (!written) return fail(written.error());
    return along;
  }
  std::map<std::string, client::PinnedPeer> peers(const proto::Id& server) override { return pinned[server]; }
  Result<void> pin_peer(const proto::Id& server, const std::string& name,
                        const client::PinnedPeer& peer) override {
    return write([&] { put(pinned[server], name, peer); });
  }
  Result<void> forget_peer(const proto::Id& server, const std::string& name) override {
    return write([&] { drop(pinned[server], name); });
  }

  Result<std::uint64_t> add(const client::PeerKey& peer, const client::HistoryEntry& entry) override {
    auto written = write([&] { append(peer, entry); });
    if (!written) return fail(written.error());
    return last_row;
  }
  Result<std::uint64_t> put_last(const client::PeerKey& peer, const client::HistoryEntry& entry) override {
    auto written = write([&] {
      if (auto at = find(entry.row); at != rows.end()) {
        undo_.push_back([this, old = rows] { rows = old; });
        rows.erase(at);
      }
      append(peer, entry);
    });
    if (!written) return fail(written.error());
    return last_row;
  }
  Result<void> set_delivery(std::uint64_t row, client::Delivery delivery, const std::string& why,
                            bool left) override {
    return write([&] {
      auto at = find(row);
      if (at == rows.end()) return;
      undo_.push_back([this, row, old = at->entry] {
        if (auto again = find(row); again != rows.end()) again->entry = old;
      });
      at->entry.delivery = delivery;
      at->entry.why = why;
      const bool proves = delivery == client::Delivery::delivered;
      if (!left && !proves) return;
      auto& last = keep_last(last_to_, {at->peer.server, at->entry.peer_id});
      if (row > last.row) last.row = row, last.uid = at->entry.uid;
      last.proved |= proves;
    });
  }
  bool seen(const client::PeerKey& peer, const proto::Id& author, const std::string& uid) override {
    called();
    return uids.contains({peer.server, author, uid});
  }
  Result<bool> look_up(const client::PeerKey& peer, const proto::Id& author,
                       const std::string& uid) override {
    return seen(peer, author, uid);
  }
  std::optional<client::LastText> last_from(const client::PeerKey& peer, const proto::Id& author) override {
    return find_last(last_from_, {peer.server, author});
  }
  std::optional<client::LastText> last_to(const client::PeerKey& peer, const proto::Id& id) override {
    return find_last(last_to_, {peer.server, id});
  }
  Result<std::vector<client::HistoryEntry>> before(const client::PeerKey& peer, std::uint64_t row,
                                                   std::size_t most) override {
    std::vector<client::HistoryEntry> out;
    for (auto at = rows.rbegin(); at != rows.rend() && out.size() < most; ++at)
      if (at->peer == peer && !at->entry.waits && (row == 0 || at->entry.row < row)) out.push_back(at->entry);
    std::reverse(out.begin(), out.end());
    return out;
  }
  std::size_t unread(const client::PeerKey& peer, std::uint64_t row) override {
    return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const Row& one) {
      return one.peer == peer && !one.entry.mine && !one.entry.waits && one.entry.row > row;
    }));
  }
  Result<std::map<std::string, std::vector<client::HistoryEntry>>> outbox(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    std::map<std::string, std::vector<client::HistoryEntry>> out;
    for (const auto& one : rows)
      if (one.peer.server == server && pending(one.entry)) out[one.peer.name].push_back(one.entry);
    return out;
  }
  Result<std::map<std::string, std::vector<client::HistoryEntry>>> waiting(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    std::map<std::string, std::vector<client::HistoryEntry>> out;
    for (const auto& one : rows)
      if (one.peer.server == server && one.entry.waits) out[one.peer.name].push_back(one.entry);
    return out;
  }
  Result<void> erase_history(const client::PeerKey& peer) override {
    return write([&] {
      undo_.push_back([this, old = rows] { rows = old; });
      std::erase_if(
          rows, [&](const Row& one) { return one.peer == peer && !pending(one.entry) && !one.entry.waits; });
    });
  }
  Result<void> commit() override {
    called();
    if (broken || full || failed_) {
      lose_uncommitted();
      return fail("disk full");
    }
    if (!undo_.empty()) ++commits;
    undo_.clear();
    traces = traces || std::exchange(wiped_, false);
    called();
    return {};
  }

  bool in_doubt() const override { return doubtful; }

  // As a crash, or a commit that failed.
  void lose_uncommitted() {
    for (; !undo_.empty(); undo_.pop_back())
      undo_.back()();
    failed_ = wiped_ = false;
  }
  bool clean() const { return undo_.empty(); }

  using Name = std::tuple<proto::Id, proto::Id, std::string>;                  // server, author, uid
  using Chains = std::map<std::pair<proto::Id, proto::Id>, client::LastText>;  // by server, peer

  // A backup of the committed state.
  struct State {
    std::map<std::string, client::PinnedServer> servers;
    std::map<proto::Id, std::map<std::string, client::PinnedPeer>> pinned;
    struct Row {
      client::PeerKey peer;
      client::HistoryEntry entry;
    };
    std::deque<Row> rows;
    std::set<Name> uids;
    Chains last_from, last_to;
    std::uint64_t last_row = 0;
    FakeMail mail;
  };
  State backup() {
    lose_uncommitted();
    return backup_of();
  }
  void restore(const State& old) {
    lose_uncommitted();
    put_back(old);
  }

  bool full = false;      // writes are taken, their commit fails, as SQLite does on a full disk
  bool doubtful = false;  // what in_doubt() returns
  int commits = 0;        // those that had something to write
  std::map<std::string, client::PinnedServer> servers;
  std::map<proto::Id, std::map<std::string, client::PinnedPeer>> pinned;
  using Row = State::Row;
  std::deque<Row> rows;
  std::set<Name> uids;
  std::uint64_t last_row = 0;

 private:
  State backup_of() const { return {servers, pinned, rows, uids, last_from_, last_to_, last_row, mail}; }
  void put_back(const State& old) {
    std::tie(servers, pinned, rows, uids, last_from_, last_to_, last_row, mail) = std::tie(
        old.servers, old.pinned, old.rows, old.uids, old.last_from, old.last_to, old.last_row, old.mail);
  }
  void append(const client::PeerKey& peer, const client::HistoryEntry& entry) {
    rows.push_back({peer, entry});
    rows.back().entry.row = ++last_row;
    undo_.push_back([this, row = last_row] {
      std::erase_if(rows, [row](const Row& one) { return one.entry.row == row; });
    });
    if (entry.mine) return;
    const Name name{peer.server, entry.peer_id, entry.uid};
    if (uids.insert(name).second) undo_.push_back([this, name] { uids.erase(name); });
    auto& last = keep_last(last_from_, {peer.server, entry.peer_id});
    last.uid = entry.uid;
    if (!entry.waits && client::sent_is_likely(entry))
      last.sent_unix_ms = std::max(last.sent_unix_ms, entry.sent_unix_ms);
  }
  // For the caller to change; undone with the other writes.
  client::LastText& keep_last(Chains& chains, const Chains::key_type& key) {
    undo_.push_back([&chains, key, old = find_last(chains, key)] {
      old ? void(chains.insert_or_assign(key, *old)) : void(chains.erase(key));
    });
    return chains[key];
  }
  static std::optional<client::LastText> find_last(const Chains& chains, const Chains::key_type& key) {
    const auto at = chains.find(key);
    return at == chains.end() ? std::nullopt : std::optional(at->second);
  }
  static bool pending(const client::HistoryEntry& entry) {
    return entry.mine && !client::is_settled(entry.delivery);
  }
  // From the newest on: they are looked up most.
  std::deque<Row>::iterator find(std::uint64_t row) {
    auto at =
        std::find_if(rows.rbegin(), rows.rend(), [row](const Row& one) { return one.entry.row == row; });
    return at == rows.rend() ? rows.end() : std::prev(at.base());
  }
  Chains last_from_, last_to_;
};

}  // namespace sims::test
