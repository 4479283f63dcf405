// MailTable: receipts, letters that came, and deliveries of our texts.
#include <algorithm>

#include "client/store/mail_table.h"

namespace sims::client {

namespace {

// The column `kind` of `mail_receipt`, in clear and not sealed as well: see mail_sessions.cc.
enum ReceiptKind : int { receipt_covered_before = 0, receipt_owed = 1, receipt_held = 2 };

constexpr const char* bad_receipt = "a receipt does not open";

int kind_of(MailReceipt::State state) {
  switch (state) {
    case MailReceipt::State::owed:
      return receipt_owed;
    case MailReceipt::State::held:
      return receipt_held;
    case MailReceipt::State::covered:
      break;
  }
  return receipt_covered_before;
}

MailReceipt::State state_of(std::int64_t kind) {
  return kind == receipt_owed   ? MailReceipt::State::owed
         : kind == receipt_held ? MailReceipt::State::held
                                : MailReceipt::State::covered;
}

}  // namespace

// --- receipts ------------------------------------------------------------------------------------

Result<std::optional<MailReceipt>> MailTable::receipt(const Id& server, const MailSessionKey& session,
                                                      std::uint64_t m) {
  TRY_LET(at, number_of(server));
  const Tag tag = mail_receipt_tag(vault_.sealer(), mail_session_tag(vault_.sealer(), at, session), m);
  sqlite::Statement row(file_.db, "SELECT kind, token FROM mail_receipt WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  if (!there) return std::nullopt;
  auto read = read_receipt(vault_.sealer(), at, tag, row.text(1));
  if (!read) {
    damaged(bad_receipt);
    return std::nullopt;
  }
  read->session = session;
  read->m = m;
  read->state = state_of(row.number(0));
  return std::move(*read);
}

// Turns are the rows of the interface: they order the receipts that are owed or held.
Result<std::uint64_t> MailTable::next_turn() {
  TRY_LET(last, file_.db.number("SELECT max(turn) FROM mail_receipt WHERE kind > 0"));
  return last_turn_ = std::max(last_turn_, static_cast<std::uint64_t>(last)) + 1;
}

Result<void> MailTable::insert_receipt(const ReceiptRow& row, const MailReceipt& receipt) {
  TRY_LET(turn, next_turn());
  return sqlite::Statement(file_.db,
                           "INSERT INTO mail_receipt (tag, server, sender, kind, turn, day, token)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?)"
                           " ON CONFLICT (tag) DO UPDATE SET kind = excluded.kind,"
                           " turn = CASE kind WHEN excluded.kind THEN turn ELSE excluded.turn END,"
                           " day = excluded.day, token = excluded.token",
                           row.tag, row.server, row.sender, row.kind, turn, mail_day(receipt.at_unix_s),
                           seal_receipt(vault_.sealer(), row.server, row.tag, receipt))
      .run();
}

Result<void> MailTable::put_receipt(const Id& server, const MailReceipt& receipt) {
  TRY_LET(at, made_number_of(server));
  Sealer& sealer = vault_.sealer();
  const Tag tag = mail_receipt_tag(sealer, mail_session_tag(sealer, at, receipt.session), receipt.m);
  return insert_receipt(
      {at, tag, mail_sender_tag(sealer, at, receipt.session.sender), kind_of(receipt.state)}, receipt);
}

Result<bool> MailTable::owe_unopened(const Id& server, const Id& sender, const MailReceipt& unopened) {
  TRY_LET(at, made_number_of(server));
  const Tag from = mail_sender_tag(vault_.sealer(), at, sender);
  const Tag tag = unopened_tag(vault_.sealer(), from, unopened.token);
  TRY_LET(there, sqlite::Statement(file_.db, "SELECT 1 FROM mail_receipt WHERE tag = ?", tag).step());
  if (there) return false;
  TRY(insert_receipt({at, tag, from, receipt_owed}, unopened));
  return true;
}

Result<std::vector<OwedReceipt>> MailTable::owed_receipts(const Id& server, std::uint64_t after) {
  std::vector<OwedReceipt> out;
  TRY_LET(at, number_of(server));
  sqlite::Statement rows(file_.db,
                         "SELECT turn, tag, token FROM mail_receipt WHERE kind > 0 AND kind = 1"
                         " AND server = ? AND turn > ? ORDER BY turn",
                         at, after);
  TRY(rows.each([&]() -> Result<void> {
    const auto turn = static_cast<std::uint64_t>(rows.number(0));
    // Later ones stand behind it, also once all that were read are covered.
    last_turn_ = std::max(last_turn_, turn);
    auto read = read_receipt(vault_.sealer(), at, rows.blob(1), rows.text(2));
    if (read)
      out.push_back({turn, std::move(read->message)});
    else
      damaged(bad_receipt);
    return {};
  }));
  return out;
}

Result<void> MailTable::receipt_covered(std::uint64_t row) {
  return sqlite::Statement(file_.db,
                           "UPDATE mail_receipt SET kind = 0 WHERE kind > 0 AND kind = 1 AND turn = ?", row)
      .run();
}

// --- letters that came and are not opened yet ----------------------------------------------------

Result<void> MailTable::add_arrived(const Id& server, ArrivedLetter letter) {
  TRY_LET(at, made_number_of(server));
  TRY_LET(last, file_.db.number("SELECT max(row) FROM mail_arrived"));
  letter.row = last_arrived_ = std::max(last_arrived_, static_cast<std::uint64_t>(last)) + 1;
  return sqlite::Statement(
             file_.db,
             "INSERT INTO mail_arrived (row, server, sender, stranger, token) VALUES (?, ?, ?, ?, ?)",
             letter.row, at, mail_sender_tag(vault_.sealer(), at, letter.sender), letter.stranger ? 1 : 0,
             seal_arrived(vault_.sealer(), at, letter))
      .run();
}

Result<std::vector<ArrivedLetter>> MailTable::arrived(const Id& server) {
  std::vector<ArrivedLetter> out;
  TRY_LET(at, number_of(server));
  sqlite::Statement rows(file_.db,
                         "SELECT row, stranger, token FROM mail_arrived WHERE server = ? ORDER BY row", at);
  TRY(rows.each([&]() -> Result<void> {
    auto letter = read_arrived(vault_.sealer(), at, static_cast<std::uint64_t>(rows.number(0)), rows.text(2));
    if (!letter) {
      damaged("a letter does not open");
      return {};
    }
    letter->stranger = rows.number(1) == 1;
    out.push_back(std::move(*letter));
    return {};
  }));
  return out;
}

Result<void> MailTable::drop_arrived(std::uint64_t row) {
  return sqlite::Statement(file_.db, "DELETE FROM mail_arrived WHERE row = ?", row).run();
}

// --- deliveries of our texts ---------------------------------------------------------------------

Result<std::vector<MailDelivery>> MailTable::deliveries(const Id& server) {
  std::vector<MailDelivery> out;
  TRY_LET(at, number_of(server));
  sqlite::Statement rows(file_.db,
                         "SELECT text, tag, token FROM mail_delivery WHERE server = ? ORDER BY text", at);
  TRY(rows.each([&]() -> Result<void> {
    auto read = read_delivery(vault_.sealer(), at, static_cast<std::uint64_t>(rows.number(0)), rows.blob(1),
                              rows.text(2));
    if (read)
      out.push_back(std::move(*read));
    else
      damaged("the delivery of a text does not open");
    return {};
  }));
  return out;
}

Result<void> MailTable::put_delivery(const Id& server, const MailDelivery& delivery) {
  TRY_LET(at, made_number_of(server));
  const Tag tag = mail_delivery_tag(vault_.sealer(), at, delivery.row, delivery.to);
  return sqlite::Statement(
             file_.db, "INSERT OR REPLACE INTO mail_delivery (server, text, tag, token) VALUES (?, ?, ?, ?)",
             at, delivery.row, tag, seal_delivery(vault_.sealer(), at, tag, delivery))
      .run();
}

Result<void> MailTable::erase_delivery(const Id& server, std::uint64_t row, const Id& to) {
  TRY_LET(at, number_of(server));
  return sqlite::Statement(file_.db, "DELETE FROM mail_delivery WHERE server = ? AND text = ? AND tag = ?",
                           at, row, mail_delivery_tag(vault_.sealer(), at, row, to))
      .run();
}

}  // namespace sims::client
