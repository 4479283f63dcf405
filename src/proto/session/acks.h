// Both ends of the acks of section 6. SentMessages holds the sent messages that await an ack. OpenedMessages
// holds the messages opened lately: a duplicate gets the same ack and is not shown again. Owned by a
// PeerSession.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "proto/keys.h"
#include "proto/session/state_hash.h"
#include "proto/wire/message.h"

namespace sims::proto {

class SentMessages {
 public:
  void add(std::uint64_t id, const crypto::Digest& token_hash, AckKey ack_key);
  // True: the ack is genuine, and its message no longer awaits one. The caller has checked src and dst.
  bool take(const PeerAck& ack);
  void forget(std::uint64_t id) { awaited_.erase(id); }
  void mix_into(StateHash& hash) const;

 private:
  struct Awaited {
    crypto::Digest token_hash;
    AckKey ack_key;
  };
  std::map<std::uint64_t, Awaited> awaited_;
};

class OpenedMessages {
 public:
  struct Record {
    crypto::Digest fingerprint;  // of the whole message under this id
    PeerAck ack;
  };
  const Record* find(std::uint64_t id) const;
  void add(std::uint64_t id, const Record& record);
  // True if `id` is above that of every opened message.
  bool newest(std::uint64_t id) const { return !highest_ || id > *highest_; }
  void mix_into(StateHash& hash) const;

 private:
  std::map<std::uint64_t, Record> records_;
  std::deque<std::uint64_t> order_;  // as opened, oldest first
  std::optional<std::uint64_t> highest_;
};

}  // namespace sims::proto
