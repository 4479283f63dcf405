// The notifier: when it notifies, with which text, and the bytes for each terminal.
#include "tui/app/notifier.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "base/text.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::tui;

namespace {

struct World {
  Notifier notifier;
  Options options;
  Now now{1'000'000, 0};

  explicit World(bool text = false) {
    options.notify_text = text;
    notifier.set_options(options);
    notifier.in_front("bob");
  }
  void message(const std::string& peer, std::string_view text = "hello", bool request = false) {
    notifier.message(peer, text, request, now);
  }
  std::string said() {
    const auto n = notifier.next(now);
    return n ? n->title + "|" + n->body : "";
  }
  void pass(std::int64_t ms) { now.steady_ms += ms; }
};

// Removes the envelope of the multiplexer, and checks it strictly.
std::string unwrapped(std::string bytes, Passthrough through) {
  std::string out;
  if (through == Passthrough::none) return bytes;
  const std::string begin = through == Passthrough::tmux ? "\x1bPtmux;" : "\x1bP";
  while (!bytes.empty()) {
    REQUIRE(bytes.starts_with(begin));
    std::size_t at = begin.size();
    for (;; ++at) {
      if (at >= bytes.size()) FAIL("not closed");
      if (bytes[at] != '\x1b') {
        out += bytes[at];
        continue;
      }
      if (at + 1 >= bytes.size()) FAIL("ends in ESC");
      if (bytes[at + 1] == '\\') break;
      if (through == Passthrough::tmux && bytes[++at] != '\x1b') FAIL("ESC not doubled");
      out += '\x1b';
    }
    if (through == Passthrough::screen) REQUIRE((at < 256 && utf8_valid(bytes.substr(0, at))));
    bytes.erase(0, at + 2);
  }
  return out;
}

// One sequence: ESC ] head, that many fields of harmless text, BEL.
void check_osc(std::string_view& bytes, std::string_view head, int fields) {
  REQUIRE(bytes.starts_with(head));
  bytes.remove_prefix(head.size());
  const std::size_t end = bytes.find('\a');
  REQUIRE(end != bytes.npos);
  const std::string_view text = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  REQUIRE(utf8_valid(text));
  REQUIRE(text.size() <= 300);
  REQUIRE(std::count(text.begin(), text.end(), ';') == fields - 1);
  bool clean = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, size] = decode_utf8(text, at);
    clean = clean && c >= 0x20 && (c < 0x7f || c >= 0xa0);
    at += size;
  }
  REQUIRE(clean);
}

void check_harmless(const Notification& n) {
  for (Passthrough through : {Passthrough::none, Passthrough::tmux, Passthrough::screen}) {
    for (bool ascii : {false, true}) {
      CHECK(encode(n, NotifyBy::off, through, ascii).empty());
      CHECK(encode(n, NotifyBy::bell, through, ascii) == "\a");
      const std::string nine = unwrapped(encode(n, NotifyBy::osc9, through, ascii), through);
      std::string_view rest = nine;
      check_osc(rest, "\x1b]9;", 1);
      CHECK(rest.empty());
      const std::string urxvt = unwrapped(encode(n, NotifyBy::osc777, through, ascii), through);
      rest = urxvt;
      check_osc(rest, "\x1b]777;notify;", 2);
      CHECK(rest.empty());
      const std::string kitty = unwrapped(encode(n, NotifyBy::osc99, through, ascii), through);
      rest = kitty;
      check_osc(rest, "\x1b]99;i=sims:d=0:p=title;", 1);
      check_osc(rest, "\x1b]99;i=sims:d=1:p=body;", 1);
      CHECK(rest.empty());
      if (ascii)
        CHECK(std::all_of(kitty.begin(), kitty.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    }
  }
}

}  // namespace

TEST_CASE("notifier: a terminal that never reports its focus") {
  World w;
  w.message("bob");
  CHECK(w.said() == "");
  w.message("carol");
  CHECK(w.said() == "SIMS|1 message from carol");
  CHECK(w.said() == "");
  CHECK(w.notifier.wait_ms(w.now) == -1);
}

TEST_CASE("notifier: silent while the terminal has focus") {
  World w;
  w.notifier.focus(true);
  w.message("carol");
  CHECK(w.said() == "");
  w.notifier.focus(false);
  CHECK(w.said() == "");
  w.message("bob");
  CHECK(w.said() == "SIMS|1 message from bob");
}

TEST_CASE("notifier: drops messages that the user saw meanwhile") {
  World w;
  w.message("carol");
  CHECK(w.said() != "");
  w.message("carol");
  w.message("dave");
  w.notifier.in_front("carol");
  w.pass(5'000);
  CHECK(w.said() == "SIMS|1 message from dave");
  w.message("bob");
  w.notifier.focus(true);
  w.pass(5'000);
  CHECK(w.notifier.wait_ms(w.now) == -1);
  CHECK(w.said() == "");
}

TEST_CASE("notifier: silent while away") {
  World w;
  w.message("carol");
  w.notifier.away(true);
  w.message("carol");
  CHECK(w.said() == "");
  w.notifier.away(false);
  CHECK(w.said() == "");
  w.message("carol");
  CHECK(w.said() == "SIMS|1 message from carol");
}

TEST_CASE("notifier: shows the text only with notify-text, and never that of a stranger") {
  World w(true);
  w.message("carol", "lunch?");
  CHECK(w.said() == "SIMS: carol|lunch?");
  w.pass(5'000);
  w.message("mallory", "click here", true);
  CHECK(w.said() == "SIMS|mallory asks to talk to you");
  w.pass(5'000);
  w.message("carol", "one");
  w.message("carol", "two");
  CHECK(w.said() == "SIMS|2 messages from carol");
  w.pass(5'000);
  w.message("carol", "secret");
  w.options.notify_text = false;
  w.notifier.set_options(w.options);
  CHECK(w.said() == "SIMS|1 message from carol");
}

TEST_CASE("notifier: off") {
  World w;
  w.message("carol");
  w.options.notify = NotifyBy::off;
  w.notifier.set_options(w.options);
  CHECK(w.said() == "");
  w.message("carol");
  CHECK(w.said() == "");
}

TEST_CASE("notifier: at most one in two seconds, which counts the messages since the last") {
  World w;
  std::vector<std::string> said;
  for (int ms = 0; ms < 9'900; ms += 100) {
    w.message("carol");
    if (ms % 300 == 0) w.message("dave");
    if (auto words = w.said(); !words.empty()) said.push_back(words);
    w.pass(100);
  }
  REQUIRE(said.size() == 5);
  CHECK(said[0] == "SIMS|2 messages from carol and 1 other");
  CHECK(said[1] == "SIMS|26 messages from carol and 1 other");
  CHECK(w.notifier.wait_ms(w.now) > 0);
  w.pass(w.notifier.wait_ms(w.now));
  CHECK(w.said() != "");
}

TEST_CASE("notifier: one summary after a reconnect") {
  World w;
  w.notifier.link(true, w.now);
  w.pass(10'000);
  w.notifier.link(false, w.now);
  w.pass(10'000);
  w.notifier.link(true, w.now);
  std::vector<std::string> said;
  for (int i = 0; i < 40; ++i) {
    w.message(i % 4 == 0 ? "bob2" : i % 4 == 1 ? "carol" : "dave");
    if (i == 3) w.message("mallory", "hi", true);
    if (i == 4) w.message("mallory", "hi again", true);
    if (auto words = w.said(); !words.empty()) said.push_back(words);
    w.pass(200);
  }
  CHECK(said.empty());
  w.pass(1'000);
  CHECK(w.said() == "SIMS|40 messages from bob2 and 2 others, 1 request");
  CHECK(w.said() == "");
  // A peer that never stops cannot delay the summary forever.
  w.notifier.link(false, w.now);
  w.notifier.link(true, w.now);
  std::int64_t waited = 0;
  while (w.said().empty()) {
    w.message("carol");
    w.pass(100);
    waited += 100;
    REQUIRE(waited <= Notifier::longest_ms + 100);
  }
}

TEST_CASE("notifier: many strangers") {
  World w;
  for (int i = 0; i < 5'000; ++i)
    w.message("stranger" + std::to_string(i), "hi", true);
  CHECK(w.said() == "SIMS|200 people ask to talk to you");
  w.pass(5'000);
  for (int i = 0; i < 1'000; ++i)
    w.message("peer" + std::to_string(i));
  CHECK(w.said() == "SIMS|1000 messages from peer0 and 199 others");
}

TEST_CASE("notifier: the bytes for each kind of terminal") {
  const Notification n{"SIMS: bob", "a;b\n\x1b]0;x\x07"};
  CHECK(encode(n, NotifyBy::osc9, Passthrough::none) == "\x1b]9;SIMS: bob: a,b⏎^[]0,x^G\a");
  CHECK(encode(n, NotifyBy::osc777, Passthrough::none) == "\x1b]777;notify;SIMS: bob;a,b⏎^[]0,x^G\a");
  CHECK(encode(n, NotifyBy::osc99, Passthrough::none) ==
        "\x1b]99;i=sims:d=0:p=title;SIMS: bob\a\x1b]99;i=sims:d=1:p=body;a,b⏎^[]0,x^G\a");
  CHECK(encode({"t", "b"}, NotifyBy::osc9, Passthrough::tmux) == "\x1bPtmux;\x1b\x1b]9;t: b\a\x1b\\");
  CHECK(encode({"t", "b"}, NotifyBy::osc9, Passthrough::screen) == "\x1bP\x1b]9;t: b\a\x1b\\");
  std::string long_one;
  for (int i = 0; i < 66; ++i)
    long_one += "漢";
  for (std::string name = "b"; name.size() < 5; name += "b")  // moves the place of the cut
    CHECK(unwrapped(encode({name, long_one}, NotifyBy::osc9, Passthrough::screen), Passthrough::screen) ==
          encode({name, long_one}, NotifyBy::osc9, Passthrough::none));
  CHECK(osc_text("abcdef", 6) == "abcdef");
  CHECK(osc_text("abcdefg", 6) == "abc...");
  CHECK(osc_text("ab漢字x", 7) == "ab...");
  CHECK(osc_text("e\xcc\x81 漢;", 20, true) == "e ?,");
}

TEST_CASE("notifier: remote text neither ends nor begins an escape sequence") {
  std::mt19937 random(9);
  for (int i = 0; i < 2'000; ++i) {
    Notification n;
    for (std::string* field : {&n.title, &n.body}) {
      for (std::size_t size = random() % 400; size > 0; --size)
        *field += random() % 4 == 0 ? "\x1b;\\\x07]\n\x9c\x18"[random() % 8] : static_cast<char>(random());
    }
    check_harmless(n);
  }
  check_harmless({"\xd8\x80;", "\xd8\x80;\xc2\x9c\xc2\x9b"});
  check_harmless({std::string(100'000, ';'), std::string(100'000, '\x1b')});
  check_harmless({"", ""});
  const auto path = test::third_party("blns/blns.json");
  if (!path) return;
  const auto list = test::read_json(*path);
  for (const auto& entry : list.GetArray()) {
    const std::string text(entry.GetString(), entry.GetStringLength());
    check_harmless({text, text});
    check_harmless({"SIMS: bob", text});
  }
}
