// The books of a long simulation: follows every text from typing to delivery. It removes settled
// texts from the users' disks, so that a million of them need no more memory than a thousand. Texts
// are numbered (User::say), so counters suffice.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/world.h"

namespace sims::test {

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}

  // Looks at every disk. A text that was proved delivered must be on the receiver's disk; it is
  // removed from both.
  void settle();

  struct Ends {
    std::uint64_t said = 0, delivered = 0, waiting = 0, failed = 0;
  };
  // The state of every text that was said, by the senders' disks. A text in none of these states
  // goes to `wrong`.
  Ends ends();

  std::string wrong;  // in words

 private:
  using Stored = std::map<std::string, std::pair<const User*, std::string>>;  // by uid: at whom, the text
  Stored stored() const;
  void settle_sent(User& sender, const Stored& at_receivers);
  void settle_received(User& receiver);

  World& world_;
};

}  // namespace sims::test
