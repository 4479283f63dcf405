// MailTable: servers, our prekeys, and what is forgotten with time. Sessions and what is kept by
// sender are in mail_sessions.cc, receipts, letters and deliveries in mail_letters.cc.
#include "client/store/mail_table.h"

#include <algorithm>

#include "proto/limits.h"

namespace sims::client {

namespace {

constexpr std::int64_t session_days = proto::mail_session_kept_s / mail_day_s,
                       receipt_days = proto::receipt_kept_s / mail_day_s;
constexpr const char* bad_prekey = "a prekey does not open";

}  // namespace

Tag tag_of(ByteView column) {
  Tag tag{};
  std::copy_n(column.begin(), std::min(column.size(), tag.size()), tag.begin());
  return tag;
}

void MailTable::damaged(const char* what) {
  if (!damages_.insert(what).second) return;
  if (!damage_.empty()) damage_ += ", ";
  damage_ += what;
}

// --- servers -------------------------------------------------------------------------------------

Result<std::uint64_t> MailTable::number_of(const Id& server) {
  if (const auto cached = numbers_.find(server); cached != numbers_.end()) return cached->second;
  const Tag tag = mail_server_tag(vault_.sealer(), server);
  sqlite::Statement row(file_.db, "SELECT number FROM mail_server WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  if (!there) return 0;
  return numbers_[server] = static_cast<std::uint64_t>(row.number(0));
}

Result<std::uint64_t> MailTable::made_number_of(const Id& server) {
  TRY_LET(number, number_of(server));
  if (number != 0) return number;
  TRY_LET(last, file_.db.number("SELECT max(number) FROM mail_server"));
  const MailServer row{static_cast<std::uint64_t>(last) + 1, {}};
  TRY(put_server(mail_server_tag(vault_.sealer(), server), server, row));
  return numbers_[server] = row.number;
}

Result<void> MailTable::put_server(const Tag& tag, const Id& server, const MailServer& row) {
  return sqlite::Statement(file_.db,
                           "INSERT OR REPLACE INTO mail_server (number, tag, token) VALUES (?, ?, ?)",
                           row.number, tag, seal_mail_server(vault_.sealer(), tag, server, row))
      .run();
}

Result<MailAccount> MailTable::account(const Id& server) {
  const Tag tag = mail_server_tag(vault_.sealer(), server);
  sqlite::Statement row(file_.db, "SELECT number, token FROM mail_server WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  if (!there) return MailAccount{};
  const auto account =
      read_mail_server(vault_.sealer(), tag, server, static_cast<std::uint64_t>(row.number(0)), row.text(1));
  if (!account) damaged("the account of letters does not open");
  return account.value_or(MailAccount{});
}

Result<void> MailTable::put_account(const Id& server, const MailAccount& account) {
  TRY_LET(number, made_number_of(server));
  return put_server(mail_server_tag(vault_.sealer(), server), server, {number, account});
}

Result<bool> MailTable::has(const Id& server) {
  TRY_LET(number, number_of(server));
  return number != 0;
}

Result<void> MailTable::move(const Id& from, const Id& to) {
  TRY_LET(number, number_of(from));
  if (number == 0) return {};
  TRY_LET(read, account(from));
  numbers_.clear();
  return put_server(mail_server_tag(vault_.sealer(), to), to, {number, read});
}

void MailTable::forget_cache() {
  numbers_.clear();
}

// --- our prekeys ---------------------------------------------------------------------------------

Result<std::vector<OwnPrekey>> MailTable::prekeys(const Id& server) {
  std::vector<OwnPrekey> out;
  TRY_LET(number, number_of(server));
  sqlite::Statement rows(file_.db, "SELECT tag, token FROM prekey WHERE server = ?", number);
  TRY(rows.each([&]() -> Result<void> {
    auto read = read_prekey(vault_.sealer(), number, rows.blob(0), rows.text(1));
    if (read)
      out.push_back(std::move(read->prekey));
    else
      damaged(bad_prekey);
    return {};
  }));
  return out;
}

Result<std::optional<OwnPrekey>> MailTable::prekey(const Id& server, const proto::PrekeyNumber& number) {
  TRY_LET(at, number_of(server));
  const Tag tag = prekey_tag(vault_.sealer(), at, number);
  sqlite::Statement row(file_.db, "SELECT token FROM prekey WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  if (!there) return std::nullopt;
  auto read = read_prekey(vault_.sealer(), at, tag, row.text(0));
  if (!read) {
    damaged(bad_prekey);
    return std::nullopt;
  }
  if (read->has_secret) {
    TRY_LET(secret, secrets_.read(tag));
    if (secret)
      read->prekey.secret = std::move(*secret);
    else
      damaged("a private half of a prekey does not open");
  }
  return std::move(read->prekey);
}

Result<void> MailTable::put_prekey(const Id& server, const OwnPrekey& prekey) {
  TRY_LET(at, made_number_of(server));
  const Tag tag = prekey_tag(vault_.sealer(), at, prekey.number);
  TRY(sqlite::Statement(file_.db,
                        "INSERT INTO prekey (tag, server, wipe, agreements, strangers, token)"
                        " VALUES (?, ?, ?, 0, 0, ?)"
                        " ON CONFLICT (tag) DO UPDATE SET wipe = excluded.wipe, token = excluded.token",
                        tag, at, mail_day(prekey.wipe_unix_s), seal_prekey(vault_.sealer(), at, tag, prekey))
          .run());
  return prekey.secret.size() > 0 ? secrets_.put(tag, prekey.secret.view()) : secrets_.erase(tag);
}

Result<void> MailTable::erase_prekey(const Id& server, const proto::PrekeyNumber& number) {
  TRY_LET(at, number_of(server));
  const Tag tag = prekey_tag(vault_.sealer(), at, number);
  TRY(sqlite::Statement(file_.db, "DELETE FROM prekey WHERE tag = ?", tag).run());
  return secrets_.erase(tag);
}

Result<void> MailTable::count_agreement(const Id& server, const proto::PrekeyNumber& number, bool stranger) {
  TRY_LET(at, number_of(server));
  return sqlite::Statement(
             file_.db,
             "UPDATE prekey SET agreements = agreements + 1, strangers = strangers + ? WHERE tag = ?",
             stranger ? 1 : 0, prekey_tag(vault_.sealer(), at, number))
      .run();
}

// --- forgetting ----------------------------------------------------------------------------------

Result<void> MailTable::forget_old(const Id& server, std::int64_t unix_s) {
  TRY_LET(at, number_of(server));
  const auto today = mail_day(unix_s);
  // Of a prekey that is wiped today only the token knows the second. A damaged one waits for tomorrow.
  std::vector<Tag> old;
  sqlite::Statement keys(file_.db, "SELECT tag, wipe, token FROM prekey WHERE server = ? AND wipe <= ?", at,
                         today);
  TRY(keys.each([&]() -> Result<void> {
    const Tag tag = tag_of(keys.blob(0));
    if (static_cast<std::uint64_t>(keys.number(1)) == today) {
      const auto read = read_prekey(vault_.sealer(), at, tag, keys.text(2));
      if (!read || read->prekey.wipe_unix_s > unix_s) return {};
    }
    old.push_back(tag);
    return {};
  }));
  for (const Tag& tag : old) {
    TRY(sqlite::Statement(file_.db, "DELETE FROM prekey WHERE tag = ?", tag).run());
    TRY(secrets_.erase(tag));
  }
  std::vector<Tag> ended;
  sqlite::Statement sessions(file_.db,
                             "SELECT tag FROM mail_session WHERE server = ? AND kind > 0 AND day < ?", at,
                             mail_day(unix_s - session_days * mail_day_s));
  TRY(sessions.each([&]() -> Result<void> {
    ended.push_back(tag_of(sessions.blob(0)));
    return {};
  }));
  TRY(close_all(ended));
  TRY(sqlite::Statement(file_.db,
                        "DELETE FROM mail_session WHERE server = ? AND kind = 0 AND NOT EXISTS"
                        " (SELECT 1 FROM prekey WHERE prekey.tag = mail_session.prekey)",
                        at)
          .run());
  return sqlite::Statement(file_.db, "DELETE FROM mail_receipt WHERE server = ? AND day < ?", at,
                           mail_day(unix_s - receipt_days * mail_day_s))
      .run();
}

}  // namespace sims::client
