// A long simulation: many users talk while the network, their programs and the relay break, and a Ledger keeps
// account of every text. The whole account and the account of letters are two plans of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/ledger.h"

namespace sims::test {

struct ChaosPlan {
  std::uint64_t seed = 0, messages = 0;
  std::size_t friends = 3;     // on each side: they get most texts
  std::size_t leavers = 0;     // stay away at the end: texts to them wait
  std::int64_t apart_ms = 10;  // of two who speak, at most
  // Half of the users are away at any time, the relay's mailboxes have troubles, and days pass.
  bool letters = false;
};

class Chaos {
 public:
  explicit Chaos(const ChaosPlan& plan);

  // Until all texts are said and, but for those to leavers, proved.
  void run();

 private:
  static constexpr std::size_t clients = 200;

  bool everybody_online() const;
  std::size_t pick(std::size_t below) { return world_.random.pick(below); }
  User& anybody() { return *world_.users[pick(clients)]; }
  User* somebody(bool away);  // nullptr: not found at once
  void begin();
  void turn();
  void speak();
  void mischief();
  void weather();
  void move();
  void trouble();
  void end_trouble();
  void settle();
  void calm();
  void say_to_leavers();
  bool left(const std::string& name) const;
  bool all_arrived() const;
  std::string alerts() const;
  void judge();

  ChaosPlan plan_;
  std::uint64_t apart_restarts_, apart_mischief_, apart_days_;
  std::uint64_t said_ = 0, not_taken_ = 0, mischiefs_ = 0, restarts_ = 0, moves_ = 0, troubles_ = 0,
                days_ = 0;
  std::uint64_t trouble_ = 0;                 // the number of the last one
  std::int64_t mail_ms_ = Weather().mail_ms;  // without trouble
  bool slow_ = false;                         // the trouble is that the mailboxes are slow
  World world_;
  Ledger ledger_;
  std::chrono::steady_clock::time_point began_;
};

// The plan's size and seed from SIMS_STRESS_MESSAGES and SIMS_STRESS_SEED, or these.
ChaosPlan plan_from_environment(std::uint64_t messages, std::uint64_t seed);

}  // namespace sims::test
