// mail.db when the machine goes: a power cut at every point at which the disk changes, while letters come and are
// acked and prekeys are handed out.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "server/mailbox/mail_fixture.h"
#include "support/faulty_disk.h"
#include "support/fixed_rng.h"

namespace sims {
namespace {

using namespace sims::test;
using server::PutFate;
using server::SqliteMailbox;

using Name = std::pair<std::uint32_t, std::string>;  // owner and bytes

// The facts that the relay has acted on, and those that may be true.
struct Facts {
  std::set<Name> kept;            // answered `stored`, and no strike was asked for
  std::set<Name> may_be_there;    // asked to be put, and no strike was answered
  std::set<std::uint32_t> given;  // numbers of claimed prekeys of owner 1, answered
};

class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed), disk_(folder_.path) {
    disk_.changed = [this] { images_.push_back(disk_.after_power_cut(random_)); };
  }
  ~Trial() {
    disk_.changed = [] {};
  }
  FaultyDisk& disk() { return disk_; }

  void run(int steps) {
    step([&] { reopen(); });
    for (int n = 0; n < steps && wrong.empty(); ++n)
      step([&] { act(); });
  }

  std::string wrong;  // the first thing, in words
  int opened = 0;     // images

 private:
  template <class F>
  void step(F what) {
    what();
    const auto observer = std::exchange(disk_.changed, [] {});
    // Until their answers, changes may be there or not: `kept` has lost what is to be struck off already.
    for (const auto& image : std::exchange(images_, {}))
      verify(image);
    if (box_) hear();
    for (int n = 0; n < 2; ++n)
      verify(disk_.after_power_cut(random_));
    disk_.changed = observer;
  }

  void reopen() {
    box_.reset();
    auto box = SqliteMailbox::open(path_, {}, [] {});
    REQUIRE_MESSAGE(box, (box ? "" : box.error()));
    box_ = std::move(*box);
  }

  void act() {
    if (random_.pick(12) == 0) return reopen();
    for (auto more = 1 + random_.pick(6); more > 0; --more)
      ask();
    while (box_->change()) {
    }
  }

  void ask() {
    const auto owner = static_cast<std::uint32_t>(random_.pick(4));
    const auto ticket = ++ticket_;
    switch (random_.pick(8)) {
      case 0: {
        std::vector<proto::Prekey> keys;
        for (auto more = random_.pick(8); more > 0; --more)
          keys.push_back(prekey(static_cast<std::uint32_t>(random_.pick(40))));
        return box_->publish(ticket, id(1), keys, random_.pick(3) == 0, a_time);
      }
      case 1:
        return box_->claim(ticket, id(1), id(100 + static_cast<std::uint32_t>(ticket)), {ecdhe}, a_time);
      case 2:
      case 3: {
        std::vector<crypto::Digest> hashes;
        for (auto it = facts_.kept.begin(); it != facts_.kept.end();) {
          const bool strike = it->first == owner && random_.pick(2) == 0;
          if (strike) {
            hashes.push_back(hash_of(it->second));
            struck_[ticket].push_back(*it);
          }
          it = strike ? facts_.kept.erase(it) : std::next(it);
        }
        return box_->strike(ticket, id(owner), given(hashes));
      }
      default: {
        auto text = std::to_string(ticket) + " ";
        text.resize(random_.pick(7) == 0 ? 9'000 : 20 + random_.pick(900), 'x');
        put_[ticket] = {owner, text};
        facts_.may_be_there.insert({owner, text});
        return box_->put(ticket, letter(owner, static_cast<std::uint32_t>(random_.pick(3)), text), a_time);
      }
    }
  }

  void hear() {
    for (const auto& answer : box_->take_answers()) {
      if (const auto* put = std::get_if<server::PutAnswer>(&answer)) {
        REQUIRE(put->fate == PutFate::stored);
        facts_.kept.insert(put_.at(put->ticket));
      } else if (const auto* strike = std::get_if<server::StrikeAnswer>(&answer)) {
        REQUIRE_FALSE(strike->failed);
        for (const auto& item : struck_[strike->ticket])
          facts_.may_be_there.erase(item);
      } else if (const auto* claim = std::get_if<server::ClaimAnswer>(&answer)) {
        if (claim->prekey) facts_.given.insert(number_of(*claim->prekey));
      }
    }
  }

  void verify(const FaultyDisk::Image& image) {
    if (!wrong.empty()) return;
    ++opened;
    Folder folder(in_memory());
    for (const auto& [name, content] : image)
      if (!name.ends_with("-shm")) std::ofstream(folder.path + "/" + name, std::ios::binary) << content;
    const auto path = folder.path + "/mail.db";
    if (const auto opens = SqliteMailbox::open(path, {}, [] {}); !opens) return fail(opens.error());
    OnDisk disk(path);
    Asker box(disk);
    std::set<Name> there;
    for (std::uint32_t owner = 0; owner < 4; ++owner) {
      const auto taken = box.take(owner);
      if (taken.failed) return fail("a box can't be read");
      if (box.summary(owner).letters != taken.items.size()) return fail("a box is not counted right");
      unsigned long before = 0;
      for (const auto& item : taken.items) {
        there.insert({owner, item.bytes});
        const auto now = std::stoul(item.bytes);
        if (now < before) return fail("a letter overtook another");
        before = now;
      }
    }
    if (disk.owned->stats().letters != there.size()) return fail("the total is wrong");
    if (!std::ranges::includes(there, facts_.kept)) return fail("a letter that was acked is lost");
    if (!std::ranges::includes(facts_.may_be_there, there))
      return fail("a letter that was struck off is back");
    for (std::uint32_t asker = 900;; ++asker) {
      const auto key = box.claim(1, asker).prekey;
      if (!key) return;
      if (facts_.given.contains(number_of(*key))) return fail("a prekey is handed out twice");
    }
  }
  void fail(const std::string& what) { wrong = what; }

  Folder folder_{in_memory()};
  const std::string path_ = folder_.path + "/mail.db";
  FixedRng random_;
  FaultyDisk disk_;
  std::unique_ptr<SqliteMailbox> box_;  // after the disk, which it needs at its end
  std::vector<FaultyDisk::Image> images_;
  Facts facts_;
  server::Ticket ticket_ = 0;
  std::map<server::Ticket, Name> put_;
  std::map<server::Ticket, std::vector<Name>> struck_;
};

TEST_CASE("52: a power cut at any point keeps every acked letter, and hands out no prekey again") {
  int opened = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    Trial trial(seed);
    trial.run(25);
    CHECK(trial.wrong == "");
    opened += trial.opened;
  }
  CHECK(opened > 500);
  MESSAGE(opened << " states of the disk were opened");
}

TEST_CASE("a disk that says it has written what it has not is found out by the same trial of mail.db") {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Trial trial(seed);
    trial.disk().always(FaultyDisk::Operation::sync, FaultyDisk::Fault::lie);
    trial.run(25);
    found += trial.wrong != "";
  }
  CHECK(found == 3);
}

// Puts letters in batches, strikes off each one 21 later, and says so after each commit, until it is killed.
[[noreturn]] void work_until_killed(const std::string& path, std::uint32_t from, int out) {
  auto opened = SqliteMailbox::open(path, {}, [] {});
  if (!opened) _exit(1);
  auto& box = **opened;
  for (auto n = from;;) {
    const auto first = n;
    for (; n < first + 7; ++n) {
      box.put(n, letter(n % 3, 2, std::to_string(n)), a_time);
      if (n >= 21) box.strike(n, id((n - 21) % 3), given({hash_of(std::to_string(n - 21))}));
    }
    while (box.change()) {
    }
    for (const auto& answer : box.take_answers())
      if (const auto* put = std::get_if<server::PutAnswer>(&answer); put && put->fate != PutFate::stored)
        _exit(2);
    if (::write(out, &n, sizeof n) != sizeof n) _exit(3);
  }
}

TEST_CASE("52: 100 times kill -9 among letters: each confirmed one is there, in order, and no struck one") {
  Folder folder(in_memory());
  const auto path = folder.path + "/mail.db";
  FixedRng random(5);
  std::uint32_t next = 0;
  for (int round = 0; round < 100; ++round) {
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) work_until_killed(path, next, pipes[1]);
    ::close(pipes[1]);
    std::uint32_t confirmed = next, n = 0;
    for (auto more = random.pick(6); more > 0 && ::read(pipes[0], &n, sizeof n) == sizeof n; --more)
      confirmed = n;
    REQUIRE(kill(child, SIGKILL) == 0);
    while (::read(pipes[0], &n, sizeof n) == sizeof n)
      confirmed = n;
    ::close(pipes[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    OnDisk disk(path);
    Asker box(disk);
    std::set<std::uint32_t> there;
    for (std::uint32_t owner = 0; owner < 3; ++owner) {
      std::uint32_t before = 0;
      for (const auto& item : box.take(owner).items) {
        const auto now = static_cast<std::uint32_t>(std::stoul(item.bytes));
        CHECK(now >= before);
        before = now;
        there.insert(now);
      }
    }
    const auto end = there.empty() ? 0 : *there.rbegin() + 1;
    CHECK(end >= confirmed);
    CHECK(end <= confirmed + 7);
    std::uint32_t wrong = 0;
    for (n = 0; n < end; ++n)
      wrong += there.contains(n) != (n + 21 >= end);
    CHECK(wrong == 0);
    next = end;
  }
  CHECK(next > 500);
}

}  // namespace
}  // namespace sims
