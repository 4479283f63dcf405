// Golden screens of single states, set by hand; view_test.cc has those that are reached by keys.
#include <doctest/doctest.h>

#include <functional>

#include "support/golden_file.h"
#include "tui/ui/fixture.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;

namespace {

struct Shown {
  client::Model model = test::some_model();
  UiState ui;
  Now now{1'000'000, 1'795'337'000'000};

  Shown() {
    ui.offset = test::utc;
    ui.windows.emplace_back();
    open("bob");
  }
  void open(const std::string& peer) {
    ui.windows.emplace_back();
    ui.windows.back().peer = peer;
    ui.current = ui.windows.size() - 1;
  }
  client::Peer& peer(const std::string& name) { return model.peers.at(name); }
  Grid draw(Size size) {
    ui.size = size;
    return render(model, ui, now);
  }
  std::string screen(Size size) { return test::dump(draw(size), false); }
};

void ask_to_write(Shown& s) {
  s.open("carol");
  client::Peer& carol = s.peer("carol");
  carol.standing = client::Standing::request;
  carol.attention = false;
  carol.unread = 0;
  carol.looks_like = "caro1";
}

client::SearchHit hit(const std::string& with, bool mine, const std::string& body, std::int64_t minute) {
  client::SearchHit out;
  out.peer.name = with;
  out.entry.mine = mine;
  out.entry.body = body;
  out.entry.at_unix_ms = 1'795'334'400'000 + minute * 60'000;
  return out;
}

void find(Shown& s) {
  Find& find = s.ui.find;
  find.open = true;
  find.query.set("ratchet");
  find.searched = "ratchet";
  find.hits = {hit("bob", false, "what the cryptographers wrote about RATCHETS, and why", 3),
               hit("bob", true, std::string(200, 'w') + " a ratchet at the end of a long text", 2),
               hit("bob", true, "ratchet", 1), hit("carol", true, "漢字 ratchet 漢字", -2'000)};
  find.at = 1;
}

void verify(Shown& s) {
  Window& window = s.ui.window();
  window.verifying = true;
  window.safety_number = "11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890";
  window.qr = "sims:" + std::string(89, 'q');
}

struct Scene {
  const char* name;
  std::function<void(Shown&)> set;
};

const Scene scenes[] = {
    {"unread",
     [](Shown& s) {
       s.ui.window().divider = 5;
       s.ui.window().marked = 6;
       s.peer("bob").read_to = 4;
       s.peer("bob").typing = s.peer("carol").typing = true;
       s.open("carol");
       s.ui.current = 1;
       s.ui.away = true;
       s.ui.away_reason = "lunch";
       s.peer("dave").standing = client::Standing::blocked;
       s.peer("frank").standing = client::Standing::request;
     }},
    {"request", ask_to_write},
    {"lookalike",
     [](Shown& s) {
       ask_to_write(s);
       s.peer("carol").standing = client::Standing::stranger;
     }},
    {"find", find},
    {"find-all",
     [](Shown& s) {
       find(s);
       s.ui.find.peer.clear();
       s.ui.find.running = true;
     }},
    {"find-nothing",
     [](Shown& s) {
       s.ui.find.open = true;
       s.ui.find.peer = "bob";
       s.ui.find.problem = "Nothing was found.";
     }},
    {"ask",
     [](Shown& s) {
       s.ui.ask.about = Ask::About::paste;
       s.ui.ask.words = "Paste 12 lines into this message? (y/n)";
     }},
    {"history-find",
     [](Shown& s) {
       s.ui.history_find.open = true;
       s.ui.history_find.query.set("AW");
       s.ui.history_find.found = "/away for lunch";
     }},
    {"passphrase-unlock",
     [](Shown& s) {
       s.ui.passphrase.kind = PassphraseState::Kind::unlock;
       s.ui.passphrase.entries[PassphraseState::current_field].insert("secret");
       s.ui.passphrase.problem = "This is not the passphrase.";
     }},
    {"passphrase-change",
     [](Shown& s) {
       s.ui.passphrase.kind = PassphraseState::Kind::change;
       s.ui.passphrase.has_current = true;
       s.ui.passphrase.focus = PassphraseState::fresh_field;
       s.ui.passphrase.entries[PassphraseState::current_field].insert("secret");
       s.ui.passphrase.busy = true;
     }},
    {"letters",
     [](Shown& s) {
       s.model.mail = true;
       client::Peer& bob = s.peer("bob");
       bob.online = bob.older = false;
       for (auto& line : bob.lines)
         if (line.mine && !client::is_settled(line.delivery)) line.delivery = client::Delivery::mailed;
       bob.lines[3].sent_unix_ms = bob.lines[3].at_unix_ms - 3 * 86'400'000;
     }},
    {"letters-full",
     [](Shown& s) {
       s.model.mail = true;
       client::Line& newest = s.peer("bob").lines.back();
       newest.why = "the mailbox of bob is full";
       newest.again_unix_ms = newest.at_unix_ms + 10 * 60'000;
     }},
    {"list-over", [](Shown& s) { s.ui.look.list_over = true; }},
    {"bare", [](Shown& s) { s.ui.look.bare = true; }},
    {"ascii", [](Shown& s) { s.ui.options.ascii = true; }},
    {"ascii-verify",
     [](Shown& s) {
       s.ui.look.ascii = true;
       verify(s);
     }},
    {"qr", verify},
};

}  // namespace

TEST_CASE("look: golden screens") {
  for (const Scene& scene : scenes) {
    for (const Size& size : test::golden_sizes) {
      Shown s;
      scene.set(s);
      const Grid grid = s.draw(size);
      CAPTURE(scene.name);
      CHECK(test::printable(grid));
      test::check_golden(test::golden_name(std::string("look-") + scene.name, size), test::dump(grid));
    }
  }
}

TEST_CASE("look: every scene at every small size, without a crash and in its bounds") {
  for (const Scene& scene : scenes) {
    for (int width = 0; width <= 84; width += width < 24 ? 1 : 7) {
      for (int height = 0; height <= 25; height += height < 12 ? 1 : 3) {
        Shown s;
        scene.set(s);
        const Grid grid = s.draw({width, height});
        CAPTURE(scene.name);
        REQUIRE(test::printable(grid));
        REQUIRE(grid.cursor.x >= 0);
        REQUIRE(grid.cursor.x < std::max(1, width));
        REQUIRE(grid.cursor.y >= 0);
        REQUIRE(grid.cursor.y < std::max(1, height));
      }
    }
  }
}

TEST_CASE("look: locked, nothing of a conversation is on the screen, whatever is still in memory") {
  for (const Size& size : test::golden_sizes) {
    Shown s;
    s.ui.window().input.set("a draft");
    s.ui.passphrase.kind = PassphraseState::Kind::unlock;
    const std::string screen = s.screen(size);
    for (const char* word : {"bob", "carol", "Good", "draft", "unverified"})
      CHECK(screen.find(word) == std::string::npos);
  }
}

TEST_CASE("look: a word or a mark tells each state, never the style alone") {
  Shown s;
  s.open("bob");
  client::Peer& bob = s.peer("bob");
  auto differ = [&](const std::string& a, const std::string& b) {
    CHECK(a != b);
    return b;
  };
  const std::string plain = s.screen({80, 24});
  bob.online = false;
  differ(plain, s.screen({80, 24}));
  bob.online = true;
  std::string last = plain;
  for (auto trust : {client::Trust::verified, client::Trust::changed}) {
    bob.trust = trust;
    last = differ(last, s.screen({80, 24}));
  }
  bob.trust = client::Trust::unverified;
  for (auto standing : {client::Standing::stranger, client::Standing::request, client::Standing::blocked}) {
    bob.standing = standing;
    last = differ(last, s.screen({80, 24}));
  }
  bob.standing = client::Standing::contact;
  for (auto delivery : {client::Delivery::queued, client::Delivery::sent, client::Delivery::failed}) {
    bob.lines[0].delivery = delivery;
    last = differ(last, s.screen({80, 24}));
  }
  for (auto link : {client::LinkState::offline, client::LinkState::waiting, client::LinkState::asking}) {
    s.model.link = link;
    last = differ(last, s.screen({80, 24}));
  }
  // In the list, of somebody else than the one in front.
  client::Peer& frank = s.peer("frank");
  last = s.screen({80, 24});
  frank.attention = true;
  last = differ(last, s.screen({80, 24}));
  frank.attention = false;
  frank.unread = 1;
  last = differ(last, s.screen({80, 24}));
  frank.unread = 0;
  frank.standing = client::Standing::request;
  last = differ(last, s.screen({80, 24}));
}

TEST_CASE("look: with 10,000 people online the list shows those around the current one") {
  Shown s;
  for (int i = 0; i < 10'000; ++i) {
    client::Peer peer;
    peer.name = "user" + std::to_string(10'000 + i);
    peer.online = true;
    s.model.peers[peer.name] = peer;
  }
  s.open("user15000");
  const std::string middle = s.screen({80, 24});
  CHECK(middle.find("user14990") != std::string::npos);
  CHECK(middle.find("user15010") != std::string::npos);
  s.ui.windows.back().peer = "user19999";
  const std::string end = s.screen({80, 24});
  CHECK(end.find("user19979") != std::string::npos);
  CHECK(end.find("user19978") == std::string::npos);
  s.ui.windows.back().peer = "";
  const std::string start = s.screen({80, 24});
  CHECK(start.find("user10014") != std::string::npos);  // after status, bob, carol, dave, eve and frank
  CHECK(start.find("user10015") == std::string::npos);
}

TEST_CASE("look: right-to-left text has nothing of ours behind it in its row but lines and blanks") {
  const std::string hebrew = "שלום עולם";
  Shown s;
  client::Line line;
  line.text = hebrew + " 12:00 " + hebrew;
  line.serial = 99;
  s.peer("bob").lines.push_back(line);
  s.model.link = client::LinkState::waiting;
  s.model.problem = hebrew;
  for (bool dialog : {false, true}) {
    s.ui.dialog.open = dialog;
    for (const Size& size : test::golden_sizes) {
      const Grid grid = s.draw(size);
      for (int y = 0; y < size.height; ++y) {
        int last = -1;
        for (int x = 0; x < size.width; ++x) {
          if (grid.at(x, y).chars[0] >= 0x590 && grid.at(x, y).chars[0] < 0x700) last = x;
        }
        for (int x = last + 1; last >= 0 && x < size.width; ++x) {
          const char32_t c = grid.at(x, y).chars[0];
          CHECK((c == U' ' || c == U'│' || c == U'…' || c == U'(' || c == U')' || (c >= U'A' && c <= U'z')));
        }
      }
    }
  }
}
