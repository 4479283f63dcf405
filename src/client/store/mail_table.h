// The tables of letters (MailMemory): `mail_server`, `prekey`, `mail_session`, `mail_receipt`,
// `mail_arrived` and `mail_delivery`; their secrets are in `mail_secret`. Error texts leave out the
// file's name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/store/mail_row.h"
#include "client/store/secret_table.h"

namespace sims::client {

class MailTable {
 public:
  MailTable(StoreFile& file, Vault& vault) : file_(file), vault_(vault), secrets_(file, vault) {}

  // --- reading, while unlocked; see MailMemory
  Result<MailAccount> account(const Id& server);
  Result<std::vector<OwnPrekey>> prekeys(const Id& server);
  Result<std::optional<OwnPrekey>> prekey(const Id& server, const proto::PrekeyNumber& number);
  Result<std::optional<MailSessionRow>> session(const Id& server, const MailSessionKey& key);
  Result<MailMemory::MailCounts> counts(const Id& server, const Id& sender,
                                        const proto::PrekeyNumber& number);
  Result<std::optional<MailReceipt>> receipt(const Id& server, const MailSessionKey& session,
                                             std::uint64_t m);
  Result<std::vector<OwedReceipt>> owed_receipts(const Id& server, std::uint64_t after);
  Result<std::vector<ArrivedLetter>> arrived(const Id& server);
  Result<std::vector<MailDelivery>> deliveries(const Id& server);
  Result<bool> has(const Id& server);  // any of it

  // --- in a transaction
  Result<void> put_account(const Id& server, const MailAccount& account);
  Result<void> put_prekey(const Id& server, const OwnPrekey& prekey);
  Result<void> erase_prekey(const Id& server, const proto::PrekeyNumber& number);
  Result<void> count_agreement(const Id& server, const proto::PrekeyNumber& number, bool stranger);
  Result<void> put_session(const Id& server, const MailSessionRow& session);
  Result<void> close_oldest_session(const Id& server, const Id& sender);
  Result<void> put_receipt(const Id& server, const MailReceipt& receipt);
  Result<bool> owe_unopened(const Id& server, const Id& sender, const MailReceipt& unopened);
  Result<void> receipt_covered(std::uint64_t row);
  Result<void> accept(const Id& server, const Id& sender);
  Result<void> drop(const Id& server, const Id& sender);
  Result<void> add_arrived(const Id& server, ArrivedLetter letter);  // as last_arrived()
  Result<void> drop_arrived(std::uint64_t row);
  Result<void> put_delivery(const Id& server, const MailDelivery& delivery);
  Result<void> erase_delivery(const Id& server, std::uint64_t row, const Id& to);
  Result<void> forget_old(const Id& server, std::int64_t unix_s);
  Result<void> move(const Id& from, const Id& to);  // a server's new id, under which there is nothing

  std::uint64_t last_arrived() const { return last_arrived_; }
  std::string take_damage() { return std::exchange(damage_, {}); }  // see MailMemory
  bool take_wiped() { return secrets_.take_wiped(); }               // see SecretTable
  void forget_cache();                                              // the disk may have changed

 private:
  Result<std::uint64_t> number_of(const Id& server);  // 0: nothing is stored for it
  Result<std::uint64_t> made_number_of(const Id& server);
  Result<void> put_server(const Tag& tag, const Id& server, const MailServer& row);
  // The tag of the row of the sender's session that was put first; nullopt: none is open.
  Result<std::optional<Tag>> oldest_session(const Tag& sender);
  Result<void> close(const Tag& session);
  Result<void> close_all(const std::vector<Tag>& sessions);
  Result<std::uint64_t> next_turn();
  struct ReceiptRow {
    std::uint64_t server;
    Tag tag, sender;
    int kind;
  };
  Result<void> insert_receipt(const ReceiptRow& row, const MailReceipt& receipt);
  void damaged(const char* what);  // a row that does not open

  StoreFile& file_;
  Vault& vault_;
  SecretTable secrets_;
  std::map<Id, std::uint64_t> numbers_;  // number_of(), cached: each call asks
  std::uint64_t last_turn_ = 0;  // written or read: no turn is used twice, not even after a failed commit
  std::uint64_t last_arrived_ = 0;
  std::set<std::string_view> damages_;  // of the kinds that were told; literals
  std::string damage_;                  // to be told
};

// The tag in a column.
Tag tag_of(ByteView column);

}  // namespace sims::client
