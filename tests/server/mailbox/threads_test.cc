// SqliteMailbox with its threads: answers come without help, in order, and the end waits for nobody.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "os/semaphore.h"
#include "server/mailbox/mail_fixture.h"
#include "server/mailbox/mailbox_threads.h"

namespace sims {
namespace {

using namespace sims::test;
using server::PutFate;

// A relay that waits for answers as its loop would.
class Waiting {
 public:
  explicit Waiting(const std::string& path) {
    auto opened = server::SqliteMailbox::open(path, {}, [this] { woken_.post(); });
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
    box = std::move(*opened);
    begin();
  }
  void begin(server::GatherClock clock = {}) {
    threads.reset();
    threads = std::make_unique<server::MailboxThreads>(*box, cpu_, std::move(clock));
  }
  std::vector<server::MailAnswer> answers(std::size_t count) {
    std::vector<server::MailAnswer> out;
    while (out.size() < count) {
      REQUIRE(woken_.wait_for(std::chrono::seconds(60)));
      for (auto& answer : box->take_answers())
        out.push_back(std::move(answer));
    }
    return out;
  }
  std::unique_ptr<server::SqliteMailbox> box;
  std::unique_ptr<server::MailboxThreads> threads;

 private:
  Semaphore woken_;
  LoopCpu cpu_;
};

TEST_CASE("threads: every question is answered once, and letters of each sender are in order") {
  Folder folder;
  Waiting relay(folder.path + "/mail.db");
  const server::MailStats empty = relay.box->stats();
  CHECK(empty.letters == 0);
  server::Ticket ticket = 0;
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    relay.box->put(++ticket, letter(n % 20, n % 8, std::to_string(n)), a_time);
    if (n % 10 == 0) relay.box->take(++ticket, id(n % 20), 0, 50, 1 << 18);
    if (n % 100 == 0) relay.box->publish(++ticket, id(1), prekeys(n + 1, n + 3), n % 200 == 0, a_time);
    if (n % 40 == 0) relay.box->claim(++ticket, id(1), id(n), {ecdhe}, a_time);
    if (n % 30 == 0) relay.box->status(++ticket, id(n % 20));
    if (n % 300 == 0) relay.box->backup(++ticket, folder.path + "/copy" + std::to_string(n));
    if (n % 250 == 0) relay.box->expire(++ticket, a_time);
    if (n % 333 == 0) static_cast<void>(relay.box->stats());
  }
  std::set<server::Ticket> tickets;
  const auto answers = relay.answers(ticket);
  CHECK(answers.size() == ticket);
  for (const auto& answer : answers) {
    std::visit([&](const auto& one) { tickets.insert(one.ticket); }, answer);
    if (const auto* put = std::get_if<server::PutAnswer>(&answer)) CHECK(put->fate == PutFate::stored);
    if (const auto* done = std::get_if<server::DoneAnswer>(&answer)) CHECK(done->error == "");
  }
  CHECK(tickets.size() == ticket);
  for (std::uint32_t n = 0; n < 1'000; n += 50)
    relay.box->strike(++ticket, id(n % 20), given({hash_of(std::to_string(n))}));
  for (std::uint32_t owner = 0; owner < 20; ++owner)
    relay.box->take(++ticket, id(owner), 0, 1'000, 1 << 30);
  std::size_t items = 0;
  for (const auto& answer : relay.answers(40)) {
    if (std::holds_alternative<server::StrikeAnswer>(answer)) continue;
    std::map<unsigned long, unsigned long> last;
    for (const auto& item : std::get<server::TakeAnswer>(answer).items) {
      const auto n = std::stoul(item.bytes);
      CHECK(n >= last[n % 8]);
      last[n % 8] = n;
      ++items;
    }
  }
  CHECK(items == 980);
  CHECK(relay.box->stats().letters == 980);
}

// Letters come while the thread waits: put by the wait itself, so no machine is too slow for it.
TEST_CASE("threads: what comes within 2 ms, or a whole batch of 64 letters, shares one commit") {
  struct Wait {
    std::size_t letters;  // that come
    std::int64_t us;      // that pass
  };
  struct Case {
    std::string what;
    std::vector<Wait> waits;
    std::vector<std::int64_t> limits;  // of the waits, in us
    std::size_t gathered;
  };
  for (const auto& one : {Case{"nothing comes", {{0, 2'000}}, {2'000}, 1},
                          Case{"the time is over", {{9, 500}, {1, 1'500}}, {2'000, 1'500}, 11},
                          Case{"a batch is full", {{62, 10}, {1, 10}}, {2'000, 1'990}, 64}}) {
    CAPTURE(one.what);
    Folder folder;
    Waiting relay(folder.path + "/mail.db");
    relay.threads.reset();
    server::Ticket ticket = 0;
    const auto put = [&] {
      ++ticket;
      relay.box->put(ticket, letter(1, 2, std::to_string(ticket)), a_time);
    };
    put();
    std::int64_t now_us = 7;
    std::vector<std::int64_t> limits;
    std::size_t waits = 0;
    relay.begin({[&] { return now_us; },
                 [&](Semaphore& work, std::chrono::microseconds limit) {
                   if (waits == one.waits.size()) return work.wait_for(limit);  // after what is tested
                   const auto& wait = one.waits[waits++];
                   limits.push_back(limit.count());
                   now_us += wait.us;
                   for (std::size_t n = 0; n < wait.letters; ++n)
                     put();
                   return wait.letters > 0;
                 }});
    const auto answers = relay.answers(1);
    relay.threads.reset();
    CHECK(answers.size() == one.gathered);
    CHECK(relay.box->stats().commits == 1);
    CHECK(limits == one.limits);
  }
}

TEST_CASE("threads: questions that were asked before they began are answered") {
  Folder folder;
  Waiting relay(folder.path + "/mail.db");
  relay.threads.reset();
  relay.box->put(1, letter(1, 2, "a"), a_time);
  relay.box->status(2, id(1));
  relay.begin();
  CHECK(relay.answers(2).size() == 2);
  relay.threads.reset();
}

TEST_CASE("threads: a status counts the strikes that were asked for before it") {
  Folder folder;
  Waiting relay(folder.path + "/mail.db");
  for (std::uint32_t n = 1; n <= 100; ++n) {
    relay.box->put(3 * n, letter(1, 2, std::to_string(n)), a_time);
    relay.box->strike(3 * n + 1, id(1), given({hash_of(std::to_string(n))}));
    relay.box->status(3 * n + 2, id(1));
    for (const auto& answer : relay.answers(3))
      if (const auto* status = std::get_if<server::StatusAnswer>(&answer)) {
        CHECK(status->status.taken == n);
        CHECK(status->status.waiting == 0);
      }
  }
}

TEST_CASE("threads: they end with questions left, and what was answered is on the disk") {
  Folder folder;
  std::set<server::Ticket> stored;
  for (int round = 0; round < 5; ++round) {
    Waiting relay(folder.path + "/mail.db");
    const auto first = static_cast<server::Ticket>(round) * 1'000;
    for (server::Ticket n = first; n < first + 500; ++n)
      relay.box->put(n, letter(static_cast<std::uint32_t>(n % 9), 2, std::to_string(n)), a_time);
    auto answers = relay.answers(1);
    relay.threads.reset();
    std::ranges::move(relay.box->take_answers(), std::back_inserter(answers));
    for (const auto& answer : answers)
      stored.insert(std::get<server::PutAnswer>(answer).ticket);
  }
  CHECK(stored.size() >= 5);
  OnDisk disk(folder.path + "/mail.db");
  Asker box(disk);
  std::set<server::Ticket> there;
  for (std::uint32_t owner = 0; owner < 9; ++owner)
    for (const auto& item : box.take(owner).items)
      there.insert(std::stoul(item.bytes));
  CHECK(std::ranges::includes(there, stored));
}

}  // namespace
}  // namespace sims
