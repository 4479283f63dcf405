// SqliteMailbox: its questions and answers, its reads, and how it opens and mends its file.
#include "server/mailbox/sqlite_mailbox.h"

#include <algorithm>
#include <utility>

#include "os/files.h"
#include "os/log.h"
#include "server/mailbox/mail_failure.h"

namespace sims::server {

namespace {

constexpr std::size_t sender_share = 4;  // of the queue's bytes, for one sender: a fourth
// The last fourth is for senders with few bytes there, so that some who fill theirs do not shut out the others.
constexpr std::size_t few_bytes = 128;   // the queue's bytes by this
constexpr std::size_t others_share = 2;  // half as much again for questions that are no puts
// The relay seals what it takes in one turn, in which messages wait: at most so many answers, and reads wait while
// answers have so many bytes of items.
constexpr std::size_t answers_a_turn = 256, most_items = 128 * 1'024;

// Clients cause these, and learn of a failure, or the relay asks again.
bool may_fail(const MailQuestion& question) {
  return lane_of(question) == MailLane::read || std::holds_alternative<QueuedPublish>(question.asked) ||
         std::holds_alternative<QueuedClaim>(question.asked);
}

std::size_t item_bytes(const MailAnswer& answer) {
  std::size_t bytes = 0;
  if (const auto* taken = std::get_if<TakeAnswer>(&answer))
    for (const auto& item : taken->items)
      bytes += item.bytes.size();
  return bytes;
}

}  // namespace

SqliteMailbox::SqliteMailbox(const std::string& path, const MailLimits& limits, std::function<void()> wake)
    : path_(path), wake_(std::move(wake)), limits_(limits) {}

Result<std::unique_ptr<SqliteMailbox>> SqliteMailbox::open(const std::string& path, const MailLimits& limits,
                                                           std::function<void()> wake) {
  std::unique_ptr<SqliteMailbox> mailbox(new SqliteMailbox(path, limits, std::move(wake)));
  if (auto opened = mailbox->open_files(); !opened) return fail(opened.error());
  return mailbox;
}

Result<void> SqliteMailbox::open_files() {
  if (file_exists(rescue_path(path_))) {
    log::warning("event=mail-rescue-goes-on file={}", path_);
    damage_ = "found before simsd was restarted";
    stats_.trouble = moving;
    return {};
  }
  TRY_LET(writer, MailDatabase::open(path_));
  TRY_LET(reader, MailDatabase::open(path_));
  writer_ = std::move(writer);
  reader_ = std::move(reader);
  look_at_disk();
  return {};
}

// --- questions ------------------------------------------------------------------------------------

bool SqliteMailbox::enqueue(MailQuestion question) {
  const auto lane = lane_of(question);
  const bool was_full = queue_.full();
  queue_.add(std::move(question));
  const bool was_idle = std::exchange(idle_[static_cast<int>(lane)], false);
  return was_idle || (!was_full && queue_.full());
}

void SqliteMailbox::ask(MailQuestion question) {
  const auto lane = lane_of(question);
  bool work = false, refused = false;
  {
    const std::lock_guard lock(mutex_);
    refused = may_fail(question) &&
              queue_.other_bytes() + memory_of(question) > limits_.queued_bytes / others_share;
    if (refused)
      answers_.push_back(failed_answer(question, "too many questions wait for the disk"));
    else
      work = enqueue(std::move(question));
  }
  if (refused) wake_();
  if (work) work_(lane);
}

bool SqliteMailbox::has_room(const MailPut& put) const {
  const auto all = stats_.waiting_put_bytes + put.bytes.size();
  const auto mine = queue_.put_bytes_of(put.sender) + put.bytes.size();
  const auto most = limits_.queued_bytes;
  return all <= most && mine <= most / sender_share &&
         (all <= most - most / sender_share || mine <= most / few_bytes);
}

std::optional<Verdict> SqliteMailbox::refused_now(const MailPut& put) {
  auto refused = old_refusals_.of(put);
  if (!refused) refused = refusals_.of(put);
  if (!refused && !has_room(put)) {
    refused = Verdict{PutFate::failed, MailBound::queue};
    refusals_.add(put, *refused);
  }
  return refused;
}

void SqliteMailbox::put(Ticket ticket, MailPut put, std::uint64_t unix_s) {
  unix_s_ = unix_s;
  bool work = false;
  std::optional<Verdict> refused;
  {
    const std::lock_guard lock(mutex_);
    refused = refused_now(put);
    ++stats_.waiting_puts;
    stats_.waiting_put_bytes += put.bytes.size();
    const auto owner = put.owner;
    MailQuestion question{ticket, owner, QueuedPut{std::move(put), unix_s}, 0};
    if (refused)
      answer_put(question, *refused);
    else
      work = enqueue(std::move(question));
  }
  if (refused) wake_();
  if (work) work_(MailLane::change);
}

void SqliteMailbox::take(Ticket ticket, const proto::Id& owner, std::uint64_t after, std::size_t most,
                         std::size_t most_bytes) {
  ask({ticket, owner, QueuedTake{after, most, most_bytes}, 0});
}
void SqliteMailbox::strike(Ticket ticket, const proto::Id& owner, std::vector<GivenItem> items) {
  ask({ticket, owner, QueuedStrike{std::move(items)}, 0});
}
void SqliteMailbox::summary(Ticket ticket, const proto::Id& owner) {
  ask({ticket, owner, QueuedSummary{}, 0});
}
void SqliteMailbox::purge(Ticket ticket, const proto::Id& owner) {
  ask({ticket, owner, QueuedPurge{}, 0});
}
void SqliteMailbox::forget(Ticket ticket, const proto::Id& owner) {
  ask({ticket, owner, QueuedForget{}, 0});
}
void SqliteMailbox::expire(Ticket ticket, std::uint64_t unix_s) {
  unix_s_ = unix_s;
  ask({ticket, {}, QueuedExpiry{unix_s, 0}, 0});
}
void SqliteMailbox::backup(Ticket ticket, const std::string& path) {
  ask({ticket, {}, QueuedBackup{path}, 0});
}
void SqliteMailbox::publish(Ticket ticket, const proto::Id& owner, std::vector<proto::Prekey> prekeys,
                            bool fresh, std::uint64_t unix_s) {
  unix_s_ = unix_s;
  ask({ticket, owner, QueuedPublish{std::move(prekeys), fresh, unix_s}, 0});
}
void SqliteMailbox::claim(Ticket ticket, const proto::Id& owner, const proto::Id& asker,
                          std::vector<std::string> suites, std::uint64_t unix_s) {
  unix_s_ = unix_s;
  ask({ticket, owner, QueuedClaim{asker, std::move(suites), unix_s}, 0});
}
void SqliteMailbox::status(Ticket ticket, const proto::Id& owner) {
  ask({ticket, owner, QueuedStatus{}, 0});
}
void SqliteMailbox::drop_all(Ticket ticket) {
  ask({ticket, {}, QueuedDropAll{}, 0});
}

// --- answers --------------------------------------------------------------------------------------

void SqliteMailbox::answer(MailAnswer answer) {
  {
    const std::lock_guard lock(mutex_);
    item_bytes_ += item_bytes(answer);
    answers_.push_back(std::move(answer));
  }
  wake_();
}

void SqliteMailbox::answer_put(const MailQuestion& question, Verdict verdict) {
  --stats_.waiting_puts;
  stats_.waiting_put_bytes -= std::get<QueuedPut>(question.asked).put.bytes.size();
  stats_.stored += verdict.fate == PutFate::stored;
  stats_.full += verdict.fate == PutFate::full;
  stats_.failed += verdict.fate == PutFate::failed;
  stats_.dropped_receipts += verdict.fate == PutFate::dropped;
  answers_.push_back(PutAnswer{question.ticket, verdict.fate, verdict.bound});
}

// A refusal goes with the answers that were there when it was added, or with the first ones after them.
void SqliteMailbox::forget_refusals(std::size_t taken) {
  if (old_answers_ > taken) return void(old_answers_ -= taken);
  old_refusals_ = std::exchange(refusals_, {});
  old_answers_ = answers_.size();
  if (answers_.empty()) old_refusals_.clear();
}

std::vector<MailAnswer> SqliteMailbox::take_answers() {
  std::vector<MailAnswer> out;
  bool reads = false, more = false;
  {
    const std::lock_guard lock(mutex_);
    while (!answers_.empty() && out.size() < answers_a_turn) {
      item_bytes_ -= item_bytes(answers_.front());
      out.push_back(std::move(answers_.front()));
      answers_.pop_front();
    }
    more = !answers_.empty();
    forget_refusals(out.size());
    if (queue_.has_reads()) reads = std::exchange(idle_[static_cast<int>(MailLane::read)], false);
  }
  if (more) wake_();
  if (reads) work_(MailLane::read);
  return out;
}

const MailStats& SqliteMailbox::stats() {
  const std::lock_guard lock(mutex_);
  return seen_ = stats_;
}

void SqliteMailbox::set_limits(const MailLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

bool SqliteMailbox::batch_full() const {
  const std::lock_guard lock(mutex_);
  return queue_.full();
}

void SqliteMailbox::set_trouble(const std::string& why) {
  if (stats_.trouble == why) return;
  stats_.trouble = why;
  std::uint64_t held_back = 0;  // by a disk that fails now and then
  if (!log_budget_.spend(static_cast<std::int64_t>(unix_s_) * 1'000, held_back)) return;
  if (why.empty())
    log::notice("event=mail-recovered file={} held_back={}", path_, held_back);
  else
    log::error("event=mail-trouble file={} reason={} held_back={}", path_, log::remote{why}, held_back);
}

// --- reads and copies -----------------------------------------------------------------------------

Result<MailAnswer> SqliteMailbox::run_read(const MailQuestion& question) {
  if (const auto* take = std::get_if<QueuedTake>(&question.asked)) {
    TRY_LET(items, reader_->take(question.owner, take->after, take->most, take->most_bytes));
    items.ticket = question.ticket;
    return std::move(items);
  }
  if (std::holds_alternative<QueuedStatus>(question.asked)) {
    TRY_LET(status, reader_->status(question.owner));
    return StatusAnswer{question.ticket, false, std::move(status)};
  }
  TRY_LET(box, reader_->summary(question.owner));
  return SummaryAnswer{question.ticket, false, std::move(box)};
}

bool SqliteMailbox::read() {
  const std::lock_guard reading(reading_);
  std::optional<MailQuestion> question;
  {
    const std::lock_guard lock(mutex_);
    if (reader_ && damage_.empty() && item_bytes_ < most_items) question = queue_.next_read();
    idle_[static_cast<int>(MailLane::read)] = !question;
    if (!question) return false;
  }
  auto done = run_read(*question);
  const auto error = done ? std::string() : done.error();
  if (!error.empty() && error != read_error_)
    log::error("event=mail-not-read file={} reason={}", path_, log::remote{error});
  read_error_ = error;
  if (!is_damage(error)) {
    answer(done ? std::move(*done) : failed_answer(*question, error));
    return true;
  }
  bool work = false;
  {
    const std::lock_guard lock(mutex_);
    damage_ = error;
    queue_.put_back(std::move(*question));
    work = std::exchange(idle_[static_cast<int>(MailLane::change)], false);
  }
  if (work) work_(MailLane::change);
  return true;
}

bool SqliteMailbox::copy() {
  std::optional<MailQuestion> question;
  bool whole = true;
  {
    const std::lock_guard lock(mutex_);
    question = queue_.next_copy();
    whole = damage_.empty();
    idle_[static_cast<int>(MailLane::copy)] = !question;
    if (!question) return false;
  }
  const auto done = whole ? back_up_mail(path_, std::get<QueuedBackup>(question->asked).path, stop_copies_)
                          : fail(std::string(moving));
  answer(DoneAnswer{question->ticket, done ? std::string() : done.error(), 0});
  return true;
}

// --- the file -------------------------------------------------------------------------------------

void SqliteMailbox::look_at_disk() {
  const auto totals = writer_->totals();
  const auto oldest = writer_->oldest();
  const auto size = writer_->disk_bytes();
  const std::lock_guard lock(mutex_);
  for (const auto& error : {totals ? "" : totals.error(), oldest ? "" : oldest.error()})
    if (damage_.empty() && is_damage(error)) damage_ = error;
  if (totals) totals_ = *totals;
  if (!totals || !oldest || !size) return;
  stats_.letters = totals->letters;
  stats_.receipts = totals->receipts;
  stats_.bytes = totals->bytes;
  stats_.prekeys = totals->once;
  stats_.oldest_unix_s = *oldest;
  stats_.disk_bytes = *size;
}

bool SqliteMailbox::rescue_due() const {
  const std::lock_guard lock(mutex_);
  return !damage_.empty() && !(rescue_ && writer_);
}

Result<void> SqliteMailbox::begin_rescue() {
  const std::lock_guard reading(reading_);
  reader_.reset();
  writer_.reset();
  rescue_.reset();
  TRY_LET(writer, MailDatabase::open(rescue_path(path_)));
  auto rescue = std::make_unique<MailRescue>(path_);
  // Above every number of the damaged file, which may have none that can be read.
  const auto next = std::max(totals_.next, rescue->next_number().value_or(unix_s_ << 20));
  TRY(writer->begin());
  writer->number_from(next);
  TRY(writer->commit());
  writer_ = std::move(writer);
  rescue_ = std::move(rescue);
  const std::lock_guard lock(mutex_);
  log::error("event=mail-damaged file={} reason={}", path_, log::remote{damage_});
  set_trouble(moving);
  return {};
}

Result<void> SqliteMailbox::end_rescue() {
  const std::lock_guard reading(reading_);
  const auto moved = rescue_->moved(), lost = rescue_->ranges_lost();
  rescue_.reset();
  writer_.reset();
  TRY_LET(aside, MailRescue::replace(path_, unix_s_));
  TRY_LET(writer, MailDatabase::open(path_));
  TRY_LET(reader, MailDatabase::open(path_));
  writer_ = std::move(writer);
  reader_ = std::move(reader);
  log::warning("event=mail-rescued file={} moved={} ranges_lost={} damaged={}", path_, moved, lost, aside);
  const std::lock_guard lock(mutex_);
  damage_.clear();
  set_trouble("");
  return {};
}

}  // namespace sims::server
