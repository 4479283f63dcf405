// The questions of the relay to its mailboxes that have no answer yet, and what is to be done when they come.
// Owned by the relay.
#pragma once

#include <tsl/robin_map.h>

#include <cassert>
#include <deque>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "server/mailbox/mailbox.h"
#include "server/relay/deadlines.h"

namespace sims::server {

// A message of a client whose ack waits for the answer.
struct HeldMessage {
  ConnId conn;
  std::uint64_t seq;
  std::optional<proto::Id> dst;
  bool letter = false;
  bool told = false;  // that it took too long; the ack waits no more
};

struct PutAsked : HeldMessage {};
struct PublishAsked : HeldMessage {};
struct ClaimAsked : HeldMessage {};
struct StatusAsked {  // unasked by its client: after a login, or few prekeys are left
  ConnId conn;
};
struct StatusRequested : HeldMessage {};
struct TakeAsked {
  ConnId conn;
};
struct StrikeAsked {
  proto::Id owner;
  std::vector<GivenItem> items;
};
// What an owner has acked and is not struck off yet. It counts as given: a client takes a `taken` that is under its
// own count by more than a window for that of an older mailbox (section 8, Prekeys).
struct Unstruck {
  std::size_t asked = 0;          // items in questions
  std::vector<GivenItem> failed;  // they are asked for again
  std::size_t size() const { return asked + failed.size(); }
};
struct ForgetAsked {
  proto::Id owner;
  bool again = false;  // ask again after a failure
  std::function<void(const std::string& error)> dropped;
};
using MailDone = std::function<void(const MailAnswer&)>;  // of the administrator

class MailDesk {
 public:
  using Question = std::variant<PutAsked, PublishAsked, ClaimAsked, StatusAsked, StatusRequested, TakeAsked,
                                StrikeAsked, ForgetAsked, MailDone>;

  MailDesk(Mailbox& boxes, Prekeys& keys) : mailbox(boxes), prekeys(keys) {}

  // Returns the number for the question.
  Ticket ask(Question question) {
    questions_.emplace(++last_, std::move(question));
    return last_;
  }
  // The same for a message whose ack waits until `late_ms` (steady) at most; not before that of earlier calls.
  Ticket ask_held(Question question, std::int64_t late_ms) {
    late_.emplace_back(late_ms, ask(std::move(question)));
    return last_;
  }
  Question answered(Ticket ticket) {
    const auto at = questions_.find(ticket);
    assert(at != questions_.end());
    auto question = std::move(at.value());
    questions_.erase(at);
    while (!late_.empty() && !questions_.contains(late_.front().second))
      late_.pop_front();
    return question;
  }
  // A message that has waited too long for its answer, or nullptr; it is told now.
  HeldMessage* late(std::int64_t steady_ms) {
    while (!late_.empty() && late_.front().first <= steady_ms) {
      const auto at = questions_.find(late_.front().second);
      late_.pop_front();
      if (at == questions_.end()) continue;
      auto* held = std::visit(
          [](auto& question) -> HeldMessage* {
            if constexpr (std::is_base_of_v<HeldMessage, std::decay_t<decltype(question)>>) return &question;
            return nullptr;
          },
          at.value());
      assert(held != nullptr);
      held->told = true;
      return held;
    }
    return nullptr;
  }
  std::int64_t next_late() const { return late_.empty() ? never : late_.front().first; }

  Mailbox& mailbox;
  Prekeys& prekeys;
  std::vector<ConnId> settled;  // while answers are worked off: their acks may go
  std::vector<ConnId> waiting;  // and they may be given more
  // Questions that failed, and owners whose output has no room: asked again a moment later.
  std::deque<ConnId> retry;
  std::unordered_map<proto::Id, Unstruck> unstruck;  // by owner; none is empty
  std::deque<proto::Id> restrike;                    // owners whose strikes failed
  std::vector<proto::Id> unforgotten;                // likewise
  std::unordered_set<proto::Id> closed;              // Relay::close_mail()
  std::int64_t next_retry = never;                   // steady ms; of all three

 private:
  tsl::robin_map<Ticket, Question> questions_;
  std::deque<std::pair<std::int64_t, Ticket>> late_;  // of held messages, in their order
  Ticket last_ = 0;
};

}  // namespace sims::server
