// The letters of FakeMemory, and its writes, which can be undone.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "client/model/memory.h"

namespace sims::test {

inline SecretBytes copy_of(const SecretBytes& secret) {
  return SecretBytes(secret.view());
}

inline client::OwnPrekey copy_of(const client::OwnPrekey& from, bool with_secret = true) {
  return {from.number,
          from.suite,
          from.use,
          from.expires,
          with_secret ? copy_of(from.secret) : SecretBytes(),
          from.opener,
          from.acked_unix_s,
          from.wipe_unix_s};
}

inline client::MailSessionRow copy_of(const client::MailSessionRow& from) {
  return {from.key, copy_of(from.state), from.since_unix_s, from.stranger};
}

inline client::MailDelivery copy_of(const client::MailDelivery& from) {
  client::MailDelivery out{from.row,   from.to,       from.message,      {},        from.mailed_unix_ms,
                           from.tries, from.reopened, from.next_unix_ms, from.after};
  for (const auto& letter : from.letters)
    out.letters.push_back({letter.m, letter.token, copy_of(letter.ack_key)});
  return out;
}

// Rows are never changed, only replaced: so a copy of the tables shares them.
template <class Row>
using Shared = std::shared_ptr<const Row>;
template <class Row>
Shared<Row> shared(Row row) {
  return std::make_shared<const Row>(std::move(row));
}

struct FakeMail {
  using Id = proto::Id;
  struct Prekey {
    client::OwnPrekey key;
    std::uint64_t agreements = 0, strangers = 0;
  };
  struct Session {
    client::MailSessionRow row;
    std::uint64_t order = 0;
  };
  struct Receipt {
    client::MailReceipt row;
    std::uint64_t turn = 0;
  };
  struct Arrived {
    Id server;
    client::ArrivedLetter letter;
  };
  using PrekeyAt = std::pair<Id, proto::PrekeyNumber>;
  using SessionAt = std::pair<Id, client::MailSessionKey>;
  struct ReceiptAt {
    Id server;
    client::MailSessionKey session;  // of an `unopened` only the sender
    std::uint64_t m = 0;
    crypto::Digest unopened{};  // the token's hash; zeros: a receipt
    auto operator<=>(const ReceiptAt&) const = default;
  };
  using DeliveryAt = std::tuple<Id, std::uint64_t, Id>;  // server, row, to

  std::map<Id, client::MailAccount> accounts;
  std::map<PrekeyAt, Shared<Prekey>> prekeys;
  std::map<SessionAt, Shared<Session>> sessions;
  std::map<ReceiptAt, Shared<Receipt>> receipts;
  std::map<std::uint64_t, ReceiptAt> turns;  // of those that are owed or held
  std::map<std::uint64_t, Shared<Arrived>> arrived;
  std::map<DeliveryAt, Shared<client::MailDelivery>> deliveries;
  std::uint64_t last = 0;  // order, turn or row given

  bool any(const Id& server) const { return accounts.contains(server); }
  client::MailMemory::MailCounts counts(const Id& server, const Id& sender,
                                        const proto::PrekeyNumber& number) const {
    client::MailMemory::MailCounts out;
    for (const auto& [at, session] : sessions) {
      if (at.first != server || session->row.state.size() == 0) continue;
      out.sessions += at.second.sender == sender;
      out.strangers_sessions += session->row.stranger;
    }
    for (const auto& [turn, at] : turns) {
      if (at.server != server || receipts.at(at)->row.state != client::MailReceipt::State::held) continue;
      out.held += at.session.sender == sender;
      ++out.strangers_held;
    }
    for (const auto& [row, one] : arrived) {
      if (one->server != server) continue;
      out.held += one->letter.sender == sender;
      out.strangers_held += one->letter.stranger;
    }
    if (const auto at = prekeys.find({server, number}); at != prekeys.end()) {
      out.agreements = at->second->agreements;
      out.strangers_agreements = at->second->strangers;
    }
    return out;
  }
  // All of a server, under its new id.
  void move(const Id& from, const Id& to) {
    const auto rekey = [&](auto& table, auto key_of) {
      std::remove_reference_t<decltype(table)> out;
      for (const auto& [key, row] : table)
        out.emplace(key_of(key), row);
      table = std::move(out);
    };
    const auto moved = [&](const Id& id) { return id == from ? to : id; };
    const auto first = [&](auto key) {
      key.first = moved(key.first);
      return key;
    };
    rekey(accounts, moved);
    rekey(prekeys, first);
    rekey(sessions, first);
    rekey(receipts, [&](ReceiptAt key) {
      key.server = moved(key.server);
      return key;
    });
    for (auto& [turn, at] : turns)
      at.server = moved(at.server);
    rekey(deliveries, [&](DeliveryAt key) {
      std::get<0>(key) = moved(std::get<0>(key));
      return key;
    });
    for (auto& [row, one] : arrived)
      if (one->server == from) one = shared(Arrived{to, one->letter});
  }
};

// The part of FakeMemory that all its functions write through, and letters.
class FakeMailMemory : public client::Memory {
 public:
  // --- MailMemory
  Result<client::MailAccount> mail_account(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    const auto at = mail.accounts.find(server);
    return at == mail.accounts.end() ? client::MailAccount{} : at->second;
  }
  Result<void> put_mail_account(const proto::Id& server, const client::MailAccount& account) override {
    return write([&] { put(mail.accounts, server, account); });
  }
  Result<std::vector<client::OwnPrekey>> prekeys(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    std::vector<client::OwnPrekey> out;
    for (const auto& [key, row] : mail.prekeys)
      if (key.first == server) out.push_back(copy_of(row->key, false));
    return out;
  }
  Result<std::optional<client::OwnPrekey>> prekey(const proto::Id& server,
                                                  const proto::PrekeyNumber& number) override {
    if (unreadable) return fail("disk I/O error");
    const auto at = mail.prekeys.find({server, number});
    if (at == mail.prekeys.end()) return std::nullopt;
    return copy_of(at->second->key);
  }
  Result<void> put_prekey(const proto::Id& server, const client::OwnPrekey& prekey) override {
    return write([&] {
      touch_mail(server);
      const FakeMail::PrekeyAt key{server, prekey.number};
      const auto at = mail.prekeys.find(key);
      wiped_ = wiped_ || at != mail.prekeys.end();
      FakeMail::Prekey row{copy_of(prekey)};
      if (at != mail.prekeys.end()) std::tie(row.agreements, row.strangers) = counted(*at->second);
      put(mail.prekeys, key, shared(std::move(row)));
    });
  }
  Result<void> erase_prekey(const proto::Id& server, const proto::PrekeyNumber& number) override {
    return write([&] {
      wiped_ = wiped_ || mail.prekeys.contains({server, number});
      drop(mail.prekeys, {server, number});
    });
  }
  Result<std::optional<client::MailSessionRow>> mail_session(const proto::Id& server,
                                                             const client::MailSessionKey& key) override {
    if (unreadable) return fail("disk I/O error");
    const auto at = mail.sessions.find({server, key});
    if (at == mail.sessions.end()) return std::nullopt;
    return copy_of(at->second->row);
  }
  Result<void> put_mail_session(const proto::Id& server, const client::MailSessionRow& session) override {
    return write([&] {
      touch_mail(server);
      const FakeMail::SessionAt key{server, session.key};
      const auto at = mail.sessions.find(key);
      const auto order = at == mail.sessions.end() ? ++mail.last : at->second->order;
      wiped_ = wiped_ || at != mail.sessions.end();
      FakeMail::Session row{copy_of(session), order};
      session.state.size() > 0 ? put(mail.sessions, key, shared(std::move(row))) : close(key, row);
    });
  }
  Result<void> close_oldest_session(const proto::Id& server, const proto::Id& sender) override {
    return write([&] {
      auto oldest = mail.sessions.end();
      for (auto at = mail.sessions.begin(); at != mail.sessions.end(); ++at) {
        if (at->first.first != server || at->first.second.sender != sender || !open(*at->second)) continue;
        if (oldest == mail.sessions.end() || at->second->order < oldest->second->order) oldest = at;
      }
      if (oldest != mail.sessions.end()) close(oldest->first, FakeMail::Session{{}, oldest->second->order});
    });
  }
  Result<MailCounts> mail_counts(const proto::Id& server, const proto::Id& sender,
                                 const proto::PrekeyNumber& number) override {
    if (unreadable) return fail("disk I/O error");
    return mail.counts(server, sender, number);
  }
  Result<void> count_agreement(const proto::Id& server, const proto::PrekeyNumber& number,
                               bool stranger) override {
    return write([&] {
      const auto at = mail.prekeys.find({server, number});
      if (at == mail.prekeys.end()) return;
      FakeMail::Prekey row{copy_of(at->second->key), at->second->agreements + 1,
                           at->second->strangers + (stranger ? 1 : 0)};
      put(mail.prekeys, at->first, shared(std::move(row)));
    });
  }
  Result<std::optional<client::MailReceipt>> receipt(const proto::Id& server,
                                                     const client::MailSessionKey& session,
                                                     std::uint64_t m) override {
    if (unreadable) return fail("disk I/O error");
    const auto at = mail.receipts.find({server, session, m, {}});
    if (at == mail.receipts.end()) return std::nullopt;
    return at->second->row;
  }
  Result<void> put_receipt(const proto::Id& server, const client::MailReceipt& receipt) override {
    return write([&] { put_receipt_at({server, receipt.session, receipt.m, {}}, receipt); });
  }
  Result<std::vector<client::OwedReceipt>> owed_receipts(const proto::Id& server,
                                                         std::uint64_t after = 0) override {
    if (unreadable) return fail("disk I/O error");
    std::vector<client::OwedReceipt> out;
    for (const auto& [turn, at] : mail.turns)
      if (turn > after && at.server == server && is_owed(at))
        out.push_back({turn, mail.receipts.at(at)->row.message});
    return out;
  }
  Result<void> receipt_covered(std::uint64_t row) override {
    return write([&] {
      const auto at = mail.turns.find(row);
      if (at == mail.turns.end() || !is_owed(at->second)) return;
      client::MailReceipt covered = mail.receipts.at(at->second)->row;
      covered.state = client::MailReceipt::State::covered;
      put_receipt_at(FakeMail::ReceiptAt(at->second), covered);
    });
  }
  Result<bool> owe_unopened(const proto::Id& server, const proto::Id& sender, const crypto::Digest& token,
                            const std::string& message, std::int64_t unix_s) override {
    const FakeMail::ReceiptAt key{server, {sender, {}, {}}, 0, token};
    const bool first = !mail.receipts.contains(key);
    auto written = write([&] {
      if (first)
        put_receipt_at(key, {key.session, 0, token, message, client::MailReceipt::State::owed, unix_s});
    });
    if (!written) return fail(written.error());
    return first;
  }
  Result<void> accept_mail(const proto::Id& server, const proto::Id& sender) override {
    return write([&] {
      for (const auto& [key, one] : std::map(mail.sessions)) {
        if (key.first != server || key.second.sender != sender || !one->row.stranger) continue;
        FakeMail::Session accepted{copy_of(one->row), one->order};
        accepted.row.stranger = false;
        put(mail.sessions, key, shared(std::move(accepted)));
      }
      for (const auto& [row, one] : std::map(mail.arrived)) {
        if (one->server != server || one->letter.sender != sender) continue;
        FakeMail::Arrived accepted = *one;
        accepted.letter.stranger = false;
        put(mail.arrived, row, shared(std::move(accepted)));
      }
      for (const auto& [turn, key] : std::map(mail.turns)) {  // in the order in which they came
        if (key.server != server || key.session.sender != sender || is_owed(key)) continue;
        client::MailReceipt owed = mail.receipts.at(key)->row;
        owed.state = client::MailReceipt::State::owed;
        put_receipt_at(key, owed);
      }
    });
  }
  Result<void> drop_mail(const proto::Id& server, const proto::Id& sender) override {
    return write([&] {
      for (const auto& [key, one] : std::map(mail.sessions))
        if (key.first == server && key.second.sender == sender) close(key, *one);
      for (const auto& [turn, key] : std::map(mail.turns))
        if (key.server == server && key.session.sender == sender) drop_receipt(FakeMail::ReceiptAt(key));
      drop_if(mail.arrived, [&](std::uint64_t, const auto& one) {
        return one.server == server && one.letter.sender == sender;
      });
    });
  }
  Result<std::uint64_t> add_arrived(const proto::Id& server, const client::ArrivedLetter& letter) override {
    std::uint64_t row = 0;
    auto written = write([&] {
      touch_mail(server);
      row = ++mail.last;
      FakeMail::Arrived arrived{server, letter};
      arrived.letter.row = row;
      put(mail.arrived, row, shared(std::move(arrived)));
    });
    if (!written) return fail(written.error());
    return row;
  }
  Result<std::vector<client::ArrivedLetter>> arrived(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    std::vector<client::ArrivedLetter> out;
    for (const auto& [row, one] : mail.arrived)
      if (one->server == server) out.push_back(one->letter);
    return out;
  }
  Result<void> drop_arrived(std::uint64_t row) override {
    return write([&] { drop(mail.arrived, row); });
  }
  Result<std::vector<client::MailDelivery>> deliveries(const proto::Id& server) override {
    if (unreadable) return fail("disk I/O error");
    std::vector<client::MailDelivery> out;
    for (const auto& [key, one] : mail.deliveries)
      if (std::get<0>(key) == server) out.push_back(copy_of(*one));
    return out;
  }
  Result<void> put_delivery(const proto::Id& server, const client::MailDelivery& delivery) override {
    return write([&] {
      touch_mail(server);
      put(mail.deliveries, {server, delivery.row, delivery.to}, shared(copy_of(delivery)));
    });
  }
  Result<void> erase_delivery(const proto::Id& server, std::uint64_t row, const proto::Id& to) override {
    return write([&] { drop(mail.deliveries, {server, row, to}); });
  }
  std::string take_damage() override { return std::exchange(damage, {}); }
  Result<void> forget_old_mail(const proto::Id& server, std::int64_t unix_s) override {
    const auto ended = [](std::int64_t at_unix_s, std::int64_t days, std::int64_t now) {
      return at_unix_s / day_s + days < now / day_s;
    };
    return write([&] {
      drop_if(mail.prekeys, [&](const auto& key, const auto& one) {
        const bool old = key.first == server && one.key.wipe_unix_s <= unix_s;
        wiped_ = wiped_ || old;
        return old;
      });
      for (const auto& [key, one] : std::map(mail.sessions))
        if (key.first == server && open(*one) && ended(one->row.since_unix_s, 32, unix_s)) close(key, *one);
      drop_if(mail.sessions, [&](const auto& key, const auto& one) {
        return key.first == server && !open(one) && !mail.prekeys.contains({server, key.second.number});
      });
      for (const auto& [key, one] : std::map(mail.receipts))
        if (key.server == server && ended(one->row.at_unix_s, 33, unix_s)) drop_receipt(key);
    });
  }

  bool has_traces() const override { return traces; }
  void wipe_traces() override { traces = false; }

  bool traces = false;      // a commit wiped or replaced a secret
  bool broken = false;      // every write fails
  std::string damage;       // what take_damage() tells next
  bool unreadable = false;  // pending texts and letters can't be read
  // Called before and after every write and every look at the uids: may throw, as if the process died there.
  std::function<void()> on_call;
  FakeMail mail;

 protected:
  template <class Map, class Value>
  void put(Map& map, const typename Map::key_type& key, const Value& value) {
    auto at = map.find(key);
    undo_.push_back([&map, key, old = at == map.end() ? std::nullopt : std::optional(at->second)] {
      old ? void(map.insert_or_assign(key, *old)) : void(map.erase(key));
    });
    map.insert_or_assign(key, value);
  }
  template <class Map>
  void drop(Map& map, const typename Map::key_type& key) {
    auto at = map.find(key);
    if (at == map.end()) return;
    undo_.push_back([&map, key, old = at->second] { map.insert_or_assign(key, old); });
    map.erase(at);
  }
  void called() {
    if (on_call) on_call();
  }
  template <class F>
  Result<void> write(F change) {
    called();
    if (broken) {
      failed_ = true;
      return fail("disk full");
    }
    change();
    called();
    return {};
  }

  std::vector<std::function<void()>> undo_;  // since the last commit
  bool failed_ = false;
  bool wiped_ = false;  // a secret, since then

 private:
  static constexpr std::int64_t day_s = 86'400;
  static bool open(const FakeMail::Session& session) { return session.row.state.size() > 0; }
  static std::pair<std::uint64_t, std::uint64_t> counted(const FakeMail::Prekey& prekey) {
    return {prekey.agreements, prekey.strangers};
  }
  // An account tells that anything is stored for the server.
  void touch_mail(const proto::Id& server) {
    if (!mail.any(server)) put(mail.accounts, server, client::MailAccount{});
  }
  bool is_owed(const FakeMail::ReceiptAt& at) const {
    return mail.receipts.at(at)->row.state == client::MailReceipt::State::owed;
  }
  void drop_receipt(const FakeMail::ReceiptAt& key) {
    if (const auto at = mail.receipts.find(key); at != mail.receipts.end())
      drop(mail.turns, at->second->turn);
    drop(mail.receipts, key);
  }
  void put_receipt_at(const FakeMail::ReceiptAt& key, const client::MailReceipt& receipt) {
    touch_mail(key.server);
    const auto at = mail.receipts.find(key);
    const bool same = at != mail.receipts.end() && at->second->row.state == receipt.state;
    const auto turn = same ? at->second->turn : ++mail.last;
    if (!same) drop_receipt(key);
    put(mail.receipts, key, shared(FakeMail::Receipt{receipt, turn}));
    if (receipt.state != client::MailReceipt::State::covered) put(mail.turns, turn, key);
  }
  void close(const FakeMail::SessionAt& key, const FakeMail::Session& session) {
    wiped_ = true;
    put(mail.sessions, key, shared(FakeMail::Session{{key.second, {}, 0, false}, session.order}));
  }
  template <class Map, class F>
  void drop_if(Map& map, F condition) {
    std::vector<typename Map::key_type> keys;
    for (const auto& [key, row] : map)
      if (condition(key, *row)) keys.push_back(key);
    for (const auto& key : keys)
      drop(map, key);
  }
};

}  // namespace sims::test
