// Store: letters. Each function reads while the store is unlocked, or writes in its transaction.
#include "client/store/store_parts.h"

namespace sims::client {

// --- reading -------------------------------------------------------------------------------------

Result<MailAccount> Store::mail_account(const Id& server) {
  return read([&] { return parts_->mail.account(server); });
}

Result<std::vector<OwnPrekey>> Store::prekeys(const Id& server) {
  return read([&] { return parts_->mail.prekeys(server); });
}

Result<std::optional<OwnPrekey>> Store::prekey(const Id& server, const proto::PrekeyNumber& number) {
  return read([&] { return parts_->mail.prekey(server, number); });
}

Result<std::optional<MailSessionRow>> Store::mail_session(const Id& server, const MailSessionKey& key) {
  return read([&] { return parts_->mail.session(server, key); });
}

Result<MailMemory::MailCounts> Store::mail_counts(const Id& server, const Id& sender,
                                                  const proto::PrekeyNumber& number) {
  return read([&] { return parts_->mail.counts(server, sender, number); });
}

Result<std::optional<MailReceipt>> Store::receipt(const Id& server, const MailSessionKey& session,
                                                  std::uint64_t m) {
  return read([&] { return parts_->mail.receipt(server, session, m); });
}

Result<std::vector<OwedReceipt>> Store::owed_receipts(const Id& server, std::uint64_t after) {
  return read([&] { return parts_->mail.owed_receipts(server, after); });
}

Result<std::vector<ArrivedLetter>> Store::arrived(const Id& server) {
  return read([&] { return parts_->mail.arrived(server); });
}

Result<std::vector<MailDelivery>> Store::deliveries(const Id& server) {
  return read([&] { return parts_->mail.deliveries(server); });
}

// --- writing -------------------------------------------------------------------------------------

Result<void> Store::put_mail_account(const Id& server, const MailAccount& account) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.put_account(server, account); });
}

Result<void> Store::put_prekey(const Id& server, const OwnPrekey& prekey) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.put_prekey(server, prekey); });
}

Result<void> Store::erase_prekey(const Id& server, const proto::PrekeyNumber& number) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.erase_prekey(server, number); });
}

Result<void> Store::count_agreement(const Id& server, const proto::PrekeyNumber& number, bool stranger) {
  return parts_->transaction.write_for_core(
      [&] { return parts_->mail.count_agreement(server, number, stranger); });
}

Result<void> Store::put_mail_session(const Id& server, const MailSessionRow& session) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.put_session(server, session); });
}

Result<void> Store::close_oldest_session(const Id& server, const Id& sender) {
  return parts_->transaction.write_for_core(
      [&] { return parts_->mail.close_oldest_session(server, sender); });
}

Result<void> Store::put_receipt(const Id& server, const MailReceipt& receipt) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.put_receipt(server, receipt); });
}

Result<void> Store::receipt_covered(std::uint64_t row) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.receipt_covered(row); });
}

Result<void> Store::accept_mail(const Id& server, const Id& sender) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.accept(server, sender); });
}

Result<void> Store::drop_mail(const Id& server, const Id& sender) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.drop(server, sender); });
}

Result<void> Store::drop_arrived(std::uint64_t row) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.drop_arrived(row); });
}

Result<void> Store::put_delivery(const Id& server, const MailDelivery& delivery) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.put_delivery(server, delivery); });
}

Result<void> Store::erase_delivery(const Id& server, std::uint64_t row, const Id& to) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.erase_delivery(server, row, to); });
}

Result<void> Store::forget_old_mail(const Id& server, std::int64_t unix_s) {
  return parts_->transaction.write_for_core([&] { return parts_->mail.forget_old(server, unix_s); });
}

std::string Store::take_damage() {
  const std::string what = parts_->mail.take_damage();
  return what.empty() ? what : parts_->file.damaged(what);
}

bool Store::has_traces() const {
  return parts_->transaction.has_traces();
}

void Store::wipe_traces() {
  parts_->transaction.wipe_traces();
}

Result<bool> Store::owe_unopened(const Id& server, const Id& sender, const crypto::Digest& token,
                                 const std::string& message, std::int64_t unix_s) {
  bool first = false;
  TRY(parts_->transaction.write_for_core([&]() -> Result<void> {
    TRY_LET(owed, parts_->mail.owe_unopened(server, sender,
                                            {{}, 0, token, message, MailReceipt::State::owed, unix_s}));
    first = owed;
    return {};
  }));
  return first;
}

Result<std::uint64_t> Store::add_arrived(const Id& server, const ArrivedLetter& letter) {
  TRY(parts_->transaction.write_for_core([&] { return parts_->mail.add_arrived(server, letter); }));
  return parts_->mail.last_arrived();
}

}  // namespace sims::client
