// PrekeyKeeper: notices at a login that our store, or the server's, is an older one, and starts fresh keys
// (sims-protocol(7) section 8).
#include <algorithm>

#include "client/mail/prekey_keeper.h"
#include "proto/limits.h"

namespace sims::client {
namespace {

// Acks that the server did not get: what it gives ahead of them.
constexpr std::uint64_t lost_acks = proto::mail_window;
// How long letters that wait may hold back fresh keys.
constexpr std::int64_t take_ms = 600'000;

}  // namespace

void PrekeyKeeper::greet(const proto::PrekeysStatus& status, Now now) {
  auto rows = memory_.prekeys(server_);
  if (!rows) {
    greeted_ = false;
    return failed("Our keys for letters could not be read", rows.error(), now);
  }
  taken_at_login_ = status.taken;
  counted_ = 0;
  waits_ = status.waiting;
  const auto row = std::find_if(rows->begin(), rows->end(),
                                [&](const OwnPrekey& one) { return one.number == status.last; });
  const bool known = row != rows->end() || status.last == account_.last;
  // The ack of an upload was lost: the server has it.
  const bool not_acked = row != rows->end() && row->acked_unix_s == 0;
  if (status.taken > account_.taken || (status.last && !known))
    return went_back(Step::ours_went_back, status, *rows, now);
  if (status.taken + lost_acks < account_.taken || (status.last != account_.last && !not_acked))
    return went_back(Step::theirs_went_back, status, *rows, now);
  if (account_.taken == status.taken && status.last == account_.last) return;
  account_ = {status.taken, status.last};
  context_.history.wrote(now);
  // If this fails the commit fails, too.
  (void)memory_.put_mail_account(server_, account_);
}

// Keys that are here already may have been handed out, and used, in the time that was lost.
void PrekeyKeeper::went_back(Step step, const proto::PrekeysStatus& status,
                             const std::vector<OwnPrekey>& rows, Now now) {
  step_ = step;
  fresh_ = true;
  for (const OwnPrekey& row : rows)
    old_.insert(row.number);
  if (step == Step::theirs_went_back) {
    context_.windows.alert(
        nullptr,
        "The server's mailboxes are older than at our last login: they came from a backup. "
        "New keys for letters are made, and letters that were lost are sent again.",
        now);
    return;
  }
  publish_by_ms_ = now.steady_ms + take_ms;
  context_.windows.alert(
      nullptr,
      "The server knows more about our letters than is stored here: this store is new, or came from a "
      "backup. " +
          (status.waiting > 0 ? "The letters that wait are taken first; then new keys are made. "
                              : std::string("New keys for letters are made. ")) +
          "Letters whose keys were lost cannot be opened; contacts are asked to send them again.",
      now);
}

// In the transaction that notes the first fresh keys as acked. After a crash before it, the next login notices
// again.
Result<void> PrekeyKeeper::adopt(Now now) {
  TRY_LET(rows, memory_.prekeys(server_));
  for (const OwnPrekey& one : rows) {
    if (!is_old(one)) continue;
    if (step_ == Step::ours_went_back) {
      TRY(memory_.erase_prekey(server_, one.number));
    } else if (one.acked_unix_s == 0) {
      // The server may have had it, and may have handed it out: it is not uploaded again.
      TRY_LET(row, memory_.prekey(server_, one.number));
      if (!row) continue;
      row->acked_unix_s = static_cast<std::int64_t>(now.unix_s());
      TRY(memory_.put_prekey(server_, *row));
    }
  }
  account_.taken = taken_at_login_ + counted_ - uncounted_;
  step_ = Step::together;
  fresh_ = false;
  old_.clear();
  return {};
}

}  // namespace sims::client
