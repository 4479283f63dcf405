// The windows' lines: limits, rate-limited notices, counting lines and key alerts.
#include "client/state/windows.h"

#include <doctest/doctest.h>

#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::client;

TEST_CASE("a window keeps the last lines, and finds them by serial") {
  Model model;
  Windows windows(model, 3);
  Peer peer;
  peer.name = "bob";
  std::vector<std::uint64_t> serials;
  for (const auto* text : {"a", "b", "c", "d"})
    serials.push_back(windows.notice(&peer, text, {}).serial);
  CHECK(peer.lines.size() == 3);
  CHECK(peer.lines.front().text == "b");
  CHECK_FALSE(Windows::find(peer, serials[0]));
  CHECK(Windows::find(peer, serials[2])->text == "c");
  windows.erase(peer, serials[2]);
  CHECK_FALSE(Windows::find(peer, serials[2]));
  CHECK(Windows::find(peer, serials[3])->text == "d");
  CHECK(model.status.empty());
  CHECK(model.newest_serial == serials[3]);
}

TEST_CASE("attack 30: notices that a peer causes are shown 10 times a minute, then counted in one line") {
  Model model;
  Windows windows(model, 1'000);
  Peer peer;
  peer.name = "bob";
  Now now{1'000, 0};
  for (int i = 0; i < 50; ++i) {
    if (i % 2 == 0)
      windows.alert(&peer, "bad", now);
    else
      windows.caused(peer, Line::Kind::notice, "odd", now);
    now.steady_ms += 1'000;
  }
  REQUIRE(peer.lines.size() == 11);
  CHECK(peer.lines.back().text == "More notices about bob were held back in this minute: 40");
  CHECK(peer.lines.back().kind == Line::Kind::alert);
  windows.alert(nullptr, "elsewhere", now);
  CHECK(model.status.size() == 1);
  windows.key_alert(peer, "the key", now);
  CHECK(peer.lines.back().text == "the key");
  now.steady_ms += 60'000;
  windows.alert(&peer, "bad", now);
  CHECK(peer.lines.back().text == "bad");
  CHECK(peer.lines.size() == 13);
}

TEST_CASE("attack 30: a fast flood that does not end leaves 10 notices and one counting line a minute") {
  Model model;
  Windows windows(model, 1'000);
  Peer peer;
  peer.name = "bob";
  Now now{1'000, 0};
  for (; now.steady_ms < 181'000; now.steady_ms += peer.lines.size() < 10 ? 100 : 10)
    windows.alert(&peer, "bad", now);
  std::size_t counting = 0;
  for (const Line& line : peer.lines)
    counting += line.text.starts_with("More notices");
  CHECK(counting == 3);
  CHECK(peer.lines.size() - counting == 30);
}

TEST_CASE("attack 30: the line that counts is final after a minute, and is marked so") {
  Model model;
  Windows windows(model, 1'000);
  Peer& bob = model.peers["bob"];
  bob.name = "bob";
  Now now{1'000, 0};
  for (int i = 0; i < 13; ++i) {
    windows.alert(&bob, "bad", now);
    windows.alert(nullptr, "bad", now);
  }
  CHECK(windows.next_tick() == 61'000);
  CHECK_FALSE(bob.lines[9].counting);
  CHECK(bob.lines.back().counting);
  CHECK(model.status.back().counting);
  windows.tick(60'999);
  CHECK(bob.lines.back().counting);
  windows.tick(61'000);
  CHECK_FALSE(bob.lines.back().counting);
  CHECK_FALSE(model.status.back().counting);
  CHECK(bob.lines.back().text.ends_with(": 3"));
  CHECK(windows.next_tick() == INT64_MAX);
  now.steady_ms = 61'000;
  windows.alert(&bob, "bad", now);
  CHECK(bob.lines.back().text == "bad");
}

TEST_CASE("nobody waits for a counting line whose window is gone, empty or full") {
  Model model;
  Windows windows(model, 2);
  const auto fill = [&](const std::string& name) {
    Peer& peer = model.peers[name];
    peer.name = name;
    for (int i = 0; i < 11; ++i)
      windows.alert(&peer, "bad", {});
  };
  for (const auto* name : {"bob", "carol", "dave"})
    fill(name);
  model.peers.erase("bob");
  windows.clear(&model.peers["carol"]);
  for (int i = 0; i < 3; ++i)
    windows.notice(&model.peers["dave"], "other", {});
  windows.tick(60'000);
  CHECK(windows.next_tick() == INT64_MAX);
}

TEST_CASE("the notice about a missing text goes when the text comes") {
  Model model;
  Windows windows(model, 100);
  Peer peer;
  peer.name = "bob";
  windows.missing(peer, "a", {});
  windows.missing(peer, "a", {});
  windows.missing(peer, "b", {});
  Line text;
  text.text = "after a";
  text.missing = "a";
  windows.add(&peer, text);
  REQUIRE(peer.lines.size() == 3);
  windows.came(peer, "c");
  CHECK(peer.lines.size() == 3);
  windows.came(peer, "a");
  REQUIRE(peer.lines.size() == 2);
  CHECK(peer.lines[0].missing == "b");
  CHECK(peer.lines[1].text == "after a");
  CHECK(peer.lines[1].missing.empty());
}

TEST_CASE("a window's bytes are limited, however few its lines") {
  constexpr std::size_t mib = 1 << 20;
  Model model;
  Windows windows(model, 100);
  Peer bob, eve;
  bob.name = "bob";
  eve.name = "eve";
  const std::string text(mib, 'x');
  for (int i = 0; i < 20; ++i) {
    windows.notice(&bob, text, {});
    windows.notice(nullptr, text, {});
  }
  windows.notice(&eve, text, {});
  CHECK(bob.lines.size() == 4);
  CHECK(model.status.size() == 4);
  CHECK(eve.lines.size() == 1);

  SUBCASE("removed lines make room") {
    windows.erase(bob, bob.lines.back().serial);
    CHECK(bob.lines.size() == 3);
    windows.notice(&bob, text, {});
    CHECK(bob.lines.size() == 4);
    windows.clear(&bob);
    for (int i = 0; i < 4; ++i)
      windows.notice(&bob, text, {});
    CHECK(bob.lines.size() == 4);
  }
  SUBCASE("a reworded line counts with its new length") {
    windows.reword(bob, bob.lines.back().serial, "short");
    windows.notice(&bob, text.substr(5), {});
    CHECK(bob.lines.size() == 5);
  }
  SUBCASE("a peer that left the model starts again") {
    bob.lines.clear();
    windows.forget_peers();
    for (int i = 0; i < 4; ++i)
      windows.notice(&bob, text, {});
    CHECK(bob.lines.size() == 4);
    windows.notice(nullptr, text, {});
    CHECK(model.status.size() == 4);
  }
}

TEST_CASE("no flood of alerts hides a key alert") {
  Model model;
  Windows windows(model, 100);
  Peer peer;
  peer.name = "bob";
  for (int i = 0; i < 50; ++i)
    windows.alert(&peer, "bad", {1'000, 0});
  windows.key_alert(peer, "changed", {1'000, 0});
  CHECK(peer.lines.back().text == "changed");
  for (int i = 0; i < 50; ++i)
    windows.key_alert(peer, "changed", {1'000, 0});
  CHECK(peer.lines.size() == 22);  // of each kind 10, and one line that counts
}

TEST_CASE("a bucket refills, and does not save up beyond its size") {
  TokenBucket bucket(2, 1'000);
  CHECK(bucket.take(50'000));
  CHECK(bucket.take(50'000));
  CHECK_FALSE(bucket.take(50'000));
  CHECK_FALSE(bucket.take(50'999));
  CHECK(bucket.take(51'000));
  CHECK_FALSE(bucket.take(51'500));
  CHECK(bucket.take(99'000));
  CHECK(bucket.take(99'000));
  CHECK_FALSE(bucket.take(99'000));
}

TEST_CASE("back-off grows, is jittered and bounded") {
  sims::test::FixedRng rng;
  for (int failures = 1; failures < 40; ++failures) {
    for (int i = 0; i < 50; ++i) {
      const auto wait = backoff_ms(failures, 1'000, 15'000, rng);
      CHECK(wait >= 1'000);
      CHECK(wait <= std::min<std::int64_t>(15'000, std::int64_t{1'000} << std::min(failures, 10)));
    }
  }
  CHECK(backoff_ms(10, 1'000, 15'000, rng) != backoff_ms(10, 1'000, 15'000, rng));
}
