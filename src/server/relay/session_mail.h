// The part of a session that mail adds, for its client as a sender and as the owner of a mailbox
// (sims-protocol(7) section 8). Pure. A session has one only while there is something in it.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/error.h"
#include "proto/identity.h"
#include "proto/limits.h"
#include "server/mailbox/mailbox.h"

namespace sims::server {

// The items that were given to the owner on this connection and are not acked, in their order.
class MailWindow {
 public:
  // `seq`: of the sub-message that carried the item.
  void add(std::uint64_t seq, const GivenItem& item, std::size_t bytes) {
    given_.push_back({seq, item, bytes});
    bytes_ += bytes;
  }
  // Removes the items up to this seq, and returns them.
  std::vector<GivenItem> acked(std::uint64_t seq) {
    std::vector<GivenItem> out;
    while (out.size() < given_.size() && given_[out.size()].seq <= seq) {
      bytes_ -= given_[out.size()].bytes;
      out.push_back(given_[out.size()].item);
    }
    given_.erase(given_.begin(), given_.begin() + static_cast<std::ptrdiff_t>(out.size()));
    return out;
  }
  bool empty() const { return given_.empty(); }
  // How much more may be given now; `unstruck`: acked items that are not struck off yet.
  std::size_t items_left(std::size_t unstruck) const {
    const auto taken = given_.size() + unstruck;
    return taken < proto::mail_window ? proto::mail_window - taken : 0;
  }
  std::size_t bytes_left() const {
    return bytes_ < proto::mail_window_bytes ? proto::mail_window_bytes - bytes_ : 0;
  }
  bool fits(std::size_t bytes) const { return items_left(0) > 0 && bytes <= bytes_left(); }
  // Asking for few items at a time would cost a question to the disk for each.
  bool worth_asking(std::size_t unstruck) const {
    return items_left(unstruck) >= proto::mail_window / 2 && bytes_left() >= proto::mail_window_bytes / 2;
  }

 private:
  struct Given {
    std::uint64_t seq;
    GivenItem item;
    std::size_t bytes;
  };
  std::vector<Given> given_;
  std::size_t bytes_ = 0;
};

// Owners to whom a letter of this client was refused a moment ago. Its further letters to them are refused as
// well, so that none overtakes the refused one.
class RefusedLetters {
 public:
  void add(const proto::Id& owner, proto::ErrorCode code, std::int64_t until_ms, std::int64_t steady_ms) {
    if (of_.size() >= sweep_at_) {
      std::erase_if(of_, [&](const auto& row) { return row.second.until_ms <= steady_ms; });
      sweep_at_ = 2 * of_.size() + 64;
    }
    of_.insert_or_assign(owner, Row{code, until_ms});
  }
  // The code of the refusal that is in force.
  std::optional<proto::ErrorCode> find(const proto::Id& owner, std::int64_t steady_ms) {
    const auto at = of_.find(owner);
    if (at == of_.end()) return std::nullopt;
    if (steady_ms < at->second.until_ms) return at->second.code;
    of_.erase(at);
    return std::nullopt;
  }
  bool empty() const { return of_.empty(); }
  std::size_t size() const { return of_.size(); }  // those that have ended among them

 private:
  struct Row {
    proto::ErrorCode code;
    std::int64_t until_ms;  // steady
  };
  std::unordered_map<proto::Id, Row> of_;
  std::size_t sweep_at_ = 64;
};

struct SessionMail {
  // As a sender. Errors of messages that came behind one without a fate, by the seq of their message.
  std::map<std::uint64_t, std::string> errors;
  std::size_t error_bytes = 0;  // of these
  RefusedLetters refused;

  // As an owner.
  MailWindow given;
  std::uint64_t last = 0;   // number of the item that was given last
  bool status_due = false;  // the `prekeys` of the login was not sent yet; nothing is given before it
  bool more = false;        // items wait behind `last`
  bool asked = false;       // for the status or for items
  bool stored = false;      // an item was stored after that question: the answer need not have it
  bool retrying = false;    // on MailDesk::retry
  bool fills = false;       // all of the last answer was given: small questions may fill the window

  bool idle() const {
    return errors.empty() && refused.empty() && given.empty() && !status_due && !more && !asked && !retrying;
  }
};

}  // namespace sims::server
