// SqliteMailbox's transactions: everything that has gathered, in order, with one fsync.
#include <utility>

#include "os/log.h"
#include "server/mailbox/mail_failure.h"
#include "server/mailbox/sqlite_mailbox.h"

namespace sims::server {

namespace {
constexpr std::size_t expire_at_once = 500;  // then others have their turn
}

// Carries out a batch. Answers count only when the commit has succeeded.
class SqliteMailbox::Run {
 public:
  Run(MailDatabase& db, MailRescue* rescue, const MailLimits& limits)
      : db_(db), rescue_(rescue), limits_(limits) {}

  // `probe`: writes something in any case, to learn whether the disk takes it again.
  Outcome of(const Batch& batch, bool probe) {
    const auto done = all_of(batch, probe);
    if (!done) {
      db_.roll_back();
      out_ = {};
      out_.error = done.error();
    }
    return std::move(out_);
  }

 private:
  Result<void> all_of(const Batch& batch, bool probe) {
    TRY(db_.begin());
    for (const auto& question : batch)
      TRY(std::visit([&](const auto& asked) { return one(question, asked); }, question.asked));
    if (rescue_ != nullptr) {
      TRY_LET(more, rescue_->move_some(db_));
      out_.rescued = !more;
    }
    if (probe) db_.touch();
    return db_.commit();
  }

  void answer(MailAnswer answer) { out_.answers.push_back(std::move(answer)); }

  Result<void> one(const MailQuestion& question, const QueuedPut& asked) {
    auto verdict = out_.refused.of(asked.put);
    if (!verdict) {
      TRY_LET(decided, db_.put(asked.put, asked.unix_s, limits_));
      verdict = decided;
      if (decided.fate == PutFate::full) out_.refused.add(asked.put, decided);
    }
    answer(PutAnswer{question.ticket, verdict->fate, verdict->bound});
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedStrike& asked) {
    TRY_LET(struck, db_.strike(question.owner, asked.items));
    out_.struck += struck;
    answer(StrikeAnswer{question.ticket, false});
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedPurge&) {
    TRY_LET(removed, db_.purge(question.owner));
    answer(DoneAnswer{question.ticket, {}, removed});
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedForget&) {
    TRY_LET(removed, db_.forget(question.owner));
    answer(DoneAnswer{question.ticket, {}, removed});
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedExpiry& asked) {
    TRY_LET(expired, db_.expire(asked.unix_s, limits_.days, expire_at_once));
    out_.expired += expired.removed;
    const auto removed = asked.removed + expired.removed;
    if (expired.more)
      out_.later.push_back({question.ticket, {}, QueuedExpiry{asked.unix_s, removed}, question.number});
    else
      answer(DoneAnswer{question.ticket, {}, removed});
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedPublish& asked) {
    TRY_LET(published, db_.publish(question.owner, asked.prekeys, asked.fresh, asked.unix_s, limits_));
    published.ticket = question.ticket;
    answer(std::move(published));
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedClaim& asked) {
    TRY_LET(claimed, db_.claim(question.owner, asked.asker, asked.suites, asked.unix_s, limits_));
    claimed.ticket = question.ticket;
    answer(std::move(claimed));
    return {};
  }
  Result<void> one(const MailQuestion& question, const QueuedDropAll&) {
    TRY_LET(removed, db_.drop_prekeys());
    answer(DoneAnswer{question.ticket, {}, removed});
    return {};
  }
  Result<void> one(const MailQuestion&, const auto&) { return {}; }  // no change

  MailDatabase& db_;
  MailRescue* rescue_;
  const MailLimits& limits_;
  Outcome out_;
};

// Nothing was written, and nothing will be for now.
bool SqliteMailbox::cannot_change(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    settle_failed({}, why);
    idle_[static_cast<int>(MailLane::change)] = true;
  }
  wake_();
  return false;
}

bool SqliteMailbox::change() {
  if (rescue_due())
    if (auto begun = begin_rescue(); !begun) return cannot_change(begun.error());
  Batch batch;
  MailLimits limits;
  bool probe = false;
  {
    const std::lock_guard lock(mutex_);
    batch = queue_.next_batch(rescue_ != nullptr);
    limits = limits_;
    probe = !stats_.trouble.empty();
    idle_[static_cast<int>(MailLane::change)] = batch.empty() && !rescue_;
    if (batch.empty() && !rescue_) return false;
  }
  auto outcome = Run(*writer_, rescue_.get(), limits).of(batch, probe);
  const bool done = outcome.error.empty(), rescued = outcome.rescued;
  if (done) look_at_disk();
  {
    const std::lock_guard lock(mutex_);
    settle(std::move(batch), std::move(outcome));
  }
  if (rescued)
    if (auto ended = end_rescue(); !ended) return cannot_change(ended.error());
  wake_();
  bool more = false, reads = false;
  {
    const std::lock_guard lock(mutex_);
    more = rescue_ ? done || queue_.has_puts() : !damage_.empty() || queue_.has_changes();
    idle_[static_cast<int>(MailLane::change)] = !more;
    // Those that waited for these changes, or for the rescue.
    if (queue_.has_reads()) reads = std::exchange(idle_[static_cast<int>(MailLane::read)], false);
  }
  if (reads) work_(MailLane::read);
  return more;
}

void SqliteMailbox::settle(Batch batch, Outcome outcome) {
  if (is_damage(outcome.error) && !rescue_) {
    damage_ = outcome.error;
    return queue_.put_back(std::move(batch));
  }
  queue_.done(batch);
  if (!outcome.error.empty()) return settle_failed(batch, outcome.error);
  ++stats_.commits;
  stats_.struck += outcome.struck;
  stats_.expired += outcome.expired;
  set_trouble(rescue_ ? moving : "");
  auto answer = outcome.answers.begin();
  for (auto& question : batch) {
    if (std::holds_alternative<QueuedExpiry>(question.asked) && !outcome.later.empty() &&
        outcome.later.front().number == question.number) {
      queue_.continue_later(std::move(outcome.later.front()));
      outcome.later.erase(outcome.later.begin());
    } else if (std::holds_alternative<QueuedPut>(question.asked)) {
      const auto& put = std::get<PutAnswer>(*answer++);
      answer_put(question, {put.fate, put.bound});
    } else {
      answers_.push_back(std::move(*answer++));
    }
  }
  if (outcome.refused.empty()) return;
  refusals_.add(outcome.refused);
  for (const auto& question : queue_.take_refused(outcome.refused))
    answer_put(question, *refusals_.of(std::get<QueuedPut>(question.asked).put));
}

// No letter overtakes another, so the puts that wait behind these fail with them.
void SqliteMailbox::settle_failed(const Batch& batch, const std::string& why) {
  set_trouble(why);
  const auto fail_put = [&](const MailQuestion& question) {
    const Verdict verdict{PutFate::failed, MailBound::disk};
    refusals_.add(std::get<QueuedPut>(question.asked).put, verdict);
    answer_put(question, verdict);
  };
  for (const auto& question : batch)
    if (std::holds_alternative<QueuedPut>(question.asked))
      fail_put(question);
    else
      answers_.push_back(failed_answer(question, why));
  for (const auto& question : queue_.take_puts())
    fail_put(question);
}

}  // namespace sims::server
