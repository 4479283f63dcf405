// The rules of mailboxes and prekeys that do not depend on where they are kept (sims-protocol(7) section 8).
// Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "server/mailbox/mailbox.h"

namespace sims::server {

// What waits in a box, or of one sender in it.
struct MailCounts {
  std::uint64_t letters = 0, bytes = 0;  // bytes of the letters
  std::uint64_t receipts = 0, receipt_bytes = 0;

  void add(MailKind kind, std::uint64_t size);
  void remove(MailKind kind, std::uint64_t size);
  bool operator==(const MailCounts&) const = default;
};

struct Verdict {
  PutFate fate = PutFate::stored;
  MailBound bound = MailBound::none;
  bool operator==(const Verdict&) const = default;
};

// Everything that decides whether an item that is not there yet finds a place.
struct PlaceAsked {
  MailKind kind = MailKind::letter;
  std::uint64_t size = 0;
  MailCounts box, of_sender;         // in that box
  std::uint64_t newcomer_waits = 0;  // letters of a newcomer, in all boxes; of others 0
  std::uint64_t total_bytes = 0;     // in all
};
Verdict place_for(const PlaceAsked& asked, const MailLimits& limits);

// Letters that were refused, by owner and sender, until the caller has heard of it. Not for receipts, which
// have no order.
class Refusals {
 public:
  void add(const MailPut& put, Verdict verdict) {
    if (put.kind == MailKind::letter) of_.try_emplace({put.owner, put.sender}, verdict);
  }
  std::optional<Verdict> of(const MailPut& put) const {
    const auto it = of_.find({put.owner, put.sender});
    return put.kind != MailKind::letter || it == of_.end() ? std::nullopt : std::optional(it->second);
  }
  std::set<proto::Id> senders() const {
    std::set<proto::Id> out;
    for (const auto& [place, verdict] : of_)
      out.insert(place.second);
    return out;
  }
  void add(const Refusals& others) { of_.insert(others.of_.begin(), others.of_.end()); }
  bool empty() const { return of_.empty(); }
  void clear() { of_.clear(); }

 private:
  std::map<std::pair<proto::Id, proto::Id>, Verdict> of_;
};

// A prekey that its owner has here, without its key.
struct PrekeyRow {
  proto::PrekeyNumber number{};
  std::string suite;
  proto::PrekeyUse use = proto::PrekeyUse::once;
};
struct PublishPlan {
  std::vector<proto::PrekeyNumber> drop;  // first
  std::vector<proto::Prekey> add;         // in order
};
// What publish() changes; nullopt: it would leave the owner with too many. `given`: of `asked`, the numbers
// that were handed out before. Those that have expired are not added.
std::optional<PublishPlan> plan_publish(std::span<const PrekeyRow> there, std::vector<proto::Prekey> asked,
                                        const std::vector<proto::PrekeyNumber>& given, bool fresh,
                                        std::uint64_t unix_s);

// Toward the total of the server.
std::uint64_t prekey_bytes(std::span<const proto::Prekey> prekeys);

constexpr std::uint64_t item_overhead =
    512;  // bytes of an item or a prekey: its rows in tables and indexes, and the room between them
constexpr std::uint64_t claims_period_s = 3'600;  // of the limit for one asker
constexpr std::uint64_t remembered_given =
    10'000;  // handed out numbers of one owner; past them: `many` alone

// How many keys of each suite, for a PrekeysStatus: the suites of which there are any.
void count_prekey(std::vector<proto::PrekeysStatus::Left>& left, const std::string& suite,
                  proto::PrekeyUse use);

}  // namespace sims::server
