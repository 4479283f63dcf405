// What was said: in pages, searched, erased, and through crashes.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::HistoryEntry;
using client::Store;

namespace {
const client::PeerKey bob = peer(1, "bob"), carol = peer(1, "carol");
}

TEST_CASE("store: history in pages, the outbox, uids that were seen, erasing") {
  TempFolder temp;
  auto store = open_store(temp.path());
  for (int i = 0; i < 10; ++i)
    REQUIRE(store->add(i % 2 ? bob : carol, entry("text " + std::to_string(i))));
  const auto queued = store->add(bob, entry("queued", true, Delivery::queued)).value();
  const auto sent = store->add(bob, entry("sent", true, Delivery::sent)).value();
  REQUIRE(store->set_delivery(sent, Delivery::delivered, ""));
  REQUIRE(store->commit());

  auto page = store->before(bob, 0, 3).value();
  REQUIRE(page.size() == 3);
  CHECK(page[0].body == "text 9");
  CHECK(page[2].body == "sent");
  CHECK(page[2].delivery == Delivery::delivered);
  page = store->before(bob, page[0].row, 100).value();
  REQUIRE(page.size() == 4);
  CHECK(page[0].body == "text 1");
  CHECK(store->unread(bob, page[1].row) == 3);

  const auto outbox = store->outbox(bob.server).value();
  REQUIRE(outbox.size() == 1);
  REQUIRE(outbox.at("bob").size() == 1);
  CHECK(outbox.at("bob")[0].row == queued);
  CHECK(outbox.at("bob")[0].uid == "uid of queued");

  CHECK(store->seen(bob, "uid of text 1"));
  CHECK_FALSE(store->seen(carol, "uid of text 1"));
  REQUIRE(store->erase_history(bob));
  REQUIRE(store->commit());
  CHECK(store->before(bob, 0, 100)->size() == 1);  // what is still to be sent
  CHECK(store->seen(bob, "uid of text 1"));
  CHECK(store->before(carol, 0, 100)->size() == 5);
}

TEST_CASE("store: a search finds text in either case, newest first, and can be cancelled") {
  TempFolder temp;
  auto store = open_store(temp.path());
  for (int i = 0; i < 300; ++i)
    REQUIRE(
        store->add(i % 2 ? bob : carol, entry("message " + std::to_string(i) + (i == 7 ? " Ärger" : ""))));
  REQUIRE(store->commit());
  auto all = store->search(std::nullopt, "MESSAGE", 10);
  all->run();
  REQUIRE(all->hits.size() == 10);
  CHECK(all->hits[0].entry.body == "message 299");
  CHECK(all->hits[0].peer == bob);
  auto one = store->search(bob, "ärger", 10);
  one->run();
  REQUIRE(one->hits.size() == 1);
  CHECK(one->hits[0].entry.body == "message 7 Ärger");
  auto none = store->search(carol, "ärger", 10);
  none->run();
  CHECK(none->hits.empty());
  auto cancelled = store->search(std::nullopt, "message", 1'000);
  cancelled->cancel();
  cancelled->run();
  CHECK(cancelled->hits.size() < 300);
}

TEST_CASE("store: killed at any point, what commit() confirmed is there and nothing is half there") {
  for (int kill_at = 0; kill_at < 12; ++kill_at) {
    TempFolder temp;
    open_store(temp.path());
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = open_store(temp.path());
      int step = 0;
      const auto maybe_die = [&] {
        if (step++ == kill_at) ::kill(::getpid(), SIGKILL);
      };
      for (int i = 0; i < 4; ++i) {
        if (!store->add(bob, entry(std::to_string(i), true, Delivery::queued))) ::_exit(1);
        maybe_die();
        if (!store->commit()) ::_exit(1);
        const char confirmed = static_cast<char>(i + 1);
        if (::write(told[1], &confirmed, 1) != 1) ::_exit(1);
        maybe_die();
      }
      ::_exit(0);
    }
    ::close(told[1]);
    char confirmed = 0;
    for (char next; ::read(told[0], &next, 1) == 1;)
      confirmed = next;
    ::close(told[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    auto store = open_store(temp.path());
    const auto rows = store->before(bob, 0, 100).value();
    REQUIRE(static_cast<int>(rows.size()) == confirmed);
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(rows[i].body == std::to_string(i));
  }
}
