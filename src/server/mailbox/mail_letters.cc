// MailDatabase's letters and receipts. Each change keeps the counts of its box, of its sender in that box, of its
// sender, and of everything, in the same transaction.
#include <algorithm>
#include <map>

#include "server/mailbox/mail_database.h"

namespace sims::server {

using sqlite::Statement;

namespace {

constexpr std::uint64_t day_s = 86'400;

std::uint64_t count_at(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.number(column));
}

MailKind kind_at(const Statement& row, int column) {
  return row.number(column) == 0 ? MailKind::letter : MailKind::receipt;
}

}  // namespace

Result<MailDatabase::Person> MailDatabase::person(const proto::Id& id) {
  Statement row(db_,
                "SELECT key, letters, bytes, receipts, receipt_bytes, sent_letters, taken, given, last "
                "FROM person WHERE id = ?",
                ByteView(packed(id)));
  Person out;
  TRY_LET(found, row.step());
  if (!found) return out;
  out.key = row.number(0);
  out.box = {count_at(row, 1), count_at(row, 2), count_at(row, 3), count_at(row, 4)};
  out.sent_letters = count_at(row, 5);
  out.taken = count_at(row, 6);
  out.given = count_at(row, 7);
  if (const auto last = row.blob(8); last.size() == proto::PrekeyNumber().size())
    std::copy(last.begin(), last.end(), out.last.emplace().begin());
  return out;
}

Result<std::int64_t> MailDatabase::key_of(const proto::Id& id) {
  Statement there(db_, "SELECT key FROM person WHERE id = ?", ByteView(packed(id)));
  TRY_LET(found, there.step());
  if (found) return there.number(0);
  Statement made(db_, "INSERT INTO person (id) VALUES (?) RETURNING key", ByteView(packed(id)));
  TRY(made.step());
  const auto key = made.number(0);
  TRY(made.run());
  return key;
}

Result<MailCounts> MailDatabase::counts_of(std::int64_t owner, std::int64_t sender) {
  Statement row(db_,
                "SELECT letters, bytes, receipts, receipt_bytes FROM sender WHERE owner = ? AND sender = ?",
                owner, sender);
  TRY_LET(found, row.step());
  return found ? MailCounts{count_at(row, 0), count_at(row, 1), count_at(row, 2), count_at(row, 3)}
               : MailCounts{};
}

Result<void> MailDatabase::count(std::int64_t owner, std::int64_t sender, const MailCounts& change,
                                 bool more) {
  const auto by = [&](std::uint64_t n) {
    return more ? static_cast<std::int64_t>(n) : -static_cast<std::int64_t>(n);
  };
  const auto letters = by(change.letters), bytes = by(change.bytes);
  const auto receipts = by(change.receipts), receipt_bytes = by(change.receipt_bytes);
  TRY(Statement(db_,
                "INSERT INTO sender VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "letters = letters + excluded.letters, bytes = bytes + excluded.bytes, "
                "receipts = receipts + excluded.receipts, "
                "receipt_bytes = receipt_bytes + excluded.receipt_bytes",
                owner, sender, letters, bytes, receipts, receipt_bytes)
          .run());
  if (!more) {
    unused_.insert({owner, sender});
    TRY(Statement(db_, "DELETE FROM sender WHERE owner = ? AND sender = ? AND letters <= 0 AND receipts <= 0",
                  owner, sender)
            .run());
  }
  TRY(Statement(db_,
                "UPDATE person SET letters = max(0, letters + ?), bytes = max(0, bytes + ?), "
                "receipts = max(0, receipts + ?), receipt_bytes = max(0, receipt_bytes + ?) WHERE key = ?",
                letters, bytes, receipts, receipt_bytes, owner)
          .run());
  TRY(Statement(db_,
                "UPDATE person SET sent_letters = max(0, sent_letters + ?), "
                "sent_receipts = max(0, sent_receipts + ?) WHERE key = ?",
                letters, receipts, sender)
          .run());
  const auto total = [&](std::uint64_t& there, std::uint64_t n) {
    there = more ? there + n : there - std::min(there, n);
  };
  total(totals_.letters, change.letters);
  total(totals_.receipts, change.receipts);
  total(totals_.bytes, change.bytes + change.receipt_bytes);
  return {};
}

// A row of such a person says nothing that its absence does not say, but that it wrote or was written to. An owner
// keeps its row: `taken` must not go back, nor `last` be lost. At the commit, since a strike counts as taken after
// its item is gone, and a sender's next letter may be in the same transaction.
Result<void> MailDatabase::drop_unused_people() {
  for (const auto key : unused_)
    TRY(Statement(db_,
                  "DELETE FROM person WHERE key = ? AND letters = 0 AND receipts = 0 AND sent_letters = 0 "
                  "AND sent_receipts = 0 AND taken = 0 AND given = 0 AND last IS NULL "
                  "AND NOT EXISTS (SELECT 1 FROM claimed WHERE owner = person.key)",
                  key)
            .run());
  return {};
}

Result<bool> MailDatabase::has(std::int64_t owner, const crypto::Digest& hash) {
  return Statement(db_, "SELECT 1 FROM mail INDEXED BY mail_by_hash WHERE owner = ? AND hash = ?", owner,
                   ByteView(hash))
      .step();
}

Result<void> MailDatabase::insert(std::int64_t owner, std::int64_t sender, std::uint64_t unix_s,
                                  const MailItem& item) {
  TRY(Statement(db_, "INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?)", item.number, owner, sender,
                static_cast<int>(item.kind), unix_s, ByteView(item.hash), bytes_of(item.bytes))
          .run());
  MailCounts change;
  change.add(item.kind, item.bytes.size());
  return count(owner, sender, change, true);
}

Result<Verdict> MailDatabase::put(const MailPut& put, std::uint64_t unix_s, const MailLimits& limits) {
  const auto hash = crypto::sha256({bytes_of(put.bytes)});
  TRY_LET(owner, person(put.owner));
  TRY_LET(known, has(owner.key, hash));
  if (known) return Verdict{PutFate::known, MailBound::none};
  TRY_LET(sender, person(put.sender));
  TRY_LET(there, counts_of(owner.key, sender.key));
  const auto verdict = place_for(
      {put.kind, put.bytes.size(), owner.box, there, put.newcomer ? sender.sent_letters : 0, used_bytes_},
      limits);
  if (verdict.fate != PutFate::stored) return verdict;
  TRY_LET(owner_key, owner.key != 0 ? Result<std::int64_t>(owner.key) : key_of(put.owner));
  TRY_LET(sender_key, sender.key != 0 ? Result<std::int64_t>(sender.key) : key_of(put.sender));
  TRY(insert(owner_key, sender_key, unix_s, {totals_.next, put.kind, hash, put.bytes}));
  ++totals_.next;
  used_bytes_ += put.bytes.size() + item_overhead;
  return verdict;
}

Result<std::uint64_t> MailDatabase::remove_one(std::int64_t owner, const GivenItem& item) {
  MailCounts change;
  std::int64_t sender = 0;
  {
    Statement row(db_,
                  "DELETE FROM mail WHERE n = (SELECT n FROM mail INDEXED BY mail_by_hash WHERE owner = ? "
                  "AND hash = ? AND n <= ?) RETURNING sender, kind, length(content)",
                  owner, ByteView(item.hash), item.number);
    TRY_LET(found, row.step());
    if (!found) return 0;
    sender = row.number(0);
    change.add(kind_at(row, 1), count_at(row, 2));
    TRY(row.run());
  }
  TRY(count(owner, sender, change, false));
  return 1;
}

Result<std::uint64_t> MailDatabase::strike(const proto::Id& owner, const std::vector<GivenItem>& items) {
  TRY_LET(person, this->person(owner));
  if (person.key == 0) return 0;
  std::uint64_t struck = 0;
  for (const auto& item : items) {
    TRY_LET(one, remove_one(person.key, item));
    struck += one;
  }
  if (struck > 0)
    TRY(Statement(db_, "UPDATE person SET taken = taken + ? WHERE key = ?", struck, person.key).run());
  return struck;
}

Result<std::uint64_t> MailDatabase::remove_all(std::int64_t owner) {
  std::map<std::int64_t, MailCounts> by_sender;
  std::uint64_t removed = 0;
  Statement row(db_, "DELETE FROM mail WHERE owner = ? RETURNING sender, kind, length(content)", owner);
  TRY(row.each([&]() -> Result<void> {
    by_sender[row.number(0)].add(kind_at(row, 1), count_at(row, 2));
    ++removed;
    return {};
  }));
  for (const auto& [sender, change] : by_sender)
    TRY(count(owner, sender, change, false));
  return removed;
}

Result<std::uint64_t> MailDatabase::purge(const proto::Id& owner) {
  TRY_LET(person, this->person(owner));
  return person.key == 0 ? 0 : remove_all(person.key);
}

Result<std::uint64_t> MailDatabase::forget(const proto::Id& owner) {
  TRY_LET(person, this->person(owner));
  const auto key = person.key;
  if (key == 0) return 0;
  TRY_LET(removed, remove_all(key));
  TRY(drop_prekeys_of(key));
  TRY(Statement(db_, "DELETE FROM given WHERE owner = ?", key).run());
  TRY(Statement(db_, "DELETE FROM claimed WHERE owner = ?", key).run());
  // Its own items in other boxes name it by its key, until they are gone.
  TRY(Statement(db_, "UPDATE person SET taken = 0, given = 0, last = NULL WHERE key = ?", key).run());
  unused_.insert(key);
  return removed;
}

// Goes through the items in the order in which they came, and so of their age. Those that came while a clock was
// wrong, in the future, are passed over: each call goes on where the last one ended, and begins again once it has
// met a younger item or the end.
Result<MailDatabase::Expired> MailDatabase::expire(std::uint64_t unix_s, std::uint64_t days,
                                                   std::size_t most) {
  struct Old {
    std::int64_t n, owner, sender;
    MailCounts counts;
  };
  std::vector<Old> old;
  Expired out;
  std::size_t seen = 0;
  {
    Statement row(
        db_, "SELECT n, owner, sender, kind, length(content), at FROM mail WHERE n > ? ORDER BY n LIMIT ?",
        expired_until_, static_cast<std::uint64_t>(most));
    for (;;) {
      TRY_LET(found, row.step());
      if (!found) break;
      ++seen;
      const auto at = count_at(row, 5);
      if (at <= unix_s && at + days * day_s > unix_s) {
        seen = 0;
        break;
      }
      expired_until_ = count_at(row, 0);
      if (at > unix_s) continue;
      old.push_back({row.number(0), row.number(1), row.number(2), {}});
      old.back().counts.add(kind_at(row, 3), count_at(row, 4));
    }
  }
  out.more = seen == most;
  if (!out.more) expired_until_ = 0;
  for (const auto& item : old) {
    TRY(Statement(db_, "DELETE FROM mail WHERE n = ?", item.n).run());
    TRY(count(item.owner, item.sender, item.counts, false));
  }
  out.removed = old.size();
  TRY_LET(more, expire_prekeys(unix_s, most));
  out.more |= more;
  return out;
}

// --- questions ------------------------------------------------------------------------------------

Result<TakeAnswer> MailDatabase::take(const proto::Id& owner, std::uint64_t after, std::size_t most,
                                      std::size_t most_bytes) {
  TakeAnswer out;
  Statement row(db_,
                "SELECT n, kind, hash, length(content), content FROM mail INDEXED BY mail_by_owner "
                "WHERE owner = (SELECT key FROM person WHERE id = ?) AND n > ? ORDER BY n",
                ByteView(packed(owner)), after);
  std::size_t bytes = 0;
  for (;;) {
    TRY_LET(found, row.step());
    if (!found) return out;
    const auto size = static_cast<std::size_t>(row.number(3));
    out.more = !out.items.empty() && (out.items.size() >= most || bytes + size > most_bytes);
    if (out.more) return out;
    MailItem item{count_at(row, 0), kind_at(row, 1), crypto::sha256({row.blob(4)}),
                  std::string(text_of(row.blob(4)))};
    if (!std::ranges::equal(item.hash, row.blob(2))) return fail(sqlite::damaged("an item has changed"));
    bytes += size;
    out.items.push_back(std::move(item));
  }
}

Result<BoxSummary> MailDatabase::summary(const proto::Id& owner) {
  auto snapshot = sqlite::Transaction::read(db_);
  TRY(snapshot);
  TRY_LET(person, this->person(owner));
  BoxSummary out{
      person.box.letters, person.box.receipts, person.box.bytes + person.box.receipt_bytes, 0, 0, {}};
  {
    Statement row(db_, "SELECT at FROM mail INDEXED BY mail_by_owner WHERE owner = ? ORDER BY n LIMIT 1",
                  person.key);
    TRY_LET(found, row.step());
    if (found) out.oldest_unix_s = count_at(row, 0);
  }
  {
    Statement row(db_, "SELECT count(*) FROM sender WHERE owner = ?", person.key);
    TRY(row.step());
    out.senders = count_at(row, 0);
  }
  TRY_LET(prekeys, status_of(person));
  out.prekeys = std::move(prekeys);
  return out;
}

// --- for a MailRescue -----------------------------------------------------------------------------

Result<void> MailDatabase::adopt(const Row& row) {
  TRY_LET(owner, key_of(row.owner));
  TRY_LET(sender, key_of(row.sender));
  TRY(remove_one(owner, {row.item.hash, totals_.next}));
  return insert(owner, sender, row.unix_s, row.item);
}

Result<void> MailDatabase::adopt_taken(const proto::Id& owner, std::uint64_t taken) {
  TRY_LET(key, key_of(owner));
  return Statement(db_, "UPDATE person SET taken = max(taken, ?) WHERE key = ?", taken, key).run();
}

Result<void> MailDatabase::adopt_given(const proto::Id& owner, const proto::PrekeyNumber& number,
                                       std::uint64_t expires) {
  TRY_LET(key, key_of(owner));
  Statement row(db_, "INSERT INTO given VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", key,
                ByteView(number), expires);
  TRY_LET(added, row.step());
  if (!added) return {};
  TRY(row.run());
  return Statement(db_, "UPDATE person SET given = given + 1 WHERE key = ?", key).run();
}

}  // namespace sims::server
