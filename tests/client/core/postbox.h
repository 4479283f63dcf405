// The mailbox and the prekeys of one client at the relay in memory, and people who write letters to it. A test
// decides what is given, and when.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/core/relay.h"
#include "proto/mail/mail_sender.h"
#include "proto/mail/prekey.h"
#include "proto/wire/content.h"

namespace sims::test {

// Somebody who writes letters: the protocol's sender without a client.
struct Writer {
  Writer(std::string who, std::uint64_t seed);
  // Opens a session; its letters are numbered from 0.
  proto::MailSender session(const proto::Prekey& prekey, const proto::Id& owner, Now now);
  // The client-mail with a text; `after` is that of the writer's last text.
  std::string letter(proto::MailSender& in, const std::string& body, Now now);
  std::string letter(proto::MailSender& in, const proto::TextContent& text, Now now);

  std::string name;
  FixedEphemerals ephemerals;
  crypto::SigningKey identity;
  proto::Id id;
  std::optional<std::string> last_uid;
  std::vector<proto::AwaitedReceipt> awaited;
};

class Postbox {
 public:
  Postbox(Relay& relay, Guest& owner) : relay_(relay), owner_(owner) {}

  // Puts prekeys of the owner into its store and here, and tells it that none is missing.
  void stock(std::size_t once, bool many);
  proto::Prekey take(proto::PrekeyUse use = proto::PrekeyUse::once);
  void put(std::string item) { items.push_back(std::move(item)); }
  void send_status();
  // Serves the owner until nothing moves.
  void settle();
  void advance(std::int64_t ms);

  // How many receipts of this kind came for the letters of `writer`, each checked.
  std::size_t delivered(const Writer& writer) const;
  std::size_t unopened(const Writer& writer) const;

  std::deque<std::string> items;  // that wait
  std::deque<proto::Prekey> prekeys;
  std::vector<std::vector<proto::Prekey>> uploads;
  std::vector<bool> fresh;                 // of each upload
  std::map<std::string, proto::Id> names;  // who is registered, for `find`
  std::vector<std::string> receipts;       // of the owner, in order
  std::vector<std::uint64_t> struck;       // how many items each ack struck off
  std::uint64_t taken = 0;
  std::optional<proto::PrekeyNumber> last;
  bool stocked = false;  // the status says that nothing is missing
  bool keeps_mail = true;
  bool gives = true;
  bool loses_prekeys = false;  // takes them, and says that there are none
  bool few_left = false;       // before an upload is taken a status comes that nobody asked for
  std::set<std::string> deaf;  // types of messages that get no answer; see Relay::refuse
  std::size_t statuses = 0;

 private:
  void serve(const std::string& message);
  void give();

  Relay& relay_;
  Guest& owner_;
  std::size_t served_ = 0;           // messages of the owner
  std::deque<std::uint64_t> given_;  // the seqs of the first items
};

}  // namespace sims::test
