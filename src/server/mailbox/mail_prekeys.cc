// MailDatabase's prekeys: published, handed out once, remembered until they expire.
#include <algorithm>

#include "proto/limits.h"
#include "server/mailbox/mail_database.h"

namespace sims::server {

using sqlite::Statement;

namespace {

template <std::size_t N>
bool copied(ByteView from, ByteArray<N>& to) {
  if (from.size() != N) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

}  // namespace

Result<std::uint64_t> MailDatabase::prekeys_of(std::int64_t owner, std::string_view suite) {
  Statement row(db_, "SELECT count(*) FROM prekey WHERE owner = ? AND suite = ? AND kind = 1", owner, suite);
  TRY(row.step());
  return static_cast<std::uint64_t>(row.number(0));
}

Result<proto::PrekeysStatus> MailDatabase::status_of(const Person& person) {
  proto::PrekeysStatus out;
  out.taken = person.taken;
  out.last = person.last;
  out.waiting = person.box.letters + person.box.receipts;
  Statement row(db_,
                "SELECT suite, sum(kind = 1), max(kind = 2) FROM prekey WHERE owner = ? GROUP BY suite "
                "ORDER BY suite",
                person.key);
  TRY(row.each([&]() -> Result<void> {
    out.left.push_back(
        {std::string(row.text(0)), static_cast<std::uint64_t>(row.number(1)), row.number(2) != 0});
    return {};
  }));
  return out;
}

Result<proto::PrekeysStatus> MailDatabase::status(const proto::Id& owner) {
  auto snapshot = sqlite::Transaction::read(db_);
  TRY(snapshot);
  TRY_LET(person, this->person(owner));
  return status_of(person);
}

Result<void> MailDatabase::drop_prekey(std::int64_t owner, const proto::PrekeyNumber& number) {
  Statement row(db_, "DELETE FROM prekey WHERE owner = ? AND number = ? RETURNING kind", owner,
                ByteView(number));
  TRY_LET(found, row.step());
  if (found && row.number(0) == 1 && totals_.once > 0) --totals_.once;
  return row.run();
}

Result<void> MailDatabase::add_prekey(std::int64_t owner, const proto::Prekey& key) {
  if (key.use == proto::PrekeyUse::once) ++totals_.once;
  return Statement(db_, "INSERT INTO prekey VALUES (?, ?, ?, ?, ?, ?, ?)", owner, ByteView(key.number),
                   std::string_view(key.suite), static_cast<int>(key.use), key.expires, ByteView(key.key),
                   ByteView(key.signature))
      .run();
}

Result<std::optional<PublishPlan>> MailDatabase::plan(std::int64_t owner, std::vector<proto::Prekey> prekeys,
                                                      bool fresh, std::uint64_t unix_s) {
  std::vector<PrekeyRow> there;
  Statement row(db_, "SELECT number, suite, kind FROM prekey WHERE owner = ?", owner);
  TRY(row.each([&]() -> Result<void> {
    auto& key = there.emplace_back();
    if (!copied(row.blob(0), key.number)) return fail(sqlite::damaged("a row that is no prekey"));
    key.suite = row.text(1);
    key.use = static_cast<proto::PrekeyUse>(row.number(2));
    return {};
  }));
  std::vector<proto::PrekeyNumber> given;
  for (const auto& key : prekeys) {
    TRY_LET(found,
            Statement(db_, "SELECT 1 FROM given WHERE owner = ? AND number = ?", owner, ByteView(key.number))
                .step());
    if (found) given.push_back(key.number);
  }
  return plan_publish(there, std::move(prekeys), given, fresh, unix_s);
}

Result<PublishAnswer> MailDatabase::publish(const proto::Id& owner, std::vector<proto::Prekey> prekeys,
                                            bool fresh, std::uint64_t unix_s, const MailLimits& limits) {
  using Fate = PublishAnswer::Fate;
  TRY_LET(there, person(owner));
  TRY_LET(planned, plan(there.key, std::move(prekeys), fresh, unix_s));
  if (!planned) return PublishAnswer{0, Fate::too_many, {}};
  const auto size = prekey_bytes(planned->add);
  if (size > 0 && used_bytes_ + size > limits.total_bytes) return PublishAnswer{0, Fate::failed, {}};
  used_bytes_ += size;
  for (const auto& number : planned->drop)
    TRY(drop_prekey(there.key, number));
  if (!planned->add.empty()) {
    TRY_LET(key, key_of(owner));
    for (const auto& prekey : planned->add)
      TRY(add_prekey(key, prekey));
    TRY(Statement(db_, "UPDATE person SET last = ? WHERE key = ?", ByteView(planned->add.back().number), key)
            .run());
  }
  TRY_LET(after, person(owner));
  TRY_LET(status, status_of(after));
  return PublishAnswer{0, Fate::stored, std::move(status)};
}

Result<std::optional<proto::Prekey>> MailDatabase::find_prekey(std::int64_t owner, std::string_view suite,
                                                               proto::PrekeyUse use, std::uint64_t unix_s) {
  Statement row(db_,
                "SELECT number, expires, key, signature FROM prekey INDEXED BY prekey_by_suite "
                "WHERE owner = ? AND suite = ? AND kind = ? AND expires > ? ORDER BY expires LIMIT 1",
                owner, suite, static_cast<int>(use), unix_s);
  TRY_LET(found, row.step());
  if (!found) return std::nullopt;
  proto::Prekey out;
  out.suite = suite;
  out.use = use;
  out.expires = static_cast<std::uint64_t>(row.number(1));
  out.key.assign(row.blob(2).begin(), row.blob(2).end());
  if (!copied(row.blob(0), out.number) || !copied(row.blob(3), out.signature))
    return fail(sqlite::damaged("a row that is no prekey"));
  return out;
}

Result<void> MailDatabase::hand_out(std::int64_t owner, const proto::Prekey& key, const proto::Id& asker,
                                    std::uint64_t unix_s) {
  TRY(drop_prekey(owner, key.number));
  TRY(Statement(db_, "INSERT INTO given VALUES (?, ?, ?)", owner, ByteView(key.number), key.expires).run());
  TRY(Statement(db_, "UPDATE person SET given = given + 1 WHERE key = ?", owner).run());
  return Statement(db_, "INSERT INTO claimed VALUES (?, ?, ?)", owner, ByteView(packed(asker)), unix_s).run();
}

Result<ClaimAnswer> MailDatabase::claim(const proto::Id& owner, const proto::Id& asker,
                                        const std::vector<std::string>& suites, std::uint64_t unix_s,
                                        const MailLimits& limits) {
  ClaimAnswer out;
  TRY_LET(person, this->person(owner));
  if (person.key == 0) return out;
  const auto since = unix_s - std::min(unix_s, claims_period_s);
  std::uint64_t had = 0;
  {
    Statement row(db_, "SELECT count(*) FROM claimed WHERE owner = ? AND asker = ? AND at > ? AND at <= ?",
                  person.key, ByteView(packed(asker)), since, unix_s);
    TRY(row.step());
    had = static_cast<std::uint64_t>(row.number(0));
  }
  const bool may = had < limits.once_keys && person.given < remembered_given;
  for (const auto& suite : suites) {
    for (const auto use : {proto::PrekeyUse::once, proto::PrekeyUse::many}) {
      if (use == proto::PrekeyUse::once && !may) continue;
      TRY_LET(key, find_prekey(person.key, suite, use, unix_s));
      if (!key) continue;
      if (use == proto::PrekeyUse::once) {
        TRY(hand_out(person.key, *key, asker, unix_s));
        TRY_LET(left, prekeys_of(person.key, suite));
        out.few_left = left < proto::few_prekeys;
      }
      out.prekey = std::move(key);
      return out;
    }
  }
  return out;
}

Result<std::uint64_t> MailDatabase::drop_prekeys() {
  TRY_LET(removed, db_.number("SELECT count(*) FROM prekey"));
  TRY(Statement(db_, "DELETE FROM prekey").run());
  Statement owners(db_, "UPDATE person SET last = NULL WHERE last IS NOT NULL RETURNING key");
  TRY(owners.each([&]() -> Result<void> {
    unused_.insert(owners.number(0));
    return {};
  }));
  totals_.once = 0;
  return static_cast<std::uint64_t>(removed);
}

Result<void> MailDatabase::drop_prekeys_of(std::int64_t owner) {
  Statement row(db_, "DELETE FROM prekey WHERE owner = ? RETURNING kind", owner);
  return row.each([&]() -> Result<void> {
    if (row.number(0) == 1 && totals_.once > 0) --totals_.once;
    return {};
  });
}

Result<bool> MailDatabase::expire_prekeys(std::uint64_t unix_s, std::size_t most) {
  std::size_t expired = 0, forgotten = 0;
  {
    Statement row(db_,
                  "DELETE FROM prekey WHERE rowid IN (SELECT rowid FROM prekey INDEXED BY prekey_by_expiry "
                  "WHERE expires <= ? LIMIT ?) RETURNING kind",
                  unix_s, static_cast<std::uint64_t>(most));
    TRY(row.each([&]() -> Result<void> {
      ++expired;
      if (row.number(0) == 1 && totals_.once > 0) --totals_.once;
      return {};
    }));
  }
  std::vector<std::int64_t> owners;
  {
    Statement row(db_,
                  "DELETE FROM given WHERE (owner, number) IN (SELECT owner, number FROM given "
                  "INDEXED BY given_by_expiry WHERE expires <= ? LIMIT ?) RETURNING owner",
                  unix_s, static_cast<std::uint64_t>(most));
    TRY(row.each([&]() -> Result<void> {
      owners.push_back(row.number(0));
      return {};
    }));
  }
  for (const auto owner : owners)
    TRY(Statement(db_, "UPDATE person SET given = max(0, given - 1) WHERE key = ?", owner).run());
  unused_.insert(owners.begin(), owners.end());
  {
    Statement row(db_,
                  "DELETE FROM claimed WHERE rowid IN (SELECT rowid FROM claimed INDEXED BY claimed_by_time "
                  "WHERE at <= ? LIMIT ?) RETURNING 1",
                  unix_s - std::min(unix_s, claims_period_s), static_cast<std::uint64_t>(most));
    TRY(row.each([&]() -> Result<void> {
      ++forgotten;
      return {};
    }));
  }
  return expired == most || owners.size() == most || forgotten == most;
}

}  // namespace sims::server
