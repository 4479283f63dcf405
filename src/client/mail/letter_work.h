// The public-key step of a letter that opens a session, and the budget of a sender's failed ones
// (sims-protocol(7) section 8). Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "client/model/effects.h"
#include "proto/mail/mail_receiver.h"

namespace sims::client {

// Opens the first letter that came of a session: a signature and an agreement.
struct LetterWork final : Work {
  LetterWork(std::uint64_t which, const proto::ClientMail& opens, proto::OwnPrekey key, const proto::Id& self,
             crypto::EphemeralSource& from)
      : number(which), letter(opens), own(std::move(key)), owner(self), source(from) {}
  void run() override { outcome = proto::MailSession::open_first(letter, own, owner, source.rng()); }
  bool in_spare_time() const override { return of_stranger; }

  std::uint64_t number;
  proto::ClientMail letter;
  proto::OwnPrekey own;
  proto::Id owner;
  crypto::EphemeralSource& source;
  bool of_stranger = false;
  std::optional<Result<proto::MailSession::First, proto::LetterRefusal>> outcome;  // set by run()
};

// At most 10 letters of a sender an hour may fail a check that costs us work. In memory, of the senders that
// failed last.
class FailedLetters {
 public:
  bool over(const proto::Id& sender, std::int64_t now_ms);
  void add(const proto::Id& sender, std::int64_t now_ms);

 private:
  static constexpr std::int64_t hour_ms = 3'600'000;
  static constexpr std::size_t budget = 10, max_senders = 1'000;
  std::map<proto::Id, std::deque<std::int64_t>> failed_;
};

}  // namespace sims::client
