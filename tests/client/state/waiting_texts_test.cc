// Our texts that wait, by receiver and place.
#include "client/state/waiting_texts.h"

#include <doctest/doctest.h>

#include "support/fake_memory.h"

using namespace sims;
using namespace sims::client;
using Place = WaitingTexts::Place;

namespace {

Id id(char fill) {
  return *Id::shaped(std::string(42, fill) + "A");
}

struct Store {
  std::uint64_t typed(const std::string& name, const Id& to, std::int64_t at, const std::string& why = {}) {
    HistoryEntry text;
    text.mine = true;
    text.peer_id = to;
    text.uid = std::to_string(at);
    text.at_unix_ms = at;
    text.delivery = Delivery::queued;
    text.why = why;
    return memory.add({server, name}, text).value();
  }
  void letter(std::uint64_t row, const Id& to, std::int64_t mailed, std::int64_t next, bool out = false) {
    MailDelivery mail;
    mail.row = row;
    mail.to = to;
    mail.mailed_unix_ms = mailed;
    mail.next_unix_ms = next;
    if (out) mail.message = "{}";
    REQUIRE(memory.put_delivery(server, mail));
  }
  test::FakeMemory memory;
  const Id server = id('s');
};

}  // namespace

TEST_CASE("waiting texts: by receiver and place, with the oldest, the reason and the next try") {
  Store store;
  const Id bob = id('b'), carol = id('c'), old = id('o');
  REQUIRE(store.memory.pin_peer(store.server, "bob", {bob, false, 1, Standing::contact, 0}));
  REQUIRE(store.memory.pin_peer(store.server, "carol", {carol, false, 1, Standing::contact, 0}));
  store.letter(store.typed("bob", bob, 20), bob, 25, 0);
  store.letter(store.typed("bob", bob, 10), bob, 26, 0);
  store.letter(store.typed("bob", bob, 30, "it is full"), bob, 0, 900);
  store.typed("bob", bob, 40, "it is full");
  store.letter(store.typed("bob", bob, 50), bob, 60, 0, true);  // on its way to the relay again
  store.typed("bob", old, 5);
  store.typed("carol", carol, 7);
  store.typed("dave", id('d'), 8);  // forgotten

  const auto all = waiting_texts(store.memory, store.server);
  REQUIRE(all);
  REQUIRE(all->size() == 5);
  const auto& [mailed, queued, held, hers, his] =
      std::tie((*all)[0], (*all)[1], (*all)[2], (*all)[3], (*all)[4]);
  CHECK(mailed.name == "bob");
  CHECK(mailed.place == Place::mailed);
  CHECK(mailed.id == bob);
  CHECK(mailed.count == 2);
  CHECK(mailed.oldest_unix_ms == 10);
  CHECK(mailed.since_unix_ms == 25);
  CHECK(queued.place == Place::queued);
  CHECK(queued.count == 3);
  CHECK(queued.oldest_unix_ms == 30);
  CHECK(queued.why == "it is full");
  CHECK(queued.again_unix_ms == 900);
  CHECK(held.place == Place::held);
  CHECK(held.id == old);
  CHECK(held.count == 1);
  CHECK(hers.name == "carol");
  CHECK(hers.place == Place::queued);
  CHECK(hers.why.empty());
  CHECK(his.place == Place::held);
  CHECK(waiting_texts(store.memory, id('x'))->empty());
}

TEST_CASE("waiting texts: the words for places are the same both ways") {
  for (const auto place : {Place::mailed, Place::queued, Place::held})
    CHECK(place_of(place_word(place)) == place);
  CHECK(place_of("elsewhere") == Place::queued);
}
