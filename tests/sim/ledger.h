// The books of a long simulation: follows every message from the typing to its end, and takes what is over
// off the users' disks, so that a million of them need no more memory than a thousand. Texts are numbered
// (User::say), so each has its place here without being kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/world.h"

namespace sims::test {

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}

  // Looks at every disk; what was proved delivered must be on the receiver's, and goes from both.
  void settle();

  struct Ends {
    std::uint64_t said = 0, delivered = 0, waiting = 0, failed = 0;
  };
  // How all that was said has ended, by the senders' disks; `wrong` gets what is in none of these states.
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
