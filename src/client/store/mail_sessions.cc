// MailTable: the sessions that others opened with our prekeys, and all that is kept of one sender.
#include <algorithm>

#include "client/store/mail_table.h"

namespace sims::client {

namespace {

// The column `kind` of `mail_session`. It is in clear, and not sealed as well, so that accepting or
// dropping a sender opens no token.
enum SessionKind : int { session_closed = 0, session_open = 1, session_of_stranger = 2 };

// A session's secret: when its first letter was stored, and its state.
SecretBytes sealed_part(const MailSessionRow& session) {
  const auto since = u64be(static_cast<std::uint64_t>(session.since_unix_s));
  SecretBytes out(since.size() + session.state.size());
  std::copy(since.begin(), since.end(), out.writable().begin());
  const auto state = session.state.view();
  std::copy(state.begin(), state.end(), out.writable().begin() + since.size());
  return out;
}

}  // namespace

Result<std::optional<MailSessionRow>> MailTable::session(const Id& server, const MailSessionKey& key) {
  TRY_LET(at, number_of(server));
  const Tag tag = mail_session_tag(vault_.sealer(), at, key);
  sqlite::Statement row(file_.db, "SELECT kind FROM mail_session WHERE tag = ?", tag);
  TRY_LET(there, row.step());
  if (!there) return std::nullopt;
  MailSessionRow out;
  out.key = key;
  out.stranger = row.number(0) == session_of_stranger;
  if (row.number(0) == session_closed) return out;
  TRY_LET(secret, secrets_.read(tag));
  if (!secret || secret->size() < 8) {
    damaged("a session of letters does not open");
    return std::nullopt;
  }
  out.since_unix_s = static_cast<std::int64_t>(load_u64be(secret->view().data()));
  out.state = SecretBytes(secret->view().subspan(8));
  return out;
}

// An existing row is written again only if it changes: it is the same for most letters of a session.
Result<void> MailTable::put_session(const Id& server, const MailSessionRow& session) {
  TRY_LET(at, made_number_of(server));
  const MailSessionKey& key = session.key;
  const Tag tag = mail_session_tag(vault_.sealer(), at, key);
  const bool open = session.state.size() > 0;
  const int kind = !open ? session_closed : session.stranger ? session_of_stranger : session_open;
  TRY(sqlite::Statement(
          file_.db,
          "INSERT INTO mail_session (tag, server, sender, prekey, kind, day) VALUES (?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (tag) DO UPDATE SET kind = excluded.kind, day = excluded.day"
          " WHERE kind != excluded.kind OR day != excluded.day",
          tag, at, mail_sender_tag(vault_.sealer(), at, key.sender),
          prekey_tag(vault_.sealer(), at, key.number), kind, mail_day(session.since_unix_s))
          .run());
  return open ? secrets_.put(tag, sealed_part(session).view()) : secrets_.erase(tag);
}

Result<std::optional<Tag>> MailTable::oldest_session(const Tag& sender) {
  sqlite::Statement row(
      file_.db, "SELECT tag FROM mail_session WHERE kind > 0 AND sender = ? ORDER BY row LIMIT 1", sender);
  TRY_LET(there, row.step());
  return there ? std::optional(tag_of(row.blob(0))) : std::nullopt;
}

Result<void> MailTable::close(const Tag& session) {
  TRY(sqlite::Statement(file_.db, "UPDATE mail_session SET kind = 0 WHERE tag = ?", session).run());
  return secrets_.erase(session);
}

Result<void> MailTable::close_all(const std::vector<Tag>& sessions) {
  for (const Tag& tag : sessions)
    TRY(close(tag));
  return {};
}

Result<void> MailTable::close_oldest_session(const Id& server, const Id& sender) {
  TRY_LET(at, number_of(server));
  TRY_LET(oldest, oldest_session(mail_sender_tag(vault_.sealer(), at, sender)));
  return oldest ? close(*oldest) : Result<void>();
}

// --- all that is kept of one sender --------------------------------------------------------------

Result<MailMemory::MailCounts> MailTable::counts(const Id& server, const Id& sender,
                                                 const proto::PrekeyNumber& number) {
  MailMemory::MailCounts out;
  TRY_LET(at, number_of(server));
  const Tag from = mail_sender_tag(vault_.sealer(), at, sender);
  sqlite::Statement row(
      file_.db,
      "SELECT (SELECT count(*) FROM mail_session WHERE kind > 0 AND sender = ?1),"
      " (SELECT count(*) FROM mail_session WHERE kind = 2 AND server = ?2),"
      " (SELECT count(*) FROM mail_receipt WHERE kind = 2 AND server = ?2 AND sender = ?1)"
      " + (SELECT count(*) FROM mail_arrived WHERE server = ?2 AND sender = ?1),"
      " (SELECT count(*) FROM mail_receipt WHERE kind = 2 AND server = ?2)"
      " + (SELECT count(*) FROM mail_arrived WHERE server = ?2 AND stranger = 1),"
      " (SELECT agreements FROM prekey WHERE tag = ?3), (SELECT strangers FROM prekey WHERE tag = ?3)",
      from, at, prekey_tag(vault_.sealer(), at, number));
  TRY(row.step());
  std::uint64_t* const counted[] = {&out.sessions,       &out.strangers_sessions, &out.held,
                                    &out.strangers_held, &out.agreements,         &out.strangers_agreements};
  for (int column = 0; column < 6; ++column)
    *counted[column] = static_cast<std::uint64_t>(row.number(column));
  return out;
}

Result<void> MailTable::accept(const Id& server, const Id& sender) {
  TRY_LET(at, number_of(server));
  const Tag from = mail_sender_tag(vault_.sealer(), at, sender);
  TRY(sqlite::Statement(file_.db, "UPDATE mail_session SET kind = 1 WHERE kind > 0 AND sender = ?", from)
          .run());
  TRY(sqlite::Statement(file_.db, "UPDATE mail_arrived SET stranger = 0 WHERE server = ? AND sender = ?", at,
                        from)
          .run());
  // They become owed now, in the order in which they came.
  std::vector<Tag> held;
  sqlite::Statement rows(
      file_.db, "SELECT tag FROM mail_receipt WHERE kind = 2 AND server = ? AND sender = ? ORDER BY turn", at,
      from);
  TRY(rows.each([&]() -> Result<void> {
    held.push_back(tag_of(rows.blob(0)));
    return {};
  }));
  for (const Tag& tag : held) {
    TRY_LET(turn, next_turn());
    TRY(sqlite::Statement(file_.db, "UPDATE mail_receipt SET kind = 1, turn = ? WHERE tag = ?", turn, tag)
            .run());
  }
  return {};
}

Result<void> MailTable::drop(const Id& server, const Id& sender) {
  TRY_LET(at, number_of(server));
  const Tag from = mail_sender_tag(vault_.sealer(), at, sender);
  std::vector<Tag> open;
  sqlite::Statement rows(file_.db, "SELECT tag FROM mail_session WHERE kind > 0 AND sender = ?", from);
  TRY(rows.each([&]() -> Result<void> {
    open.push_back(tag_of(rows.blob(0)));
    return {};
  }));
  TRY(close_all(open));
  TRY(sqlite::Statement(file_.db, "DELETE FROM mail_receipt WHERE kind > 0 AND sender = ?", from).run());
  return sqlite::Statement(file_.db, "DELETE FROM mail_arrived WHERE server = ? AND sender = ?", at, from)
      .run();
}

}  // namespace sims::client
