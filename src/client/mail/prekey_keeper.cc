// PrekeyKeeper: plans, makes, uploads and settles. Stores that went back are in restored_store.cc.
#include "client/mail/prekey_keeper.h"

#include <algorithm>

#include "client/mail/prekey_record.h"
#include "proto/limits.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

constexpr std::int64_t hour_ms = 3'600'000, minute_ms = 60'000;
constexpr std::int64_t read_again_ms = 10'000, soon_ms = 60'000;
constexpr std::int64_t answer_ms = 5'000;  // for the answer to an upload that was acked
constexpr std::int64_t refused_ms = minute_ms, refused_max_ms = hour_ms;
// Unopened `once` keys of one suite, in loads of what the server takes. The server, and people who ask it for
// prekeys and write no letter, could make us store keys without end.
constexpr std::size_t max_loads = 50;
constexpr std::int64_t lost_many_s = 3'600;  // until a `many` key is replaced that the server says it has not
constexpr int passing_refusals = 4;          // in a row, over seven minutes: then the user is told

bool costly(const crypto::Suite& suite) {
  return suite.rekeying == crypto::Rekeying::fresh_exchange;
}

std::int64_t made_unix_s(const OwnPrekey& row) {
  return static_cast<std::int64_t>(row.expires) - proto::prekey_life_s;
}

}  // namespace

void PrekeyWork::run() {
  for (std::size_t i = 0; i < count; ++i) {
    auto one = proto::make_prekey(suite, use, expires, identity, source);
    if (!one) return;
    made.push_back(std::move(*one));
  }
}

// --- the store -----------------------------------------------------------------------------------

void PrekeyKeeper::use(const Id& server, Now now) {
  lost();
  server_ = server;
  account_ = {};
  loaded_ = false;
  told_refusal_ = false;
  refusals_ = 0;
  again_ms_ = INT64_MIN;
  chores_ms_ = server.empty() ? INT64_MAX : now.steady_ms + soon_ms;
  if (!server.empty()) load(now);
}

bool PrekeyKeeper::load(Now now) {
  auto stored = memory_.mail_account(server_);
  if (!stored) {
    failed("The count of mail could not be read", stored.error(), now);
    return false;
  }
  account_ = *stored;
  loaded_ = true;
  told_failure_ = false;
  return true;
}

void PrekeyKeeper::read_again(Now now) {
  if (server_.empty()) return;
  loaded_ = false;
  load(now);
}

void PrekeyKeeper::failed(const std::string& what, const std::string& why, Now now) {
  if (!std::exchange(told_failure_, true))
    context_.windows.fault(nullptr, what + ": " + why + "; retrying", now);
  wake_ms_ = again_ms_ = now.steady_ms + read_again_ms;
}

bool PrekeyKeeper::count_item(Now now) {
  if (!loaded_ && !load(now)) return false;
  ++uncounted_;
  ++counted_;
  if (waits_ > 0) --waits_;
  return true;
}

void PrekeyKeeper::end_turn(bool all_opened, Now now) {
  const bool opened_last = all_opened && !std::exchange(all_opened_, all_opened);
  const bool counted = uncounted_ > 0;
  if (counted) {
    context_.history.wrote(now);
    account_.taken += std::exchange(uncounted_, 0);
    // If this fails the commit fails, too.
    (void)memory_.put_mail_account(server_, account_);
  }
  if (step_ == Step::ours_went_back && (opened_last || counted)) plan(now);
}

// --- the connection ------------------------------------------------------------------------------

void PrekeyKeeper::lost() {
  greeted_ = false;
  asked_seq_.reset();
  upload_.reset();
  left_.clear();
  step_ = Step::together;
  fresh_ = false;
  old_.clear();
  waits_ = counted_ = 0;
  publish_by_ms_ = wake_ms_ = settle_by_ms_ = INT64_MAX;
}

void PrekeyKeeper::receive(const proto::PrekeysStatus& status, Now now) {
  left_ = status.left;
  told_last_ = status.last;
  asked_seq_.reset();
  if (!loaded_ && !load(now)) return;
  if (!std::exchange(greeted_, true)) greet(status, now);
  if (upload_) upload_->answered = true;
  settle(now);
  plan(now);
}

void PrekeyKeeper::server_took(std::uint64_t seq, Now now) {
  if (!upload_ || upload_->acked || upload_->seq > seq) return;
  upload_->acked = true;
  settle(now);
  plan(now);
}

bool PrekeyKeeper::receive(const proto::Error& error, Now now) {
  if (asked_seq_ && error.id == asked_seq_) {
    asked_seq_.reset();
    wake_ms_ = again_ms_ = now.steady_ms + refused_ms;
    return true;
  }
  if (!upload_ || upload_->acked || error.id != upload_->seq) return false;
  upload_.reset();
  settle_by_ms_ = INT64_MAX;
  wake_ms_ = again_ms_ = now.steady_ms + std::min(refused_max_ms, refused_ms << std::min(refusals_++, 10));
  using enum proto::ErrorCode;
  const bool passing = error.code == busy || error.code == rate_limited || error.code == internal;
  if ((passing && refusals_ < passing_refusals) || std::exchange(told_refusal_, true)) return true;
  const std::string text = error.message.empty() ? error.code_text : error.code_text + ": " + error.message;
  context_.windows.alert(nullptr,
                         "The server did not take our keys for letters (" + text +
                             "). Until it does, people may not be able to write to you while you are away; "
                             "retrying.",
                         now);
  return true;
}

// --- uploads -------------------------------------------------------------------------------------

// The answer tells the number that the server will show at the next login. Without it the rows stay unacked and
// go again. A status that names none of the upload's numbers may be one that nobody asked for: the server sends it
// when few are left. If no other comes for a while, it had all of them before.
void PrekeyKeeper::settle(Now now) {
  if (!upload_ || !upload_->acked || !upload_->answered) return;
  const auto& sent = upload_->numbers;
  const bool names_one = told_last_ && std::find(sent.begin(), sent.end(), *told_last_) != sent.end();
  if (!names_one && settle_by_ms_ == INT64_MAX) settle_by_ms_ = now.steady_ms + answer_ms;
  if (!names_one && now.steady_ms < settle_by_ms_) return;
  settle_by_ms_ = INT64_MAX;
  const Upload done = *std::exchange(upload_, std::nullopt);
  refusals_ = 0;
  told_refusal_ = false;
  context_.history.wrote(now);
  // If this fails the commit fails, too, and all is read again.
  (void)taken_over(done, now);
}

Result<void> PrekeyKeeper::taken_over(const Upload& done, Now now) {
  for (const auto& number : done.numbers) {
    TRY_LET(row, memory_.prekey(server_, number));
    if (!row) continue;
    row->acked_unix_s = static_cast<std::int64_t>(now.unix_s());
    TRY(memory_.put_prekey(server_, *row));
    if (row->use == proto::PrekeyUse::many) TRY(replaced(*row, now));
  }
  if (done.fresh) TRY(adopt(now));
  if (told_last_) account_.last = told_last_;
  return memory_.put_mail_account(server_, account_);
}

// An asker may have got the last `many` key just before.
Result<void> PrekeyKeeper::replaced(const OwnPrekey& by, Now now) {
  TRY_LET(rows, memory_.prekeys(server_));
  const std::int64_t until = static_cast<std::int64_t>(now.unix_s()) + proto::prekey_kept_s;
  for (const OwnPrekey& one : rows) {
    if (one.use != by.use || one.suite != by.suite || one.number == by.number || one.wipe_unix_s <= until)
      continue;
    TRY_LET(row, memory_.prekey(server_, one.number));
    if (!row) continue;
    row->wipe_unix_s = until;
    TRY(memory_.put_prekey(server_, *row));
  }
  return {};
}

// Sets when to try again, if time decides.
bool PrekeyKeeper::may_publish(Now now) {
  wake_ms_ = INT64_MAX;
  if (!context_.online() || !loaded_ || upload_) return false;
  std::int64_t from_ms = again_ms_;
  if (step_ == Step::ours_went_back && (waits_ > 0 || !all_opened_))
    from_ms = std::max(from_ms, publish_by_ms_);
  if (now.steady_ms < from_ms) {
    wake_ms_ = from_ms;
    return false;
  }
  if (!greeted_) ask(now);
  return greeted_;
}

// The status of this login came while the Memory could not be read: for another one.
void PrekeyKeeper::ask(Now now) {
  if (context_.model.mail && !asked_seq_)
    asked_seq_ = context_.core.send(proto::encode(proto::PrekeysUpload{}), now);
}

void PrekeyKeeper::plan(Now now) {
  if (!may_publish(now)) return;
  const auto rows = memory_.prekeys(server_);
  if (!rows) return failed("Our keys for letters could not be read", rows.error(), now);
  told_failure_ = false;
  upload(*rows, now);
  if (upload_ || making_) return;
  make(missing(*rows, now), now);
}

void PrekeyKeeper::upload(const std::vector<OwnPrekey>& rows, Now now) {
  proto::PrekeysUpload message;
  Upload out;
  for (const OwnPrekey& one : rows) {
    if (one.acked_unix_s != 0 || one.opener || is_old(one)) continue;
    if (one.expires <= now.unix_s() || message.data.size() >= proto::max_prekeys_frame) continue;
    auto row = memory_.prekey(server_, one.number);
    if (!row) return failed("Our keys for letters could not be read", row.error(), now);
    auto own = *row ? prekey_of(**row) : std::nullopt;
    if (!own) continue;
    out.numbers.push_back(one.number);
    message.data.push_back(std::move(own->record));
  }
  if (message.data.empty()) return;
  message.fresh = out.fresh = fresh_;
  out.seq = context_.core.send(proto::encode(message), now);
  upload_ = std::move(out);
}

// `many` keys first: they serve when all others are gone.
std::vector<PrekeyKeeper::Missing> PrekeyKeeper::missing(const std::vector<OwnPrekey>& rows, Now now) const {
  using enum proto::PrekeyUse;
  std::vector<Missing> wanted;
  for (const crypto::Suite* suite : context_.options.suites) {
    proto::PrekeysStatus::Left left;
    for (const auto& one : left_)
      if (one.suite == suite->name && !fresh_) left = one;
    std::int64_t newest = INT64_MIN;
    std::size_t unopened = 0;
    for (const OwnPrekey& row : rows) {
      if (row.suite != suite->name) continue;
      if (row.use == many && !is_old(row)) newest = std::max(newest, made_unix_s(row));
      if (row.use == once && !row.opener) ++unopened;
    }
    const std::int64_t now_s = static_cast<std::int64_t>(now.unix_s());
    const std::int64_t life_s = left.many ? proto::many_prekey_life_s : lost_many_s;
    const bool replace = newest == INT64_MIN || newest + life_s <= now_s || newest > now_s + proto::day_s;
    if (suite->many_prekey && replace) wanted.insert(wanted.begin(), Missing{suite, many, 1});
    if (left.once < suite->once_prekeys && unopened < max_loads * suite->once_prekeys)
      wanted.push_back({suite, once, suite->once_prekeys - left.once});
  }
  return wanted;
}

void PrekeyKeeper::make(const std::vector<Missing>& wanted, Now now) {
  for (const Missing& one : wanted) {
    if (costly(*one.suite)) {
      if (now.steady_ms < costly_from_ms_) {
        wake_ms_ = std::min(wake_ms_, costly_from_ms_);
        continue;
      }
      costly_from_ms_ = now.steady_ms + minute_ms;
    } else if (!batches_.take(now.steady_ms)) {
      wake_ms_ = std::min(wake_ms_, now.steady_ms + minute_ms);
      continue;
    }
    const std::size_t count = costly(*one.suite) ? 1 : std::min(one.count, proto::max_prekeys_frame);
    auto work = std::make_unique<PrekeyWork>(*one.suite, one.use, count,
                                             now.unix_s() + static_cast<std::uint64_t>(proto::prekey_life_s),
                                             *context_.options.identity, context_.ephemerals);
    work->server = server_;
    making_ = true;
    return context_.effects.start_work(std::move(work));
  }
}

void PrekeyKeeper::work_done(PrekeyWork& work, Now now) {
  making_ = false;
  if (work.server == server_ && !work.made.empty()) {
    // The upload is held back until the commit of these.
    context_.history.wrote(now);
    for (const auto& one : work.made)
      if (!memory_.put_prekey(server_, prekey_row(one))) return;
  }
  plan(now);
}

// --- time ----------------------------------------------------------------------------------------

void PrekeyKeeper::tick(Now now) {
  if (now.steady_ms >= chores_ms_) {
    chores_ms_ = now.steady_ms + hour_ms;
    context_.history.wrote_later(now);
    (void)memory_.forget_old_mail(server_, static_cast<std::int64_t>(now.unix_s()));
    wake_ms_ = now.steady_ms;  // a `many` key may be due
  }
  if (now.steady_ms >= settle_by_ms_) {
    settle(now);
    wake_ms_ = now.steady_ms;
  }
  if (now.steady_ms < wake_ms_) return;
  if (loaded_ || load(now)) plan(now);
}

std::int64_t PrekeyKeeper::next_tick() const {
  return std::min({chores_ms_, wake_ms_, settle_by_ms_});
}

}  // namespace sims::client
