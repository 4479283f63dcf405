// Pages of the list and gathered changes.
#include "server/relay/presence.h"

#include <algorithm>

#include "base/base64.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "server/relay/world.h"

namespace sims {
namespace {

using proto::Id;
using proto::List;
using proto::ListRequest;
using server::Presence;

// An id of the right shape only: Presence never checks the key.
Id id_of(test::FixedRng& random) {
  Bytes key(32);
  random.fill(key);
  return *Id::shaped(base64_encode(key, Base64::url_unpadded));
}

List decode(std::string text) {
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  const auto decoded = proto::decode_from_server(*root);
  REQUIRE(decoded);
  return std::get<List>(*decoded);
}

std::vector<std::string> names(const List& list) {
  std::vector<std::string> out;
  for (const auto& e : list.data)
    out.push_back(e.name);
  return out;
}

// All pages of a request, checked for size and order on the way.
std::vector<std::string> all_pages(const Presence& presence, ListRequest request) {
  std::vector<std::string> found;
  std::optional<Id> last;
  for (;;) {
    const auto page = presence.page(request);
    CHECK(page.data.size() <= (request.limit == 0 ? 300 : request.limit));
    for (const auto& entry : page.data) {
      CHECK((!last || *last < entry.id));
      last = entry.id;
      found.push_back(entry.name);
    }
    if (!page.more) return found;
    REQUIRE(!page.data.empty());
    request.after = page.data.back().id;
  }
}

TEST_CASE("pages hold everybody once, whatever their size, with and without a prefix") {
  test::FixedRng random(7);
  Presence presence;
  std::vector<std::string> everybody;
  for (int i = 0; i < 1'500; ++i) {
    everybody.push_back((i % 3 == 0 ? "rare" + std::string(i % 500 == 0 ? "st" : "") : "user") +
                        std::to_string(i));
    presence.add(id_of(random), everybody.back(), 5, nullptr);
  }
  for (const std::string prefix : {"", "user", "rare", "rarest", "user77", "nobody", "v"}) {
    for (const std::uint64_t limit : {0, 1, 7, 299, 300}) {
      if (limit == 1 && prefix.size() < 6) continue;
      CAPTURE(prefix);
      CAPTURE(limit);
      ListRequest request;
      request.match = prefix;
      request.limit = limit;
      auto found = all_pages(presence, request);
      std::vector<std::string> expected;
      for (const auto& n : everybody)
        if (n.starts_with(prefix)) expected.push_back(n);
      std::sort(found.begin(), found.end());
      std::sort(expected.begin(), expected.end());
      CHECK(found == expected);
    }
  }
}

TEST_CASE("a limit over the page size, and a cursor that is no client's id") {
  test::FixedRng random(7);
  Presence presence;
  for (int i = 0; i < 301; ++i)
    presence.add(id_of(random), "user" + std::to_string(i), 5, nullptr);
  ListRequest request;
  request.limit = 1'000'000;
  CHECK(presence.page(request).data.size() == 300);
  CHECK(presence.page(request).more);
  request.after = id_of(random);
  const auto page = presence.page(request);
  for (const auto& e : page.data)
    CHECK(*request.after < e.id);
}

TEST_CASE("a full page of longest names fits into a frame") {
  test::FixedRng random(7);
  Presence presence;
  for (int i = 0; i < 300; ++i)
    presence.add(id_of(random), fmt::format("{:032}", i), 4'102'444'800, nullptr);
  CHECK(proto::SecureSender::frame_size_max(encode(presence.page({})).size()) <= proto::max_frame);
  for (const auto& text : presence.events(0, presence.next_change()))
    CHECK(proto::SecureSender::frame_size_max(text.size()) <= proto::max_frame);
}

TEST_CASE("changes: one kind a message, an id's own in their order, up to a page each") {
  test::FixedRng random(7);
  Presence presence;
  const Id a = id_of(random), b = id_of(random);
  presence.add(a, "a", 1, nullptr);
  presence.forget_changes(presence.next_change());
  const auto from = presence.next_change();
  presence.remove(a);
  presence.add(b, "b", 2, nullptr);
  presence.add(a, "a", 3, nullptr);
  presence.remove(a);
  presence.remove(b);
  presence.add(b, "b", 4, nullptr);
  const auto texts = presence.events(from, presence.next_change());
  // a: offline, online, offline; only the last two remain. b: online, offline, online; likewise.
  REQUIRE(texts.size() == 3);
  CHECK(decode(texts[0]).event == List::Event::offline);
  CHECK(names(decode(texts[0])) == std::vector<std::string>{"b"});
  CHECK(decode(texts[1]).event == List::Event::online);
  CHECK(names(decode(texts[1])) == std::vector<std::string>{"a", "b"});
  CHECK(decode(texts[2]).event == List::Event::offline);
  CHECK(names(decode(texts[2])) == std::vector<std::string>{"a"});
  CHECK(presence.events(from + 3, from + 4).size() == 1);  // for a client that came later

  for (int i = 0; i < 1'000; ++i) {
    presence.add(a, "a", 5, nullptr);
    presence.remove(a);
  }
  CHECK(presence.events(from, presence.next_change()).size() == 3);  // however often they flap

  presence.forget_changes(presence.next_change());
  const auto many = presence.next_change();
  for (int i = 0; i < 301; ++i)
    presence.add(id_of(random), "user" + std::to_string(i), 5, nullptr);
  const auto pages = presence.events(many, presence.next_change());
  REQUIRE(pages.size() == 2);
  CHECK(decode(pages[0]).data.size() == 300);
  CHECK(decode(pages[1]).data.size() == 1);
}

TEST_CASE("changes are gathered over 200 ms, and no client hears of its own login") {
  test::World w;
  auto alice = w.login("alice", 1);
  w.pass(200);
  w.pump({&alice});
  CHECK(alice.messages.empty());
  auto bob = w.login("bob", 2);
  w.pass(100);
  auto carol = w.login("carol", 3);
  w.pass(99);
  w.pump({&alice, &bob, &carol});
  CHECK(alice.messages.empty());
  w.pass(1);
  w.pump({&alice, &bob, &carol});
  REQUIRE(alice.messages.size() == 1);
  CHECK(names(decode(alice.messages[0])) == std::vector<std::string>{"bob", "carol"});
  REQUIRE(bob.messages.size() == 1);
  CHECK(names(decode(bob.messages[0])) == std::vector<std::string>{"carol"});
  CHECK(carol.messages.empty());
}

TEST_CASE("changes older than a snapshot are sent before it") {
  test::World w;
  auto alice = w.login("alice", 1), bob = w.login("bob", 2);
  w.pass(200);
  w.pump({&alice, &bob});
  alice.messages.clear();
  w.relay->closed(bob.conn, w.now);
  auto again = w.login("bob", 2);
  alice.send(R"({"type":"list"})", w.now);
  w.pump({&alice});
  REQUIRE(alice.messages.size() == 3);
  CHECK(decode(alice.messages[0]).event == List::Event::offline);
  CHECK(decode(alice.messages[1]).event == List::Event::online);
  CHECK(decode(alice.messages[2]).event == List::Event::snapshot);
  w.pass(200);
  w.pump({&alice});
  CHECK(alice.messages.size() == 3);
}

}  // namespace
}  // namespace sims
