// Mailboxes and prekeys in memory, for tests and the simulation. It carries out each question when it is
// asked; `wake` is called within the question. Its disk is imagined: it can fail, and be put back by a backup.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "server/mailbox/mail_rules.h"
#include "server/mailbox/mailbox.h"

namespace sims::server {

class MemoryMailbox : public Mailbox, public Prekeys {
  struct Waiting {
    MailItem item;
    proto::Id sender;
    std::uint64_t unix_s;
  };
  struct Box {
    std::map<std::uint64_t, Waiting> items;           // by number
    std::map<crypto::Digest, std::uint64_t> by_hash;  // the numbers of these
    MailCounts counts;
    std::map<proto::Id, MailCounts> senders;
    std::uint64_t taken = 0;
    std::vector<proto::Prekey> prekeys;
    std::optional<proto::PrekeyNumber> last;
    std::map<proto::PrekeyNumber, std::uint64_t> given;       // until when, unix s
    std::map<proto::Id, std::vector<std::uint64_t>> claimed;  // `once` keys, by asker: when, unix s
  };
  using Items = std::map<std::uint64_t, Waiting>;
  struct Content {
    std::unordered_map<proto::Id, Box> boxes;
    std::unordered_map<proto::Id, std::uint64_t> letters_of;  // that wait anywhere, by sender
    std::uint64_t total_bytes = 0;                            // of all items, with their overhead
    std::uint64_t next = 1;                                   // number
  };

 public:
  explicit MemoryMailbox(
      const MailLimits& limits, std::function<void()> wake = [] {});

  void put(Ticket ticket, MailPut put, std::uint64_t unix_s) override;
  void take(Ticket ticket, const proto::Id& owner, std::uint64_t after, std::size_t most,
            std::size_t most_bytes) override;
  void strike(Ticket ticket, const proto::Id& owner, std::vector<GivenItem> items) override;
  void summary(Ticket ticket, const proto::Id& owner) override;
  void purge(Ticket ticket, const proto::Id& owner) override;
  void forget(Ticket ticket, const proto::Id& owner) override;
  void expire(Ticket ticket, std::uint64_t unix_s) override;
  void backup(Ticket ticket, const std::string& path) override;  // always an error
  const MailStats& stats() override;
  void set_limits(const MailLimits& limits) override { limits_ = limits; }
  std::vector<MailAnswer> take_answers() override;

  void publish(Ticket ticket, const proto::Id& owner, std::vector<proto::Prekey> prekeys, bool fresh,
               std::uint64_t unix_s) override;
  void claim(Ticket ticket, const proto::Id& owner, const proto::Id& asker, std::vector<std::string> suites,
             std::uint64_t unix_s) override;
  void status(Ticket ticket, const proto::Id& owner) override;
  void drop_all(Ticket ticket) override;

  // --- the disk. Reads always work, and so do an administrator's changes.
  enum class Disk {
    working,
    failing,   // puts, strikes and prekeys are answered `failed`, and nothing is changed
    doubtful,  // they are answered `failed`, and are done all the same
  };
  void set_disk(Disk disk) { disk_ = disk; }

  // All that mail.db would hold. It can be put back while no relay waits for an answer.
  using Snapshot = Content;
  Snapshot snapshot() const { return content_; }
  void put_back(Snapshot snapshot) { content_ = std::move(snapshot); }

 private:
  bool fails() const { return disk_ == Disk::failing; }
  bool tells_failure() const { return disk_ != Disk::working; }
  void answer(MailAnswer answer);
  Verdict store(MailPut put, std::uint64_t unix_s);
  std::optional<proto::Prekey> claimed(Box& box, const proto::Id& asker, const std::string& suite,
                                       std::uint64_t unix_s);
  Items::iterator remove(Box& box, Items::iterator item);
  std::uint64_t empty(Box& box);
  proto::PrekeysStatus status_of(const Box& box) const;

  MailLimits limits_;
  std::function<void()> wake_;
  Content content_;
  Disk disk_ = Disk::working;
  Refusals refusals_;
  std::vector<MailAnswer> answers_;
  MailStats stats_;
};

}  // namespace sims::server
