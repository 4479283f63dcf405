// Our prekeys at the server (sims-protocol(7) section 8): makes those that are missing in spare time, stores
// their private halves, uploads them, replaces and wipes them. It also keeps the count of mail that we and the
// server share, by which a restored store of either is noticed. Pure; owned by the Inbox.
//
// 1. receive(status): after each login, when few are left, and as the answer to an upload
// 2. plan(): the rows that the server does not have go out; for missing ones a PrekeyWork is started
// 3. work_done(): stored; the upload waits for that commit, as all output does
// 4. an upload counts as taken over once both its ack and its answer came
//
//   in step ----- T above ours, or a number that we don't know -----> our store went back
//   in step ----- T far below ours, or another number of ours ------> the server's store went back
//   both ----- fresh keys are taken over ---------------------------> in step; T is adopted
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/conversation/context.h"
#include "client/model/rate.h"
#include "proto/mail/prekey.h"
#include "proto/wire/message.h"

namespace sims::client {

// Makes prekeys of one suite: ECDHE 1 ms each, RSA up to a second.
struct PrekeyWork final : Work {
  PrekeyWork(const crypto::Suite& which, proto::PrekeyUse for_use, std::size_t how_many, std::uint64_t until,
             const crypto::SigningKey& self, crypto::EphemeralSource& from)
      : suite(which), use(for_use), count(how_many), expires(until), identity(self), source(from) {}
  void run() override;
  bool in_spare_time() const override { return true; }

  Id server;
  const crypto::Suite& suite;
  proto::PrekeyUse use;
  std::size_t count;
  std::uint64_t expires;
  const crypto::SigningKey& identity;
  crypto::EphemeralSource& source;
  std::vector<proto::OwnPrekey> made;  // fewer than `count`: the source has no more now
};

class PrekeyKeeper {
 public:
  PrekeyKeeper(Context& context, MailMemory& memory) : context_(context), memory_(memory) {}

  void use(const Id& server, Now now);  // empty: none
  void read_again(Now now);             // after a failed commit
  void lost();
  void receive(const proto::PrekeysStatus& status, Now now);
  void server_took(std::uint64_t seq, Now now);
  bool receive(const proto::Error& error, Now now);  // false: not about an upload
  void work_done(PrekeyWork& work, Now now);
  // The fate of an item is or will be stored in this turn. False: it cannot be counted.
  bool count_item(Now now);
  void end_turn(bool all_opened, Now now);  // writes the count; all_opened: no letter waits to be opened
  bool more_comes() const { return waits_ > 0; }  // items that waited at the login and have not come
  void tick(Now now);
  std::int64_t next_tick() const;

 private:
  enum class Step { together, ours_went_back, theirs_went_back };
  struct Upload {
    std::uint64_t seq = 0;
    std::vector<proto::PrekeyNumber> numbers;
    bool fresh = false;
    bool acked = false, answered = false;
  };
  struct Missing {
    const crypto::Suite* suite = nullptr;
    proto::PrekeyUse use = proto::PrekeyUse::once;
    std::size_t count = 0;
  };

  bool load(Now now);
  void greet(const proto::PrekeysStatus& status, Now now);
  void went_back(Step step, const proto::PrekeysStatus& status, const std::vector<OwnPrekey>& rows, Now now);
  void plan(Now now);
  void upload(const std::vector<OwnPrekey>& rows, Now now);
  std::vector<Missing> missing(const std::vector<OwnPrekey>& rows, Now now) const;
  void make(const std::vector<Missing>& wanted, Now now);
  void settle(Now now);
  Result<void> taken_over(const Upload& upload, Now now);
  Result<void> replaced(const OwnPrekey& by, Now now);
  Result<void> adopt(Now now);
  void failed(const std::string& what, const std::string& why, Now now);
  bool may_publish(Now now);
  void ask(Now now);
  bool is_old(const OwnPrekey& row) const { return old_.contains(row.number); }

  Context& context_;
  MailMemory& memory_;
  Id server_;
  MailAccount account_;
  bool loaded_ = false;                     // account_ is what is stored
  std::uint64_t uncounted_ = 0;             // items of this turn
  bool greeted_ = false;                    // a status of this connection was compared with what is stored
  std::optional<std::uint64_t> asked_seq_;  // the message that asks for a status
  std::vector<proto::PrekeysStatus::Left> left_;
  std::optional<proto::PrekeyNumber> told_last_;
  std::optional<Upload> upload_;
  bool making_ = false;  // a PrekeyWork is out
  Step step_ = Step::together;
  bool fresh_ = false;                 // the next upload replaces all earlier ones
  std::set<proto::PrekeyNumber> old_;  // of a store that went back: never uploaded again
  std::uint64_t taken_at_login_ = 0, counted_ = 0, waits_ = 0;
  bool all_opened_ = true;
  std::int64_t publish_by_ms_ = INT64_MAX;  // then fresh keys go out although letters still wait
  std::int64_t again_ms_ = INT64_MIN;       // no upload before this: a refusal, or a failed read
  Ration batches_{20, 3'600'000};           // a server that loses keys makes us store no more of them
  int refusals_ = 0;
  bool told_refusal_ = false;
  bool told_failure_ = false;                // that the store could not be read
  std::int64_t costly_from_ms_ = INT64_MIN;  // when a key that takes a second may be made
  std::int64_t wake_ms_ = INT64_MAX;         // when plan() is due
  std::int64_t settle_by_ms_ =
      INT64_MAX;                        // when an upload is settled without a status that names its numbers
  std::int64_t chores_ms_ = INT64_MAX;  // the next hourly look
};

}  // namespace sims::client
