// Both ends of section 6's acks. SentMessages: what we sent and whose ack we await. OpenedMessages: what we
// opened lately, so that a message that comes twice gets the same ack and is not shown again. Owned by a
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
  // True if the ack is genuine; the message is no longer awaited then. src and dst were checked.
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
    crypto::Digest fingerprint;  // of all that came under this id
    PeerAck ack;
  };
  const Record* find(std::uint64_t id) const;
  void add(std::uint64_t id, const Record& record);
  // True if `id` is above all that were opened.
  bool newest(std::uint64_t id) const { return !highest_ || id > *highest_; }
  void mix_into(StateHash& hash) const;

 private:
  std::map<std::uint64_t, Record> records_;
  std::deque<std::uint64_t> order_;  // as opened, oldest first
  std::optional<std::uint64_t> highest_;
};

}  // namespace sims::proto
